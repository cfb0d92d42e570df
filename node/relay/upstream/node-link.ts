import type { AddressFormat } from '../../../protocol/address.ts';
import { isNetworkName, magicHex, type NetworkProfile, profileByName } from '../../../protocol/network.ts';
import type { RelayNetwork, RelayTip, UpstreamState } from '../../../protocol/relay.ts';
import type { Clock } from '../../../service/clock.ts';
import { HttpError } from '../../../service/http.ts';
import type { Logger } from '../../../service/log.ts';
import { NotificationReader, type ReaderTiming } from '../../../service/notification-reader.ts';
import type { RpcLogin } from '../../../service/rpc-login.ts';
import { BlockNotice, ChainInfo, RemovalNotice, TransactionNotice } from './node-answers.ts';
import type { NodeCalls } from './node-calls.ts';

/** Who hears what the node tells. */
export interface NodeListener {
  /** The node is there; what happened before is not known. Nothing is answered before this has been done. */
  onUp?(): void;
  onAway?(reason: string): void;
  /** What is known of its chain was read anew. */
  onRefresh?(): void;
  onBlock?(block: BlockNotice): void;
  onBlockGone?(block: BlockNotice): void;
  onTransaction?(transaction: TransactionNotice): void;
  onRemoval?(removal: RemovalNotice): void;
}

export interface NodeLinkOptions {
  readonly calls: NodeCalls;
  readonly login: RpcLogin;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
  /** The network that is expected, for what a node does not tell: its subsidies. */
  readonly profile?: NetworkProfile | undefined;
  readonly timing?: Partial<ReaderTiming> | undefined;
}

/** What is known of the node while it is there. */
export interface NodeFacts {
  readonly network: RelayNetwork;
  readonly addressFormat: AddressFormat;
  /** The rules of its network, where they are known. */
  readonly profile: NetworkProfile | undefined;
  readonly info: ChainInfo;
  readonly tip: RelayTip;
}

const TOPICS: Readonly<Record<string, string>> = {
  'block.connected': 'blocks',
  'block.disconnected': 'blocks',
  'transaction.added': 'mempool',
  'transaction.removed': 'mempool',
};
/** Where the chain stands is asked for this long after a block, and this often in any case. */
const AFTER_BLOCK_MS = 100;
const REFRESH_MS = 10_000;

/** The connection to the node: whether it is there, what it is, and what it tells. */
export class NodeLink {
  readonly #options: NodeLinkOptions;
  readonly #reader: NotificationReader;
  readonly #listeners: NodeListener[] = [];
  #facts: NodeFacts | undefined;
  #away: { readonly reason: string; readonly sinceMs: number };
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;
  /** Counts the connections: what was asked over an earlier one is no news. */
  #connection = 0;

  constructor(options: NodeLinkOptions) {
    this.#options = options;
    this.#away = { reason: 'it has not been reached yet', sinceMs: options.clock.wallMs() };
    this.#reader = new NotificationReader({
      login: options.login,
      path: '/ws',
      topics: ['blocks', 'mempool'],
      topicOf: (method) => TOPICS[method],
      log: options.log,
      random: options.random,
      ...(options.timing && { timing: options.timing }),
      listener: {
        onSubscribed: () => void this.#begin(),
        onNotification: (method, params) => this.#onNotification(method, params),
        onLost: (reason) => this.#lose(reason),
      },
    });
  }

  listen(listener: NodeListener): void {
    this.#listeners.push(listener);
  }

  start(): void {
    this.#reader.start();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#reader.stop();
  }

  get state(): UpstreamState {
    if (this.#facts === undefined) {
      return { state: 'away', reason: this.#away.reason, since: this.#away.sinceMs / 1000 };
    }
    const syncing = this.#facts.info.initialblockdownload;
    return { state: syncing ? 'syncing' : 'ok', reason: null, since: null };
  }

  /** What is known of the node; undefined while it is away. */
  get known(): NodeFacts | undefined {
    return this.#facts;
  }

  /** The same. @throws HttpError 502 saying why the node is away */
  get facts(): NodeFacts {
    if (this.#facts !== undefined) return this.#facts;
    throw nodeAway(this.#away.reason);
  }

  /** @throws HttpError 502 saying why the node is away */
  assertThere(): void {
    if (this.#facts === undefined) throw nodeAway(this.#away.reason);
  }

  /** Asks who it is and where its chain stands, now that nothing that changes goes unheard. */
  async #begin(): Promise<void> {
    this.#connection += 1;
    const connection = this.#connection;
    try {
      const info = await this.#options.calls.call('getblockchaininfo', [], ChainInfo);
      if (connection !== this.#connection || this.#isStopped) return;
      this.#take(info);
      this.#options.log.info({ height: info.blocks, network: info.nilzcoin?.network }, 'the node is there');
      for (const each of this.#listeners) each.onUp?.();
      this.#refreshIn(REFRESH_MS);
    } catch (error) {
      if (connection !== this.#connection || this.#isStopped) return;
      this.#lose(error instanceof Error ? error.message : String(error));
      this.#timer = setTimeout(() => void this.#begin(), REFRESH_MS);
    }
  }

  #take(info: ChainInfo): void {
    const { nilzcoin } = info;
    if (nilzcoin === undefined) throw new Error(`${this.#options.calls.url} is no NilzCoin node`);
    const profile = profileOf(nilzcoin, this.#options.profile);
    this.#facts = {
      info,
      profile,
      addressFormat: profile?.address ?? { hrp: nilzcoin.address_prefix },
      network: {
        name: nilzcoin.network,
        magic: nilzcoin.magic,
        address_prefix: nilzcoin.address_prefix,
        test_money: nilzcoin.network !== 'main',
        maturity: nilzcoin.maturity,
        block_time_seconds: nilzcoin.block_time,
      },
      tip: { height: info.blocks, hash: info.bestblockhash, time: info.time },
    };
  }

  #refreshIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#refresh(), ms);
  }

  async #refresh(): Promise<void> {
    const connection = this.#connection;
    try {
      const info = await this.#options.calls.call('getblockchaininfo', [], ChainInfo);
      if (connection === this.#connection && this.#facts !== undefined) {
        this.#take(info);
        for (const each of this.#listeners) each.onRefresh?.();
      }
    } catch (error) {
      // A node that has gone is noticed by the connection; one that is slow is asked again.
      this.#options.log.debug({ err: error }, 'the state of the chain could not be read');
    }
    if (connection === this.#connection && !this.#isStopped && this.#facts !== undefined) {
      this.#refreshIn(REFRESH_MS);
    }
  }

  #onNotification(method: string, params: Readonly<Record<string, unknown>>): void {
    if (method === 'transaction.added') {
      const transaction = TransactionNotice.parse(params);
      for (const each of this.#listeners) each.onTransaction?.(transaction);
    } else if (method === 'transaction.removed') {
      const removal = RemovalNotice.parse(params);
      for (const each of this.#listeners) each.onRemoval?.(removal);
    } else this.#onBlock(BlockNotice.parse(params), method === 'block.connected');
  }

  #onBlock(block: BlockNotice, isConnected: boolean): void {
    if (this.#facts !== undefined) {
      if (isConnected) {
        const { hash, height, time } = block;
        this.#facts = { ...this.#facts, tip: { hash, height, time } };
      }
      this.#refreshIn(AFTER_BLOCK_MS);
    }
    for (const each of this.#listeners) {
      if (isConnected) each.onBlock?.(block);
      else each.onBlockGone?.(block);
    }
  }

  #lose(reason: string): void {
    this.#connection += 1;
    clearTimeout(this.#timer);
    const wasThere = this.#facts !== undefined;
    const isNews = wasThere || this.#away.reason !== reason;
    this.#facts = undefined;
    this.#away = { reason, sinceMs: wasThere ? this.#options.clock.wallMs() : this.#away.sinceMs };
    this.#options.calls.abandon(nodeAway(reason));
    if (!isNews) return;
    this.#options.log.warn({ reason }, 'the node is away');
    for (const each of this.#listeners) each.onAway?.(reason);
  }
}

/** The answer while there is no node to ask. */
export function nodeAway(reason: string): HttpError {
  return new HttpError(502, `the node is away: ${reason}`, { code: 'node-away' });
}

/** The rules of a network, if it is one that is known: the magic of a private one is made of its rules. */
function profileOf(
  { network, magic }: NonNullable<ChainInfo['nilzcoin']>,
  expected: NetworkProfile | undefined,
): NetworkProfile | undefined {
  if (expected !== undefined && magicHex(expected) === magic) return expected;
  const named = isNetworkName(network) ? profileByName(network) : undefined;
  return named !== undefined && magicHex(named) === magic ? named : undefined;
}
