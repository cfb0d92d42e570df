import { bytesToHex } from '../../protocol/bytes.ts';
import { EXTRANONCE1_SIZE } from '../jobs/job.ts';

/**
 * Hands each connection four bytes that no other open connection has. They are counted up: what a connection
 * leaves behind comes round again only after four billion others, long after its jobs are gone.
 */
export class Extranonce1Space {
  readonly #used = new Set<string>();
  #next: number;

  /** @param first where counting begins, u32; random, so that restarts do not repeat themselves */
  constructor(first: number) {
    this.#next = first >>> 0;
  }

  take(): Uint8Array {
    for (;;) {
      const bytes = new Uint8Array(EXTRANONCE1_SIZE);
      new DataView(bytes.buffer).setUint32(0, this.#next);
      this.#next = (this.#next + 1) >>> 0;
      const key = bytesToHex(bytes);
      if (this.#used.has(key)) continue;
      this.#used.add(key);
      return bytes;
    }
  }

  release(extranonce1: Uint8Array): void {
    this.#used.delete(bytesToHex(extranonce1));
  }
}
