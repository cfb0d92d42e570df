/**
 * A look at the chain that reckons coins and addresses in use from the kept transaction book and what is new since:
 * then the node need not be asked for the coins of all addresses. What the book says of a coin is as good as the
 * transaction that made it, which was hashed; that none is missing is for {@link differenceOf} to find out.
 */
import { displayHash } from '../../protocol/bytes.ts';
import type { Height } from '../../protocol/units.ts';
import type { ChainCoin, ChainState } from '../chain/backend.ts';
import {
  beginLook,
  type ChainLook,
  type ChainView,
  endsWith,
  type FoundCoin,
  placesTo,
  viewOf,
} from '../chain/chain-view.ts';
import type { Delivery } from '../chain/outgoing.ts';
import type { UsedKeys } from '../chain/scan.ts';
import { TransactionReader } from '../chain/transaction-reader.ts';
import { CHANGE, RECEIVE } from '../keys/key-ring.ts';
import { type SyncedBook, type SyncProgress, syncBook } from './book-sync.ts';
import type { Effect } from './effects.ts';
import type { TransactionBook } from './transaction-book.ts';
import { hashOf } from './transaction-text.ts';

export interface BookLook extends Omit<ChainLook, 'onProgress'> {
  readonly book: TransactionBook;
  /** What the transactions of a book did, and payments that the chain does not take: remembered for the next time. */
  readonly effectsOf: (
    synced: Omit<SyncedBook, 'chain'>,
    delivery: Pick<Delivery, 'refused'>,
  ) => readonly Effect[];
  readonly onRead?: ((progress: SyncProgress) => void) | undefined;
}

export interface BookView {
  readonly view: ChainView;
  readonly synced: SyncedBook;
  readonly effects: readonly Effect[];
}

/**
 * Brings the book up to date, for as many addresses as are in use by then, and reckons the view from it.
 * @throws as {@link syncBook}
 */
export async function lookByBook(look: BookLook): Promise<BookView> {
  const { contents, ring, backend, profile, onRead: onProgress } = look;
  const begun = await beginLook(look);
  let { book } = look;
  let chain: ChainState | undefined = begun.chain;
  // Often nothing is new: then the effects are there when the node says so.
  let meanwhile: (() => void) | undefined = () => void look.effectsOf({ book, recent: [] }, begun.delivery);
  let ends = endsWith({ receive: [], change: [] }, begun, contents);
  for (;;) {
    const places = placesTo(ends, ring);
    const synced = await syncBook(book, { backend, profile, ring, places, chain, meanwhile, onProgress });
    const effects = look.effectsOf(synced, begun.delivery);
    book = synced.book;
    chain = undefined;
    meanwhile = undefined;
    const used = usedKeys(effects, contents.used);
    const newEnds = endsWith(used, begun, contents);
    if (newEnds.receive > ends.receive || newEnds.change > ends.change) {
      ends = newEnds;
      continue;
    }
    const coins = coinsOf(effects, synced.chain.height, profile.maturity);
    const reader = new TransactionReader(backend, profile, synced.chain.height);
    const found = { ...begun, chain: synced.chain, used, senders: new Map(), places, coins, reader };
    return { view: viewOf(found, look), synced, effects };
  }
}

/** Keys at or after those known to be in use that a transaction of the chain or the mempool pays to. */
function usedKeys(effects: readonly Effect[], from: { receive: number; change: number }): UsedKeys {
  const used = { receive: new Set<number>(), change: new Set<number>() };
  for (const { made, problem } of effects) {
    if (problem !== undefined) continue;
    for (const { place } of made) {
      if (place.chain === RECEIVE && place.index >= from.receive) used.receive.add(place.index);
      if (place.chain === CHANGE && place.index >= from.change) used.change.add(place.index);
    }
  }
  const ascending = (indexes: ReadonlySet<number>) => [...indexes].sort((a, b) => a - b);
  return { receive: ascending(used.receive), change: ascending(used.change) };
}

/** The coins that no transaction of the wallet spends, as a chain of this height has them. */
export function coinsOf(effects: readonly Effect[], tipHeight: Height, maturity: number): FoundCoin[] {
  const coins: FoundCoin[] = [];
  for (const { unspent, name, height, isReward, sender, problem } of effects) {
    // What a payment makes that the chain does not take is no coin of it.
    if (problem !== undefined || unspent.length === 0) continue;
    const confirmations = height === undefined ? 0 : tipHeight - height + 1;
    // As {@link isMature} for the next block.
    const waits = isReward && height !== 0 && confirmations < maturity;
    const status = height === undefined ? 'pending' : waits ? 'immature' : 'spendable';
    const own = sender !== undefined;
    for (const { at, value, place, label } of unspent) {
      const outPoint = { txid: hashOf(name), index: at };
      coins.push({ outPoint, value, status, confirmations, place, label, own });
    }
  }
  return coins;
}

/** What a coin is, in a word; two lists of coins are the same when all their words are. */
function wordOf({ outPoint, value, status, confirmations }: Omit<ChainCoin, 'address'>): string {
  return `${displayHash(outPoint.txid)}:${outPoint.index} ${value} ${status} ${confirmations}`;
}

/** A coin that only one of two lists has, or that is another in it; undefined when they are the same. */
export function differenceOf(reckoned: ChainView['coins'], asked: ChainView['coins']): string | undefined {
  const words = new Set(reckoned.map(wordOf));
  for (const coin of asked) {
    const word = wordOf(coin);
    if (!words.delete(word)) return word;
  }
  const [left] = words;
  return left;
}
