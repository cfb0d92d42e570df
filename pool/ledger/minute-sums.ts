import type { Database, Statements } from '../../service/database.ts';
import type { Share } from '../stratum/share.ts';
import type { Worker } from '../stratum/worker-name.ts';

/** What was credited within one minute. */
export interface MinuteSum {
  /** Begin of the minute, milliseconds since 1970. */
  readonly minuteMs: number;
  readonly accepted: number;
  /** How many of them came late. */
  readonly late: number;
  readonly weight: bigint;
}

/** The same of one worker. */
export interface WorkerMinute extends MinuteSum {
  readonly worker: Worker;
}

/** What to sum: from a moment on, up to another that is not in it any more. */
export interface StepRange {
  readonly sinceMs: number;
  readonly untilMs: number;
  /** Steps begin at whole multiples of it. */
  readonly stepMinutes: number;
  readonly address?: string;
}

/** What one worker was credited with in a step of several minutes. */
export interface WorkerStep {
  readonly worker: Worker;
  /** Begin of the step, milliseconds since 1970. */
  readonly startMs: number;
  readonly accepted: number;
  readonly weight: number;
}

type CreditedShare = Pick<Share, 'timeMs' | 'late' | 'weight'>;

/** A sum that grows as batches are written. */
interface Sum {
  accepted: number;
  late: number;
  weight: bigint;
}

type SumsOfMinute = Map<number, Sum>;

const MINUTE_MS = 60_000;
/** The row of the whole pool in the table. */
const POOL = 0;
/** Minutes whose sums are remembered; those of others are read again. */
const REMEMBERED_MINUTES = 3;
/** Sums that are remembered at most. */
const REMEMBERED_SUMS = 200_000;

interface MinuteRow {
  readonly worker: number;
  readonly minute: number;
  readonly shares: number;
  readonly late: number;
  readonly weight: string;
}

const COLUMNS = {
  worker: 'integer',
  minute: 'integer',
  shares: 'integer',
  late: 'integer',
  weight: 'text',
} as const;

/**
 * What each worker, and the whole pool, was credited with in each minute. The sums of a batch are written in the
 * batch's transaction; the last minutes are remembered, so that most batches read nothing.
 */
export class MinuteSums {
  readonly #database: Database;
  /** By minute, then by worker. */
  readonly #known = new Map<number, SumsOfMinute>();

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Adds the shares of a batch, within its transaction.
   * @param workers the id of each share's worker
   * @returns the new sums: to be given to `remember` when the transaction has succeeded
   */
  async add(
    shares: readonly CreditedShare[],
    workers: readonly number[],
    statements: Statements,
  ): Promise<ReadonlyMap<number, SumsOfMinute>> {
    const added = sumsOf(shares, workers);
    await this.#addKnown(added, statements);
    const rows: (number | string)[][] = [];
    for (const [minute, sums] of added) {
      for (const [worker, { accepted, late, weight }] of sums) {
        rows.push([worker, minute, accepted, late, weight.toString()]);
      }
    }
    await statements.insertRows('minutes', COLUMNS, rows, 'replace');
    return added;
  }

  remember(sums: ReadonlyMap<number, SumsOfMinute>): void {
    for (const [minute, added] of sums) {
      const known = this.#known.get(minute);
      if (known === undefined) this.#known.set(minute, added);
      else for (const [worker, sum] of added) known.set(worker, sum);
    }
    let remembered = 0;
    for (const { size } of this.#known.values()) remembered += size;
    if (remembered > REMEMBERED_SUMS) this.#known.clear();
    const minutes = [...this.#known.keys()].sort((a, b) => b - a);
    for (const minute of minutes.slice(REMEMBERED_MINUTES)) this.#known.delete(minute);
  }

  /** Sums of the whole pool since a moment, by minute; minutes without a share are left out. */
  async ofPool(sinceMs: number): Promise<MinuteSum[]> {
    const rows = await this.#database.all<MinuteRow>(
      'SELECT * FROM minutes WHERE worker = ? AND minute >= ? ORDER BY minute',
      [POOL, Math.floor(sinceMs / MINUTE_MS)],
    );
    return rows.map(readSum);
  }

  /** Sums of every worker since a moment, or of the workers of one address; by worker, then by minute. */
  async ofWorkers(sinceMs: number, address?: string): Promise<WorkerMinute[]> {
    const rows = await this.#database.all<MinuteRow & Worker>(
      `SELECT w.address, w.name, m.* FROM workers w CROSS JOIN minutes m ON m.worker = w.id AND m.minute >= ?
       ${address === undefined ? '' : 'WHERE w.address = ?'} ORDER BY w.id, m.minute`,
      [Math.floor(sinceMs / MINUTE_MS), ...(address === undefined ? [] : [address])],
    );
    return rows.map((row) => ({ worker: { address: row.address, name: row.name }, ...readSum(row) }));
  }

  /**
   * Sums of every worker, or of the workers of one address, over steps of whole minutes between two moments: a
   * day of many workers in few rows. For hash rates: the weights are rounded to 53 bits.
   */
  async inSteps(range: StepRange): Promise<WorkerStep[]> {
    const { sinceMs, untilMs, stepMinutes, address } = range;
    const rows = await this.#database.all<Worker & { step: number; shares: number; weight: number }>(
      `SELECT w.address, w.name, m.minute / ? AS step, sum(m.shares) AS shares,
              sum(CAST(m.weight AS REAL)) AS weight
       FROM workers w CROSS JOIN minutes m ON m.worker = w.id AND m.minute >= ? AND m.minute < ?
       ${address === undefined ? '' : 'WHERE w.address = ?'} GROUP BY w.id, step ORDER BY w.id, step`,
      [
        stepMinutes,
        Math.floor(sinceMs / MINUTE_MS),
        Math.floor(untilMs / MINUTE_MS),
        ...(address === undefined ? [] : [address]),
      ],
    );
    return rows.map((row) => ({
      worker: { address: row.address, name: row.name },
      startMs: row.step * stepMinutes * MINUTE_MS,
      accepted: row.shares,
      weight: row.weight,
    }));
  }

  /** Adds what the table holds already. */
  async #addKnown(added: ReadonlyMap<number, SumsOfMinute>, statements: Statements): Promise<void> {
    const unknown: [worker: number, minute: number][] = [];
    for (const [minute, sums] of added) {
      const known = this.#known.get(minute);
      for (const [worker, sum] of sums) {
        const before = known?.get(worker);
        if (before === undefined) unknown.push([worker, minute]);
        else addTo(sum, before);
      }
    }
    if (unknown.length === 0) return;
    const rows = await statements.all<MinuteRow>(
      `SELECT m.* FROM json_each(?) j CROSS JOIN minutes m
       ON m.worker = j.value->>0 AND m.minute = j.value->>1`,
      [JSON.stringify(unknown)],
    );
    for (const row of rows) {
      const sum = added.get(row.minute)?.get(row.worker);
      if (sum !== undefined) addTo(sum, readSum(row));
    }
  }
}

/** Sums of a batch alone, the whole pool's among them. */
function sumsOf(shares: readonly CreditedShare[], workers: readonly number[]): Map<number, SumsOfMinute> {
  const byMinute = new Map<number, SumsOfMinute>();
  for (const [index, share] of shares.entries()) {
    const minute = Math.floor(share.timeMs / MINUTE_MS);
    let sums = byMinute.get(minute);
    if (sums === undefined) {
      sums = new Map();
      byMinute.set(minute, sums);
    }
    const late = share.late ? 1 : 0;
    for (const worker of [POOL, workers[index]]) {
      if (worker === undefined) throw new RangeError('a share without a worker');
      const sum = sums.get(worker);
      if (sum === undefined) sums.set(worker, { accepted: 1, late, weight: share.weight });
      else addTo(sum, { accepted: 1, late, weight: share.weight });
    }
  }
  return byMinute;
}

function addTo(sum: Sum, more: Readonly<Sum>): void {
  sum.accepted += more.accepted;
  sum.late += more.late;
  sum.weight += more.weight;
}

function readSum(row: MinuteRow): MinuteSum {
  return {
    minuteMs: row.minute * MINUTE_MS,
    accepted: row.shares,
    late: row.late,
    weight: BigInt(row.weight),
  };
}
