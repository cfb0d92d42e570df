/** A planned payment becomes a PSBT with all that a signer without a chain has to know. Pure. */
import { displayHash } from '../../protocol/bytes.ts';
import { newPsbt, type Psbt } from '../../protocol/psbt.ts';
import { type Transaction, txid } from '../../protocol/transaction.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import type { PaymentPlan } from '../payments/payment-plan.ts';
import { originsOf } from './psbt-keys.ts';

/** What a PSBT is made of beside the plan. */
export interface PsbtParts {
  readonly ring: KeyRing;
  /** The transactions that made the coins, any order. */
  readonly previous: readonly Transaction[];
  /** Of the plan; see `unsignedPayment`. */
  readonly unsigned: Transaction;
}

/**
 * Every input gets the output that it spends and the transaction that made it: the one for signers that know BIP 143
 * only, the other to prove the amount (BIP 174, "Why can both UTXO types be provided?"). Own inputs and the change get
 * their derivations, so that a signer finds its keys and sees what comes back.
 */
export function psbtOfPlan({ coins }: PaymentPlan, { ring, previous, unsigned }: PsbtParts): Psbt {
  const made = new Map(previous.map((transaction) => [displayHash(txid(transaction)), transaction]));
  const bare = newPsbt(unsigned);
  return {
    ...bare,
    inputs: bare.inputs.map((input, at) => {
      const coin = coins[at];
      if (coin === undefined) throw new RangeError(`input ${at} has no coin`);
      const { value, script, place, outPoint } = coin;
      return {
        ...input,
        witnessUtxo: { value, script },
        nonWitnessUtxo: made.get(displayHash(outPoint.txid)),
        origins: originsOf(place, ring),
      };
    }),
    outputs: bare.outputs.map((output, at) => {
      const place = ring.findScript(unsigned.outputs[at]?.script ?? new Uint8Array());
      return place === undefined ? output : { ...output, origins: originsOf(place, ring) };
    }),
  };
}
