import { isMature } from '../../protocol/check-input.ts';
import type { Hash, Height, Nits } from '../../protocol/units.ts';
import { type Delta, findSpender, readValues, type Spender } from '../storage/deltas-table.ts';
import { openNodeSnapshot } from '../storage/node-database.ts';
import { isSameTransaction, LAST_PLACE, type Place } from '../storage/place.ts';
import { type AddressPage, type PageWish, readPage } from './address-page.ts';
import { type AddressParts, distinctScripts, knownTip } from './address-parts.ts';
import { AddressTotals } from './address-totals.ts';
import { type Walk, walkDeltas } from './address-walk.ts';
import type { BlockEntry } from './block-index.ts';

/** What scripts own on the best chain. All sums are exact. */
export interface AddressBalance {
  /** What a block on the tip could spend. */
  readonly spendable: Nits;
  /** Coinbase outputs that are not old enough yet. */
  readonly immature: Nits;
  /** Everything ever received, spent or not. */
  readonly received: Nits;
}

/** An unspent output. */
export interface AddressCoin {
  readonly script: Uint8Array;
  readonly txid: Hash;
  readonly index: number;
  readonly value: Nits;
  readonly height: Height;
  readonly coinbase: boolean;
  /** Whether a block on the tip could spend it. */
  readonly mature: boolean;
}

/** A transaction that pays to or spends from one of the scripts. */
export interface AddressTransaction {
  readonly txid: Hash;
  readonly height: Height;
  /** Of the transaction in its block; 0 is the coinbase. */
  readonly position: number;
}

/** What a transaction changes for the scripts all together: negative where they pay more than they receive. */
export interface AddressChange extends AddressTransaction {
  readonly value: Nits;
}

/** One output received (positive) or spent (negative). */
export interface AddressDelta extends AddressTransaction {
  readonly script: Uint8Array;
  /** Of the output that is received, or of the input that spends. */
  readonly index: number;
  readonly value: Nits;
}

/** Heights to look at, both included; left out: from the genesis block, up to the tip. */
export interface HeightRange {
  readonly start?: Height | undefined;
  readonly end?: Height | undefined;
}

const MAX_HEIGHT = LAST_PLACE.height;

/** Rows of a script that one statement looks at for a spender, some milliseconds, and such statements at most. */
const SPENDER_ROWS = 10_000;
const SPENDER_STATEMENTS = 120;

/** An output, and where it was made. */
export interface PlacedOutput {
  readonly script: Uint8Array;
  readonly created: Place;
}

/** A list as of one block. */
export interface AddressList<Item> {
  readonly tip: BlockEntry;
  readonly items: readonly Item[];
}

/**
 * What the best chain says of scripts. Each answer is as of one block: the tip that was written last. Pages cost
 * a bounded number of statements, each of bounded work, however much there is of a script.
 */
export class AddressIndex {
  readonly #parts: AddressParts;
  readonly #totals: AddressTotals;

  constructor(parts: AddressParts) {
    this.#parts = parts;
    this.#totals = new AddressTotals(parts);
  }

  async balance(scripts: readonly Uint8Array[]): Promise<AddressBalance> {
    const sums = { spendable: 0n, immature: 0n, received: 0n };
    for (const { received, spent, immature } of await this.#totals.of(distinctScripts(scripts))) {
      sums.received += received;
      sums.immature += immature;
      sums.spendable += received - spent - immature;
    }
    return sums;
  }

  /** For each of these scripts, which are told apart, whether the best chain ever paid to it: one statement, one row of each. */
  async used(scripts: readonly Uint8Array[]): Promise<readonly boolean[]> {
    const ranges = scripts.map((script) => ({ script, ...heights({}) }));
    const { slices } = await readValues(this.#parts.database, ranges, 1);
    return slices.map(({ rows }) => rows.length > 0);
  }

  /** Number of transactions that concern a script, if it is known or can be counted at once. */
  async transactionCount(script: Uint8Array): Promise<number | undefined> {
    return (await this.#totals.ifAtHand([script]))?.[0]?.transactions;
  }

  /** The unspent outputs of these scripts, oldest first. */
  async coins(scripts: readonly Uint8Array[]): Promise<AddressList<AddressCoin>> {
    const { tip, items } = await this.#all({ scripts, ...heights({}), unspentOnly: true });
    return { tip, items: items.map((delta) => this.#coin(delta, tip)) };
  }

  /** A page of them. @throws VoidMarkError */
  async coinsPage(scripts: readonly Uint8Array[], wish: PageWish): Promise<AddressPage<AddressCoin>> {
    const walk = { scripts, ...heights({}), unspentOnly: true };
    const page = await readPage(this.#parts, walk, wish, 'output');
    return { ...page, items: page.items.flat().map((delta) => this.#coin(delta, page.tip)) };
  }

  /** The transactions that pay to or spend from these scripts, each once, oldest first. */
  async transactions(scripts: readonly Uint8Array[], range: HeightRange = {}): Promise<AddressTransaction[]> {
    const { items } = await this.#all({ scripts, ...heights(range) });
    const firsts = items.filter(({ at }, index) => {
      const before = items[index - 1];
      return before === undefined || !isSameTransaction(before.at, at);
    });
    return firsts.map(transactionOf);
  }

  /** A page of them. @throws VoidMarkError */
  async transactionsPage(
    scripts: readonly Uint8Array[],
    wish: PageWish,
    range: HeightRange = {},
  ): Promise<AddressPage<AddressTransaction>> {
    const page = await readPage(this.#parts, { scripts, ...heights(range) }, wish, 'transaction');
    return { ...page, items: page.items.flatMap(([first]) => (first ? [transactionOf(first)] : [])) };
  }

  /** A page of what each transaction changed, newest first. @throws VoidMarkError */
  async history(scripts: readonly Uint8Array[], wish: PageWish): Promise<AddressPage<AddressChange>> {
    const walk = { scripts, ...heights({}), newestFirst: true };
    const page = await readPage(this.#parts, walk, wish, 'transaction');
    const items = page.items.flatMap((deltas) => {
      const [first] = deltas;
      const value = deltas.reduce((sum, delta) => sum + signedValue(delta), 0n);
      return first ? [{ ...transactionOf(first), value }] : [];
    });
    return { ...page, items };
  }

  /** Every output of these scripts as it came and as it went, oldest first. */
  async deltas(scripts: readonly Uint8Array[], range: HeightRange = {}): Promise<AddressDelta[]> {
    const { items } = await this.#all({ scripts, ...heights(range) });
    return items.map((delta) => {
      const { script, index } = delta;
      return { ...transactionOf(delta), script, index, value: signedValue(delta) };
    });
  }

  /**
   * For each output the input on the best chain that spends it; undefined where there is none, or where so much
   * of the same scripts lies in between that looking for all of them would take too long.
   */
  async spenders(outputs: readonly PlacedOutput[]): Promise<(Spender | undefined)[]> {
    const spenders: (Spender | undefined)[] = [];
    let left = SPENDER_STATEMENTS;
    for (const { script, created } of outputs) {
      let spender: Spender | undefined;
      let after: Place | undefined = created;
      while (spender === undefined && after !== undefined && left > 0) {
        const step = { script, created, after, rows: SPENDER_ROWS };
        const found: Awaited<ReturnType<typeof findSpender>> = await findSpender(this.#parts.database, step);
        spender = found.spender;
        after = found.last;
        left -= 1;
      }
      spenders.push(spender);
    }
    return spenders;
  }

  /** Everything, however much it is: from a snapshot if one statement is not enough. */
  async #all(walk: Walk): Promise<AddressList<Delta>> {
    const { database, chain } = this.#parts;
    for await (const { tip, deltas, upTo } of walkDeltas(database, walk)) {
      if (upTo === undefined) return { tip: knownTip(chain, tip), items: deltas };
      break;
    }
    const snapshot = await openNodeSnapshot(database);
    try {
      const items: Delta[] = [];
      for await (const { tip, deltas, upTo } of walkDeltas(snapshot, walk)) {
        for (const delta of deltas) items.push(delta);
        if (upTo === undefined) return { tip: knownTip(chain, tip), items };
      }
      throw new Error('a walk over the address index has no end');
    } finally {
      await snapshot.close();
    }
  }

  #coin({ script, txid, index, value, at: { height, position } }: Delta, tip: BlockEntry): AddressCoin {
    const coinbase = position === 0;
    const mature = isMature({ value, script, height, coinbase }, tip.height + 1, this.#parts.chain.profile);
    return { script, txid, index, value, height, coinbase, mature };
  }
}

/** The places within a range of heights. */
function heights({ start = 0, end = MAX_HEIGHT }: HeightRange): Pick<Walk, 'from' | 'until'> {
  const from = { height: Math.min(start, MAX_HEIGHT), position: 0, index: 0 };
  return { from, until: { ...LAST_PLACE, height: Math.min(end, MAX_HEIGHT) } };
}

function transactionOf({ txid, at: { height, position } }: Delta): AddressTransaction {
  return { txid, height, position };
}

function signedValue({ spends, value }: Delta): Nits {
  return spends ? -value : value;
}
