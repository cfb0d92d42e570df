import { EXTRANONCE1_SIZE } from '../jobs/job.ts';

/** A part of the 2³² values: those that begin with `prefix`. */
export interface Extranonce1Range {
  /** The first bits of every value, as a number. */
  readonly prefix: number;
  /** How many bits the prefix has, 1 to 31. */
  readonly prefixBits: number;
  /** Where counting begins, u32, of which the low bits count; random, so that restarts do not repeat themselves. */
  readonly first: number;
}

/** Miners of the pool itself have a first bit of 0; an edge has 16 bits of its own, the first of them 1. */
export const POOL_PREFIX = { prefix: 0, prefixBits: 1 } as const;

/**
 * Hands each connection four bytes that no other open connection has. They are counted up: what a connection
 * leaves behind comes round again only after all others, on a pool of its own long after its jobs are gone.
 */
export class Extranonce1Space {
  readonly #base: number;
  readonly #size: number;
  /** Of open connections. */
  readonly #used = new Set<number>();
  /** Of sessions that may be resumed. */
  readonly #kept = new Set<number>();
  #next: number;

  constructor({ prefix, prefixBits, first }: Extranonce1Range) {
    this.#size = 2 ** (32 - prefixBits);
    this.#base = prefix * this.#size;
    this.#next = first % this.#size;
  }

  /** @returns undefined when all are taken, as on an edge with 65,536 connections */
  take(): Uint8Array | undefined {
    return this.#takeUnless((value) => this.#kept.has(value)) ?? this.#takeUnless(() => false);
  }

  #takeUnless(isRefused: (value: number) => boolean): Uint8Array | undefined {
    if (this.#used.size >= this.#size) return undefined;
    for (let tries = Math.min(this.#size, this.#used.size + this.#kept.size + 1); tries > 0; tries--) {
      const value = this.#base + this.#next;
      this.#next = (this.#next + 1) % this.#size;
      if (this.#used.has(value) || isRefused(value)) continue;
      this.#used.add(value);
      return bytesOf(value);
    }
    return undefined;
  }

  /** Takes one certain value. @returns false when an open connection has it, or it is none of this range */
  reserve(extranonce1: Uint8Array): boolean {
    const value = numberOf(extranonce1);
    if (value === undefined || !this.#contains(value) || this.#used.has(value)) return false;
    this.#used.add(value);
    return true;
  }

  /** Gives a value out only when there is no other: whoever had it may come back for it. */
  keep(extranonce1: Uint8Array): void {
    const value = numberOf(extranonce1);
    if (value !== undefined && this.#contains(value)) this.#kept.add(value);
  }

  release(extranonce1: Uint8Array): void {
    const value = numberOf(extranonce1);
    if (value !== undefined) this.#used.delete(value);
  }

  #contains(value: number): boolean {
    return value >= this.#base && value < this.#base + this.#size;
  }
}

function bytesOf(value: number): Uint8Array {
  const bytes = new Uint8Array(EXTRANONCE1_SIZE);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

function numberOf(extranonce1: Uint8Array): number | undefined {
  if (extranonce1.length !== EXTRANONCE1_SIZE) return undefined;
  return new DataView(extranonce1.buffer, extranonce1.byteOffset, EXTRANONCE1_SIZE).getUint32(0);
}
