/** A payment as a transaction: who gets what, and the signatures. Pure. */
import { verify } from '#verify';
import { AddressError, type AddressFormat, BITCOIN_FORMATS, decodeAddress } from '../../protocol/address.ts';
import { formatAmount, MAX_MONEY } from '../../protocol/amount.ts';
import { verifyInputs } from '../../protocol/check-input.ts';
import { checkTransaction } from '../../protocol/check-transaction.ts';
import { PROFILES } from '../../protocol/network.ts';
import { SIGHASH_ALL, sighashMidstate } from '../../protocol/sighash.ts';
import { signInput } from '../../protocol/signature.ts';
import type { OutPoint, Transaction, TxOutput } from '../../protocol/transaction.ts';
import type { Nits } from '../../protocol/units.ts';
import { WalletError } from '../wallet-error.ts';
import { DUST_LIMIT } from './coins.ts';

/** Spends no relative lock time (BIP 68) and allows replacement by a higher fee (BIP 125). */
const SEQUENCE = 0xffff_fffd;

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

/** A coin about to be spent, with what its signature needs. */
export interface SpentCoin {
  readonly outPoint: OutPoint;
  readonly value: Nits;
  /** Its P2WPKH script. */
  readonly script: Uint8Array;
}

export interface PaymentParts {
  readonly coins: readonly SpentCoin[];
  /** In this order. */
  readonly outputs: readonly TxOutput[];
  /** Where among the outputs the change goes, 0 being before all others: drawn by the caller, so that its place
   * tells nothing. */
  readonly change?: TxOutput & { readonly position: number };
}

/** The unsigned transaction. */
export function buildPayment({ coins, outputs, change }: PaymentParts): Transaction {
  const paid = outputs.map(({ value, script }) => ({ value, script }));
  return {
    version: 2,
    inputs: coins.map(({ outPoint }) => ({
      previous: outPoint,
      scriptSig: new Uint8Array(),
      sequence: SEQUENCE,
      witness: [],
    })),
    outputs: change
      ? paid.toSpliced(change.position, 0, { value: change.value, script: change.script })
      : paid,
    lockTime: 0,
  };
}

/**
 * Signs every input (BIP 143, SIGHASH_ALL), then checks the result as a node would: a fault of the machine must not
 * turn into a signature that gives the key away.
 * @param coins what the inputs spend, in the order of the inputs
 * @param privateKeyOf gives the 32-byte key of a coin; it is wiped after use
 */
export function signPayment<C extends SpentCoin>(
  unsigned: Transaction,
  coins: readonly C[],
  privateKeyOf: (coin: C) => Uint8Array,
): Transaction {
  const midstate = sighashMidstate(unsigned);
  const inputs = unsigned.inputs.map((input, index) => {
    const coin = coins[index];
    if (coin === undefined) throw new RangeError(`input ${index} has no coin`);
    const key = privateKeyOf(coin);
    const witness = signInput(unsigned, index, key, coin.value, SIGHASH_ALL, midstate);
    key.fill(0);
    return { ...input, witness };
  });
  const signed = { ...unsigned, inputs };
  checkTransaction(signed);
  verifyInputs(
    signed,
    coins.map(({ value, script }) => ({ value, script, height: 0, coinbase: false })),
    verify,
  );
  return signed;
}
