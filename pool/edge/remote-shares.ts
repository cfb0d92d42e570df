import { bytesToHex, equalBytes } from '../../protocol/bytes.ts';
import { hexWord, VERSION_ROLLING_MASK } from '../../protocol/stratum.ts';
import type { Difficulty, Hash } from '../../protocol/units.ts';
import type { Clock } from '../clock.ts';
import type { Statistics } from '../statistics/statistics.ts';
import type { BlockCandidate, Share, ShareProof } from '../stratum/share.ts';
import { NotRecordedError, type ShareSink } from '../stratum/share-sink.ts';
import type { Worker } from '../stratum/worker-name.ts';
import { type Batch, DeliveryQueue, type HeldShare, type QueueLimits } from './delivery-queue.ts';
import type { RemoteJobs } from './remote-jobs.ts';
import { MAX_HELD, type Outcome, type WireBlock } from './wire.ts';

/** Brings batches to the pool. */
export interface Carrier {
  /** Whether the pool can be reached now. */
  readonly isUp: boolean;
  /**
   * Delivers a batch.
   * @returns what became of each share, once those that count are durable
   * @throws Error when the connection is broken: nobody knows then
   */
  deliver(shares: readonly WireBlock[], kind: Batch['kind']): Promise<readonly Outcome[]>;
}

export interface RemoteSharesOptions {
  readonly carrier: Carrier;
  readonly jobs: RemoteJobs;
  readonly statistics: Pick<Statistics, 'countBatch'>;
  readonly limits: QueueLimits;
  readonly clock: Clock;
}

/**
 * Where the shares of an edge go: to the pool, each with a number, in the order of the numbers. A miner is
 * answered when the pool says that its share is durable, or why it is not taken. While the pool is away shares are
 * held, as many as there is room for.
 */
export class RemoteShares implements ShareSink {
  readonly #options: RemoteSharesOptions;
  readonly #queue: DeliveryQueue;
  #nextSequence = 1;
  /** A block whose share is recorded next. */
  #found: Hash | undefined;
  #isPumping = false;
  #stopped = false;
  /** Told when nothing is held any more. */
  #whenEmpty: (() => void) | undefined;

  constructor(options: RemoteSharesOptions) {
    this.#options = options;
    this.#queue = new DeliveryQueue(options.limits);
  }

  /** Shares that are not answered, and how many of them were sent. */
  get held(): { readonly held: number; readonly underWay: number } {
    const { held, underWay } = this.#queue;
    return { held, underWay };
  }

  /** Which sequences are not answered: from `first` to before `next`. */
  get range(): { readonly first: number; readonly next: number } {
    const first = this.#queue.first ?? this.#nextSequence;
    return { first: Math.max(first, this.#nextSequence - MAX_HELD), next: this.#nextSequence };
  }

  found(candidate: BlockCandidate): void {
    if (candidate.credited) {
      this.#found = candidate.hash;
      return;
    }
    const { job, worker } = candidate;
    const difficulty = this.#options.jobs.difficultyOf(job);
    const share = difficulty && this.#shareOf(job.jobId, worker, difficulty, candidate);
    if (share === undefined || this.#stopped) return;
    const held = { sequence: null, share, takenMs: this.#nowMs, settle: () => undefined };
    this.#queue.addBlock(held);
    this.#pumpSoon();
  }

  record(share: Share, proof: ShareProof): Promise<void> {
    const isBlock = this.#found !== undefined && equalBytes(this.#found, share.hash);
    this.#found = undefined;
    if (this.#stopped) return refused('share not taken: the edge is stopping');
    // A block is worth holding however long the pool is away.
    if (this.#options.jobs.isPaused && !isBlock) {
      return refused('share not taken: the pool behind this edge has been away for too long');
    }
    const message = this.#shareOf(share.jobId, share.worker, share.difficulty, proof);
    if (message === undefined) return refused('job not found: too old', 'job-not-found');
    return new Promise((accept, reject) => {
      const sequence = this.#nextSequence;
      const settle = (outcome: Outcome) => {
        if (outcome === true) {
          this.#options.statistics.countBatch([{ ...share, sequence }]);
          accept();
        } else reject(new NotRecordedError(outcome.message, outcome.reason));
      };
      const held: HeldShare = { sequence, share: message, takenMs: this.#nowMs, settle };
      const hasRoom = isBlock ? this.#queue.addBlock(held) : this.#queue.add(held);
      if (!hasRoom) {
        reject(
          new NotRecordedError('share not taken: the pool is away, and this edge holds all it has room for'),
        );
        return;
      }
      this.#nextSequence += 1;
      this.#pumpSoon();
    });
  }

  /** The pool can be reached: everything that is held goes out. */
  onUp(): void {
    this.#pump();
  }

  /** Nobody knows what became of what was under way. */
  onDown(): void {
    this.#queue.rewind();
  }

  /** Waits until everything is answered, but not for long; then refuses what is left. */
  async stop(graceMs: number): Promise<void> {
    this.#stopped = true;
    if (this.#queue.held > 0 && this.#options.carrier.isUp) {
      await new Promise<void>((accept) => {
        const timer = setTimeout(accept, graceMs);
        this.#whenEmpty = () => {
          clearTimeout(timer);
          accept();
        };
      });
    }
    const message = 'the edge is stopping, and does not know whether the pool has this share';
    for (const { settle } of this.#queue.drain()) settle({ reason: 'not-recorded', message });
  }

  get #nowMs(): number {
    return this.#options.clock.steadyMs();
  }

  #shareOf(
    jobId: string,
    { address, name }: Worker,
    difficulty: Difficulty,
    { header, extranonce1, extranonce2 }: ShareProof,
  ): HeldShare['share'] | undefined {
    const origin = this.#options.jobs.originOf(jobId);
    if (origin === undefined) return undefined;
    const view = new DataView(header.buffer, header.byteOffset, header.length);
    // Jobs have no bit set inside the mask: what stands there was rolled.
    const versionBits = view.getInt32(0, true) & VERSION_ROLLING_MASK;
    return {
      ...origin,
      difficulty,
      user: name === '' ? address : `${address}.${name}`,
      extranonce1: bytesToHex(extranonce1),
      extranonce2: bytesToHex(extranonce2),
      time: hexWord(view.getUint32(68, true)),
      nonce: hexWord(view.getUint32(76, true)),
      version_bits: versionBits === 0 ? null : hexWord(versionBits),
    };
  }

  /** What comes in one turn leaves together. */
  #pumpSoon(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    setImmediate(() => {
      this.#isPumping = false;
      this.#pump();
    });
  }

  #pump(): void {
    while (this.#options.carrier.isUp) {
      const batch = this.#queue.next();
      if (batch === undefined) return;
      void this.#deliver(batch);
    }
  }

  async #deliver(batch: Batch): Promise<void> {
    const nowMs = this.#nowMs;
    const messages = batch.shares.map(({ sequence, share, takenMs }) => {
      return { sequence, ...share, age_ms: Math.max(Math.round(nowMs - takenMs), 0) };
    });
    let outcomes: readonly Outcome[];
    try {
      outcomes = await this.#options.carrier.deliver(messages, batch.kind);
    } catch {
      // The carrier tells of the broken connection, and `onDown` takes the batch back.
      return;
    }
    if (!this.#queue.answered(batch)) return;
    for (const [index, { settle }] of batch.shares.entries()) {
      const unknown: Outcome = { reason: 'not-recorded', message: 'the pool did not say what became of it' };
      settle(outcomes[index] ?? unknown);
    }
    if (this.#queue.held === 0) this.#whenEmpty?.();
    this.#pump();
  }
}

function refused(message: string, reason: NotRecordedError['reason'] = 'not-recorded'): Promise<never> {
  return Promise.reject(new NotRecordedError(message, reason));
}
