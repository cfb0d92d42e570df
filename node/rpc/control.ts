import * as z from 'zod';
import { bool, list, num, obj, record, str } from '../../service/rpc-result.ts';
import { methodHelp, methodIndex, type RpcMethods, rpcMethod } from '../../service/rpc-server.ts';
import type { NodeParts } from './parts.ts';

const group = 'Control';

/** The indexes, written with each block in one transaction: they are never behind the tip. */
const INDEXES = ['txindex', 'addressindex'] as const;

/**
 * The methods about the node itself.
 * @param allMethods the whole table, these included: what `help` tells of
 */
export function controlMethods(parts: NodeParts, allMethods: () => RpcMethods): RpcMethods {
  return {
    getindexinfo: rpcMethod({
      group: 'Util',
      help: 'State of the indexes; they are always there, and always as far as the chain.',
      params: [
        {
          name: 'index_name',
          schema: z.string(),
          optional: true,
          help: `one index only: ${INDEXES.join(' or ')}`,
        },
      ],
      result: record(
        'the indexes',
        'name of an index',
        obj('', {
          synced: bool('whether it is as far as the chain'),
          best_block_height: num('height of the block it is as of'),
        }),
      ),
      run: ({ index_name: wanted }) => {
        const names = INDEXES.filter((name) => wanted === undefined || wanted === name);
        const state = { synced: true, best_block_height: parts.chain.tip.height };
        return Object.fromEntries(names.map((name) => [name, state]));
      },
    }),

    getrpcinfo: rpcMethod({
      group,
      help: 'The calls that are running.',
      params: [],
      result: obj('', {
        active_commands: list(
          'the oldest first',
          obj('', {
            method: str('name of the method'),
            duration: num('microseconds since it began'),
          }),
        ),
      }),
      run: () => {
        const nowMs = performance.now();
        const calls = parts.activeCalls();
        return {
          active_commands: calls.map(({ method, startedMs }) => ({
            method,
            duration: Math.round((nowMs - startedMs) * 1000),
          })),
        };
      },
    }),

    help: rpcMethod({
      group,
      help: 'All methods, or one in detail.',
      params: [{ name: 'command', schema: z.string(), optional: true, help: 'name of a method' }],
      result: str('the help'),
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
      result: str('that it is stopping'),
      run: () => {
        parts.requestStop();
        return 'NilzCoin node stopping';
      },
    }),

    uptime: rpcMethod({
      group,
      help: 'Seconds since the node started.',
      params: [],
      result: num('the seconds'),
      run: () => parts.uptimeSeconds(),
    }),
  };
}
