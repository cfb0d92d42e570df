/** A payment as a transaction: who gets what, and the signatures. Pure. */
import { verify } from '#verify';
import { verifyInputs } from '../../protocol/check-input.ts';
import { checkTransaction } from '../../protocol/check-transaction.ts';
import { SIGHASH_ALL, sighashMidstate } from '../../protocol/sighash.ts';
import { signInput } from '../../protocol/signature.ts';
import type { OutPoint, Transaction, TxOutput } from '../../protocol/transaction.ts';
import type { Nits } from '../../protocol/units.ts';

/** Spends no relative lock time (BIP 68) and allows replacement by a higher fee (BIP 125). */
const SEQUENCE = 0xffff_fffd;

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
