/** The claim desk at work: judges claims by what the books and the wallet say, and looks them up. */
import { randomBytes } from 'node:crypto';
import { bytesToHex, displayHash } from '../../protocol/bytes.ts';
import type { NetworkProfile } from '../../protocol/network.ts';
import type { Height } from '../../protocol/units.ts';
import type { Logger } from '../../service/log.ts';
import { WalletError } from '../../wallet/wallet-error.ts';
import type { PayoutLoop } from '../payouts/payout-loop.ts';
import type { Purse } from '../payouts/purse.ts';
import type { ClaimHistory, WrittenClaim } from '../store/claim-book.ts';
import type { FaucetStore } from '../store/faucet-store.ts';
import type { ClaimClock } from './claim-clock.ts';
import type { ClaimDesk, ClaimRecord, ClaimRequest, FaucetChange, FaucetState } from './claim-desk.ts';
import type { ClaimPolicy } from './claim-policy.ts';
import {
  type ClaimFacts,
  type ClaimRules,
  dayStartMs,
  nextDayMs,
  refusalOf,
  refusalOfAll,
} from './claim-rules.ts';
import { ClaimRefusedError } from './refusal.ts';

export interface ClaimCounterOptions {
  readonly profile: NetworkProfile;
  readonly rules: ClaimRules;
  readonly policy: ClaimPolicy;
  readonly store: FaucetStore;
  readonly purse: Pick<Purse, 'owns'>;
  readonly loop: Pick<PayoutLoop, 'purse' | 'height' | 'trouble' | 'nudge'>;
  readonly clock: ClaimClock;
  readonly log: Logger;
}

const CLAIM_ID_BYTES = 16;
const CLAIM_ID = /^[0-9a-f]{32}$/;
/** No claim is made by it: what is asked about nobody in particular. */
const NOBODY = '';

export class ClaimCounter implements ClaimDesk {
  readonly #options: ClaimCounterOptions;
  readonly #listeners = new Set<(change: FaucetChange) => void>();

  constructor(options: ClaimCounterOptions) {
    this.#options = options;
  }

  async claim({ address: text, client, proof, spend }: ClaimRequest): Promise<ClaimRecord> {
    const { store, rules, loop, clock, log } = this.#options;
    const address = await this.#requirePayable(text, client);
    const id = bytesToHex(randomBytes(CLAIM_ID_BYTES));
    const createdMs = clock.wallMs();
    if (spend !== undefined && spend.expiresMs <= createdMs) {
      throw new ClaimRefusedError('challenge-expired', 'the challenge is too old: get a new one');
    }
    const claim = { id, address, client, proof, amount: rules.amount, createdMs, spend };
    await this.#shown(
      store.claims.enter(claim, dayStartMs(createdMs), (history) =>
        refusalOf(rules, this.#facts(history, createdMs)),
      ),
    );
    log.info({ claim: id, address, client, proof }, 'claim');
    loop.nudge();
    this.announce([id]);
    const written = await this.find(id);
    if (written === undefined) throw new Error(`claim ${id} was written and is not there`);
    return written;
  }

  async precheck(text: string, client: string): Promise<void> {
    const { store, rules, clock } = this.#options;
    const address = await this.#requirePayable(text, client);
    const nowMs = clock.wallMs();
    const history = await store.claims.history({ address, client, dayStartMs: dayStartMs(nowMs) });
    const refusal = refusalOf(rules, this.#facts(history, nowMs));
    if (refusal !== undefined) await this.#shown(Promise.reject(refusal));
  }

  async find(id: string): Promise<ClaimRecord | undefined> {
    if (!CLAIM_ID.test(id)) return undefined;
    const claim = await this.#options.store.claims.find(id);
    return claim && this.#recordOf(claim);
  }

  async state(): Promise<FaucetState> {
    const { store, profile, rules, loop, clock } = this.#options;
    const nowMs = clock.wallMs();
    const query = { address: NOBODY, client: NOBODY, dayStartMs: dayStartMs(nowMs) };
    const history = await store.claims.history(query);
    const refusal = refusalOfAll(rules, this.#facts({ ...history, isPaused: false }, nowMs));
    const left = rules.dailyCap - history.promisedToday;
    return {
      network: profile,
      amount: rules.amount,
      balance: loop.purse?.available,
      floor: rules.floor,
      dailyCap: rules.dailyCap,
      leftToday: left > 0n ? left : 0n,
      budgetResetsMs: clock.shownMs(nextDayMs(nowMs)),
      queued: history.queued,
      sent: await store.claims.sentCount(),
      empty: refusal?.code === 'empty' || refusal?.code === 'budget-spent',
      paused: history.isPaused,
      addressCooldownMs: rules.addressCooldownMs,
      clientCooldownMs: rules.clientCooldownMs,
      height: loop.height,
      trouble: loop.trouble,
    };
  }

  async pause(): Promise<void> {
    await this.#setPaused(true);
  }

  async resume(): Promise<void> {
    await this.#setPaused(false);
    this.#options.loop.nudge();
  }

  onChange(listener: (change: FaucetChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tells everybody who listens that these claims, or else only the state, are others now. */
  announce(claimIds: readonly string[]): void {
    for (const listener of this.#listeners) listener({ claimIds });
  }

  /** Why a promised address is not paid after all; undefined for one that is. */
  async objection(address: string): Promise<string | undefined> {
    const { policy, purse } = this.#options;
    if (policy.isDenied(address)) return 'the operator does not want this address to be paid';
    return (await purse.owns(address)) ? "the address is the faucet's own" : undefined;
  }

  async #setPaused(isPaused: boolean): Promise<void> {
    const { store, log } = this.#options;
    await store.setPaused(isPaused);
    log.warn(isPaused ? 'paused: no claim is taken or paid' : 'resumed');
    this.announce([]);
  }

  /**
   * The address as networks write it, if this client may have something paid to it.
   * @throws ClaimRefusedError
   */
  async #requirePayable(text: string, client: string): Promise<string> {
    const { policy, purse } = this.#options;
    policy.requireClient(client);
    const address = text.trim();
    try {
      if (await purse.owns(address)) {
        throw new ClaimRefusedError('own-address', "this is the faucet's own address: give yours");
      }
    } catch (error) {
      if (!(error instanceof WalletError)) throw error;
      throw new ClaimRefusedError('bad-address', error.message);
    }
    // BIP 173: an address may be written in upper case, and means the same.
    const written = address.toLowerCase();
    if (!policy.isDenied(written)) return written;
    throw new ClaimRefusedError('address-denied', 'the operator does not want this address to be paid');
  }

  #facts(history: ClaimHistory, nowMs: number): ClaimFacts {
    return { ...history, nowMs, purse: this.#options.loop.purse };
  }

  /** Refusals in the time that clients know. */
  async #shown(judging: Promise<void>): Promise<void> {
    try {
      await judging;
    } catch (error) {
      if (!(error instanceof ClaimRefusedError) || error.retryAtMs === undefined) throw error;
      const { code, message, retryAtMs, claimId } = error;
      throw new ClaimRefusedError(code, message, {
        retryAtMs: this.#options.clock.shownMs(retryAtMs),
        claimId,
      });
    }
  }

  #recordOf({ id, address, amount, state, txid, height, refused, createdMs }: WrittenClaim): ClaimRecord {
    const { loop, clock, rules } = this.#options;
    const isPaid = state === 'sent' || state === 'confirmed';
    return {
      id,
      address,
      amount,
      state,
      txid: isPaid && txid !== undefined ? displayHash(txid) : undefined,
      confirmations: isPaid ? confirmationsOf(height, loop.height) : undefined,
      reason: refused ?? (state === 'queued' ? loop.trouble : undefined),
      createdMs: clock.shownMs(createdMs),
      retryAtMs: clock.shownMs(createdMs + rules.addressCooldownMs),
    };
  }
}

/** @param height of the block that holds it; undefined while it waits for one */
function confirmationsOf(height: Height | undefined, tip: Height | undefined): number | undefined {
  if (height === undefined) return 0;
  // What was written down of the block may be newer than the tip that was seen last.
  return tip === undefined ? undefined : Math.max(1, tip - height + 1);
}
