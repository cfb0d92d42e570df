import type { Hash, Height } from '../../protocol/units.ts';

/** A block that miners build on, while it is the tip and as long afterwards as jobs on it are remembered. */
export interface Tip {
  readonly hash: Hash;
  readonly height: Height;
  /** When it stopped being the tip, by the steady clock; undefined while it is. */
  retiredMs: number | undefined;
  /** Headers handed in on it. */
  readonly seen: SeenHeaders;
}

/**
 * Makes the record of a block that miners build on.
 * @param credited hashes of the headers already credited on it, before a restart
 */
export function newTip(hash: Hash, height: Height, credited: readonly Hash[] = []): Tip {
  const seen = new SeenHeaders();
  for (const header of credited) seen.add(header);
  return { hash, height, retiredMs: undefined, seen };
}

/**
 * The headers already credited on one tip, by their 32-byte hash: the same work is recognised under whatever
 * job, in whatever spelling and from whichever connection it comes again.
 */
export class SeenHeaders {
  /** One character per byte: half the memory of hex. */
  readonly #keys = new Set<string>();

  get size(): number {
    return this.#keys.size;
  }

  has(hash: Hash): boolean {
    return this.#keys.has(keyOf(hash));
  }

  add(hash: Hash): void {
    this.#keys.add(keyOf(hash));
  }

  /** Forgets a share that could not be recorded, so that it may be handed in again. */
  delete(hash: Hash): void {
    this.#keys.delete(keyOf(hash));
  }
}

function keyOf(hash: Hash): string {
  return Buffer.from(hash.buffer, hash.byteOffset, hash.length).toString('latin1');
}
