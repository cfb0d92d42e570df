import type { Difficulty } from '../../protocol/units.ts';
import type { Worker } from './worker-name.ts';

/** What outlives a connection: the ledger keeps it across restarts of a pool, an edge only while it runs. */
export interface SessionMemory {
  /** A session that was kept, by the secret id its miner was given. */
  session(id: string): { readonly extranonce1: Uint8Array } | undefined;
  /** All of them, so that nobody else is given an extranonce1 of theirs. */
  sessions(): Iterable<readonly [id: string, session: { readonly extranonce1: Uint8Array }]>;
  /** Keeps a session, or what it has changed to. Called for miners that have brought a share only. */
  keepSession(id: string, extranonce1: Uint8Array): void;
  /** The session was in use until now. */
  touchSession(id: string): void;
  /** The difficulty a worker last had; undefined when it is not known. */
  difficultyOf(worker: Worker): Difficulty | undefined;
  /** Keeps a difficulty that was measured to fit a worker. */
  keepDifficulty(worker: Worker, difficulty: Difficulty): void;
}

/** Of each kind; the ones unused for longest go. */
const MOST = 50_000;

/** Remembers while the process runs. */
export class VolatileMemory implements SessionMemory {
  readonly #sessions = new Map<string, { readonly extranonce1: Uint8Array }>();
  readonly #difficulties = new Map<string, Difficulty>();

  session(id: string): { readonly extranonce1: Uint8Array } | undefined {
    return this.#sessions.get(id);
  }

  sessions(): Iterable<readonly [string, { readonly extranonce1: Uint8Array }]> {
    return this.#sessions;
  }

  keepSession(id: string, extranonce1: Uint8Array): void {
    putLast(this.#sessions, id, { extranonce1 });
  }

  touchSession(id: string): void {
    const session = this.#sessions.get(id);
    if (session !== undefined) putLast(this.#sessions, id, session);
  }

  difficultyOf(worker: Worker): Difficulty | undefined {
    return this.#difficulties.get(keyOf(worker));
  }

  keepDifficulty(worker: Worker, difficulty: Difficulty): void {
    putLast(this.#difficulties, keyOf(worker), difficulty);
  }
}

function putLast<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > MOST && oldest !== undefined) map.delete(oldest);
}

/** Neither part has a blank in it. */
function keyOf({ address, name }: Worker): string {
  return `${address} ${name}`;
}
