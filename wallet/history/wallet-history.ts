/** The history of an open wallet: read from the chain once, kept, and brought up to date when it is asked for. */

import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { equalBytes, parseDisplayHash } from '../../protocol/bytes.ts';
import { magicHex } from '../../protocol/network.ts';
import type { ChainView } from '../chain/chain-view.ts';
import { outgoingTransaction } from '../chain/outgoing.ts';
import { labelsByKey } from '../chain/ownership.ts';
import type { Contents } from '../keys/contents.ts';
import { CHANGE, IMPORTED, RECEIVE } from '../keys/key-ring.ts';
import { type Companion, WorkQueue } from '../keys/wallet-store.ts';
import { requireLabel } from '../payments/payment-plan.ts';
import type { Look, WalletContext } from '../wallet-context.ts';
import { type AddressRow, addressRows } from './address-rows.ts';
import { type BalancePoint, balancePoints } from './balance-chart.ts';
import { type BookView, lookByBook } from './book-look.ts';
import { type SyncedBook, type SyncProgress, syncBook } from './book-sync.ts';
import { CoinComparison } from './coin-comparison.ts';
import { type Effect, effectsOf, type StandingTransaction } from './effects.ts';
import type { HistoryEntry, HistorySetting } from './history.ts';
import { HISTORY_CACHE_NAME, HistoryCache } from './history-cache.ts';
import { historyCsv } from './history-csv.ts';
import { type HistoryChoice, type HistoryPage, type HistoryRequest, pageOf, rowsOf } from './history-page.ts';
import { EMPTY_BOOK, type TransactionBook } from './transaction-book.ts';
import { textOf, transactionText } from './transaction-text.ts';
import { checkWallet, isSound, type WalletCheck } from './wallet-check.ts';

/** All of a wallet at one moment. */
export interface Reading {
  readonly contents: Contents;
  readonly view: ChainView;
  /** Oldest first; those that wait for a block come last. */
  readonly effects: readonly Effect[];
  /** Unix seconds. */
  readonly time: number;
}

/** Further pages are of the same moment as the first for so long. */
const PAGES_HOLD_SECONDS = 60;
/** A book that learned nothing is written again when it is so many blocks newer. */
const WRITE_EVERY_BLOCKS = 200;
/** What the sums are made of is read in two steps; when something happens in between they are read again. */
const MAX_CHECKS = 3;

export class WalletHistory {
  readonly #context: WalletContext;
  readonly #queue = new WorkQueue();
  readonly #comparison: CoinComparison | undefined;
  /** As it is kept beside the wallet file; undefined before anybody wanted to know. */
  #kept: Promise<TransactionBook> | undefined;
  #book: TransactionBook | undefined;
  #written: { readonly book: TransactionBook; readonly key: Uint8Array } | undefined;
  #cacheProblem: string | undefined;
  #made:
    | { readonly from: string; readonly book: TransactionBook; readonly effects: readonly Effect[] }
    | undefined;
  #last: Reading | undefined;
  /** A reading that has not begun. */
  #coming: Promise<Reading> | undefined;

  constructor(context: WalletContext) {
    this.#context = context;
    const { reckoning } = context;
    if (reckoning === undefined) return;
    this.#comparison = new CoinComparison({
      ...reckoning,
      reckoned: () => this.read(),
      asked: () => context.look({}),
      readAnew: () => this.#readAnew(),
      now: context.now,
    });
  }

  async close(): Promise<void> {
    await this.#comparison?.close();
  }

  /** What the wallet has: reckoned from the book where that is wanted and there is one, else asked of the chain. */
  async look(): Promise<Look> {
    if (!(await this.#isReckoned())) return this.#context.look();
    const { contents, view } = await this.read();
    return { contents, view };
  }

  /**
   * Everything as of now. Whoever asks while a reading has not begun yet gets that one: a page that asks for balance,
   * rows and chart at once has the chain looked at once or twice, not three times.
   * @throws as {@link syncBook}
   */
  read(onProgress?: (progress: SyncProgress) => void): Promise<Reading> {
    if (onProgress === undefined && this.#coming !== undefined) return this.#coming;
    const reading = this.#queue.run(async () => {
      const isReckoned = await this.#gathered().finally(() => {
        this.#coming = undefined;
      });
      return isReckoned ? this.#readByBook(onProgress) : this.#readByChain(onProgress);
    });
    this.#coming = reading;
    return reading;
  }

  async page(request: HistoryRequest): Promise<HistoryPage> {
    const reading = await this.#readingFor(request);
    requireKnownLabel(request, reading);
    return pageOf(reading.effects, request, this.#settingOf(reading), this.#context.now());
  }

  async csv(choice: HistoryChoice): Promise<string> {
    const reading = await this.read();
    requireKnownLabel(choice, reading);
    const setting = this.#settingOf(reading);
    return historyCsv(rowsOf(reading.effects, choice, setting, this.#context.now()));
  }

  /** Each transaction as the whole wallet sees it, undefined when it is none of the wallet's. */
  async entry(id: string): Promise<HistoryEntry | undefined> {
    const reading = await this.read();
    const only = reading.effects.filter((effect) => effect.id === id);
    return rowsOf(only, { scope: 'wallet' }, this.#settingOf(reading), this.#context.now())[0];
  }

  async chart(label: string | undefined, points: number): Promise<BalancePoint[]> {
    const reading = await this.read();
    requireKnownLabel({ label }, reading);
    return balancePoints(reading.effects, label, points);
  }

  async addresses(): Promise<AddressRow[]> {
    const { contents, view, effects } = await this.read();
    return addressRows({ contents, view, effects, ring: this.#context.ringOf(contents) });
  }

  /** Compares all that was read with the coins that the chain lists. */
  async check(): Promise<WalletCheck> {
    for (let check = 1; ; check += 1) {
      const { contents, view, effects } = await this.#queue.run(() => this.#readByChain());
      const found = checkWallet({ contents, view, effects, cacheProblem: this.#cacheProblem });
      if (isSound(found) || check === 2 * MAX_CHECKS) {
        this.#comparison?.settle(isSound(found));
        return found;
      }
      // Perhaps it is what was read before that is wrong.
      if (check === MAX_CHECKS) this.#book = EMPTY_BOOK;
    }
  }

  /** Whether coins are reckoned from the book: not from one that has nothing yet. */
  async #isReckoned(): Promise<boolean> {
    if (this.#comparison === undefined || this.#comparison.isRefuted) return false;
    return (await this.#bookAtHand()).anchors.length > 0;
  }

  /**
   * Gives others time to want the same reading, if it is one from the book; a look at the chain does so itself.
   * Meanwhile the addresses are written out that are to be asked about: for thousands of keys that takes as long.
   * @returns whether it is one
   */
  async #gathered(): Promise<boolean> {
    const { store, gatherMs } = this.#context;
    if (!(await this.#isReckoned())) return false;
    const over = sleep(gatherMs);
    const ring = this.#context.ringOf(await store.read());
    for (const place of ring.places()) ring.address(place);
    await over;
    // What came in meanwhile is heard first.
    await nextTurn();
    return true;
  }

  async #readByBook(onProgress?: (progress: SyncProgress) => void): Promise<Reading> {
    const context = this.#context;
    const book = await this.#bookAtHand();
    let found: BookView | undefined;
    const { contents, view } = await context.lookBy(async (look) => {
      const { contents: stored } = look;
      found = await lookByBook({
        ...look,
        book,
        effectsOf: (synced, { refused }) => this.#effects(stored, refused, synced),
        onRead: onProgress,
      });
      return found.view;
    });
    if (found === undefined) throw new Error('a look that looked at nothing');
    await this.#keep(found.synced.book);
    this.#comparison?.schedule();
    return this.#told({ contents, view, effects: found.effects });
  }

  async #readByChain(onProgress?: (progress: SyncProgress) => void): Promise<Reading> {
    const context = this.#context;
    // What is kept is read while the node works.
    const [{ contents, view }, book] = await Promise.all([context.look(), this.#bookAtHand()]);
    const ring = context.ringOf(contents);
    const { backend, profile } = context;
    const synced = await syncBook(book, { backend, profile, ring, places: view.places, onProgress });
    await this.#keep(synced.book);
    const effects = this.#effects(contents, view.refused, synced);
    return this.#told({ contents, view: { ...view, chain: synced.chain }, effects });
  }

  #readAnew(): Promise<void> {
    return this.#queue.run(async () => {
      this.#book = EMPTY_BOOK;
      await this.#readByChain();
    });
  }

  #told(all: Omit<Reading, 'time'>): Reading {
    this.#last = { ...all, time: this.#context.now() };
    return this.#last;
  }

  async #readingFor({ after }: HistoryRequest): Promise<Reading> {
    const last = this.#last;
    const isFresh = last !== undefined && this.#context.now() - last.time < PAGES_HOLD_SECONDS;
    return after !== undefined && isFresh ? last : this.read();
  }

  /** Made anew only when something they are made of is another. */
  #effects(
    contents: Contents,
    refused: ChainView['refused'],
    { book, recent }: Pick<SyncedBook, 'book' | 'recent'>,
  ): readonly Effect[] {
    const there = new Set(recent.map(({ id }) => id));
    const waiting = undelivered(contents, refused, (id) => there.has(id) || book.transactions.has(id));
    const { labels, imported } = contents;
    const ring = this.#context.ringOf(contents);
    const from = JSON.stringify([
      labels,
      imported.map(({ label }) => label),
      [...recent, ...waiting].map(({ id, height, problem }: StandingTransaction) => [id, height, problem]),
      ring.count(RECEIVE),
      ring.count(CHANGE),
      ring.count(IMPORTED),
    ]);
    const made = this.#made;
    if (made !== undefined && made.from === from && made.book.transactions === book.transactions) {
      return made.effects;
    }
    const all: StandingTransaction[] = [...book.transactions.values(), ...recent, ...waiting];
    const effects = effectsOf(all, { ring, labelOf: labelsByKey(contents) });
    this.#made = { from, book, effects };
    return effects;
  }

  async #bookAtHand(): Promise<TransactionBook> {
    this.#kept ??= this.#readKept();
    return this.#book ?? (await this.#kept);
  }

  async #readKept(): Promise<TransactionBook> {
    const companion = this.#context.store.companion(HISTORY_CACHE_NAME);
    const book = companion && (await this.#cacheAt(companion).read());
    if (companion === undefined || book === undefined) return EMPTY_BOOK;
    this.#written = { book, key: companion.key };
    return book;
  }

  #cacheAt(companion: Companion): HistoryCache {
    return new HistoryCache({ ...companion, magic: magicHex(this.#context.profile) });
  }

  /** A file that cannot be written costs time at the next start and nothing else: `check` tells of it. */
  async #keep(book: TransactionBook): Promise<void> {
    this.#book = book;
    const companion = this.#context.store.companion(HISTORY_CACHE_NAME);
    if (companion === undefined || !this.#isWorthWriting(book, companion.key)) return;
    try {
      await this.#cacheAt(companion).write(book);
      this.#written = { book, key: companion.key };
      this.#cacheProblem = undefined;
    } catch (error) {
      this.#cacheProblem = error instanceof Error ? error.message : String(error);
    }
  }

  #isWorthWriting(book: TransactionBook, key: Uint8Array): boolean {
    const written = this.#written;
    if (written === undefined || !equalBytes(written.key, key)) return true;
    const blocks = (book.anchors.at(-1)?.height ?? 0) - (written.book.anchors.at(-1)?.height ?? 0);
    return written.book.transactions !== book.transactions || Math.abs(blocks) >= WRITE_EVERY_BLOCKS;
  }

  #settingOf({ contents, view }: Reading): HistorySetting {
    const { address: format, maturity } = this.#context.profile;
    const contacts = new Map(contents.contacts.map(({ name, address }) => [address, name]));
    return { tipHeight: view.chain.height, format, maturity, notes: contents.notes, contacts };
  }
}

/** Payments that are kept although the chain does not take them, as they would stand there. */
function undelivered(
  { outgoing }: Contents,
  refused: ChainView['refused'],
  isThere: (id: string) => boolean,
): StandingTransaction[] {
  return refused.flatMap(({ txid: id, reason, givenUp }) => {
    const payment = outgoing.find(({ txid }) => txid === id);
    if (givenUp || payment === undefined || isThere(id)) return [];
    const text = transactionText(outgoingTransaction(payment));
    const name = textOf(parseDisplayHash(id));
    return [{ id, name, text, height: undefined, time: undefined, problem: reason }];
  });
}

/** @throws WalletError `unknown-label` */
function requireKnownLabel(
  { label }: { readonly label?: string | undefined },
  { contents, view, effects }: Reading,
): void {
  if (label === undefined) return;
  const isTold = effects.some(({ labels }) => labels.includes(label));
  if (!isTold) requireLabel(contents, label, view);
}
