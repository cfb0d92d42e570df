/** Who is given something, and who is not. Pure. */
import { formatAmount } from '../../protocol/amount.ts';
import type { Nits } from '../../protocol/units.ts';
import { ClaimRefusedError } from './refusal.ts';

/** What the operator has set. */
export interface ClaimRules {
  readonly amount: Nits;
  /** What is promised on one day (UTC) at most. */
  readonly dailyCap: Nits;
  /** What stays in the wallet. */
  readonly floor: Nits;
  readonly addressCooldownMs: number;
  readonly clientCooldownMs: number;
  /** So many claims may wait to be paid. */
  readonly queueLimit: number;
}

/** What is known when a claim is judged, all of it at one moment. Times are those of the claim clock. */
export interface ClaimFacts {
  readonly nowMs: number;
  /** When something was last promised to the address, and to the client. */
  readonly lastOfAddressMs: number | undefined;
  readonly lastOfClientMs: number | undefined;
  /** The newest claim of the same client for the same address. */
  readonly claimId: string | undefined;
  readonly promisedToday: Nits;
  /** Promised and not in any transaction yet. */
  readonly queued: number;
  readonly queuedAmount: Nits;
  readonly isPaused: boolean;
  /** Undefined while the chain is out of sight. */
  readonly purse: PurseFacts | undefined;
}

/** What the wallet has to give. */
export interface PurseFacts {
  /** Its coins, own change that waits for a block included. */
  readonly available: Nits;
  /** What it costs to pay one claim more. */
  readonly feePerClaim: Nits;
}

const DAY_MS = 86_400_000;

/** When the day (UTC) of a moment began. */
export function dayStartMs(timeMs: number): number {
  return timeMs - (timeMs % DAY_MS);
}

/** When the next day (UTC) begins. */
export function nextDayMs(timeMs: number): number {
  return dayStartMs(timeMs) + DAY_MS;
}

/**
 * Whether a claim is taken: what stands in the way of all comes first, then what the address and the client have had.
 * @returns why not, with the time of the claim clock at which it may be taken; undefined when it is taken
 */
export function refusalOf(rules: ClaimRules, facts: ClaimFacts): ClaimRefusedError | undefined {
  return refusalOfAll(rules, facts) ?? refusalOfOne(rules, facts);
}

/** What stands in the way of whoever claims next. */
export function refusalOfAll(
  rules: ClaimRules,
  { nowMs, promisedToday, queued, queuedAmount, isPaused, purse }: ClaimFacts,
): ClaimRefusedError | undefined {
  if (isPaused) return new ClaimRefusedError('paused', 'the operator has paused the faucet');
  if (purse === undefined) {
    return new ClaimRefusedError('not-ready', 'the faucet does not see the chain at present: try again soon');
  }
  if (promisedToday + rules.amount > rules.dailyCap) {
    return new ClaimRefusedError(
      'budget-spent',
      `the ${formatAmount(rules.dailyCap)} NILZ of today are given away: come back tomorrow`,
      { retryAtMs: nextDayMs(nowMs) },
    );
  }
  const promised = queuedAmount + purse.feePerClaim * BigInt(queued);
  if (purse.available - promised < rules.floor + rules.amount + purse.feePerClaim) {
    return new ClaimRefusedError('empty', 'the faucet is empty: it waits for its operator to fill it');
  }
  if (queued >= rules.queueLimit) {
    return new ClaimRefusedError(
      'queue-full',
      `${queued} claims wait to be paid: try again in a few minutes`,
    );
  }
  return undefined;
}

/** What the address or the client has had already. The later of both cooldowns says when to come back. */
function refusalOfOne(
  { addressCooldownMs, clientCooldownMs }: ClaimRules,
  { nowMs, lastOfAddressMs, lastOfClientMs, claimId }: ClaimFacts,
): ClaimRefusedError | undefined {
  const addressEndMs = endOf(lastOfAddressMs, addressCooldownMs);
  const clientEndMs = endOf(lastOfClientMs, clientCooldownMs);
  const retryAtMs = Math.max(addressEndMs, clientEndMs);
  if (retryAtMs <= nowMs) return undefined;
  return addressEndMs > nowMs
    ? new ClaimRefusedError('address-cooldown', 'this address was given something already', {
        retryAtMs,
        claimId,
      })
    : new ClaimRefusedError(
        'client-cooldown',
        'somebody at your network address was given something already',
        { retryAtMs, claimId },
      );
}

function endOf(lastMs: number | undefined, cooldownMs: number): number {
  return lastMs === undefined ? Number.NEGATIVE_INFINITY : lastMs + cooldownMs;
}
