/** Mining as somebody at a page starts and stops it, one run at a time. */
import type { Engine } from '../../../miner/engine.ts';
import type { MinerStats } from '../../../miner/figures/statistics.ts';

/** `failed`: it could not be started, and why. */
export type RunState =
  | { readonly name: 'off' | 'starting' | 'running' | 'stopping' }
  | { readonly name: 'failed'; readonly reason: string };

export interface MiningRunOptions<Order> {
  readonly startEngine: (order: Order) => Promise<Engine>;
  readonly onState: (state: RunState) => void;
}

export class MiningRun<Order> {
  readonly #options: MiningRunOptions<Order>;
  #state: RunState = { name: 'off' };
  #engine: Engine | undefined;
  /** Of the engine that has stopped. */
  #lastStats: MinerStats | undefined;
  /** Pressed while the engine was still starting. */
  #isUnwanted = false;

  constructor(options: MiningRunOptions<Order>) {
    this.#options = options;
  }

  get state(): RunState {
    return this.#state;
  }

  /** Of the running engine, or the last figures of the one before; undefined before the first. */
  get stats(): MinerStats | undefined {
    return this.#engine?.stats() ?? this.#lastStats;
  }

  /** Starts, unless a run is under way. */
  async start(order: Order): Promise<void> {
    if (this.#state.name !== 'off' && this.#state.name !== 'failed') return;
    this.#isUnwanted = false;
    this.#lastStats = undefined;
    this.#enter({ name: 'starting' });
    try {
      this.#engine = await this.#options.startEngine(order);
    } catch (error) {
      this.#enter({ name: 'failed', reason: error instanceof Error ? error.message : String(error) });
      return;
    }
    if (this.#isUnwanted) await this.#end(this.#engine);
    else this.#enter({ name: 'running' });
  }

  /** Stops; resolves when nothing of the run is left, or at once where it will end as soon as it has started. */
  async stop(): Promise<void> {
    if (this.#state.name === 'starting') {
      this.#isUnwanted = true;
      this.#enter({ name: 'stopping' });
    } else if (this.#state.name === 'running' && this.#engine !== undefined) {
      this.#enter({ name: 'stopping' });
      await this.#end(this.#engine);
    }
  }

  async #end(engine: Engine): Promise<void> {
    const before = engine.stats();
    await engine.stop();
    this.#lastStats = lastStats(before, engine.stats());
    this.#engine = undefined;
    this.#enter({ name: 'off' });
  }

  #enter(state: RunState): void {
    this.#state = state;
    this.#options.onState(state);
  }
}

/** What a run came to: how it was when it was stopped, with what the last answers brought. */
function lastStats(before: MinerStats, after: MinerStats): MinerStats {
  const { shares, blocks, bestShareDifficulty, hashes } = after;
  return { ...before, shares, blocks, bestShareDifficulty, hashes };
}
