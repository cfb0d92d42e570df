/** Follows the best chain of a node, reorganisations included, and says how far back it changed. */
import { setTimeout as sleep } from 'node:timers/promises';
import { equalBytes } from '../../protocol/bytes.ts';
import type { Hash, Height } from '../../protocol/units.ts';
import type { Logger } from '../../service/log.ts';
import { RpcCallError, UnreachableError } from '../../service/rpc-client.ts';
import { ChainMovedError } from '../../wallet/services/payout-chain.ts';
import type { BlockPlace } from '../../wallet/services/payout-state.ts';
import { NetworkError } from '../nodes/node-network.ts';
import type { NodeChain } from './node-chain.ts';

/** What happened since the chain was looked at last. */
export interface ChainMove {
  readonly tip: BlockPlace;
  /** The blocks up to this height are the same as then; −1 when nothing is known of before. */
  readonly forkHeight: Height;
  /** Whether the tip is another one than last time. */
  readonly isNew: boolean;
}

export interface ChainFollowerOptions {
  readonly chain: NodeChain;
  /** How far an earlier run had looked. */
  readonly seen: BlockPlace | undefined;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly pollMs: number;
  /** @throws NetworkError when the node is on another network: then nothing it says counts */
  readonly checkNetwork: () => Promise<void>;
  /**
   * Does what the move asks for. What it finds out at the node belongs together only if the tip is still the
   * move's afterwards (`requireTip`). When it throws, the same move comes again.
   */
  readonly onMove: (move: ChainMove) => Promise<void>;
}

/** Hashes by height that are remembered to find where a reorganisation began. */
const REMEMBERED = 5_000;
/** How many heights are asked for at once on the way back. */
const STEP = 20;
/** So often a move is tried again at once before the next poll. */
const TRIES = 5;

export class ChainFollower {
  readonly #options: ChainFollowerOptions;
  readonly #hashes = new Map<Height, Hash>();
  #last: BlockPlace | undefined;
  #nudged = false;
  #wake = new AbortController();
  #running: Promise<void> | undefined;
  #trouble: string | undefined;

  constructor(options: ChainFollowerOptions) {
    this.#options = options;
    this.#last = options.seen;
    if (options.seen !== undefined) this.#remember(options.seen);
  }

  /** The tip that was looked at last; undefined before the first look of this run. */
  get tip(): BlockPlace | undefined {
    return this.#tip;
  }
  #tip: BlockPlace | undefined;

  /** Follows until the signal fires. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Looks at once, also when the tip is the same: there is something new to ask about. */
  nudge(): void {
    this.#nudged = true;
    this.#wake.abort();
  }

  /** Resolves when nothing is under way any more; the signal must have fired. */
  async stopped(): Promise<void> {
    this.#wake.abort();
    await this.#running;
  }

  /** One look at the chain. @throws what the node or `onMove` throws */
  async step(): Promise<void> {
    const { chain, checkNetwork, onMove } = this.#options;
    const wasNudged = this.#nudged;
    this.#nudged = false;
    try {
      const tip = await chain.tip();
      const isSame = this.#last !== undefined && equalBytes(this.#last.hash, tip.hash);
      if (isSame && !wasNudged && this.#tip !== undefined) return;
      const forkHeight = isSame ? tip.height : await this.#forkWith(tip);
      // A chain that does not go on from the one we know may be another chain altogether.
      const isExtension = this.#last !== undefined && forkHeight === this.#last.height;
      if (!isExtension) await checkNetwork();
      await onMove({ tip, forkHeight, isNew: !isSame });
      this.#last = tip;
      this.#tip = tip;
      this.#remember(tip);
    } catch (error) {
      this.#nudged = this.#nudged || wasNudged;
      throw error;
    }
  }

  async #run(): Promise<void> {
    const { signal, pollMs } = this.#options;
    while (!signal.aborted) {
      await this.#stepSafely();
      this.#wake = new AbortController();
      if (this.#nudged && this.#trouble === undefined) continue;
      const either = AbortSignal.any([signal, this.#wake.signal]);
      await sleep(pollMs, undefined, { signal: either }).catch((error: unknown) => {
        if (!either.aborted) throw error;
      });
    }
  }

  async #stepSafely(): Promise<void> {
    const { log, signal } = this.#options;
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        await this.step();
        if (this.#trouble !== undefined) log.info('the chain is followed again');
        this.#trouble = undefined;
        return;
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof ChainMovedError)) this.#tell(error);
        else if (attempt < TRIES) continue;
        return;
      }
    }
  }

  /** One line per trouble, not one per poll. */
  #tell(error: unknown): void {
    const { log } = this.#options;
    const isPassing = [UnreachableError, RpcCallError, NetworkError].some((kind) => error instanceof kind);
    const trouble = error instanceof Error ? error.message : String(error);
    if (trouble === this.#trouble) return;
    this.#trouble = trouble;
    if (isPassing) log.warn({ reason: trouble }, 'the chain cannot be followed at present');
    else log.error({ err: error }, 'the accounts could not follow the chain');
  }

  /** The height up to which the chain is the one we know. */
  async #forkWith(tip: BlockPlace): Promise<Height> {
    const known = [...this.#hashes.keys()].filter((height) => height <= tip.height).sort((a, b) => b - a);
    for (let start = 0; start < known.length; start += STEP) {
      const some = known.slice(start, start + STEP);
      const hashes = await this.#options.chain.hashesAt(some);
      const common = some.find((height) => isSame(hashes.get(height), this.#hashes.get(height)));
      for (const height of some) if (common === undefined || height > common) this.#hashes.delete(height);
      if (common !== undefined) return common;
    }
    return -1;
  }

  #remember({ hash, height }: BlockPlace): void {
    this.#hashes.delete(height);
    this.#hashes.set(height, hash);
    const [oldest] = this.#hashes.keys();
    if (this.#hashes.size > REMEMBERED && oldest !== undefined) this.#hashes.delete(oldest);
  }
}

function isSame(a: Hash | undefined, b: Hash | undefined): boolean {
  return a !== undefined && b !== undefined && equalBytes(a, b);
}
