import type { Hash, Height } from '../../protocol/units.ts';
import type { Database } from '../../service/database.ts';
import type { Worker } from '../stratum/worker-name.ts';
import { type BlockRow, type Delivery, type LedgerBlock, readBlock } from './accounts-schema.ts';
import { plainBytes } from './blob.ts';
import type { RowIds } from './row-ids.ts';

/** The blocks of this pool and what became of them. */
export class BlockBook {
  readonly #database: Database;
  readonly #workerIds: RowIds<Worker>;

  constructor(database: Database, workerIds: RowIds<Worker>) {
    this.#database = database;
    this.#workerIds = workerIds;
  }

  /**
   * Enters a block once; entering it again changes nothing.
   * @param raw the block as hex, kept until a node has answered
   */
  async enter(block: LedgerBlock, raw?: string): Promise<void> {
    await this.#database.transaction(async (statements) => {
      const worker = block.worker && (await this.#workerIds.of([block.worker], statements)).list[0];
      await statements.run(
        `INSERT OR IGNORE INTO blocks (hash, previous, height, bits, time_ms, reward, worker, delivery, reason, raw)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        [
          block.hash,
          block.previous,
          block.height,
          block.bits,
          block.timeMs,
          block.reward.toString(),
          worker ?? null,
          block.delivery,
          block.reason ?? null,
          raw ?? null,
        ],
      );
    });
  }

  /** Writes down what became of a block that was on its way. */
  async settle(hash: Hash, delivery: Delivery, reason: string | undefined): Promise<void> {
    await this.#database.run('UPDATE blocks SET delivery = ?, reason = ?, raw = NULL WHERE hash = ?', [
      delivery,
      reason ?? null,
      hash,
    ]);
  }

  async has(hash: Hash): Promise<boolean> {
    return (await this.#database.get('SELECT 1 FROM blocks WHERE hash = ?', [hash])) !== undefined;
  }

  /** Blocks of which no node has said anything yet, as hex. */
  async pending(): Promise<{ hash: Hash; height: Height; raw: string }[]> {
    const rows = await this.#database.all<{ hash: Hash; height: Height; raw: string }>(
      "SELECT hash, height, raw FROM blocks WHERE delivery = 'pending' AND raw IS NOT NULL ORDER BY height",
    );
    return rows.map((row) => ({ ...row, hash: plainBytes(row.hash) }));
  }

  /** The highest blocks, newest first. */
  async last(limit: number): Promise<LedgerBlock[]> {
    const rows = await this.#database.all<BlockRow>(
      `SELECT b.*, w.address, w.name FROM blocks b LEFT JOIN workers w ON w.id = b.worker
       ORDER BY b.height DESC, b.time_ms DESC LIMIT ?`,
      [limit],
    );
    return rows.map(readBlock);
  }

  /** How many blocks there are of each delivery. */
  async counts(): Promise<Record<Delivery, number>> {
    const rows = await this.#database.all<{ delivery: Delivery; count: number }>(
      'SELECT delivery, count(*) AS count FROM blocks GROUP BY delivery',
    );
    const counts = { pending: 0, accepted: 0, rejected: 0 };
    for (const { delivery, count } of rows) counts[delivery] = count;
    return counts;
  }
}
