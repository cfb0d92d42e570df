const CHUNK_BYTES = 256 * 1024;

/**
 * Keeps many small byte strings in few large arrays. A `Uint8Array` of its own costs 270 bytes whatever it
 * holds; a view into a shared one costs 100.
 */
export class Arena {
  #chunk = new Uint8Array(0);
  #used = 0;

  /** A lasting copy of `bytes`; it must not be changed. */
  keep(bytes: Uint8Array): Uint8Array {
    if (this.#used + bytes.length > this.#chunk.length) {
      this.#chunk = new Uint8Array(Math.max(CHUNK_BYTES, bytes.length));
      this.#used = 0;
    }
    const start = this.#used;
    this.#chunk.set(bytes, start);
    this.#used += bytes.length;
    return this.#chunk.subarray(start, this.#used);
  }
}
