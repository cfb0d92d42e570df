import { equalBytes } from '../../protocol/bytes.ts';
import { checkHeader, checkHeaderContext } from '../../protocol/check-header.ts';
import { blockHash, type Header } from '../../protocol/header.ts';
import type { NetworkProfile } from '../../protocol/network.ts';
import { type HeaderWindow, type TimedBits, windowOf } from '../../protocol/retarget.ts';
import type { RuleError } from '../../protocol/rules.ts';
import type { Hash, Height, Work } from '../../protocol/units.ts';
import { workOf } from '../../protocol/work.ts';
import { faultOf } from '../chain/acceptance.ts';

/** Headers between two of the hashes that are kept. */
export const SEGMENT_HEADERS = 2_000;
/** Hashes kept at most: of 32 million headers, thirty years of blocks, in half a megabyte. */
const MAX_SEGMENTS = 16_384;

/** What comes of a batch of headers. */
export type PresyncStep =
  /** Nothing to store yet: what follows this header is wanted. */
  | { readonly kind: 'ask'; readonly after: Hash }
  /** These belong to a branch with enough work. What follows `after` is wanted next; `done` if it is no longer pre-sync. */
  | {
      readonly kind: 'store';
      readonly headers: readonly Header[];
      readonly after: Hash;
      readonly done: boolean;
    }
  /** The branch is of no use: a header breaks a rule, or `reason`. */
  | { readonly kind: 'refused'; readonly error: RuleError }
  | { readonly kind: 'abandoned'; readonly reason: string };

/** Where a branch leaves what is known. */
export interface BranchStart {
  readonly profile: NetworkProfile;
  /** The known block it begins after, and the work up to there. */
  readonly hash: Hash;
  readonly chainWork: Work;
  /** The headers up to and with that block. */
  readonly window: HeaderWindow;
}

/** What a pre-sync is doing: looking how much work there is, or fetching again what has enough. */
type Phase =
  | { readonly name: 'measuring' }
  /** `rest`: the headers above the last end, kept from measuring; `next`: the end that is to be reached. */
  | { readonly name: 'fetching'; readonly rest: readonly Header[]; readonly next: number };

/**
 * Follows one peer's branch without storing it until its work is enough, so that a branch that is merely long
 * fills neither disk nor memory. Every header is checked against those before it, but of what was checked only
 * the hash of every 2,000th is kept: it commits to all that is below. Once the work is enough, the branch is
 * fetched again and stored as far as it leads to those hashes. A branch that shows its work within the first
 * 2,000 headers is stored at once.
 * Source of the idea: Bitcoin Core, HeadersSyncState, which keeps salted bits where this keeps hashes.
 */
export class HeaderPresync {
  readonly #start: BranchStart;
  readonly #window: GrowingWindow;
  /** Hash of every 2,000th header. */
  readonly #ends: Hash[] = [];
  /** Those above the last end; while fetching, those that came and are not stored yet. */
  #headers: Header[] = [];
  #last: Hash;
  #work: Work;
  #phase: Phase = { name: 'measuring' };

  constructor(start: BranchStart) {
    this.#start = start;
    this.#window = new GrowingWindow(start.window, windowOf(start.profile));
    this.#last = start.hash;
    this.#work = start.chainWork;
  }

  /** Height of the last header that was checked. */
  get height(): Height {
    return this.#window.height;
  }

  /** Headers that are kept whole. */
  get heldHeaders(): number {
    return this.#headers.length + (this.#phase.name === 'fetching' ? this.#phase.rest.length : 0);
  }

  /**
   * Takes the next headers of the branch, which follow each other.
   * @param isLast the peer has no more of them
   * @param threshold work that is enough
   * @param nowSeconds the machine's own clock
   */
  take(headers: readonly Header[], isLast: boolean, threshold: Work, nowSeconds: number): PresyncStep {
    const { previous } = headers[0] ?? {};
    if (previous !== undefined && !equalBytes(previous, this.#last)) {
      return { kind: 'abandoned', reason: 'the peer has gone over to another branch' };
    }
    return this.#phase.name === 'measuring'
      ? this.#measure(headers, isLast, threshold, nowSeconds)
      : this.#fetch(headers, isLast, this.#phase);
  }

  #measure(headers: readonly Header[], isLast: boolean, threshold: Work, nowSeconds: number): PresyncStep {
    for (const header of headers) {
      const error = this.#check(header, nowSeconds);
      if (error !== undefined) return { kind: 'refused', error };
      if (this.#headers.length === SEGMENT_HEADERS) {
        this.#ends.push(this.#last);
        this.#headers = [];
      }
      this.#window.push(header);
      this.#work += workOf(header.bits);
      this.#last = blockHash(header);
      this.#headers.push(header);
    }
    if (this.#work >= threshold) return this.#enough();
    if (isLast) return { kind: 'abandoned', reason: 'it ends with too little work' };
    if (this.#ends.length > MAX_SEGMENTS) return { kind: 'abandoned', reason: 'it is too long for its work' };
    return { kind: 'ask', after: this.#last };
  }

  #check(header: Header, nowSeconds: number): RuleError | undefined {
    const { profile } = this.#start;
    return faultOf(() => {
      checkHeader(header, profile);
      checkHeaderContext(header, this.#window, profile, nowSeconds);
    });
  }

  #enough(): PresyncStep {
    const headers = this.#headers;
    if (this.#ends.length === 0) return { kind: 'store', headers, after: this.#last, done: true };
    this.#phase = { name: 'fetching', rest: headers, next: 0 };
    this.#headers = [];
    this.#last = this.#start.hash;
    return { kind: 'ask', after: this.#last };
  }

  #fetch(
    headers: readonly Header[],
    isLast: boolean,
    { rest, next }: Phase & { name: 'fetching' },
  ): PresyncStep {
    this.#headers.push(...headers);
    const newest = headers.at(-1);
    if (newest !== undefined) this.#last = blockHash(newest);
    const proven: Header[] = [];
    for (; next < this.#ends.length && this.#headers.length >= SEGMENT_HEADERS; next++) {
      const segment = this.#headers.splice(0, SEGMENT_HEADERS);
      if (!leadsTo(segment, this.#ends[next]))
        return { kind: 'abandoned', reason: 'it is another branch than before' };
      proven.push(...segment);
    }
    this.#phase = { name: 'fetching', rest, next };
    if (next === this.#ends.length) {
      const all = [...proven, ...rest];
      return { kind: 'store', headers: all, after: blockHash(all[all.length - 1] as Header), done: true };
    }
    if (proven.length > 0) return { kind: 'store', headers: proven, after: this.#last, done: false };
    if (isLast) return { kind: 'abandoned', reason: 'it is shorter than before' };
    return { kind: 'ask', after: this.#last };
  }
}

/** Whether headers follow each other up to one with this hash: then they are the ones that were checked. */
function leadsTo(headers: readonly Header[], end: Hash | undefined): boolean {
  let hash = end;
  for (const header of [...headers].reverse()) {
    if (hash === undefined || !equalBytes(blockHash(header), hash)) return false;
    hash = header.previous;
  }
  return true;
}

/** The headers of a branch that grows beyond those that are known, of which it keeps as many as the rules look back. */
class GrowingWindow implements HeaderWindow {
  readonly #below: HeaderWindow;
  readonly #lookBack: number;
  #newest: TimedBits[] = [];
  height: Height;

  constructor(below: HeaderWindow, lookBack: number) {
    this.#below = below;
    this.#lookBack = lookBack;
    this.height = below.height;
  }

  at(height: Height): TimedBits {
    if (height <= this.#below.height) return this.#below.at(height);
    const header = this.#newest[this.#newest.length - 1 - (this.height - height)];
    if (header === undefined) throw new RangeError(`the header at height ${height} is not kept`);
    return header;
  }

  push({ time, bits }: TimedBits): void {
    this.#newest.push({ time, bits });
    this.height += 1;
    // Twice as many before the older half goes: one copy per so many headers.
    if (this.#newest.length > 2 * (this.#lookBack + 1))
      this.#newest = this.#newest.slice(-(this.#lookBack + 1));
  }
}
