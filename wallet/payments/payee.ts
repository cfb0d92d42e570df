/** Whom a payment goes to, and how much can be paid. Pure; the pages use it too. */
import { AddressError, type AddressFormat, BITCOIN_FORMATS, decodeAddress } from '../../protocol/address.ts';
import { formatAmount, MAX_MONEY } from '../../protocol/amount.ts';
import { PROFILES } from '../../protocol/network.ts';
import type { Nits } from '../../protocol/units.ts';
import { WalletError } from '../wallet-error.ts';
import { DUST_LIMIT } from './coins.ts';

/**
 * The script that pays to an address of this network.
 * @throws WalletError `wrong-network` for an address of another network, by name; `bad-address` for anything else
 *   that cannot be paid, such as an address of a kind whose coins nobody could ever spend here
 */
export function payeeScript(address: string, network: string, format: AddressFormat): Uint8Array {
  try {
    const { type, script } = decodeAddress(address, format);
    if (type === 'p2wpkh') return script;
    throw new WalletError(
      'bad-address',
      `${address} is a ${type} address: only coins of ${format.hrp}1q… addresses with 42 or so characters (P2WPKH) can ever be spent here`,
    );
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    const other = networkOf(address);
    if (other !== undefined) {
      throw new WalletError(
        'wrong-network',
        `${address} is an address of ${other}, this wallet is of ${network}`,
      );
    }
    throw new WalletError('bad-address', error.message);
  }
}

/** Which of the networks known by name an address belongs to; undefined when it is of none, or no address. */
export function networkOf(address: string): string | undefined {
  const ours = Object.values(PROFILES).map(
    ({ name, address: format }) => [`the network ${name}`, format] as const,
  );
  const bitcoins = Object.entries(BITCOIN_FORMATS).map(
    ([name, format]) => [`Bitcoin (${name})`, format] as const,
  );
  return [...ours, ...bitcoins].find(([, format]) => isAddressOf(address, format))?.[0];
}

/** Whether a text is an address of this form. */
export function isAddressOf(address: string, format: AddressFormat): boolean {
  try {
    decodeAddress(address, format);
    return true;
  } catch (error) {
    if (error instanceof AddressError) return false;
    throw error;
  }
}

/**
 * An amount that can be an output of a payment.
 * @throws WalletError `bad-amount` below the dust limit or above all there can be
 */
export function payableAmount(amount: Nits): Nits {
  if (amount < DUST_LIMIT) {
    throw new WalletError(
      'bad-amount',
      `${formatAmount(amount)} NILZ is too little to send: the least is ${formatAmount(DUST_LIMIT)} NILZ`,
    );
  }
  if (amount > MAX_MONEY)
    throw new WalletError('bad-amount', 'more than 21000000 NILZ cannot be sent at once');
  return amount;
}
