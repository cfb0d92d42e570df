/** Brings a transaction book up to date with the chain: asks only for what came since it was last read. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { displayHash } from '../../protocol/bytes.ts';
import type { NetworkProfile } from '../../protocol/network.ts';
import type { Hash, Height } from '../../protocol/units.ts';
import { UnreachableError } from '../../service/unreachable-error.ts';
import type { ChainBackend, ChainState, ChainTransaction } from '../chain/backend.ts';
import { unique } from '../chain/backend-answers.ts';
import { requireSameNetwork } from '../chain/chain-view.ts';
import { TransactionReader } from '../chain/transaction-reader.ts';
import type { KeyPlace, KeyRing } from '../keys/key-ring.ts';
import { WalletError } from '../wallet-error.ts';
import {
  coverageOf,
  cutBack,
  EMPTY_BOOK,
  isCovered,
  type MinedTransaction,
  type TransactionBook,
  widerCoverage,
  withBlocks,
} from './transaction-book.ts';
import { textOf, transactionText } from './transaction-text.ts';

/** How far the reading is. */
export interface SyncProgress {
  /** Transactions read so far. */
  readonly read: number;
  /** How many there are to be read. */
  readonly listed: number;
}

export interface SyncOptions {
  readonly backend: Pick<ChainBackend, 'chain' | 'blockHash' | 'transactionIds' | 'transactions'>;
  readonly profile: NetworkProfile;
  readonly ring: Pick<KeyRing, 'address'>;
  /** Whose transactions are wanted. */
  readonly places: readonly KeyPlace[];
  /** The chain as it was seen a moment ago, which saves asking. */
  readonly chain?: ChainState | undefined;
  /** What can be done while the lists of what is new are on their way. */
  readonly meanwhile?: (() => void) | undefined;
  readonly onProgress?: ((progress: SyncProgress) => void) | undefined;
}

/** A transaction that is not in the book yet: it waits for a block, or is in one that came during the reading. */
export interface RecentTransaction extends Omit<MinedTransaction, 'height' | 'time'> {
  readonly height: Height | undefined;
  readonly time: number | undefined;
}

/** All transactions of a wallet at one moment. */
export interface SyncedBook {
  readonly chain: ChainState;
  readonly book: TransactionBook;
  /** In the order they came; pending ones last. */
  readonly recent: readonly RecentTransaction[];
}

/** Transactions asked for at once; the tip is looked at before and after. */
const PER_READING = 500;
/** Of a block's header, which has 32 bits for it. */
const MAX_BLOCK_TIME = 2 ** 32 - 1;
/** So often a part is read again because the chain moved meanwhile. */
const MAX_READINGS = 5;

/**
 * @throws WalletError `wrong-network`, `bad-backend`; UnreachableError, also when the chain moves on faster than it
 *   can be read
 */
export async function syncBook(known: TransactionBook, options: SyncOptions): Promise<SyncedBook> {
  let book = known;
  for (let reading = 0; reading < MAX_READINGS; reading += 1) {
    const chain = (reading === 0 ? options.chain : undefined) ?? (await options.backend.chain());
    requireSameNetwork(chain, options.profile);
    book = await onBestChain(book, chain, options.backend);
    const synced = await readFrom(book, chain, options);
    if (synced !== undefined) return synced;
  }
  throw tooFast();
}

/** The book as of its newest block that is still on the best chain. */
async function onBestChain(
  book: TransactionBook,
  chain: ChainState,
  backend: SyncOptions['backend'],
): Promise<TransactionBook> {
  for (const anchor of book.anchors.toReversed()) {
    if (anchor.height > chain.height) continue;
    const hash = anchor.height === chain.height ? chain.tip : await backend.blockHash(anchor.height);
    if (hash !== undefined && displayHash(hash) === anchor.hash) return cutBack(book, anchor.height);
  }
  return EMPTY_BOOK;
}

/** Undefined when the chain left the block that this was to be as of. */
async function readFrom(
  book: TransactionBook,
  chain: ChainState,
  options: SyncOptions,
): Promise<SyncedBook | undefined> {
  const { backend, places } = options;
  const { confirmed, pending } = await listed(book, options);
  const fresh = confirmed.filter((txid) => !book.transactions.has(displayHash(txid)));
  const found = await placed([...fresh, ...pending], pending.length, chain, options);
  if (found === undefined) return undefined;
  const mined = found.filter((each): each is MinedTransaction => each.height !== undefined);
  const anchor = { height: chain.height, hash: displayHash(chain.tip) };
  const still = await backend.blockHash(anchor.height);
  if (still === undefined || displayHash(still) !== anchor.hash) return undefined;
  const coverage = widerCoverage(book.coverage, coverageOf(places));
  const recent = found.filter(({ height }) => height === undefined || height > anchor.height);
  return {
    chain,
    book: withBlocks(book, mined, coverage, anchor),
    recent: recent.sort((a, b) => (a.height ?? Infinity) - (b.height ?? Infinity) || 0),
  };
}

/** Asks for the new blocks of the keys that were asked about before, and for all blocks of the others. */
async function listed(book: TransactionBook, { backend, ring, places, meanwhile }: SyncOptions) {
  const asOf = book.anchors.at(-1)?.height;
  const isKnown = (place: KeyPlace) => asOf !== undefined && isCovered(book.coverage, place);
  const addresses = (wanted: boolean) =>
    places.filter((place) => isKnown(place) === wanted).map((place) => ring.address(place));
  const asking = Promise.all([idsOf(addresses(true), (asOf ?? -1) + 1), idsOf(addresses(false), 0)]);
  // A turn later the questions are on the wire.
  const [lists] = await Promise.all([asking, meanwhile && nextTurn().then(meanwhile)]);
  async function idsOf(asked: readonly string[], fromHeight: Height) {
    if (asked.length === 0) return { confirmed: [], pending: [] };
    return backend.transactionIds(asked, fromHeight);
  }
  const confirmed = unique(lists.flatMap((list) => list.confirmed));
  const isMined = new Set(confirmed.map(displayHash));
  const pending = unique(lists.flatMap((list) => list.pending)).filter(
    (txid) => !isMined.has(displayHash(txid)),
  );
  return { confirmed, pending };
}

/**
 * The transactions with their places. A place is reckoned from the tip, so each part is read while the tip stays.
 * @param mayVanish so many of the last ones wait for a block: one of them may be gone by now
 * @returns undefined when a block that was listed from is gone
 */
async function placed(
  txids: readonly Hash[],
  mayVanish: number,
  first: ChainState,
  { backend, profile, onProgress }: SyncOptions,
): Promise<RecentTransaction[] | undefined> {
  const found: RecentTransaction[] = [];
  let chain = first;
  for (let at = 0; at < txids.length; at += PER_READING) {
    const part = txids.slice(at, at + PER_READING);
    let answers: readonly (ChainTransaction | undefined)[] | undefined;
    for (let reading = 0; answers === undefined; reading += 1) {
      if (reading === MAX_READINGS) throw tooFast();
      const read = await new TransactionReader(backend, profile, chain.height).transactions(part);
      const after = await backend.chain();
      if (displayHash(after.tip) === displayHash(chain.tip)) answers = read;
      chain = after;
    }
    for (const [offset, txid] of part.entries()) {
      const id = displayHash(txid);
      const standing = answers[offset];
      if (standing !== undefined) found.push(placeOf(txid, standing, chain));
      else if (at + offset < txids.length - mayVanish) {
        if (displayHash(chain.tip) !== displayHash(first.tip)) return undefined;
        throw new WalletError('bad-backend', `the node lists transaction ${id}, but does not have it`);
      }
    }
    onProgress?.({ read: found.length, listed: txids.length });
  }
  return found;
}

function placeOf(
  txid: Hash,
  { transaction, confirmations, time }: ChainTransaction,
  chain: ChainState,
): RecentTransaction {
  const id = displayHash(txid);
  const told = { id, name: textOf(txid), text: transactionText(transaction) };
  const height = confirmations > 0 ? chain.height - confirmations + 1 : undefined;
  if (height === undefined) return { ...told, height, time: undefined };
  if (height < 0 || time === undefined || !(time >= 0 && time <= MAX_BLOCK_TIME)) {
    throw new WalletError(
      'bad-backend',
      `the node says that transaction ${id} has ${confirmations} confirmations, at ${time ?? 'no time'}`,
    );
  }
  return { ...told, height, time };
}

function tooFast(): UnreachableError {
  return new UnreachableError(
    'the chain',
    'busy',
    'the chain moves on faster than it can be read: try again',
  );
}
