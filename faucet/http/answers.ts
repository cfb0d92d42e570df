/** What the faucet answers (docs/faucet.md). Times are seconds since 1970; what is unknown is null. */
import { amountFields } from '../../protocol/amount-fields.ts';
import type { ClaimRecord, FaucetState } from '../claims/claim-desk.ts';

export const COIN_NAME = 'NILZ';

/** Who may be told what the faucet is like. */
export interface FaucetFacts {
  readonly state: FaucetState;
  readonly nowMs: number;
  /** See ProofDesk.describe. */
  readonly proof: object;
  readonly explorerUrl: string | undefined;
}

/** The answer of `GET /health` and `GET /state`. */
export function stateAnswer({ state, nowMs, proof, explorerUrl }: FaucetFacts) {
  const { network } = state;
  return {
    service: 'nilz-faucet' as const,
    status: state.trouble === undefined ? ('ok' as const) : ('trouble' as const),
    trouble: state.trouble ?? null,
    time: nowMs / 1000,
    network: {
      name: network.name,
      coin: COIN_NAME,
      test_money: network.name !== 'main',
      address_prefix: network.address.hrp,
      height: state.height ?? null,
    },
    ...amountFields('amount', state.amount),
    ...amountFields('left_today', state.leftToday),
    ...amountFields('daily_cap', state.dailyCap),
    budget_resets: state.budgetResetsMs / 1000,
    ...amountFields('balance', state.balance),
    ...amountFields('floor', state.floor),
    queue: state.queued,
    sent: state.sent,
    empty: state.empty,
    paused: state.paused,
    address_cooldown_seconds: state.addressCooldownMs / 1000,
    client_cooldown_seconds: state.clientCooldownMs / 1000,
    proof,
    explorer_url: explorerUrl ?? null,
  };
}

/** The answer of `GET /claims/{id}`, and of a claim that was taken. */
export function claimAnswer(claim: ClaimRecord, nowMs: number) {
  const { id, address, amount, state, txid, confirmations, reason, createdMs, retryAtMs } = claim;
  return {
    id,
    page: claimPagePath(id),
    address,
    ...amountFields('amount', amount),
    state,
    txid: txid ?? null,
    confirmations: confirmations ?? null,
    reason: reason ?? null,
    created: createdMs / 1000,
    retry_at: retryAtMs === undefined ? null : retryAtMs / 1000,
    time: nowMs / 1000,
  };
}

/** Where a claim is shown to people, for as long as the faucet keeps its books. */
export function claimPagePath(id: string): string {
  return `/claim/${id}`;
}
