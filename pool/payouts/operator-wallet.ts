/** The wallet that rewards are paid to and payouts are paid from. */
import { ServiceWallet, type ServiceWalletOptions } from '../../wallet/services/service-wallet.ts';

/** The operator's wallet cannot be what payouts are paid from. */
export class OperatorWalletError extends Error {
  override readonly name = 'OperatorWalletError';
}

/**
 * Takes a wallet for the pool's.
 * @throws OperatorWalletError unless the address that coinbases pay to belongs to the label: payouts would have
 *   nothing to be paid from
 */
export async function openOperatorWallet(
  options: ServiceWalletOptions,
  rewardAddress: string,
): Promise<ServiceWallet> {
  const labels = await options.wallet.labels();
  const owner = labels.find(({ addresses }) => addresses.some(({ address }) => address === rewardAddress));
  if (owner?.label === options.label) return new ServiceWallet(options);
  const known = labels.map(({ label }) => `"${label}"`).join(', ');
  throw new OperatorWalletError(
    owner === undefined
      ? `--address ${rewardAddress} is not in the operator's wallet (labels: ${known}): payouts are paid from where ` +
          'the rewards go. Choose an address that "nilz wallet list" shows, or another --operator-wallet'
      : `--address ${rewardAddress} belongs to the label "${owner.label}" of the operator's wallet, not to ` +
          `"${options.label}": set --operator-label "${owner.label}"`,
  );
}
