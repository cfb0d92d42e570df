import type { Worker } from '../stratum/worker-name.ts';
import { WorkerTally } from './worker-tally.ts';

/** A worker without a share for this long is left out. */
const FORGET_MS = 86_400_000;
/** Bounds memory at about 30 MB; those that were silent for longest go first. */
const MAX_WORKERS = 20_000;
/** So many go at once when there is no room, so that looking for them is rare. */
const EVICTED = 200;

/** The workers that brought a share within the last day, by address and name. */
export class WorkerDirectory {
  readonly #byAddress = new Map<string, Map<string, WorkerTally>>();
  readonly #limit: number;
  #size = 0;

  constructor(limit: number = MAX_WORKERS) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#size;
  }

  /** The tally of a worker, if it ever brought a good share. */
  find({ address, name }: Worker): WorkerTally | undefined {
    return this.#byAddress.get(address)?.get(name);
  }

  /** The tally of a worker; a new one where there is none. */
  of(worker: Worker, wallMs: number, steadyMs: number): WorkerTally {
    const known = this.find(worker);
    if (known !== undefined) return known;
    if (this.#size >= this.#limit) this.#evict();
    const tally = new WorkerTally(worker, wallMs, steadyMs);
    const names = this.#byAddress.get(worker.address) ?? new Map<string, WorkerTally>();
    names.set(worker.name, tally);
    this.#byAddress.set(worker.address, names);
    this.#size += 1;
    return tally;
  }

  /** All workers, or those of one address. */
  list(address?: string): WorkerTally[] {
    if (address !== undefined) return [...(this.#byAddress.get(address)?.values() ?? [])];
    return [...this.#byAddress.values()].flatMap((names) => [...names.values()]);
  }

  get addresses(): number {
    return this.#byAddress.size;
  }

  /** Forgets whoever was silent for a day. */
  forgetIdle(steadyMs: number): void {
    for (const tally of this.list()) if (steadyMs - tally.touchedMs > FORGET_MS) this.#forget(tally.worker);
  }

  #evict(): void {
    const bySilence = this.list().sort((a, b) => a.touchedMs - b.touchedMs);
    for (const { worker } of bySilence.slice(0, Math.min(EVICTED, Math.ceil(this.#limit / 2)))) {
      this.#forget(worker);
    }
  }

  #forget({ address, name }: Worker): void {
    const names = this.#byAddress.get(address);
    if (names?.delete(name)) this.#size -= 1;
    if (names?.size === 0) this.#byAddress.delete(address);
  }
}
