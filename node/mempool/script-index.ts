import { bytesToHex } from '../../protocol/bytes.ts';
import type { MempoolEntry } from './entry.ts';
import type { MempoolListener } from './mempool.ts';

/** Finds the entries of the mempool that pay to a script or spend from it. */
export class ScriptIndex implements MempoolListener {
  /** Script in hex → entries, in the order they entered. */
  readonly #entries = new Map<string, Set<MempoolEntry>>();

  entriesOf(script: Uint8Array): Iterable<MempoolEntry> {
    return this.#entries.get(bytesToHex(script)) ?? [];
  }

  added(entry: MempoolEntry): void {
    for (const key of scriptsOf(entry)) {
      const entries = this.#entries.get(key);
      if (entries) entries.add(entry);
      else this.#entries.set(key, new Set([entry]));
    }
  }

  removed(entry: MempoolEntry): void {
    for (const key of scriptsOf(entry)) {
      const entries = this.#entries.get(key);
      entries?.delete(entry);
      if (entries?.size === 0) this.#entries.delete(key);
    }
  }
}

function scriptsOf({ coins, transaction }: MempoolEntry): Set<string> {
  return new Set([...coins, ...transaction.outputs].map(({ script }) => bytesToHex(script)));
}
