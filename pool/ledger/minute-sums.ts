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

/** Sums of a batch, by minute and then by worker. */
export type BatchSums = ReadonlyMap<number, SumsOfMinute>;

/**
 * What each worker, and the whole pool, was credited with in each minute. The sums of a batch are written with it;
 * those of the last minutes are in memory, so that most batches read nothing.
 */
export class MinuteSums {
  readonly #database: Database;
  /** By minute, then by worker. */
  readonly #known = new Map<number, SumsOfMinute>();
  /** Of later minutes everything the table holds is in memory. */
  #lastUnknown: number;

  private constructor(database: Database, lastUnknown: number) {
    this.#database = database;
    this.#lastUnknown = lastUnknown;
  }

  static async open(database: Database): Promise<MinuteSums> {
    const row = await database.get<{ last: number | null }>(
      'SELECT max(minute) AS last FROM minutes WHERE worker = ?',
      [POOL],
    );
    return new MinuteSums(database, row?.last ?? 0);
  }

  /**
   * The sums with the shares of a batch added, to be written with it and then given to `remember`.
   * @param workers the id of each share's worker
   * @returns undefined when what the table holds has to be read for it
   */
  addInMemory(shares: readonly CreditedShare[], workers: readonly number[]): BatchSums | undefined {
    const sums = sumsOf(shares, workers);
    return this.#addKnown(sums).length === 0 ? sums : undefined;
  }

  /** The same, reading what is not in memory within the batch's transaction. */
  async add(
    shares: readonly CreditedShare[],
    workers: readonly number[],
    statements: Statements,
  ): Promise<BatchSums> {
    const sums = sumsOf(shares, workers);
    const unknown = this.#addKnown(sums);
    if (unknown.length === 0) return sums;
    const rows = await statements.all<MinuteRow>(
      `SELECT m.* FROM json_each(?) j CROSS JOIN minutes m
       ON m.worker = j.value->>0 AND m.minute = j.value->>1`,
      [JSON.stringify(unknown)],
    );
    for (const row of rows) {
      const sum = sums.get(row.minute)?.get(row.worker);
      if (sum !== undefined) addTo(sum, readSum(row));
    }
    return sums;
  }

  /** The sums have been written. */
  remember(sums: BatchSums): void {
    for (const [minute, added] of sums) {
      const known = this.#known.get(minute);
      if (known === undefined) this.#known.set(minute, added);
      else for (const [worker, sum] of added) known.set(worker, sum);
    }
    let remembered = 0;
    for (const { size } of this.#known.values()) remembered += size;
    const minutes = [...this.#known.keys()].sort((a, b) => b - a);
    for (const minute of minutes.slice(remembered > REMEMBERED_SUMS ? 0 : REMEMBERED_MINUTES)) {
      this.#known.delete(minute);
      this.#lastUnknown = Math.max(this.#lastUnknown, minute);
    }
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

  /** Adds what is in memory. @returns what may be in the table and is not in memory */
  #addKnown(sums: BatchSums): [worker: number, minute: number][] {
    const unknown: [worker: number, minute: number][] = [];
    for (const [minute, added] of sums) {
      const known = this.#known.get(minute);
      for (const [worker, sum] of added) {
        const before = known?.get(worker);
        if (before !== undefined) addTo(sum, before);
        else if (minute <= this.#lastUnknown) unknown.push([worker, minute]);
      }
    }
    return unknown;
  }
}

/** The sums as rows of the table, in JSON. */
export function minuteRows(sums: BatchSums): string {
  const rows: string[] = [];
  for (const [minute, added] of sums) {
    for (const [worker, { accepted, late, weight }] of added) {
      rows.push(`[${worker},${minute},${accepted},${late},"${weight}"]`);
    }
  }
  return `[${rows.join()}]`;
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
