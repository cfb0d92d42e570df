import type { Hash, Height, Nits } from '../../protocol/units.ts';
import type { Statements } from '../../service/database.ts';
import type { CreditSum } from '../accounting/balances.ts';
import type { BlockState } from '../accounting/block-state.ts';
import type { WeightedShare } from '../accounting/distribution.ts';
import { parseFee, type Scheme, type Terms } from '../accounting/scheme.ts';
import type { Worker } from '../stratum/worker-name.ts';
import type { LedgerBlock } from './accounts-schema.ts';
import { plainBytes } from './blob.ts';
import type { NumberedBlock } from './block-book.ts';
import type { BookDatabase } from './book-database.ts';
import { payeeIds } from './payee-rows.ts';

/** A block's round, summed up and divided. */
export interface Round {
  readonly blockId: number;
  readonly terms: Terms;
  /** The last share of the round before; this round's come after it. */
  readonly startSequence: number;
  /** The finding share, inclusive. */
  readonly endSequence: number;
  /** Expected hashes of a share of the block's difficulty. */
  readonly work: bigint;
  /** Of all shares of the round. */
  readonly weight: bigint;
  /** Of what the reward was divided by. */
  readonly counted: bigint;
  readonly operator: Nits;
  /** The share log when the shares had been summed up: it covers all of them. */
  readonly batch: number;
  readonly head: Hash;
}

/** What a block brought an address, with what that was reckoned from. */
export interface RoundCredit {
  readonly address: string;
  readonly weight: bigint;
  readonly counted: bigint;
  readonly amount: Nits;
  readonly isDirect: boolean;
}

/** A credit with its block. */
export interface BlockCredit extends RoundCredit {
  readonly blockId: number;
  readonly block: Hash;
  readonly height: Height;
  readonly timeMs: number;
  readonly blockState: BlockState;
  readonly payoutId: number | undefined;
}

/** A share of a block's round, of a page of them. */
const CREDIT_COLUMNS = {
  block: 'integer',
  payee: 'integer',
  weight: 'text',
  counted: 'text',
  amount: 'text',
  direct: 'integer',
} as const;

const SUMS = `b.state AS block_state, c.direct AS direct, p.state AS payout_state, CAST(sum(c.amount) AS TEXT) AS amount
  FROM credits c JOIN blocks b ON b.id = c.block LEFT JOIN payouts p ON p.id = c.payout`;

/** Rounds, and what they brought to whom. Nothing here is ever taken out. */
export class RoundBook {
  readonly #database: BookDatabase;

  constructor(database: BookDatabase) {
    this.#database = database;
  }

  /** Kept shares from a sequence number backwards, the newest first. */
  async sharesDown(fromSequence: number, limit: number): Promise<WeightedShare[]> {
    const rows = await this.#database.all<{ sequence: number; address: string; weight: string }>(
      `SELECT s.sequence, w.address, s.weight FROM shares s JOIN workers w ON w.id = s.worker
       WHERE s.sequence <= ? ORDER BY s.sequence DESC LIMIT ?`,
      [fromSequence, limit],
    );
    return rows.map((row) => ({ ...row, weight: BigInt(row.weight) }));
  }

  /**
   * Where a block's round ends and begins. A block that was found in the chain ends with its own share, if that
   * was kept, else with the last share before its height was passed. Rounds are bounded by the blocks found,
   * except those that a node refused.
   */
  async boundsOf(block: NumberedBlock): Promise<{ startSequence: number; endSequence: number }> {
    const endSequence = block.endSequence ?? (await this.#endOf(block));
    const row = await this.#database.get<{ start: number | null }>(
      "SELECT max(end_sequence) AS start FROM blocks WHERE end_sequence < ? AND delivery <> 'rejected' AND id <> ?",
      [endSequence, block.id],
    );
    return { startSequence: row?.start ?? 0, endSequence };
  }

  /** Who found a block, if its share is kept. */
  async finderOf(block: Pick<LedgerBlock, 'hash' | 'previous'>): Promise<Worker | undefined> {
    const own = await this.#shareOf(block);
    return own && { address: own.address, name: own.name };
  }

  #shareOf({ hash, previous }: Pick<LedgerBlock, 'hash' | 'previous'>) {
    return this.#database.get<{ sequence: number } & Worker>(
      `SELECT s.sequence, w.address, w.name FROM tips t
       JOIN shares s ON s.sequence >= t.first_share AND s.tip = t.id JOIN workers w ON w.id = s.worker
       WHERE t.hash = ? AND s.hash = ?`,
      [previous, hash],
    );
  }

  async #endOf(block: NumberedBlock): Promise<number> {
    const own = await this.#shareOf(block);
    if (own !== undefined) return own.sequence;
    const { height } = block;
    const next = await this.#database.get<{ first: number | null }>(
      'SELECT min(first_share) AS first FROM tips WHERE height >= ?',
      [height],
    );
    if (next?.first != null) return next.first - 1;
    const last = await this.#database.get<{ last: number | null }>(
      'SELECT max(sequence) AS last FROM shares',
    );
    return last?.last ?? 0;
  }

  /** Enters a round with its credits, once; entering it again changes nothing. */
  async enter(round: Round, credits: readonly RoundCredit[]): Promise<void> {
    await this.#database.transaction(async (statements) => {
      const { terms } = round;
      const entered = await statements.run(
        `INSERT OR IGNORE INTO rounds (block, scheme, fee_percent, start_sequence, end_sequence, work, weight, counted,
           operator, batch, head) VALUES (?, ?, ?, ?, ?, ?, ?, ?, CAST(? AS INTEGER), ?, ?)`,
        [
          round.blockId,
          terms.scheme,
          terms.fee.percent,
          round.startSequence,
          round.endSequence,
          round.work.toString(),
          round.weight.toString(),
          round.counted.toString(),
          round.operator.toString(),
          round.batch,
          round.head,
        ],
      );
      if (entered === 0) return;
      // So that the rounds of later blocks begin behind it.
      await statements.run('UPDATE blocks SET end_sequence = ?, scheme = ?, fee_percent = ? WHERE id = ?', [
        round.endSequence,
        terms.scheme,
        terms.fee.percent,
        round.blockId,
      ]);
      await insertCredits(round.blockId, credits, statements);
    });
  }

  /** The rounds of blocks. */
  async of(blockIds: readonly number[]): Promise<ReadonlyMap<number, Round>> {
    const rows = await this.#database.all<RoundRow>(
      `SELECT *, CAST(operator AS TEXT) AS operator_nits FROM rounds
       WHERE block IN (SELECT value FROM json_each(?))`,
      [JSON.stringify(blockIds)],
    );
    return new Map(rows.map((row) => [row.block, readRound(row)]));
  }

  /** Everybody's credits of one block. */
  async creditsOf(blockId: number): Promise<RoundCredit[]> {
    const rows = await this.#database.all<CreditRow>(
      `SELECT c.*, CAST(c.amount AS TEXT) AS nits, y.address FROM credits c JOIN payees y ON y.id = c.payee
       WHERE c.block = ? ORDER BY y.address`,
      [blockId],
    );
    return rows.map(readCredit);
  }

  /** The credits of an address, newest block first, of those with a number below `before`. */
  async creditsTo(address: string, limit: number, before?: number): Promise<BlockCredit[]> {
    const rows = await this.#database.all<CreditRow & BlockCreditRow>(
      `SELECT c.*, CAST(c.amount AS TEXT) AS nits, y.address, b.hash, b.height, b.time_ms, b.state
       FROM credits c JOIN payees y ON y.id = c.payee JOIN blocks b ON b.id = c.block
       WHERE y.address = ? AND c.block < ? ORDER BY c.block DESC LIMIT ?`,
      [address, before ?? Number.MAX_SAFE_INTEGER, limit],
    );
    return rows.map((row) => ({
      ...readCredit(row),
      blockId: row.block,
      block: plainBytes(row.hash),
      height: row.height,
      timeMs: row.time_ms,
      blockState: row.state,
      payoutId: row.payout ?? undefined,
    }));
  }

  /** The head of a batch of the share log and its last share; undefined when its row is gone by age. */
  async batch(id: number): Promise<{ lastSequence: number; head: Hash } | undefined> {
    const row = await this.#database.get<{ last_sequence: number; head: Hash }>(
      'SELECT last_sequence, head FROM batches WHERE id = ?',
      [id],
    );
    return row && { lastSequence: row.last_sequence, head: plainBytes(row.head) };
  }

  /** Everybody's credits, or those of one address, summed up by what they are worth. */
  async sums(address?: string): Promise<CreditSum[]> {
    const rows =
      address === undefined
        ? await this.#database.all<SumRow>(`SELECT ${SUMS} GROUP BY 1, 2, 3`)
        : await this.#database.all<SumRow>(
            `SELECT ${SUMS} WHERE c.payee = (SELECT id FROM payees WHERE address = ?) GROUP BY 1, 2, 3`,
            [address],
          );
    return rows.map(readSum);
  }

  /** The same for many addresses in their order: those after `after`. */
  async sumsByAddress(limit: number, after = ''): Promise<ReadonlyMap<string, CreditSum[]>> {
    const rows = await this.#database.all<SumRow & { address: string }>(
      `WITH some AS (SELECT id, address FROM payees WHERE address > ? ORDER BY address LIMIT ?)
       SELECT some.address AS address, ${SUMS} JOIN some ON some.id = c.payee
       GROUP BY some.address, b.state, c.direct, p.state ORDER BY some.address`,
      [after, limit],
    );
    const sums = new Map<string, CreditSum[]>();
    for (const row of rows) sums.set(row.address, [...(sums.get(row.address) ?? []), readSum(row)]);
    return sums;
  }

  /** Blocks an address found, and how many its work finds on average. */
  async luckOf(address: string): Promise<{ foundBlocks: number; expectedBlocks: number }> {
    const found = await this.#database.get<{ count: number }>(
      `SELECT count(*) AS count FROM blocks b JOIN workers w ON w.id = b.worker
       WHERE w.address = ? AND b.state <> 'rejected'`,
      [address],
    );
    const expected = await this.#database.get<{ blocks: number | null }>(
      `SELECT sum(CAST(c.weight AS REAL) / CAST(r.work AS REAL)) AS blocks
       FROM credits c JOIN rounds r ON r.block = c.block WHERE c.payee = (SELECT id FROM payees WHERE address = ?)`,
      [address],
    );
    return { foundBlocks: found?.count ?? 0, expectedBlocks: expected?.blocks ?? 0 };
  }

  /** The round that ended last. */
  async last(): Promise<{ endSequence: number; foundMs: number } | undefined> {
    const row = await this.#database.get<{ end_sequence: number; time_ms: number }>(
      `SELECT end_sequence, time_ms FROM blocks WHERE end_sequence IS NOT NULL AND delivery <> 'rejected'
       ORDER BY end_sequence DESC, id DESC LIMIT 1`,
    );
    return row && { endSequence: row.end_sequence, foundMs: row.time_ms };
  }
}

async function insertCredits(
  blockId: number,
  credits: readonly RoundCredit[],
  statements: Statements,
): Promise<void> {
  const ids = await payeeIds(
    credits.map(({ address }) => address),
    statements,
  );
  const rows = credits.map(({ address, weight, counted, amount, isDirect }) => [
    blockId,
    ids.get(address) ?? null,
    weight.toString(),
    counted.toString(),
    amount.toString(),
    isDirect ? 1 : 0,
  ]);
  await statements.insertRows('credits', CREDIT_COLUMNS, rows);
}

interface RoundRow {
  readonly block: number;
  readonly scheme: Scheme;
  readonly fee_percent: string;
  readonly start_sequence: number;
  readonly end_sequence: number;
  readonly work: string;
  readonly weight: string;
  readonly counted: string;
  readonly operator_nits: string;
  readonly batch: number;
  readonly head: Hash;
}

function readRound(row: RoundRow): Round {
  return {
    blockId: row.block,
    terms: { scheme: row.scheme, fee: parseFee(row.fee_percent) },
    startSequence: row.start_sequence,
    endSequence: row.end_sequence,
    work: BigInt(row.work),
    weight: BigInt(row.weight),
    counted: BigInt(row.counted),
    operator: BigInt(row.operator_nits),
    batch: row.batch,
    head: plainBytes(row.head),
  };
}

interface CreditRow {
  readonly block: number;
  readonly address: string;
  readonly weight: string;
  readonly counted: string;
  readonly nits: string;
  readonly direct: number;
  readonly payout: number | null;
}

interface BlockCreditRow {
  readonly hash: Hash;
  readonly height: Height;
  readonly time_ms: number;
  readonly state: BlockState;
}

function readCredit(row: CreditRow): RoundCredit {
  const { address, weight, counted, nits, direct } = row;
  return {
    address,
    weight: BigInt(weight),
    counted: BigInt(counted),
    amount: BigInt(nits),
    isDirect: direct === 1,
  };
}

interface SumRow {
  readonly block_state: BlockState;
  readonly direct: number;
  readonly payout_state: CreditSum['payoutState'] | null;
  readonly amount: string;
}

function readSum(row: SumRow): CreditSum {
  return {
    blockState: row.block_state,
    isDirect: row.direct === 1,
    payoutState: row.payout_state ?? undefined,
    amount: BigInt(row.amount),
  };
}
