/** Which kind of source an address leads to is found out by asking: a public relay says of itself that it is one. */
import * as z from 'zod';
import { RelayHealth } from '../../protocol/relay.ts';
import type { Transaction } from '../../protocol/transaction.ts';
import type { Hash, Height } from '../../protocol/units.ts';
import { createRestClient, RefusedRequestError, type RestClient } from '../../service/rest-client.ts';
import { createRpcClient, type RpcClient } from '../../service/rpc-client.ts';
import { UnreachableError } from '../../service/unreachable-error.ts';
import type { ChainBackend } from './backend.ts';
import { NodeBackend } from './backend-node.ts';
import { RelayBackend } from './backend-relay.ts';

/** Where the chain is asked. */
export interface BackendPlace {
  /** Of a node or a relay: `http://HOST:PORT`, or `http://USER:PASSWORD@HOST:PORT` for a node. */
  readonly nodeUrl: string;
  /** Of a relay; used in place of the other. */
  readonly relayUrl?: string | undefined;
  /** For a node without user and password. */
  readonly cookieFile?: string | undefined;
}

export type BackendKind = 'node' | 'relay';

/** A backend with connections that can be closed. */
export interface OpenBackend extends ChainBackend {
  /** What it turned out to be. @throws UnreachableError when nobody answers */
  kind(): Promise<BackendKind>;
  /** Closes the idle connections; running questions go on. */
  close(): void;
}

/**
 * The chain as the node or the relay at this place tells it; nothing is asked before the first question. A relay
 * never gets to see a password or a cookie.
 * @throws SettingError when a URL is none
 */
export function openBackend({ nodeUrl, relayUrl, cookieFile }: BackendPlace): OpenBackend {
  if (relayUrl !== undefined) {
    const relay = createRestClient({ url: relayUrl, urlSetting: '--relay-url' });
    return new AskedBackend(async () => new RelayBackend(relay), [relay]);
  }
  const urlSetting = '--node-url';
  const rpc = createRpcClient({ url: nodeUrl, urlSetting, ...(cookieFile !== undefined && { cookieFile }) });
  const relay = createRestClient({ url: nodeUrl, urlSetting });
  // Whoever gives a password knows that it is a node's.
  const isNode = new URL(nodeUrl).username !== '';
  const choose = async () =>
    !isNode && (await isRelay(relay)) ? new RelayBackend(relay) : new NodeBackend(rpc);
  return new AskedBackend(choose, [relay, rpc]);
}

/** What tells a relay's `GET /health` from anything else. */
const relayHealth = z.object({ service: RelayHealth.shape.service });

/** @throws UnreachableError when nobody answers */
async function isRelay(client: RestClient): Promise<boolean> {
  try {
    await client.get('/health', { schema: relayHealth, statuses: [200, 503] });
    return true;
  } catch (error) {
    // Any other answer is that of a node, or of something that a node's client can complain of best.
    const isAnswer = error instanceof UnreachableError && error.reason === 'answer';
    if (isAnswer || error instanceof RefusedRequestError) return false;
    throw error;
  }
}

/** A backend that is chosen when it is first needed. While nobody answers, every question asks anew. */
class AskedBackend implements OpenBackend {
  readonly #choose: () => Promise<ChainBackend>;
  readonly #clients: readonly (RestClient | RpcClient)[];
  #chosen: Promise<ChainBackend> | undefined;

  constructor(choose: () => Promise<ChainBackend>, clients: readonly (RestClient | RpcClient)[]) {
    this.#choose = choose;
    this.#clients = clients;
  }

  async kind(): Promise<BackendKind> {
    return (await this.#backend()) instanceof RelayBackend ? 'relay' : 'node';
  }

  async chain() {
    return (await this.#backend()).chain();
  }

  async blockHash(height: Height) {
    return (await this.#backend()).blockHash(height);
  }

  async usedAddresses(addresses: readonly string[]) {
    return (await this.#backend()).usedAddresses(addresses);
  }

  async coins(addresses: readonly string[]) {
    return (await this.#backend()).coins(addresses);
  }

  async transactionIds(addresses: readonly string[], fromHeight?: Height) {
    return (await this.#backend()).transactionIds(addresses, fromHeight);
  }

  async transactions(txids: readonly Hash[]) {
    return (await this.#backend()).transactions(txids);
  }

  async minimumFeeRate() {
    return (await this.#backend()).minimumFeeRate();
  }

  async feeEstimates(targets: readonly number[]) {
    return (await this.#backend()).feeEstimates(targets);
  }

  async broadcast(transaction: Transaction) {
    return (await this.#backend()).broadcast(transaction);
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }

  async #backend(): Promise<ChainBackend> {
    this.#chosen ??= this.#choose();
    try {
      return await this.#chosen;
    } catch (error) {
      this.#chosen = undefined;
      throw error;
    }
  }
}
