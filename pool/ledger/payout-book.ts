import { EventEmitter } from 'node:events';
import { hashKey } from '../../protocol/bytes.ts';
import { outPointKey } from '../../protocol/transaction.ts';
import type { Hash, Height, Nits } from '../../protocol/units.ts';
import {
  OwedChangedError,
  type PayoutRecord as PayoutOf,
  type PayoutTransaction,
  type PayoutBook as ServiceBook,
} from '../../wallet/services/payout.ts';
import { groupedBy, readTransaction, type TransactionRow } from '../../wallet/services/payout-rows.ts';
import type { PayoutProgress, PayoutState } from '../../wallet/services/payout-state.ts';
import type { BookDatabase } from './book-database.ts';
import {
  claimCredits,
  type Debt,
  type InputRow,
  insertTransaction,
  OPEN_CREDIT,
  type PayoutRow,
  type PoolInput,
  readInput,
  readProgress,
  requireFreeCoins,
  requireReplacingAll,
} from './payout-rows.ts';

/** A payout with every transaction that was made for it. */
export interface PayoutRecord extends PayoutOf<Debt, PoolInput> {
  readonly timeMs: number;
}

export interface PayoutBookEvents {
  /** A payout was written down, or is in another state. */
  changed: [number];
}

const NEWEST = Number.MAX_SAFE_INTEGER;

/** Payouts with their debts and transactions. What is written here is binding: it is signed and sent, whatever happens. */
export class PayoutBook extends EventEmitter<PayoutBookEvents> implements ServiceBook<Debt, PoolInput> {
  readonly #database: BookDatabase;

  constructor(database: BookDatabase) {
    super();
    this.#database = database;
  }

  /** Everybody's open debts, those of the oldest block first. */
  async debts(): Promise<Debt[]> {
    const rows = await this.#database.all<{ address: string; amount: string }>(
      `SELECT y.address, CAST(sum(c.amount) AS TEXT) AS amount FROM credits c JOIN payees y ON y.id = c.payee
       WHERE ${OPEN_CREDIT} GROUP BY c.payee ORDER BY min(c.block), y.address`,
    );
    return rows.map(({ address, amount }) => ({ address, amount: BigInt(amount) }));
  }

  /**
   * Parts a debt between two blocks.
   * @param most what the older part may come to
   * @returns the older part, as much as that allows, and the rest; undefined where one of them would be nothing
   */
  async split({ address, amount, blocks }: Debt, most: Nits): Promise<readonly [Debt, Debt] | undefined> {
    const { after, through } = blocks ?? { after: 0, through: NEWEST };
    const row = await this.#database.get<{ block: number; amount: string }>(
      `SELECT block, CAST(amount AS TEXT) AS amount FROM (
         SELECT block, sum(amount) OVER (ORDER BY block) AS amount FROM credits
         WHERE payee = (SELECT id FROM payees WHERE address = ?) AND block > ? AND block <= ? AND ${OPEN_CREDIT})
       WHERE amount <= CAST(? AS INTEGER) ORDER BY block DESC LIMIT 1`,
      [address, after, through, most.toString()],
    );
    if (row === undefined || BigInt(row.amount) >= amount) return undefined;
    const older = { address, amount: BigInt(row.amount), blocks: { after, through: row.block } };
    return [older, { address, amount: amount - older.amount, blocks: { after: row.block, through } }];
  }

  /** With the open credits that the debts are made of, no more and no less; see {@link ServiceBook.enter}. */
  async enter(items: readonly Debt[], transaction: PayoutTransaction<PoolInput>): Promise<number> {
    const id = await this.#database.transaction(async (statements) => {
      await requireFreeCoins(transaction, statements);
      const row = await statements.get<{ next: number }>(
        'SELECT coalesce(max(id), 0) + 1 AS next FROM payouts',
      );
      const next = row?.next ?? 1;
      await statements.run("INSERT INTO payouts (id, time_ms, state) VALUES (?, ?, 'sending')", [
        next,
        transaction.timeMs,
      ]);
      await claimCredits(next, items, statements);
      await insertTransaction(next, transaction, statements);
      return next;
    });
    this.emit('changed', id);
    return id;
  }

  /** See {@link ServiceBook.replace}. */
  async replace(id: number, transaction: PayoutTransaction<PoolInput>): Promise<void> {
    await this.#database.transaction(async (statements) => {
      const payout = await statements.get<{ state: PayoutState }>('SELECT state FROM payouts WHERE id = ?', [
        id,
      ]);
      if (payout?.state !== 'sending') throw new OwedChangedError('the payout is not on its way any more');
      await requireReplacingAll(id, transaction, statements);
      await requireFreeCoins(transaction, statements, id);
      await insertTransaction(id, transaction, statements);
    });
    this.emit('changed', id);
  }

  /** See {@link ServiceBook.sign}. */
  async sign(id: number, txid: Hash, raw: Uint8Array): Promise<void> {
    const signed = await this.#database.run(
      `UPDATE payout_transactions SET raw = ? WHERE payout = ? AND txid = ?
         AND EXISTS (SELECT 1 FROM payouts WHERE id = payout AND state = 'sending')`,
      [raw, id, txid],
    );
    if (signed !== 1) throw new OwedChangedError('the payout is not on its way any more');
  }

  /** Writes down how far a payout is. One that is returned gives its debts back at the same moment. */
  async advance(id: number, { state, inBlock, impossibleSince }: PayoutProgress): Promise<void> {
    await this.#database.transaction(async (statements) => {
      await statements.run(
        `UPDATE payouts SET state = ?, block_hash = ?, block_height = ?, block_txid = ?,
           impossible_hash = ?, impossible_height = ? WHERE id = ?`,
        [
          state,
          inBlock?.hash ?? null,
          inBlock?.height ?? null,
          inBlock?.txid ?? null,
          impossibleSince?.hash ?? null,
          impossibleSince?.height ?? null,
          id,
        ],
      );
      if (state !== 'returned') return;
      await statements.run('UPDATE credits SET payout = NULL WHERE payout = ?', [id]);
    });
    this.emit('changed', id);
  }

  /** Payouts that need care, and all in blocks above a height: a reorganisation may have moved those. */
  async toWatch(aboveHeight: Height): Promise<PayoutRecord[]> {
    const rows = await this.#database.all<PayoutRow>(
      `SELECT * FROM payouts WHERE state IN ('sending', 'confirmed') OR (state = 'settled' AND block_height > ?)
       ORDER BY id`,
      [aboveHeight],
    );
    return this.#records(rows);
  }

  /** Newest first, of those with a number below `before`. */
  async page(limit: number, before = NEWEST): Promise<PayoutRecord[]> {
    const rows = await this.#database.all<PayoutRow>(
      'SELECT * FROM payouts WHERE id < ? ORDER BY id DESC LIMIT ?',
      [before, limit],
    );
    return this.#records(rows);
  }

  /** The same of those that pay an address; the items are this address's. */
  async pageOf(address: string, limit: number, before = NEWEST): Promise<PayoutRecord[]> {
    const rows = await this.#database.all<PayoutRow>(
      `SELECT p.* FROM payout_items i JOIN payouts p ON p.id = i.payout
       WHERE i.payee = (SELECT id FROM payees WHERE address = ?) AND p.id < ? ORDER BY p.id DESC LIMIT ?`,
      [address, before, limit],
    );
    return this.#records(rows, address);
  }

  /** In the order they were written down, of those with a number above `after`: for an audit. */
  async pageUp(limit: number, after: number): Promise<PayoutRecord[]> {
    const rows = await this.#database.all<PayoutRow>(
      'SELECT * FROM payouts WHERE id > ? ORDER BY id LIMIT ?',
      [after, limit],
    );
    return this.#records(rows);
  }

  async byId(id: number): Promise<PayoutRecord | undefined> {
    const rows = await this.#database.all<PayoutRow>('SELECT * FROM payouts WHERE id = ?', [id]);
    return (await this.#records(rows))[0];
  }

  /** The payout a transaction belongs to. */
  async with(txid: Hash): Promise<PayoutProgress | undefined> {
    const row = await this.#database.get<PayoutRow>(
      'SELECT p.* FROM payouts p JOIN payout_transactions t ON t.payout = p.id WHERE t.txid = ?',
      [txid],
    );
    return row && readProgress(row);
  }

  /** What the credits that a payout carries come to, by address. */
  async claims(id: number): Promise<Debt[]> {
    const rows = await this.#database.all<{ address: string; amount: string }>(
      `SELECT y.address, CAST(sum(c.amount) AS TEXT) AS amount FROM credits c JOIN payees y ON y.id = c.payee
       WHERE c.payout = ? GROUP BY c.payee ORDER BY y.address`,
      [id],
    );
    return rows.map(({ address, amount }) => ({ address, amount: BigInt(amount) }));
  }

  /** {@link outPointKey} of every coin that a payout spends which is neither settled nor returned. */
  async spentCoins(): Promise<ReadonlySet<string>> {
    const rows = await this.#database.all<{ txid: Hash; output: number }>(
      `SELECT i.txid, i.output FROM payout_inputs i JOIN payout_transactions t ON t.id = i.payout_transaction
       JOIN payouts p ON p.id = t.payout WHERE p.state IN ('sending', 'confirmed')`,
    );
    return new Set(rows.map(({ txid, output }) => outPointKey({ txid, index: output })));
  }

  /** `hashKey` of every transaction of payouts that are neither settled nor returned: their change is ours to spend. */
  async txidsUnderWay(): Promise<ReadonlySet<string>> {
    const rows = await this.#database.all<{ txid: Hash }>(
      `SELECT t.txid FROM payout_transactions t JOIN payouts p ON p.id = t.payout
       WHERE p.state IN ('sending', 'confirmed')`,
    );
    return new Set(rows.map(({ txid }) => hashKey(txid)));
  }

  /** When the last payout was written down. */
  async lastTimeMs(): Promise<number | undefined> {
    const row = await this.#database.get<{ last: number | null }>('SELECT max(time_ms) AS last FROM payouts');
    return row?.last ?? undefined;
  }

  async #records(rows: readonly PayoutRow[], address?: string): Promise<PayoutRecord[]> {
    const ids = JSON.stringify(rows.map(({ id }) => id));
    const items = await this.#database.all<{ payout: number; address: string; amount: string }>(
      `SELECT i.payout, y.address, CAST(i.amount AS TEXT) AS amount FROM payout_items i
       JOIN payees y ON y.id = i.payee
       WHERE i.payout IN (SELECT value FROM json_each(?1)) AND (?2 IS NULL OR y.address = ?2) ORDER BY y.address`,
      [ids, address ?? null],
    );
    const transactions = await this.#database.all<TransactionRow>(
      'SELECT * FROM payout_transactions WHERE payout IN (SELECT value FROM json_each(?)) ORDER BY id',
      [ids],
    );
    const inputs = await this.#database.all<InputRow>(
      `SELECT *, CAST(value AS TEXT) AS nits FROM payout_inputs
       WHERE payout_transaction IN (SELECT value FROM json_each(?)) ORDER BY txid, output`,
      [JSON.stringify(transactions.map(({ id }) => id))],
    );
    const itemsOf = groupedBy(items, ({ payout }) => payout);
    const transactionsOf = groupedBy(transactions, ({ payout }) => payout);
    const inputsOf = groupedBy(inputs, ({ payout_transaction: id }) => id);
    return rows.map((row) => ({
      id: row.id,
      timeMs: row.time_ms,
      progress: readProgress(row),
      items: (itemsOf.get(row.id) ?? []).map((item) => ({
        address: item.address,
        amount: BigInt(item.amount),
      })),
      transactions: (transactionsOf.get(row.id) ?? []).map((transaction) =>
        readTransaction(transaction, (inputsOf.get(transaction.id) ?? []).map(readInput)),
      ),
    }));
  }
}
