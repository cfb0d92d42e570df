import type { Block } from '../../protocol/block.ts';
import { hashKey } from '../../protocol/bytes.ts';
import { blockHash } from '../../protocol/header.ts';

/** A block has at most 4 MB, and each of these cost a proof of work. */
const MAX_HELD = 16;

/**
 * Blocks whose time is too far in the future. They wait in memory, not on disk; if there are too many, those
 * that would have to wait longest are let go.
 */
export class HeldBlocks {
  readonly #blocks = new Map<string, Block>();

  get size(): number {
    return this.#blocks.size;
  }

  add(block: Block): void {
    this.#blocks.set(hashKey(blockHash(block.header)), block);
    if (this.#blocks.size <= MAX_HELD) return;
    const [latest] = [...this.#blocks].sort(([, a], [, b]) => b.header.time - a.header.time);
    if (latest !== undefined) this.#blocks.delete(latest[0]);
  }

  /** Removes and returns the blocks whose time is at most `latestTime`, the earliest first. */
  takeUntil(latestTime: number): Block[] {
    const due = [...this.#blocks].filter(([, { header }]) => header.time <= latestTime);
    for (const [key] of due) this.#blocks.delete(key);
    return due.map(([, block]) => block).sort((a, b) => a.header.time - b.header.time);
  }
}
