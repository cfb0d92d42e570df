/** Settles by the clock and by hand, one settlement at a time, and looks after what was sent. */
import type { Logger } from '../../service/log.ts';
import { WorkQueue } from '../../wallet/keys/wallet-store.ts';
import type { PayoutWatch } from '../../wallet/services/payout-watch.ts';
import type { Payer } from '../accounting/accounts.ts';
import { SettlementError, type SettlementReport } from '../accounting/accounts-view.ts';
import type { ChainMove } from '../accounting/chain-follower.ts';
import type { Clock } from '../clock.ts';
import type { PayoutBook } from '../ledger/payout-book.ts';
import type { Debt, PoolInput } from '../ledger/payout-rows.ts';
import type { PoolSettlement } from './settlement.ts';

export interface PayoutServiceOptions {
  readonly settlement: PoolSettlement;
  readonly watch: PayoutWatch<Debt, PoolInput>;
  readonly book: PayoutBook;
  readonly clock: Clock;
  readonly log: Logger;
  /** 0: only by hand. */
  readonly intervalMs: number;
  readonly signal: AbortSignal;
}

/** Whoever settles by hand right after the start waits so long for the first look at the chain. */
const FIRST_LOOK_MS = 10_000;
/** Longer than that no timer may be set. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export class PayoutService implements Payer {
  readonly #options: PayoutServiceOptions;
  /** Settlements and looks at payouts take turns: neither sees the other half done. */
  readonly #turns = new WorkQueue();
  /** Nobody is paid before it resolves: what became of blocks while the pool was away is not known yet. */
  readonly #firstLook: Promise<void>;
  #hasLooked: () => void = () => undefined;
  #timer: NodeJS.Timeout | undefined;
  #nextMs: number | undefined;
  #trouble: string | undefined;

  constructor(options: PayoutServiceOptions) {
    this.#options = options;
    this.#firstLook = new Promise((accept) => {
      this.#hasLooked = accept;
    });
  }

  get nextMs(): number | undefined {
    return this.#nextMs;
  }

  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** Lets the wallet know what is under way, and sets the clock: restarts do not put a payout off. */
  async start(): Promise<void> {
    const { watch, book, clock, intervalMs } = this.#options;
    await watch.remind(await book.toWatch(Number.MAX_SAFE_INTEGER));
    if (intervalMs === 0) return;
    const nowMs = clock.wallMs();
    const dueMs = ((await book.lastTimeMs()) ?? nowMs - intervalMs) + intervalMs;
    this.#schedule(Math.min(Math.max(dueMs, nowMs), nowMs + intervalMs));
  }

  /** Waits for what is under way. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#turns.run(() => Promise.resolve());
  }

  async look({ tip, forkHeight }: ChainMove): Promise<void> {
    const { watch, book } = this.#options;
    await this.#turns.run(async () => watch.look(await book.toWatch(forkHeight), tip));
    this.#hasLooked();
  }

  /** @throws SettlementError when nothing that is due can be paid */
  async settle({ dryRun }: { readonly dryRun: boolean }): Promise<SettlementReport> {
    await this.#untilLooked(AbortSignal.timeout(FIRST_LOOK_MS));
    return this.#settle(dryRun);
  }

  #settle(dryRun: boolean): Promise<SettlementReport> {
    const { settlement, signal } = this.#options;
    return this.#turns.run(async () => {
      if (signal.aborted) throw new SettlementError('the pool is stopping');
      const report = await settlement.settle(dryRun);
      if (!dryRun) this.#trouble = report.trouble;
      if (report.transactions.length === 0 && report.trouble !== undefined) {
        throw new SettlementError(report.trouble);
      }
      return report;
    });
  }

  /** @throws SettlementError when that takes longer, or the pool stops */
  async #untilLooked(patience?: AbortSignal): Promise<void> {
    const { signal } = this.#options;
    const end = patience === undefined ? signal : AbortSignal.any([signal, patience]);
    let onEnd = (): void => undefined;
    const ended = new Promise<never>((_, refuse) => {
      onEnd = () =>
        refuse(
          new SettlementError(signal.aborted ? 'the pool is stopping' : 'the node has not answered yet'),
        );
      end.addEventListener('abort', onEnd);
      if (end.aborted) onEnd();
    });
    try {
      await Promise.race([this.#firstLook, ended]);
    } finally {
      end.removeEventListener('abort', onEnd);
    }
  }

  #schedule(atMs: number): void {
    const { clock, intervalMs, signal } = this.#options;
    if (signal.aborted) return;
    this.#nextMs = atMs;
    this.#wait(Math.max(atMs - clock.wallMs(), 0), () => {
      void this.#settleInTime().finally(() => this.#schedule(clock.wallMs() + intervalMs));
    });
  }

  #wait(waitMs: number, done: () => void): void {
    const restMs = waitMs - LONGEST_TIMER_MS;
    this.#timer =
      restMs > 0 ? setTimeout(() => this.#wait(restMs, done), LONGEST_TIMER_MS) : setTimeout(done, waitMs);
  }

  async #settleInTime(): Promise<void> {
    const { log, signal } = this.#options;
    try {
      await this.#untilLooked();
      const { trouble } = await this.#settle(false);
      if (trouble !== undefined) log.warn({ reason: trouble }, 'not everybody who is due was paid');
    } catch (error) {
      // A pool that is told to end goes on with it after the next start: nothing to see to.
      if (signal.aborted && (error instanceof SettlementError || isOf(signal, error))) {
        log.debug({ err: error }, 'a settlement was broken off');
      } else if (error instanceof SettlementError) log.warn({ reason: error.message }, 'nobody was paid');
      else log.error({ err: error }, 'settling failed');
    }
  }
}

/** Whether a call ended because of the signal, and not by itself. */
function isOf({ reason }: AbortSignal, error: unknown): boolean {
  return error === reason || (error instanceof Error && error.cause === reason);
}
