import { randomBytes } from 'node:crypto';
import type { MempoolRow, TemplateSummary } from '../../protocol/relay.ts';
import type { HelloFrame, MempoolFrame, RelayEvent } from '../../protocol/relay-events.ts';
import type { Clock } from '../../service/clock.ts';
import { Audience, type AudienceCounters, type Listener } from '../../service/http-server/audience.ts';
import type { ClientAddress } from '../../service/http-server/client-address.ts';
import type { ConnectionLimits } from '../../service/limits.ts';
import type { Logger } from '../../service/log.ts';
import type { UpgradeHandler } from '../../service/upgrade.ts';
import type { ChainReader } from './chain-reader.ts';
import type { MempoolMirror, WaitingTransaction } from './upstream/mempool-mirror.ts';
import type { BlockNotice, RemovalNotice, TransactionNotice } from './upstream/node-answers.ts';
import type { NodeLink, NodeListener } from './upstream/node-link.ts';

export interface EventFeedOptions {
  readonly id: string;
  readonly link: NodeLink;
  readonly chain: ChainReader;
  readonly mempool: MempoolMirror;
  readonly lastTemplate: () => TemplateSummary | undefined;
  /** Somebody began to listen. */
  readonly onJoin: () => void;
  /** What lists show of transactions; those that have left are left out. */
  readonly rowsOf: (waiting: readonly WaitingTransaction[]) => Promise<MempoolRow[]>;
  readonly clientAddress: ClientAddress;
  readonly limits: ConnectionLimits;
  readonly clock: Clock;
  readonly log: Logger;
  readonly timing?: Partial<FeedTiming> | undefined;
}

export interface FeedTiming {
  /** What comes into the mempool and leaves it is told together, this often. */
  readonly mempoolMs: number;
  /** Whoever hears nothing for so long is told that the connection is alive. */
  readonly beatMs: number;
}

const TIMING: FeedTiming = { mempoolMs: 500, beatMs: 15_000 };
/** Arrivals and removals that one frame lists; of further ones only their number is told. */
const MAX_LISTED = 50;
/** While a node catches up, blocks come faster than anybody reads: then only the newest are told of. */
const MAX_BLOCKS_WAITING = 8;

/** A frame without what every frame has. */
type Told<Frame> = Frame extends RelayEvent ? Omit<Frame, 'sequence' | 'time'> : never;

type BlockChange = { readonly block: BlockNotice; readonly isConnected: boolean };

/** The WebSocket `/events`: tells everybody the same, what happens on the chain and in the mempool. */
export class EventFeed implements NodeListener {
  readonly #options: EventFeedOptions;
  readonly #timing: FeedTiming;
  readonly #audience: Audience;
  /** Another one after every start: the numbers of one say nothing about those of another. */
  readonly #instance = randomBytes(8).toString('hex');
  readonly #beat: NodeJS.Timeout;
  #sequence = 0;
  #toldMs: number;
  #blocks: BlockChange[] = [];
  #isTellingBlocks = false;
  #added = new Set<string>();
  #removed = new Map<string, string>();
  #leftOut = 0;
  #mempoolTimer: NodeJS.Timeout | undefined;

  constructor(options: EventFeedOptions) {
    this.#options = options;
    this.#timing = { ...TIMING, ...options.timing };
    this.#toldMs = options.clock.steadyMs();
    this.#audience = new Audience({
      ...options,
      timing: undefined,
      onJoin: (listener) => this.#greet(listener),
    });
    this.#beat = setInterval(() => this.#beatIfSilent(), this.#timing.beatMs / 5).unref();
  }

  /** How many listen. */
  get open(): number {
    return this.#audience.size;
  }

  get counters(): AudienceCounters {
    return this.#audience.counters;
  }

  get upgrade(): UpgradeHandler {
    return this.#audience.upgrade;
  }

  stop(): void {
    clearInterval(this.#beat);
    clearTimeout(this.#mempoolTimer);
    this.#audience.stop('the relay is stopping');
  }

  onUp(): void {
    this.#tellNode();
  }

  onAway(): void {
    this.#tellNode();
  }

  onBlock(block: BlockNotice): void {
    this.#onBlockChange({ block, isConnected: true });
  }

  onBlockGone(block: BlockNotice): void {
    this.#onBlockChange({ block, isConnected: false });
  }

  onTransaction({ txid }: TransactionNotice): void {
    this.#removed.delete(txid);
    if (this.#added.size < MAX_LISTED) this.#added.add(txid);
    else this.#leftOut += 1;
    this.#tellMempoolSoon();
  }

  onRemoval({ txid, reason }: RemovalNotice): void {
    this.#added.delete(txid);
    if (this.#removed.size < MAX_LISTED) this.#removed.set(txid, reason);
    else this.#leftOut += 1;
    this.#tellMempoolSoon();
  }

  /** Tells of a template that differs from the one before. */
  onTemplate(template: TemplateSummary): void {
    this.#tell({ type: 'template', template });
  }

  #greet(listener: Listener): void {
    const { id, link, mempool, lastTemplate, clock } = this.#options;
    const { known } = link;
    const hello: HelloFrame = {
      type: 'hello',
      sequence: this.#sequence,
      time: clock.wallMs() / 1000,
      instance: this.#instance,
      id,
      node: link.state,
      network: known?.network ?? null,
      tip: known?.tip ?? null,
      template: lastTemplate() ?? null,
      mempool: known === undefined ? null : { size: mempool.size, vsize: mempool.vsize },
    };
    this.#audience.send(listener, JSON.stringify(hello));
    this.#options.onJoin();
  }

  #tellNode(): void {
    const { link } = this.#options;
    this.#tell({ type: 'node', node: link.state, tip: link.known?.tip ?? null });
  }

  #onBlockChange(change: BlockChange): void {
    this.#blocks.push(change);
    if (this.#blocks.length > MAX_BLOCKS_WAITING) this.#blocks.splice(0, this.#blocks.length - 1);
    if (!this.#isTellingBlocks) void this.#tellBlocks();
  }

  /** One after the other, in their order. */
  async #tellBlocks(): Promise<void> {
    this.#isTellingBlocks = true;
    for (let change = this.#blocks.shift(); change !== undefined; change = this.#blocks.shift()) {
      const { hash, height } = change.block;
      if (!change.isConnected) this.#tell({ type: 'block_disconnected', hash, height });
      else if (this.open === 0) this.#sequence += 1;
      else await this.#tellBlock(hash);
    }
    this.#isTellingBlocks = false;
  }

  async #tellBlock(hash: string): Promise<void> {
    try {
      const { row } = await this.#options.chain.facts(hash);
      this.#tell({ type: 'block_connected', block: row });
    } catch (error) {
      // Whoever shows it sees a gap and asks; that the node has gone is told by itself.
      this.#sequence += 1;
      this.#options.log.debug({ err: error, hash }, 'a new block could not be read');
    }
  }

  #tellMempoolSoon(): void {
    this.#mempoolTimer ??= setTimeout(() => void this.#tellMempool(), this.#timing.mempoolMs);
  }

  async #tellMempool(): Promise<void> {
    const { mempool, rowsOf, log } = this.#options;
    const arrived = [...this.#added].map((txid) => mempool.get(txid)).filter((each) => each !== undefined);
    const removed = [...this.#removed].map(([txid, reason]) => ({ txid, reason }));
    const leftOut = this.#leftOut;
    this.#added = new Set();
    this.#removed = new Map();
    this.#leftOut = 0;
    let added: MempoolFrame['added'] = [];
    try {
      if (this.open > 0) added = await rowsOf(arrived);
    } catch (error) {
      log.debug({ err: error }, 'new transactions could not be read');
    }
    this.#mempoolTimer = undefined;
    if (this.#added.size + this.#removed.size > 0) this.#tellMempoolSoon();
    const { size, vsize } = mempool;
    const missing = arrived.length - added.length;
    this.#tell({ type: 'mempool', size, vsize, added, removed, left_out: leftOut + missing });
  }

  #beatIfSilent(): void {
    if (this.#options.clock.steadyMs() - this.#toldMs >= this.#timing.beatMs * 0.8)
      this.#tell({ type: 'beat' });
  }

  /** Counts every frame, also those that nobody hears: whoever comes back knows what went by. */
  #tell(frame: Told<RelayEvent>): void {
    this.#sequence += 1;
    this.#toldMs = this.#options.clock.steadyMs();
    if (this.open === 0) return;
    const time = this.#options.clock.wallMs() / 1000;
    this.#audience.tell(JSON.stringify({ ...frame, sequence: this.#sequence, time }));
  }
}
