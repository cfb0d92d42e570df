import * as z from 'zod';
import { methodHelp, methodIndex, type RpcMethods, rpcMethod } from '../../service/rpc-server.ts';
import type { NodeParts } from './parts.ts';

const group = 'Control';

/**
 * The methods about the node itself.
 * @param allMethods the whole table, these included: what `help` tells of
 */
export function controlMethods(parts: NodeParts, allMethods: () => RpcMethods): RpcMethods {
  return {
    help: rpcMethod({
      group,
      help: 'All methods, or one in detail.',
      params: [{ name: 'command', schema: z.string(), optional: true, help: 'name of a method' }],
      run: ({ command }) => {
        const methods = allMethods();
        if (command === undefined) return methodIndex(methods);
        const method = Object.hasOwn(methods, command) ? methods[command] : undefined;
        return method ? methodHelp(command, method) : `help: unknown command: ${command.slice(0, 100)}`;
      },
    }),

    stop: rpcMethod({
      group,
      help: 'Ends the node cleanly.',
      params: [],
      run: () => {
        parts.requestStop();
        return 'NilzCoin node stopping';
      },
    }),

    uptime: rpcMethod({
      group,
      help: 'Seconds since the node started.',
      params: [],
      run: () => parts.uptimeSeconds(),
    }),
  };
}
