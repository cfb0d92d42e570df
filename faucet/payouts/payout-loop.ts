/** The faucet's heartbeat: follows the chain, looks after payouts, pays who waits. One thing at a time. */
import { setTimeout as sleep } from 'node:timers/promises';
import { equalBytes } from '../../protocol/bytes.ts';
import type { NetworkProfile } from '../../protocol/network.ts';
import type { Nits } from '../../protocol/units.ts';
import type { Clock } from '../../service/clock.ts';
import type { Logger } from '../../service/log.ts';
import type { ChainBackend, ChainState } from '../../wallet/chain/backend.ts';
import { requireSameNetwork } from '../../wallet/chain/chain-view.ts';
import type { PayoutInput } from '../../wallet/services/payout.ts';
import { mayPassLater } from '../../wallet/services/payout-chain.ts';
import type { PayoutWatch } from '../../wallet/services/payout-watch.ts';
import { coinRules } from '../../wallet/services/service-wallet.ts';
import type { QueuedClaim } from '../store/claim-book.ts';
import type { FaucetStore } from '../store/faucet-store.ts';
import type { Payer } from './payer.ts';
import type { Purse, PurseView } from './purse.ts';

export interface PayoutLoopOptions {
  readonly profile: NetworkProfile;
  readonly store: FaucetStore;
  readonly purse: Purse;
  readonly backend: Pick<ChainBackend, 'chain'>;
  readonly payer: Payer;
  readonly watch: PayoutWatch<QueuedClaim, PayoutInput>;
  /** So deep a payout is out of reach of any reorganisation worth the name, in blocks. */
  readonly settledDepth: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** How often the chain is asked for its tip. */
  readonly pollMs: number;
  /** At least so long lies between two rounds of payments: claims gather meanwhile. */
  readonly intervalMs: number;
  /** Called with the ids of claims that are in another state; with none when only the loop's view changed. */
  readonly onChange: (claimIds: readonly string[]) => void;
}

/** Payouts and coins are looked at so often even if no block comes: a mempool may drop or bring something. */
const LOOK_AGAIN_MS = 30_000;
/** After so long all payouts that are not settled are looked at, and not only those that few blocks bury. */
const THOROUGH_MS = 60_000;
/** Most reorganisations go no deeper: payouts below are looked at again only before they are settled. */
const SHALLOW_BLOCKS = 6;
/** The chain may be out of sight for so long before claims are refused for it: they are paid later anyway. */
const PATIENCE_MS = 10_000;

/** What the loop saw last. */
interface Sight {
  readonly chain: ChainState;
  readonly purse: PurseView;
  readonly seenMs: number;
}

export class PayoutLoop {
  readonly #options: PayoutLoopOptions;
  #sight: Sight | undefined;
  #confirmedMs = Number.NEGATIVE_INFINITY;
  #paidMs = Number.NEGATIVE_INFINITY;
  #thoroughMs = Number.NEGATIVE_INFINITY;
  #isReminded = false;
  #mustLook = true;
  #outage: string | undefined;
  #shortage: string | undefined;
  /** What was seen when nobody could be paid. */
  #stuckAt: Sight | undefined;
  #wake = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: PayoutLoopOptions) {
    this.#options = options;
  }

  /** Undefined before the first look, and when the chain has been out of sight for a while. */
  get purse(): PurseView | undefined {
    return this.#current?.purse;
  }

  get height(): number | undefined {
    return this.#current?.chain.height;
  }

  /** Why nobody is paid at present, for people; undefined when all is well. */
  get trouble(): string | undefined {
    return this.#outage ?? this.#shortage;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Somebody waits to be paid. */
  nudge(): void {
    this.#wake.abort();
  }

  /** Resolves when nothing is under way any more; the signal must have fired. */
  async stopped(): Promise<void> {
    this.#wake.abort();
    await this.#running;
  }

  get #current(): Sight | undefined {
    return this.#options.clock.steadyMs() - this.#confirmedMs <= PATIENCE_MS ? this.#sight : undefined;
  }

  async #run(): Promise<void> {
    const { signal, pollMs } = this.#options;
    while (!signal.aborted) {
      this.#wake = new AbortController();
      await this.#stepSafely();
      const either = AbortSignal.any([signal, this.#wake.signal]);
      await sleep(pollMs, undefined, { signal: either }).catch((error: unknown) => {
        if (!either.aborted) throw error;
      });
    }
  }

  async #stepSafely(): Promise<void> {
    const { log, signal, onChange } = this.#options;
    try {
      await this.step();
      if (this.#outage !== undefined) log.info('the chain is seen again');
      if (this.#outage !== undefined) onChange([]);
      this.#outage = undefined;
    } catch (error) {
      if (signal.aborted) return;
      // Something was left half done: whatever it was, it is looked at again.
      this.#mustLook = true;
      const outage = error instanceof Error ? error.message : String(error);
      if (outage === this.#outage) return;
      this.#outage = outage;
      if (mayPassLater(error)) log.warn({ reason: outage }, 'the chain cannot be seen at present');
      else log.error({ err: error }, 'the faucet cannot pay');
      onChange([]);
    }
  }

  /** One beat. @throws what the chain, the wallet or the store throw */
  async step(): Promise<void> {
    const { backend, profile, store, clock, intervalMs, watch } = this.#options;
    const chain = await backend.chain();
    requireSameNetwork(chain, profile);
    const before = this.#sight;
    const isSame = before !== undefined && equalBytes(before.chain.tip, chain.tip);
    const isOld = before === undefined || clock.steadyMs() - before.seenMs >= LOOK_AGAIN_MS;
    if (!this.#isReminded) await watch.remind(await store.payouts.onTheirWay());
    this.#isReminded = true;
    // A chain that has not grown has changed; how far back, nobody knows yet.
    const isOther = before === undefined || (!isSame && chain.height <= before.chain.height);
    if (!isSame || isOld || this.#mustLook) await this.#look(chain, isOther || this.#mustLook);
    this.#confirmedMs = clock.steadyMs();
    if (clock.steadyMs() - this.#paidMs < intervalMs || (await store.isPaused())) return;
    const [first] = await store.claims.queued(1);
    if (first === undefined) this.#shortage = undefined;
    // What could not be paid can be no sooner than something else is seen.
    else if (this.#sight !== this.#stuckAt) await this.#pay();
  }

  /** Sees what became of payouts, and what the wallet has. */
  async #look(chain: ChainState, mayBeOther: boolean): Promise<void> {
    const { watch, store, purse, settledDepth, clock, onChange } = this.#options;
    const isThorough = mayBeOther || clock.steadyMs() - this.#thoroughMs >= THOROUGH_MS;
    const { height, tip: hash } = chain;
    const payouts = await store.payouts.toWatch({
      above: isThorough ? -1 : height - SHALLOW_BLOCKS,
      upTo: height - settledDepth + 1,
    });
    const moved = await watch.look(payouts, { hash, height });
    const changed = moved.flatMap(({ items }) => items.map(({ id }) => id));
    const view = await purse.look(await coinRules(store.payouts, height));
    this.#sight = { chain, purse: view, seenMs: clock.steadyMs() };
    if (isThorough) this.#thoroughMs = clock.steadyMs();
    this.#mustLook = false;
    onChange(changed);
  }

  async #pay(): Promise<void> {
    const { payer, clock, log, onChange } = this.#options;
    const { changed, trouble } = await payer.pay((cost) => this.#take(cost));
    this.#paidMs = clock.steadyMs();
    // The change of what was paid is seen: who is left may merely wait for it.
    const chain = this.#sight?.chain;
    if (changed.length > 0 && chain !== undefined) await this.#look(chain, false);
    const shortage = this.#isMerelyWaiting ? undefined : trouble;
    if (shortage !== undefined && shortage !== this.#shortage) {
      log.warn({ reason: shortage }, 'not everybody who waits was paid');
    }
    this.#shortage = shortage;
    this.#stuckAt = changed.length === 0 ? this.#sight : undefined;
    onChange(changed);
  }

  /** What was just spent is not promised to the next one, though the wallet was not looked at since. */
  #take(cost: Nits): void {
    const sight = this.#sight;
    if (sight === undefined) return;
    const { purse } = sight;
    this.#sight = { ...sight, purse: { ...purse, available: purse.available - cost } };
  }

  /** Whether the money is there, and only the next block makes it ready. */
  get #isMerelyWaiting(): boolean {
    return (this.#sight?.purse.waiting ?? 0n) > 0n;
  }
}
