import type { MempoolEntry } from './entry.ts';
import type { MempoolListener } from './mempool.ts';
import { packBytes } from './packed-bytes.ts';

/** Finds the entries of the mempool that pay to a script or spend from it. */
export class ScriptIndex implements MempoolListener {
  /** Packed script → entries, in the order they entered; most scripts have one, which needs no set. */
  readonly #entries = new Map<string, MempoolEntry | Set<MempoolEntry>>();

  entriesOf(script: Uint8Array): Iterable<MempoolEntry> {
    const entries = this.#entries.get(packBytes(script));
    if (entries === undefined) return [];
    return entries instanceof Set ? entries : [entries];
  }

  added(entry: MempoolEntry): void {
    for (const script of entry.scripts) {
      const entries = this.#entries.get(script);
      if (entries instanceof Set) entries.add(entry);
      else this.#entries.set(script, entries === undefined ? entry : new Set([entries, entry]));
    }
  }

  removed(entry: MempoolEntry): void {
    for (const script of entry.scripts) {
      const entries = this.#entries.get(script);
      if (entries === entry) this.#entries.delete(script);
      else if (entries instanceof Set) {
        entries.delete(entry);
        if (entries.size === 0) this.#entries.delete(script);
      }
    }
  }
}
