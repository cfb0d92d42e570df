import type { Database } from '../../service/database.ts';

/** Prefixes of edges: 15 bits, behind a first bit of 1 that tells their miners from the pool's own. */
export const EDGE_PREFIXES = 0x8000;
/** With all prefixes given away, one goes on to a new edge when its owner was not seen for this long. */
const FORGET_MS = 24 * 3_600_000;

/** There is no prefix left for another edge. */
export class NoPrefixError extends Error {
  override readonly name = 'NoPrefixError';
}

/** Which part of the search space belongs to which edge; the same after restarts of either side. */
export class EdgeBook {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * The prefix of an edge; a new edge gets the lowest that is free.
   * @returns 0 to 32,767
   * @throws NoPrefixError, DatabaseError
   */
  prefixOf(name: string, nowMs: number): Promise<number> {
    return this.#database.transaction(async (statements) => {
      const known = await statements.get<{ prefix: number }>('SELECT prefix FROM edges WHERE name = ?', [
        name,
      ]);
      if (known !== undefined) {
        await statements.run('UPDATE edges SET seen_ms = ? WHERE name = ?', [nowMs, name]);
        return known.prefix;
      }
      const free = await statements.get<{ prefix: number | null }>(
        `SELECT min(p) AS prefix FROM (SELECT 0 AS p UNION ALL SELECT prefix + 1 FROM edges)
         WHERE p < ? AND p NOT IN (SELECT prefix FROM edges)`,
        [EDGE_PREFIXES],
      );
      const prefix = free?.prefix ?? (await this.#takeOver(nowMs, statements));
      await statements.run('INSERT INTO edges (name, prefix, seen_ms) VALUES (?, ?, ?)', [
        name,
        prefix,
        nowMs,
      ]);
      return prefix;
    });
  }

  /** The edge is in use until now. */
  async touch(name: string, nowMs: number): Promise<void> {
    await this.#database.run('UPDATE edges SET seen_ms = ? WHERE name = ?', [nowMs, name]);
  }

  /** Takes the prefix of the edge that was away for longest. */
  async #takeOver(nowMs: number, statements: Pick<Database, 'get' | 'run'>): Promise<number> {
    const oldest = await statements.get<{ name: string; prefix: number }>(
      'SELECT name, prefix FROM edges WHERE seen_ms < ? ORDER BY seen_ms LIMIT 1',
      [nowMs - FORGET_MS],
    );
    if (oldest === undefined) {
      throw new NoPrefixError(`the pool has ${EDGE_PREFIXES} edges already; none was away for a day`);
    }
    await statements.run('DELETE FROM edges WHERE name = ?', [oldest.name]);
    return oldest.prefix;
  }
}
