import { AddressError } from '../../protocol/address.ts';
import { type PayoutAddress, readPayoutAddress } from '../../protocol/payout-address.ts';
import type { Terms } from '../accounting/scheme.ts';
import type { Payout } from '../jobs/jobs.ts';
import type { NodeNetwork } from './node-network.ts';

/** Whom this pool's coinbases pay. */
export interface PoolPayout {
  readonly payout: Payout;
  /** The operator's address; undefined in solo without a fee, where there is no need of one. */
  readonly address: string | undefined;
}

/**
 * Decides whom coinbases pay: the operator, who divides the reward, or in solo the finder.
 * @param rewardAddress where the operator is paid
 * @throws AddressError when it is missing where it is needed, or none of this network
 */
export function payoutOf(terms: Terms, rewardAddress: string | undefined, network: NodeNetwork): PoolPayout {
  const operator = rewardAddress === undefined ? undefined : readReward(rewardAddress, network);
  if (terms.scheme === 'solo') {
    const hasFee = terms.fee.numerator > 0n;
    if (hasFee && operator === undefined) {
      throw new AddressError('--address is missing: where is the fee of solo blocks paid to?');
    }
    const fee = hasFee && operator !== undefined ? { script: operator.script, fee: terms.fee } : undefined;
    const scriptOf = (address: string) => readPayoutAddress(address, network).script;
    return { payout: { solo: { scriptOf, fee } }, address: operator?.address };
  }
  if (operator === undefined) {
    throw new AddressError('--address is missing: where are the rewards paid to?');
  }
  return { payout: { payoutScript: operator.script }, address: operator.address };
}

function readReward(address: string, network: NodeNetwork): PayoutAddress {
  try {
    return readPayoutAddress(address, network);
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    throw new AddressError(`--address ${address}: ${error.message} (the node is on "${network.name}")`);
  }
}
