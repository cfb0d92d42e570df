/** Payouts with their claims and transactions. What is written here is binding: it is signed and sent, whatever happens. */
import { hashKey } from '../../protocol/bytes.ts';
import { outPointKey } from '../../protocol/transaction.ts';
import type { Hash, Height } from '../../protocol/units.ts';
import type { Database } from '../../service/database.ts';
import {
  OwedChangedError,
  type PayoutInput,
  type PayoutRecord,
  type PayoutTransaction,
  type PayoutBook as ServiceBook,
} from '../../wallet/services/payout.ts';
import {
  groupedBy,
  plainBytes,
  readTransaction,
  type TransactionRow,
} from '../../wallet/services/payout-rows.ts';
import type { PayoutProgress, PayoutState } from '../../wallet/services/payout-state.ts';
import type { QueuedClaim } from './claim-book.ts';
import {
  type InputRow,
  insertTransaction,
  readInput,
  requireFreeCoins,
  requireReplacingAll,
} from './payout-rows.ts';

type ClaimPayout = PayoutRecord<QueuedClaim, PayoutInput>;

export class PayoutBook implements ServiceBook<QueuedClaim, PayoutInput> {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** With the claims it pays, each of them queued until now; see {@link ServiceBook.enter}. */
  enter(claims: readonly QueuedClaim[], transaction: PayoutTransaction): Promise<number> {
    const ids = JSON.stringify(claims.map(({ id }) => id));
    return this.#database.transaction(async (statements) => {
      await requireFreeCoins(transaction, statements);
      const row = await statements.get<{ next: number }>(
        'SELECT coalesce(max(id), 0) + 1 AS next FROM payouts',
      );
      const id = row?.next ?? 1;
      await statements.run("INSERT INTO payouts (id, time_ms, state) VALUES (?, ?, 'sending')", [
        id,
        transaction.timeMs,
      ]);
      const taken = await statements.run(
        `UPDATE claims SET payout = ? WHERE payout IS NULL AND refused IS NULL
           AND id IN (SELECT value FROM json_each(?))`,
        [id, ids],
      );
      if (taken !== claims.length) throw new OwedChangedError('one of the claims is not queued any more');
      await insertTransaction(id, transaction, statements);
      return id;
    });
  }

  /** See {@link ServiceBook.replace}. */
  replace(id: number, transaction: PayoutTransaction): Promise<void> {
    return this.#database.transaction(async (statements) => {
      const payout = await statements.get<{ state: PayoutState }>('SELECT state FROM payouts WHERE id = ?', [
        id,
      ]);
      if (payout?.state !== 'sending') throw new OwedChangedError('the payout is not on its way any more');
      await requireReplacingAll(id, transaction, statements);
      await requireFreeCoins(transaction, statements, id);
      await insertTransaction(id, transaction, statements);
    });
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

  /** Writes down how far a payout is. One that is returned gives its claims back to the queue at the same moment. */
  advance(id: number, { state, inBlock }: PayoutProgress): Promise<void> {
    return this.#database.transaction(async (statements) => {
      await statements.run('UPDATE payouts SET state = ?, block_height = ?, block_txid = ? WHERE id = ?', [
        state,
        inBlock?.height ?? null,
        inBlock?.txid ?? null,
        id,
      ]);
      if (state === 'returned')
        await statements.run('UPDATE claims SET payout = NULL WHERE payout = ?', [id]);
    });
  }

  /** Payouts on their way, and those in blocks whose height is in one of the ranges: in the order they were made. */
  async toWatch(confirmed: { readonly above: Height; readonly upTo: Height }): Promise<ClaimPayout[]> {
    const rows = await this.#database.all<PayoutRow>(
      `SELECT * FROM payouts WHERE state = 'sending'
         OR (state = 'confirmed' AND (block_height > ? OR block_height <= ?)) ORDER BY id`,
      [confirmed.above, confirmed.upTo],
    );
    return this.#records(rows);
  }

  async onTheirWay(): Promise<ClaimPayout[]> {
    return this.#records(
      await this.#database.all<PayoutRow>("SELECT * FROM payouts WHERE state = 'sending' ORDER BY id"),
    );
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

  /**
   * Whether a transaction of ours can never be mined any more: its payout has returned its claims, or another of its
   * transactions is settled. False for one that is none of ours.
   */
  async isGone(txid: Hash): Promise<boolean> {
    const row = await this.#database.get<{ gone: number }>(
      `SELECT p.state = 'returned' OR (p.state = 'settled' AND p.block_txid <> t.txid) AS gone
       FROM payout_transactions t JOIN payouts p ON p.id = t.payout WHERE t.txid = ?`,
      [txid],
    );
    return row?.gone === 1;
  }

  async #records(rows: readonly PayoutRow[]): Promise<ClaimPayout[]> {
    const ids = JSON.stringify(rows.map(({ id }) => id));
    const claims = await this.#database.all<ClaimOfPayout>(
      `SELECT payout, id, address, amount FROM claims
       WHERE payout IN (SELECT value FROM json_each(?)) ORDER BY number`,
      [ids],
    );
    const transactions = await this.#database.all<TransactionRow>(
      'SELECT * FROM payout_transactions WHERE payout IN (SELECT value FROM json_each(?)) ORDER BY id',
      [ids],
    );
    const inputs = await this.#database.all<InputRow>(
      `SELECT * FROM payout_inputs WHERE payout_transaction IN (SELECT value FROM json_each(?))
       ORDER BY txid, output`,
      [JSON.stringify(transactions.map(({ id }) => id))],
    );
    const claimsOf = groupedBy(claims, ({ payout }) => payout);
    const transactionsOf = groupedBy(transactions, ({ payout }) => payout);
    const inputsOf = groupedBy(inputs, ({ payout_transaction: id }) => id);
    return rows.map((row) => ({
      id: row.id,
      progress: readProgress(row),
      items: (claimsOf.get(row.id) ?? []).map(readClaim),
      transactions: (transactionsOf.get(row.id) ?? []).map((transaction) =>
        readTransaction(transaction, (inputsOf.get(transaction.id) ?? []).map(readInput)),
      ),
    }));
  }
}

interface PayoutRow {
  readonly id: number;
  readonly state: PayoutState;
  readonly block_height: Height | null;
  readonly block_txid: Hash | null;
}

interface ClaimOfPayout {
  readonly payout: number;
  readonly id: string;
  readonly address: string;
  readonly amount: number;
}

function readClaim({ id, address, amount }: ClaimOfPayout): QueuedClaim {
  return { id, address, amount: BigInt(amount) };
}

function readProgress({ state, block_height: height, block_txid: txid }: PayoutRow): PayoutProgress {
  const inBlock =
    height === null || txid === null ? undefined : { height, txid: plainBytes(txid), hash: undefined };
  return { state, inBlock, impossibleSince: undefined };
}
