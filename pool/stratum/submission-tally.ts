import type { RejectReason } from './share.ts';

/** How many submissions back a client is judged by. */
export const TALLY_SIZE = 200;
const BYTES = TALLY_SIZE / 8;

/** Comes with the news of a block, or is our own fault: says nothing against a client. */
const BLAMELESS: ReadonlySet<RejectReason> = new Set(['stale', 'not-recorded']);

/** The last 200 submissions of one connection, one bit each: is it worth having? */
export class SubmissionTally {
  /** Made with the first invalid one: most miners never need it. */
  #invalid: Uint8Array | undefined;
  #count = 0;
  #invalidCount = 0;

  countAccepted(): void {
    this.#enter(false);
  }

  /** Stale work is no offence, and is not counted at all. */
  countRejected(reason: RejectReason): void {
    if (!BLAMELESS.has(reason)) this.#enter(true);
  }

  /** More than half of at least 200 submissions were invalid: rare shares under the target never are so many. */
  get isMostlyInvalid(): boolean {
    return this.#count >= TALLY_SIZE && this.#invalidCount > TALLY_SIZE / 2;
  }

  #enter(isInvalid: boolean): void {
    const place = this.#count % TALLY_SIZE;
    // Places are counted on for ever; 2 × 200 tells a full round from the first.
    this.#count = this.#count + 1 < 2 * TALLY_SIZE ? this.#count + 1 : TALLY_SIZE;
    if (this.#invalid === undefined && !isInvalid) return;
    this.#invalid ??= new Uint8Array(BYTES);
    const bit = 1 << (place & 7);
    const before = this.#invalid[place >> 3] ?? 0;
    if ((before & bit) !== 0) this.#invalidCount -= 1;
    if (isInvalid) this.#invalidCount += 1;
    this.#invalid[place >> 3] = isInvalid ? before | bit : before & ~bit;
  }
}
