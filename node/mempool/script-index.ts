import { equalBytes } from '../../protocol/bytes.ts';
import type { Nits } from '../../protocol/units.ts';
import { TimeSlice } from '../../service/time-slice.ts';
import type { MempoolEntry } from './entry.ts';
import type { MempoolListener } from './mempool.ts';
import { packBytes } from './packed-bytes.ts';

/** An output of an entry that pays to a script, or an input that spends from it. */
export interface EntryDelta {
  /** Of the output or of the input. */
  readonly index: number;
  /** Negative for an input. */
  readonly value: Nits;
}

/** What an entry spends of a script and pays to it. Unpacks the entry: about 10 µs. */
export function deltasOf({ transaction, coins }: MempoolEntry, script: Uint8Array): EntryDelta[] {
  const received = transaction.outputs.map((output, index) => ({ output, index, value: output.value }));
  const spent = coins.map((output, index) => ({ output, index, value: -output.value }));
  return [...spent, ...received]
    .filter(({ output }) => equalBytes(output.script, script))
    .map(({ index, value }) => ({ index, value }));
}

/** Finds the entries of the mempool that pay to a script or spend from it. */
export class ScriptIndex implements MempoolListener {
  /** Packed script → entries, in the order they entered; most scripts have one, which needs no crowd. */
  readonly #entries = new Map<string, MempoolEntry | Crowd>();

  entriesOf(script: Uint8Array): Iterable<MempoolEntry> {
    const entries = this.#entries.get(packBytes(script));
    if (entries === undefined) return [];
    return entries instanceof Crowd ? entries.all : [entries];
  }

  /** Whether an entry concerns the script: whatever spends from one was paid before, here or in the chain. */
  has(script: Uint8Array): boolean {
    return this.#entries.has(packBytes(script));
  }

  /** What all of them together add to the script or, negative, take. Each entry is looked into only once. */
  async balance(script: Uint8Array): Promise<Nits> {
    const entries = this.#entries.get(packBytes(script));
    if (entries === undefined) return 0n;
    return entries instanceof Crowd ? entries.balance(script) : netOf(entries, script);
  }

  added(entry: MempoolEntry): void {
    for (const script of entry.scripts) {
      const entries = this.#entries.get(script);
      if (entries instanceof Crowd) entries.add(entry);
      else this.#entries.set(script, entries === undefined ? entry : new Crowd([entries, entry]));
    }
  }

  removed(entry: MempoolEntry): void {
    for (const script of entry.scripts) {
      const entries = this.#entries.get(script);
      if (entries === entry) this.#entries.delete(script);
      else if (entries instanceof Crowd) {
        entries.delete(entry);
        if (entries.size === 0) this.#entries.delete(script);
      }
    }
  }
}

/** The entries of a script that has several. */
class Crowd {
  /** With what each changes, once somebody has asked. */
  readonly #changes = new Map<MempoolEntry, Nits | undefined>();
  /** The changes that are known. */
  #sum: Nits = 0n;

  constructor(entries: readonly MempoolEntry[]) {
    for (const entry of entries) this.add(entry);
  }

  get size(): number {
    return this.#changes.size;
  }

  get all(): Iterable<MempoolEntry> {
    return this.#changes.keys();
  }

  add(entry: MempoolEntry): void {
    this.#changes.set(entry, undefined);
  }

  delete(entry: MempoolEntry): void {
    this.#sum -= this.#changes.get(entry) ?? 0n;
    this.#changes.delete(entry);
  }

  /** Of all entries at the moment at which it resolves: those that come meanwhile are met on the way. */
  async balance(script: Uint8Array): Promise<Nits> {
    const slice = new TimeSlice();
    for (const [entry, known] of this.#changes) {
      if (known !== undefined) continue;
      const change = netOf(entry, script);
      this.#changes.set(entry, change);
      this.#sum += change;
      if (slice.isUsedUp) await slice.renew();
    }
    return this.#sum;
  }
}

function netOf(entry: MempoolEntry, script: Uint8Array): Nits {
  return deltasOf(entry, script).reduce((sum, { value }) => sum + value, 0n);
}
