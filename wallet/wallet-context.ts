/** What everything a wallet does works with: its contents, its keys, the chain, a clock and a source of chance. */
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NetworkProfile } from '../protocol/network.ts';
import type { ChainBackend } from './chain/backend.ts';
import { type ChainLook, type ChainView, lookAtChain } from './chain/chain-view.ts';
import { GAP_LIMIT, type ScanOptions } from './chain/scan.ts';
import type { CoinReckoning } from './history/coin-comparison.ts';
import { type Contents, type Discovery, withDiscovery } from './keys/contents.ts';
import { CHANGE, KeyRing, RECEIVE } from './keys/key-ring.ts';
import type { WalletStore } from './keys/wallet-store.ts';

export interface WalletOptions {
  readonly store: WalletStore;
  readonly profile: NetworkProfile;
  readonly backend: ChainBackend;
  /** Unix seconds. Default: the machine's clock. */
  readonly now?: () => number;
  /** A random whole number from 0 to below `end`. Default: a secure source. */
  readonly random?: (end: number) => number;
  /** So long a look at the chain waits for others who want one, too. Default: not at all. */
  readonly gatherMs?: number;
  /**
   * Balance and coins are reckoned from the kept history as soon as there is one, which is quicker for a wallet of
   * thousands of addresses, and compared with those that the chain lists afterwards. Default: the chain lists them
   * each time. Payments are always made from what the chain lists.
   */
  readonly reckoning?: CoinReckoning;
}

export type LookOptions = Pick<ScanOptions, 'gapLimit' | 'onProgress'>;

/** What the wallet remembers, and what the chain says about it. */
export interface Look<View = ChainView> {
  readonly contents: Contents;
  readonly view: View;
}

/** What can be learned from a look, however it is made. */
type Teaching = Pick<ChainView, 'discovery'>;

/** One open wallet, as the parts of it see it. */
export class WalletContext {
  readonly store: WalletStore;
  readonly profile: NetworkProfile;
  readonly backend: ChainBackend;
  /** Unix seconds. */
  readonly now: () => number;
  /** A random whole number from 0 to below `end`. */
  readonly random: (end: number) => number;
  /** Milliseconds. */
  readonly gatherMs: number;
  readonly reckoning: CoinReckoning | undefined;
  #ring: KeyRing | undefined;
  /** A look that was asked for and has not begun. */
  #coming: Promise<Look> | undefined;

  constructor({ store, profile, backend, now, random, gatherMs = 0, reckoning }: WalletOptions) {
    this.store = store;
    this.profile = profile;
    this.backend = backend;
    this.now = now ?? (() => Math.floor(Date.now() / 1_000));
    this.random = random ?? randomInt;
    this.gatherMs = gatherMs;
    this.reckoning = reckoning;
  }

  /** Forgets the keys once what is going on has ended. */
  async close(): Promise<void> {
    await this.store.close();
    this.#ring = undefined;
  }

  /** The keys, brought up to what the contents know. */
  ringOf(contents: Contents): KeyRing {
    this.#ring ??= new KeyRing(contents.keys, this.profile);
    this.#ring.remember(RECEIVE, contents.keyHashes.receive);
    this.#ring.remember(CHANGE, contents.keyHashes.change);
    this.#ring.rememberImported(contents.imported);
    return this.#ring;
  }

  /** The keys, and those that a look at the chain would ask for: for what is done without a chain. */
  ringAhead(contents: Contents): KeyRing {
    const ring = this.ringOf(contents);
    ring.extend(RECEIVE, Math.max(contents.given, contents.used.receive) + GAP_LIMIT);
    ring.extend(CHANGE, contents.used.change + GAP_LIMIT);
    return ring;
  }

  /**
   * Looks at the chain and keeps what was learned from it. Whoever asks before a look has begun gets that one: a page
   * that asks for several things at once has the chain looked at once.
   */
  look(options?: LookOptions): Promise<Look> {
    if (options !== undefined || this.gatherMs === 0) return this.#look(options);
    this.#coming ??= sleep(this.gatherMs).then(() => {
      this.#coming = undefined;
      return this.#look();
    });
    return this.#coming;
  }

  async #look(options: LookOptions = {}): Promise<Look> {
    return this.lookBy((look) => lookAtChain({ ...look, ...options }));
  }

  /** Looks at the chain in some way, and keeps what was learned from it. */
  async lookBy<View extends Teaching>(way: (look: ChainLook) => Promise<View>): Promise<Look<View>> {
    const stored = await this.store.read();
    const { contents, view } = await this.#learned(stored, way);
    if (contents === stored) return { contents, view };
    const merged = await this.store.update(async (newest) => {
      const updated = withKeys(withDiscovery(newest, view.discovery), this.ringOf(newest));
      return { contents: updated, result: updated };
    });
    return { contents: merged, view };
  }

  /**
   * Looks at the chain with contents at hand, for use within a step of {@link WalletStore.update}: what was learned
   * is in the contents that come back, and kept only when the step gives them back.
   */
  lookWith(stored: Contents, options: LookOptions = {}): Promise<Look> {
    return this.#learned(stored, (look) => lookAtChain({ ...look, ...options }));
  }

  async #learned<View extends Teaching>(
    stored: Contents,
    way: (look: ChainLook) => Promise<View>,
  ): Promise<Look<View>> {
    const ring = this.ringOf(stored);
    const { profile, backend } = this;
    const view = await way({ contents: stored, ring, backend, profile });
    const contents = isNew(view.discovery, stored, ring)
      ? withKeys(withDiscovery(stored, view.discovery), ring)
      : stored;
    return { contents, view };
  }
}

/** Contents that remember the hashes of all keys that the ring knows. */
export function withKeys(contents: Contents, ring: KeyRing): Contents {
  return { ...contents, keyHashes: { receive: ring.keyHashes(RECEIVE), change: ring.keyHashes(CHANGE) } };
}

/** Whether a look at the chain taught anything that is worth writing down. */
function isNew({ receive, change, senders, settled }: Discovery, contents: Contents, ring: KeyRing): boolean {
  return (
    receive.some((index) => index >= contents.used.receive) ||
    change.some((index) => index >= contents.used.change) ||
    senders.size > 0 ||
    settled.size > 0 ||
    ring.knowsMoreThan(RECEIVE, contents.keyHashes.receive) ||
    ring.knowsMoreThan(CHANGE, contents.keyHashes.change)
  );
}
