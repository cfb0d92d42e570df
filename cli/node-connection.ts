/** How the commands of `cli/` reach a node: the same settings for each of them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type NetworkProfile, networkDirectory } from '../protocol/network.ts';
import { chooseNetwork } from '../protocol/network-choice.ts';
import { boolean, string, type Values } from '../service/config.ts';
import { EXIT } from '../service/lifecycle.ts';
import { createRpcClient, RpcCallError, type RpcClient, UnreachableError } from '../service/rpc-client.ts';
import { NETWORK_SETTINGS } from '../wallet/network-settings.ts';

export const connectionSettings = {
  ...NETWORK_SETTINGS,
  datadir: string({ help: 'where the node keeps its data, and so its cookie', default: './data' }),
  nodeUrl: string({
    help: 'the node, as http://HOST:PORT or http://USER:PASSWORD@HOST:PORT',
    default: 'http://127.0.0.1:5000',
  }),
  nodeCookie: string({ help: "the node's cookie file, if not in the data directory" }),
  json: boolean({ help: 'print JSON on one line' }),
};

export type ConnectionValues = Values<typeof connectionSettings>;

/** The network that the settings name. Throws ProfileError. */
export function networkOf(values: ConnectionValues): NetworkProfile {
  return chooseNetwork(values, (file) => readFileSync(file, 'utf8'));
}

/** A client of the node that the settings name; nothing is sent yet. */
export function connectNode(values: ConnectionValues): RpcClient {
  const directory = join(values.datadir, networkDirectory(networkOf(values)));
  return createRpcClient({
    url: values.nodeUrl,
    cookieFile: values.nodeCookie ?? join(directory, '.cookie'),
    timeoutMs: 0,
    urlSetting: '--node-url',
  });
}

/**
 * Runs one command against the node: prints what it refuses and maps it to an exit code.
 * @param command what the user typed, for messages
 */
export async function withNode(
  command: string,
  values: ConnectionValues,
  run: (node: RpcClient) => Promise<number>,
): Promise<number> {
  const node = connectNode(values);
  try {
    return await run(node);
  } catch (error) {
    if (error instanceof RpcCallError) {
      console.error(`${command}: error ${error.code}: ${error.message}`);
      return EXIT.failed;
    }
    if (error instanceof UnreachableError) {
      console.error(`${command}: ${error.message}`);
      return EXIT.unreachable;
    }
    throw error;
  } finally {
    node.close();
  }
}
