/** Claims, in the order they were made. What is written here is a promise. */
import type { Hash, Height, Nits } from '../../protocol/units.ts';
import type { Database, Statements } from '../../service/database.ts';
import type { PayoutState } from '../../wallet/services/payout-state.ts';
import type { ClaimState, Proof, SpentChallenge } from '../claims/claim-desk.ts';
import { ClaimRefusedError } from '../claims/refusal.ts';

export interface NewClaim {
  readonly id: string;
  /** As networks write it, so that one address has one spelling. */
  readonly address: string;
  readonly client: string;
  readonly proof: Proof;
  readonly amount: Nits;
  readonly createdMs: number;
  readonly spend: SpentChallenge | undefined;
}

/** What is written down about a claim. */
export interface WrittenClaim {
  readonly id: string;
  readonly address: string;
  readonly amount: Nits;
  readonly createdMs: number;
  readonly state: ClaimState;
  /** Of the newest transaction that pays it, or of the one in a block. */
  readonly txid: Hash | undefined;
  /** Height of the block with that transaction. */
  readonly height: Height | undefined;
  /** Why it is refused. */
  readonly refused: string | undefined;
}

/** What the book knows when a claim is made. */
export interface ClaimHistory {
  readonly lastOfAddressMs: number | undefined;
  readonly lastOfClientMs: number | undefined;
  /** The newest claim of this client for this address. */
  readonly claimId: string | undefined;
  readonly promisedToday: Nits;
  readonly queued: number;
  readonly queuedAmount: Nits;
  readonly isPaused: boolean;
}

/** A claim that waits to be paid. */
export interface QueuedClaim {
  readonly id: string;
  readonly address: string;
  readonly amount: Nits;
}

/** Whom the history is asked for, and since when the day lasts. */
export interface HistoryQuery {
  readonly address: string;
  readonly client: string;
  readonly dayStartMs: number;
}

const QUEUED = 'payout IS NULL AND refused IS NULL';

export class ClaimBook {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Writes a claim down if `judge` lets it: history, judgement, challenge and claim are one transaction, so that of a
   * thousand claims at once each sees the ones before it.
   * @throws ClaimRefusedError what `judge` returns, or `challenge-spent`
   */
  enter(
    claim: NewClaim,
    dayStartMs: number,
    judge: (history: ClaimHistory) => ClaimRefusedError | undefined,
  ): Promise<void> {
    const { id, address, client, proof, amount, createdMs, spend } = claim;
    return this.#database.transaction(async (statements) => {
      const refusal = judge(await readHistory(statements, { address, client, dayStartMs }));
      if (refusal !== undefined) throw refusal;
      if (spend !== undefined) await spendChallenge(statements, spend, createdMs);
      await statements.run(
        `INSERT INTO claims (id, address, client, proof, amount, created_ms) VALUES (?, ?, ?, ?, ?, ?)`,
        [id, address, client, proof, Number(amount), createdMs],
      );
    });
  }

  history(query: HistoryQuery): Promise<ClaimHistory> {
    return readHistory(this.#database, query);
  }

  async find(id: string): Promise<WrittenClaim | undefined> {
    const row = await this.#database.get<ClaimRow>(
      `SELECT c.*, p.state, p.block_height, coalesce(p.block_txid,
         (SELECT t.txid FROM payout_transactions t WHERE t.payout = p.id ORDER BY t.id DESC LIMIT 1)) AS txid
       FROM claims c LEFT JOIN payouts p ON p.id = c.payout WHERE c.id = ?`,
      [id],
    );
    return row && readClaim(row);
  }

  /** Those who have waited longest. */
  async queued(limit: number): Promise<QueuedClaim[]> {
    const rows = await this.#database.all<{ id: string; address: string; amount: number }>(
      `SELECT id, address, amount FROM claims WHERE ${QUEUED} ORDER BY number LIMIT ?`,
      [limit],
    );
    return rows.map(({ id, address, amount }) => ({ id, address, amount: BigInt(amount) }));
  }

  /** Takes promises back before they are paid. */
  async refuse(ids: readonly string[], reason: string): Promise<void> {
    await this.#database.run(
      `UPDATE claims SET refused = ? WHERE ${QUEUED} AND id IN (SELECT value FROM json_each(?))`,
      [reason, JSON.stringify(ids)],
    );
  }

  /** The ids of the claims that a payout pays. */
  async ofPayout(payout: number): Promise<string[]> {
    const rows = await this.#database.all<{ id: string }>(
      'SELECT id FROM claims WHERE payout = ? ORDER BY number',
      [payout],
    );
    return rows.map(({ id }) => id);
  }

  /** Claims in transactions that no block has. */
  async sentCount(): Promise<number> {
    const row = await this.#database.get<{ count: number }>(
      `SELECT count(*) AS count FROM claims
       WHERE payout IN (SELECT id FROM payouts WHERE state = 'sending')`,
    );
    return row?.count ?? 0;
  }

  /** When the newest claim was made; 0 if there is none. */
  async latestMs(): Promise<number> {
    const row = await this.#database.get<{ latest: number | null }>(
      'SELECT max(created_ms) AS latest FROM claims',
    );
    return row?.latest ?? 0;
  }

  /** Forgets used challenges that have expired since: they are refused for that. */
  async forgetChallenges(nowMs: number): Promise<void> {
    await this.#database.run('DELETE FROM challenges WHERE expires_ms <= ?', [nowMs]);
  }
}

interface ClaimRow {
  readonly id: string;
  readonly address: string;
  readonly amount: number;
  readonly created_ms: number;
  readonly refused: string | null;
  readonly state: PayoutState | null;
  readonly block_height: Height | null;
  readonly txid: Hash | null;
}

function readClaim(row: ClaimRow): WrittenClaim {
  return {
    id: row.id,
    address: row.address,
    amount: BigInt(row.amount),
    createdMs: row.created_ms,
    state: stateOf(row),
    txid: row.txid ?? undefined,
    height: row.block_height ?? undefined,
    refused: row.refused ?? undefined,
  };
}

function stateOf({ state, refused }: ClaimRow): ClaimState {
  if (refused !== null) return 'refused';
  if (state === null) return 'queued';
  return state === 'sending' ? 'sent' : 'confirmed';
}

async function readHistory(
  statements: Pick<Statements, 'get'>,
  { address, client, dayStartMs }: HistoryQuery,
): Promise<ClaimHistory> {
  const row = await statements.get<HistoryRow>(
    `SELECT (SELECT max(created_ms) FROM claims WHERE address = ?1 AND refused IS NULL) AS last_of_address,
       (SELECT max(created_ms) FROM claims WHERE client = ?2 AND refused IS NULL) AS last_of_client,
       (SELECT id FROM claims WHERE address = ?1 AND client = ?2 AND refused IS NULL ORDER BY number DESC LIMIT 1) AS claim_id,
       (SELECT coalesce(sum(amount), 0) FROM claims WHERE created_ms >= ?3 AND refused IS NULL) AS promised_today,
       (SELECT count(*) FROM claims WHERE ${QUEUED}) AS queued,
       (SELECT coalesce(sum(amount), 0) FROM claims WHERE ${QUEUED}) AS queued_amount,
       (SELECT paused FROM identity) AS paused`,
    [address, client, dayStartMs],
  );
  if (row === undefined) throw new Error('a query without a table to read from had no row');
  return {
    lastOfAddressMs: row.last_of_address ?? undefined,
    lastOfClientMs: row.last_of_client ?? undefined,
    claimId: row.claim_id ?? undefined,
    promisedToday: BigInt(row.promised_today),
    queued: row.queued,
    queuedAmount: BigInt(row.queued_amount),
    isPaused: row.paused !== 0,
  };
}

interface HistoryRow {
  readonly last_of_address: number | null;
  readonly last_of_client: number | null;
  readonly claim_id: string | null;
  readonly promised_today: number;
  readonly queued: number;
  readonly queued_amount: number;
  readonly paused: number;
}

/** @throws ClaimRefusedError `challenge-spent` */
async function spendChallenge(
  statements: Statements,
  { challengeId, expiresMs }: SpentChallenge,
  nowMs: number,
): Promise<void> {
  const written = await statements.run(
    'INSERT OR IGNORE INTO challenges (id, spent_ms, expires_ms) VALUES (?, ?, ?)',
    [challengeId, nowMs, expiresMs],
  );
  if (written === 0) {
    throw new ClaimRefusedError(
      'challenge-spent',
      'this challenge was used for another claim: get a new one',
    );
  }
}
