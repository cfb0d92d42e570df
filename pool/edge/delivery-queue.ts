import type { Outcome, WireShare } from './wire.ts';

/** A share that an edge holds until the pool has said what became of it. */
export interface HeldShare {
  /** Null for a block whose share is not credited. */
  readonly sequence: number | null;
  readonly share: Omit<WireShare, 'sequence' | 'age_ms'>;
  /** When the miner handed it in, steady clock. */
  readonly takenMs: number;
  /** Called once. */
  readonly settle: (outcome: Outcome) => void;
}

/** What is sent together and answered together; a block stands alone. */
export interface Batch {
  readonly kind: 'shares' | 'block';
  readonly shares: readonly HeldShare[];
}

export interface QueueLimits {
  /** Shares held in all. */
  readonly held: number;
  /** Shares of one batch. */
  readonly batch: number;
  /** Batches of shares under way at a time; blocks never wait. */
  readonly inFlight: number;
}

/**
 * Decides what is delivered next: blocks at once, everything else in its order, only so much at a time. Whatever
 * was not answered when the connection broke is delivered again, in the same order and with the same numbers.
 */
export class DeliveryQueue {
  readonly #limits: QueueLimits;
  #blocks: HeldShare[] = [];
  #shares: HeldShare[] = [];
  /** Of `#shares`: where what was not sent begins. */
  #next = 0;
  /** Under way, in the order they were sent. */
  readonly #sent = new Set<Batch>();
  #sentShares = 0;
  #sentBatches = 0;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  /** Shares that are not answered yet. */
  get held(): number {
    return this.#blocks.length + this.#shares.length - this.#next + this.#sentShares;
  }

  /** Of these, those that were sent. */
  get underWay(): number {
    return this.#sentShares;
  }

  /** The lowest sequence that is not answered yet; undefined when all are. */
  get first(): number | undefined {
    const waiting = this.#shares[this.#next]?.sequence;
    let first = waiting ?? undefined;
    const look = ({ sequence }: HeldShare): void => {
      if (sequence !== null && (first === undefined || sequence < first)) first = sequence;
    };
    for (const block of this.#blocks) look(block);
    for (const { shares } of this.#sent) for (const share of shares) look(share);
    return first;
  }

  /** @returns false when there is no room for it */
  add(share: HeldShare): boolean {
    if (this.held >= this.#limits.held) return false;
    this.#shares.push(share);
    return true;
  }

  /** The same for one that goes first. */
  addBlock(block: HeldShare): boolean {
    if (this.held >= this.#limits.held) return false;
    this.#blocks.push(block);
    return true;
  }

  /** What to send now; undefined when there is nothing, or enough is under way. */
  next(): Batch | undefined {
    const block = this.#blocks.shift();
    if (block !== undefined) return this.#send({ kind: 'block', shares: [block] });
    if (this.#next === this.#shares.length || this.#sentBatches >= this.#limits.inFlight) return undefined;
    const shares = this.#shares.slice(this.#next, this.#next + this.#limits.batch);
    this.#next += shares.length;
    this.#compact();
    return this.#send({ kind: 'shares', shares });
  }

  /** A batch was answered: its shares are let go. @returns false when it is none that is under way */
  answered(batch: Batch): boolean {
    if (!this.#sent.delete(batch)) return false;
    this.#uncount(batch);
    return true;
  }

  /** The connection is gone: nobody knows what became of what was sent, so it waits again. */
  rewind(): void {
    const sent = [...this.#sent];
    this.#sent.clear();
    for (const batch of sent) this.#uncount(batch);
    const of = (wanted: Batch['kind']) => sent.flatMap(({ kind, shares }) => (kind === wanted ? shares : []));
    this.#blocks = [...of('block'), ...this.#blocks];
    this.#shares = [...of('shares'), ...this.#shares.slice(this.#next)];
    this.#next = 0;
  }

  /** Gives everything out that is held: nothing will be delivered any more. */
  drain(): readonly HeldShare[] {
    this.rewind();
    const all = [...this.#blocks, ...this.#shares];
    this.#blocks = [];
    this.#shares = [];
    return all;
  }

  #send(batch: Batch): Batch {
    this.#sent.add(batch);
    this.#sentShares += batch.shares.length;
    if (batch.kind === 'shares') this.#sentBatches += 1;
    return batch;
  }

  #uncount(batch: Batch): void {
    this.#sentShares -= batch.shares.length;
    if (batch.kind === 'shares') this.#sentBatches -= 1;
  }

  /** Lets go of what was sent, now and then: cutting an array off for every batch would cost more with its length. */
  #compact(): void {
    if (this.#next < this.#shares.length && this.#next < this.#limits.batch * this.#limits.inFlight) return;
    this.#shares = this.#shares.slice(this.#next);
    this.#next = 0;
  }
}
