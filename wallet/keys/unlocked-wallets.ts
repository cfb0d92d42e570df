/** Wallets that are open for a person in front of a page, until they lock them or go away. */
import type { Clock } from '../../service/clock.ts';

/** Why a wallet is not open any more. */
export type LockReason = 'asked' | 'idle' | 'replaced' | 'ended';

/** What can be held open: closing it makes it forget its keys. */
interface Closable {
  close(): Promise<void>;
}

interface Moment {
  readonly steadyMs: number;
  readonly wallMs: number;
}

interface Held<W> {
  readonly wallet: W;
  /** The last sign of its owner, by both clocks. */
  seen: Moment;
  /** How long it stays open without one; 0: for ever. */
  idleMs: number;
}

export interface UnlockedWalletsOptions {
  readonly clock: Clock;
  /** Called after a wallet was locked, whatever the reason. */
  readonly onLock: (id: string, reason: LockReason) => void;
}

/**
 * Holds open wallets by an id of the caller's. What a page asks by itself, as it does every few seconds, keeps no
 * wallet open: only {@link touch} does, which is for what a person did. Somebody has to call {@link lockIdle} now and
 * then; a wallet whose time is over is not given out even before.
 */
export class UnlockedWallets<W extends Closable> {
  readonly #clock: Clock;
  readonly #onLock: UnlockedWalletsOptions['onLock'];
  readonly #held = new Map<string, Held<W>>();

  constructor({ clock, onLock }: UnlockedWalletsOptions) {
    this.#clock = clock;
    this.#onLock = onLock;
  }

  /** The wallets that are open. */
  ids(): string[] {
    this.lockIdle();
    return [...this.#held.keys()];
  }

  /**
   * Holds a wallet open. One that was open by the same id is locked first.
   * @param idleMs how long without its owner; 0: for ever
   */
  hold(id: string, wallet: W, idleMs: number): void {
    this.lock(id, 'ended');
    this.#held.set(id, { wallet, seen: this.#now(), idleMs });
  }

  /** Undefined when it is locked. */
  get(id: string): W | undefined {
    this.lockIdle();
    return this.#held.get(id)?.wallet;
  }

  /** Its owner is there. */
  touch(id: string): void {
    this.lockIdle();
    const held = this.#held.get(id);
    if (held !== undefined) held.seen = this.#now();
  }

  /** Another time without its owner, counted from the last sign of them. */
  setIdle(id: string, idleMs: number): void {
    const held = this.#held.get(id);
    if (held !== undefined) held.idleMs = idleMs;
  }

  /** Milliseconds until the wallet locks itself; undefined when it is locked already or never does. */
  idleLeftMs(id: string): number | undefined {
    const held = this.#held.get(id);
    if (held === undefined || held.idleMs === 0) return undefined;
    return Math.max(0, held.idleMs - this.#sinceMs(held.seen));
  }

  #now(): Moment {
    return { steadyMs: this.#clock.steadyMs(), wallMs: this.#clock.wallMs() };
  }

  /** The longer of two: the steady clock stands still while a machine sleeps, the other one can be set back. */
  #sinceMs(seen: Moment): number {
    const now = this.#now();
    return Math.max(now.steadyMs - seen.steadyMs, now.wallMs - seen.wallMs);
  }

  /** Locks a wallet; nothing happens when it is locked. What it is doing just now still comes to its end. */
  lock(id: string, reason: LockReason = 'asked'): void {
    const held = this.#held.get(id);
    if (held === undefined) return;
    this.#held.delete(id);
    // Closing waits for work that is going on; whoever began that hears how it ends.
    held.wallet.close().catch(() => undefined);
    this.#onLock(id, reason);
  }

  lockAll(reason: LockReason = 'ended'): void {
    for (const id of [...this.#held.keys()]) this.lock(id, reason);
  }

  /** Locks the wallets whose time without an owner is over. */
  lockIdle(): void {
    for (const id of [...this.#held.keys()]) if (this.idleLeftMs(id) === 0) this.lock(id, 'idle');
  }
}
