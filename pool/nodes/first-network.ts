import { setTimeout as sleep } from 'node:timers/promises';
import { RPC_ERRORS } from '../../protocol/rpc.ts';
import type { Logger } from '../../service/log.ts';
import { RpcCallError, type RpcClient, UnreachableError } from '../../service/rpc-client.ts';
import { askNetwork, NetworkError, type NodeNetwork } from './node-network.ts';

export interface FirstNetworkOptions {
  /** In order of preference. */
  readonly clients: readonly RpcClient[];
  /** The network the nodes are meant to be on (`dev`, …); undefined takes whichever it is. */
  readonly expected: string | undefined;
  /** Ends the wait. */
  readonly stopping: AbortSignal | undefined;
  readonly log: Logger;
}

const ANSWER_MS = 5_000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Asks the nodes for their network, with growing pauses while none is there, and takes that of the most preferred
 * one that answers.
 * @throws NetworkError, UnreachableError (a password is refused), RpcCallError when no node can be used however
 * long one waits; the signal's reason
 */
export async function awaitNetwork(options: FirstNetworkOptions): Promise<NodeNetwork> {
  const { clients, stopping, log } = options;
  const told = new Set<string>();
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    const answers = await Promise.allSettled(clients.map((client) => askExpected(client, options)));
    stopping?.throwIfAborted();
    const errors: unknown[] = [];
    for (const answer of answers) {
      if (answer.status === 'fulfilled') return answer.value;
      errors.push(answer.reason);
    }
    const passing = errors.filter(isPassing);
    if (passing.length === 0) throw errors[0];
    for (const { message } of passing) {
      if (!told.has(message)) log.warn(`waiting for the node: ${message}`);
      told.add(message);
    }
    await sleep(pauseMs, undefined, { ...(stopping && { signal: stopping }) });
  }
}

async function askExpected(
  client: RpcClient,
  { expected, stopping }: FirstNetworkOptions,
): Promise<NodeNetwork> {
  const network = await askNetwork(client, { timeoutMs: ANSWER_MS, ...(stopping && { signal: stopping }) });
  if (expected === undefined || !network.onlyP2wpkh || network.name === expected) return network;
  throw new NetworkError(
    `the node at ${client.url} is on the network "${network.name}", --network says "${expected}"`,
  );
}

/** Whether the node may simply not be up yet. */
function isPassing(error: unknown): error is UnreachableError | RpcCallError {
  if (error instanceof RpcCallError) return error.code === RPC_ERRORS.inWarmup;
  return error instanceof UnreachableError && error.reason !== 'unauthorized' && error.reason !== 'answer';
}
