import { equalBytes } from '../../protocol/bytes.ts';
import type { Delta } from '../storage/deltas-table.ts';
import { isSameTransaction, type Place } from '../storage/place.ts';
import { type AddressMark, checkMark, markAt } from './address-mark.ts';
import { type AddressParts, knownTip } from './address-parts.ts';
import { type Walk, type WalkStep, walkDeltas } from './address-walk.ts';
import type { BlockEntry } from './block-index.ts';

/** A part of a list, as of one block. Fewer items than were asked for need not be the last. */
export interface AddressPage<Item> {
  readonly tip: BlockEntry;
  readonly items: readonly Item[];
  /** Where the next page begins; undefined on the last one. */
  readonly next: AddressMark | undefined;
}

export interface PageWish {
  /** Most items of the page. */
  readonly limit: number;
  /** Where the page before ended. */
  readonly mark?: AddressMark | undefined;
}

/** What makes an item: each delta one, or all those of a transaction. */
export type PageUnit = 'output' | 'transaction';

/** Statements of one page, and deltas it is made of: one that needs more is short rather than late. */
const MAX_STEPS = 24;
const MAX_DELTAS = 3_000;

/**
 * Reads a page of a walk, from its beginning or from a mark. It ends early where the chain has moved on.
 * @throws VoidMarkError
 */
export async function readPage(
  parts: AddressParts,
  walk: Walk,
  wish: PageWish,
  unit: PageUnit,
): Promise<AddressPage<readonly Delta[]>> {
  const { mark, limit } = wish;
  const start = mark && (walk.newestFirst ? { until: mark.place } : { from: mark.place });
  const wholeWalk = { ...walk, ...start, expected: 2 * limit };
  for (;;) {
    const page = await tryPage(parts, wholeWalk, wish, unit);
    if (page !== undefined) return page;
  }
}

/** Undefined if the chain moved before the first item was whole. */
async function tryPage(
  { database, chain }: AddressParts,
  walk: Walk,
  { limit, mark }: PageWish,
  unit: PageUnit,
): Promise<AddressPage<readonly Delta[]> | undefined> {
  const pile = new Pile(unit);
  let tip: BlockEntry | undefined;
  let steps = 0;
  for await (const step of walkDeltas(database, walk)) {
    if (tip !== undefined && !equalBytes(step.tip, tip.hash)) break;
    if (tip === undefined) {
      tip = knownTip(chain, step.tip);
      if (mark !== undefined) checkMark(chain, tip, mark);
    }
    pile.add(step);
    steps += 1;
    const isLate = steps >= MAX_STEPS || pile.deltas >= MAX_DELTAS;
    if (pile.items.length > limit || (isLate && pile.end !== undefined)) break;
  }
  if (tip === undefined) throw new Error('a walk over the address index took no step');
  const items = pile.items.slice(0, limit);
  const isCut = items.length < pile.items.length;
  if (!isCut && pile.isWhole) return { tip, items, next: undefined };
  const end = isCut ? items.at(-1)?.at(-1)?.at : pile.end;
  return end && { tip, items, next: markAt(chain, tip, boundary(end, walk, unit)) };
}

/** Between an item that ends at `end` and the next one: where a walk begins, or what one backwards ends before. */
function boundary(end: Place, { newestFirst = false }: Walk, unit: PageUnit): Place {
  if (unit === 'output') return newestFirst ? end : { ...end, index: end.index + 1 };
  return { ...end, position: newestFirst ? end.position : end.position + 1, index: 0 };
}

/** Deltas as they come, put together to items. */
class Pile {
  readonly #unit: PageUnit;
  /** Those that are whole. */
  readonly items: Delta[][] = [];
  /** The beginning of the next one. */
  #open: Delta[] = [];
  #deltas = 0;
  #upTo: Place | undefined;
  #isWhole = false;

  constructor(unit: PageUnit) {
    this.#unit = unit;
  }

  /** How many there have been. */
  get deltas(): number {
    return this.#deltas;
  }

  /** Whether the walk has ended. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** Nothing on the way to this place is missing in the items; undefined while nothing can be said. */
  get end(): Place | undefined {
    return this.#open.length === 0 ? this.#upTo : this.items.at(-1)?.at(-1)?.at;
  }

  add({ deltas, upTo }: WalkStep): void {
    for (const delta of deltas) {
      if (!this.#belongs(delta.at)) this.#close();
      this.#open.push(delta);
    }
    if (upTo === undefined || !this.#belongs(upTo)) this.#close();
    this.#deltas += deltas.length;
    this.#upTo = upTo;
    this.#isWhole = upTo === undefined;
  }

  /** Whether what is at this place may be of the item that is not whole yet. */
  #belongs(at: Place): boolean {
    const [first] = this.#open;
    return first !== undefined && this.#unit === 'transaction' && isSameTransaction(first.at, at);
  }

  #close(): void {
    if (this.#open.length > 0) this.items.push(this.#open);
    this.#open = [];
  }
}
