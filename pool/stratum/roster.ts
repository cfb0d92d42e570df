import type { Worker } from './worker-name.ts';

const MAX_WORKERS_PER_ADDRESS = 1_000;

/** Who is connected: each address with its workers, and on how many connections each of them works. */
export class Roster {
  readonly #byAddress = new Map<string, Map<string, number>>();

  /**
   * Enters a worker of one more connection.
   * @param isKnown it has brought a share lately: whoever fills an address that is not his with names keeps none
   * of its own workers out
   * @returns why there is no room, or undefined
   */
  admit({ address, name }: Worker, isKnown = false): string | undefined {
    const workers = this.#byAddress.get(address) ?? new Map<string, number>();
    const connections = workers.get(name) ?? 0;
    if (connections === 0 && workers.size >= MAX_WORKERS_PER_ADDRESS && !isKnown) {
      return `an address has at most ${MAX_WORKERS_PER_ADDRESS} workers`;
    }
    workers.set(name, connections + 1);
    this.#byAddress.set(address, workers);
    return undefined;
  }

  /** Takes back one `admit`. */
  release({ address, name }: Worker): void {
    const workers = this.#byAddress.get(address);
    const connections = workers?.get(name) ?? 0;
    if (connections > 1) workers?.set(name, connections - 1);
    else workers?.delete(name);
    if (workers?.size === 0) this.#byAddress.delete(address);
  }

  /** On how many connections a worker works. */
  connectionsOf({ address, name }: Worker): number {
    return this.#byAddress.get(address)?.get(name) ?? 0;
  }
}
