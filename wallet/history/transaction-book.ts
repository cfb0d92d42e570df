/**
 * The confirmed transactions of a wallet as of one block. A transaction never changes under its id, and its place
 * changes only with the chain: so a book is brought up to date by what came since, and cut back where the chain went
 * another way. Pure.
 */
import type { Height } from '../../protocol/units.ts';
import { CHANGE, IMPORTED, type KeyPlace, RECEIVE } from '../keys/key-ring.ts';

/** A transaction in a block. */
export interface MinedTransaction {
  /** Txid, as shown. */
  readonly id: string;
  /** Txid in internal byte order, as text: see {@link textOf}. */
  readonly name: string;
  /** Its bytes: see {@link transactionText}. */
  readonly text: string;
  readonly height: Height;
  /** Of its block, Unix seconds. */
  readonly time: number;
}

/** A block that a book was complete as of. */
export interface Anchor {
  readonly height: Height;
  /** As shown. */
  readonly hash: string;
}

/** The keys whose transactions are in a book: the first so many of each chain. */
export interface Coverage {
  readonly receive: number;
  readonly change: number;
  readonly imported: number;
}

export interface TransactionBook {
  /** Blocks up to which it has everything of the keys covered, lowest first: the last one is what it is as of. */
  readonly anchors: readonly Anchor[];
  readonly coverage: Coverage;
  /** By id, lowest block first. */
  readonly transactions: ReadonlyMap<string, MinedTransaction>;
}

export const EMPTY_BOOK: TransactionBook = {
  anchors: [],
  coverage: { receive: 0, change: 0, imported: 0 },
  transactions: new Map(),
};

/** Blocks that are remembered: the chain may leave the newest of them without the whole book being lost. */
const MAX_ANCHORS = 24;

/** The book as of an older block of its own: what came later is taken out. */
export function cutBack(book: TransactionBook, height: Height): TransactionBook {
  const kept = [...book.transactions].filter(([, mined]) => mined.height <= height);
  if (kept.length === book.transactions.size && book.anchors.at(-1)?.height === height) return book;
  const anchors = book.anchors.filter((anchor) => anchor.height <= height);
  return { ...book, anchors, transactions: new Map(kept) };
}

/** The book as of a newer block, with what was found up to it. */
export function withBlocks(
  book: TransactionBook,
  found: readonly MinedTransaction[],
  coverage: Coverage,
  anchor: Anchor,
): TransactionBook {
  const upTo = found.filter(({ height }) => height <= anchor.height);
  const anchors = thinned([...book.anchors.filter(({ height }) => height < anchor.height), anchor]);
  if (upTo.length === 0) return { anchors, coverage, transactions: book.transactions };
  const all = new Map(book.transactions);
  for (const mined of upTo) all.set(mined.id, mined);
  const inOrder = [...all.values()].sort((a, b) => a.height - b.height);
  return { anchors, coverage, transactions: new Map(inOrder.map((mined) => [mined.id, mined])) };
}

/**
 * Keeps the newest anchors close to each other and older ones ever further apart, so that a deep reorganisation
 * costs little too: of two neighbours the lower one goes where the gap would still be less than its depth.
 */
function thinned(anchors: readonly Anchor[]): Anchor[] {
  const kept = [...anchors];
  while (kept.length > MAX_ANCHORS) {
    const tip = kept.at(-1)?.height ?? 0;
    const spare = kept.findIndex(({ height }, at) => {
      const [below, above] = [kept[at - 1], kept[at + 1]];
      if (at === 0 || below === undefined || above === undefined) return false;
      return above.height - below.height <= Math.max(1, tip - height);
    });
    kept.splice(spare === -1 ? 0 : spare, 1);
  }
  return kept;
}

/** How many keys of each chain these are; places of a chain come without a gap. */
export function coverageOf(places: readonly KeyPlace[]): Coverage {
  const count = (chain: KeyPlace['chain']) =>
    places.reduce((end, place) => (place.chain === chain ? Math.max(end, place.index + 1) : end), 0);
  return { receive: count(RECEIVE), change: count(CHANGE), imported: count(IMPORTED) };
}

/** Whether the transactions of a key are in a book of this coverage. */
export function isCovered({ receive, change, imported }: Coverage, { chain, index }: KeyPlace): boolean {
  return index < (chain === RECEIVE ? receive : chain === CHANGE ? change : imported);
}

/** The keys of both, where a book covers more than is asked about. */
export function widerCoverage(a: Coverage, b: Coverage): Coverage {
  return {
    receive: Math.max(a.receive, b.receive),
    change: Math.max(a.change, b.change),
    imported: Math.max(a.imported, b.imported),
  };
}
