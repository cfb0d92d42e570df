import { EventEmitter } from 'node:events';
import type { Hash, Height } from '../../protocol/units.ts';
import type { BlockState } from '../accounting/block-state.ts';
import type { Worker } from '../stratum/worker-name.ts';
import { type BlockRow, type Delivery, type LedgerBlock, readBlock } from './accounts-schema.ts';
import { plainBytes } from './blob.ts';
import type { BookDatabase } from './book-database.ts';
import type { RowIds } from './row-ids.ts';

/** What is needed of a block to ask the chain about it. */
export interface BlockToJudge {
  readonly id: number;
  readonly hash: Hash;
  readonly height: Height;
  readonly state: BlockState;
  readonly delivery: Delivery;
}

/** A block of the ledger with its row's number. */
export interface NumberedBlock extends LedgerBlock {
  readonly id: number;
  readonly state: BlockState;
}

export interface BlockBookEvents {
  /** A block was entered, or a node has spoken of it. */
  changed: [Hash];
}

const SELECT_BLOCKS = 'SELECT b.*, w.address, w.name FROM blocks b LEFT JOIN workers w ON w.id = b.worker';

/** The blocks of this pool and what became of them. */
export class BlockBook extends EventEmitter<BlockBookEvents> {
  readonly #database: BookDatabase;
  readonly #workerIds: RowIds<Worker>;

  constructor(database: BookDatabase, workerIds: RowIds<Worker>) {
    super();
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
        `INSERT OR IGNORE INTO blocks (hash, previous, height, bits, time_ms, reward, worker, delivery, reason, raw,
           end_sequence, scheme, fee_percent)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
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
          block.endSequence ?? null,
          block.terms?.scheme ?? null,
          block.terms?.fee.percent ?? null,
        ],
      );
    });
    this.emit('changed', block.hash);
  }

  /** Writes down what became of a block that was on its way. */
  async settle(hash: Hash, delivery: Delivery, reason: string | undefined): Promise<void> {
    await this.#database.run('UPDATE blocks SET delivery = ?, reason = ?, raw = NULL WHERE hash = ?', [
      delivery,
      reason ?? null,
      hash,
    ]);
    this.emit('changed', hash);
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
      `${SELECT_BLOCKS} ORDER BY b.height DESC, b.time_ms DESC LIMIT ?`,
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

  /** How many blocks there are of each state. */
  async stateCounts(): Promise<Record<BlockState, number>> {
    const rows = await this.#database.all<{ state: BlockState; count: number }>(
      'SELECT state, count(*) AS count FROM blocks GROUP BY state',
    );
    const counts = { pending: 0, immature: 0, confirmed: 0, orphaned: 0, rejected: 0 };
    for (const { state, count } of rows) counts[state] = count;
    return counts;
  }

  /** Blocks that the chain has not decided yet, and all above a height: a reorganisation may have moved those. */
  async toJudge(aboveHeight: Height): Promise<BlockToJudge[]> {
    const rows = await this.#database.all<BlockToJudge>(
      `SELECT id, hash, height, state, delivery FROM blocks
       WHERE state IN ('pending', 'immature') OR height > ? ORDER BY id`,
      [aboveHeight],
    );
    return rows.map((row) => ({ ...row, hash: plainBytes(row.hash) }));
  }

  /**
   * Writes down what the chain said.
   * @param changes new states, by the blocks' row numbers
   */
  async judge(changes: ReadonlyMap<number, BlockState>): Promise<void> {
    if (changes.size === 0) return;
    await this.#database.run(
      `UPDATE blocks SET state = changed.value->>1 FROM json_each(?) AS changed
       WHERE blocks.id = changed.value->>0`,
      [JSON.stringify([...changes])],
    );
  }

  /** Writes down up to where the chain was looked at: all that hangs on it has been done. */
  async see({ hash, height }: { readonly hash: Hash; readonly height: Height }): Promise<void> {
    await this.#database.run('INSERT OR REPLACE INTO chain_seen (one, hash, height) VALUES (1, ?, ?)', [
      hash,
      height,
    ]);
  }

  /** The tip up to which the chain was looked at last. */
  async chainSeen(): Promise<{ hash: Hash; height: Height } | undefined> {
    const row = await this.#database.get<{ hash: Hash; height: Height }>(
      'SELECT hash, height FROM chain_seen',
    );
    return row && { hash: plainBytes(row.hash), height: row.height };
  }

  /** Blocks whose round is not summed up yet, those that were found first in front; a refused one has none. */
  async withoutRound(): Promise<NumberedBlock[]> {
    const rows = await this.#database.all<BlockRow>(
      `${SELECT_BLOCKS} LEFT JOIN rounds r ON r.block = b.id
       WHERE r.block IS NULL AND (b.delivery <> 'rejected' OR b.state IN ('immature', 'confirmed')) ORDER BY b.id`,
    );
    return rows.map(readNumbered);
  }

  /** The highest sequence number a round ends with: of a share that may never have been written. */
  async lastEndSequence(): Promise<number> {
    const row = await this.#database.get<{ last: number | null }>(
      'SELECT max(end_sequence) AS last FROM blocks',
    );
    return row?.last ?? 0;
  }

  async byIds(ids: readonly number[]): Promise<NumberedBlock[]> {
    const rows = await this.#database.all<BlockRow>(
      `${SELECT_BLOCKS} WHERE b.id IN (SELECT value FROM json_each(?)) ORDER BY b.id DESC`,
      [JSON.stringify(ids)],
    );
    return rows.map(readNumbered);
  }

  async byHash(hash: Hash): Promise<NumberedBlock | undefined> {
    const row = await this.#database.get<BlockRow>(`${SELECT_BLOCKS} WHERE b.hash = ?`, [hash]);
    return row && readNumbered(row);
  }

  /** The blocks entered last, newest first, of those with a number below `before`. */
  async page(limit: number, before?: number): Promise<NumberedBlock[]> {
    const rows = await this.#database.all<BlockRow>(
      `${SELECT_BLOCKS} WHERE b.id < ? ORDER BY b.id DESC LIMIT ?`,
      [before ?? Number.MAX_SAFE_INTEGER, limit],
    );
    return rows.map(readNumbered);
  }
}

function readNumbered(row: BlockRow): NumberedBlock {
  return { ...readBlock(row), id: row.id, state: row.state };
}
