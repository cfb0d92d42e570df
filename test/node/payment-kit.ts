/** Signed payments for tests of the node: the funded accounts of regtest, and coins made up for the purpose. */
import { encodeAddress } from '../../protocol/address.ts';
import { accountOf, seedOf } from '../../protocol/key.ts';
import { DEV_MNEMONIC, type NetworkProfile, PROFILES } from '../../protocol/network.ts';
import { signInput } from '../../protocol/signature.ts';
import { type Transaction, type TxOutput, txid } from '../../protocol/transaction.ts';
import type { Nits } from '../../protocol/units.ts';

export interface Account {
  readonly privateKey: Uint8Array;
  readonly script: Uint8Array;
}

const tree = accountOf(seedOf(DEV_MNEMONIC), PROFILES.regtest.coinType);

/** The keys of the funded accounts, in the order of the genesis outputs. */
export const alice: Account = tree.derive(0, 0);
export const bob: Account = tree.derive(0, 1);
export const carol: Account = tree.derive(0, 2);
/** A key without funds. */
export const stranger: Account = tree.derive(0, 5);

export function addressOf({ script }: Account, profile: NetworkProfile = PROFILES.regtest): string {
  return encodeAddress(script, profile.address)!;
}

/** An output that its owner can spend. */
export interface Spendable {
  readonly txid: Uint8Array;
  readonly index: number;
  readonly value: Nits;
  readonly owner: Account;
}

/** The genesis output of a funded account. */
export function genesisFunds(owner: Account, profile: NetworkProfile = PROFILES.regtest): Spendable {
  const coinbase = profile.genesis.transactions[0]!;
  const index = coinbase.outputs.findIndex(({ script }) => Buffer.compare(script, owner.script) === 0);
  return { txid: txid(coinbase), index, value: coinbase.outputs[index]!.value, owner };
}

/** Output `index` of a transaction. */
export function outputOf(transaction: Transaction, index: number, owner: Account): Spendable {
  return { txid: txid(transaction), index, value: transaction.outputs[index]!.value, owner };
}

export interface PaymentShape {
  readonly version?: number;
  readonly sequence?: number;
  readonly lockTime?: number;
}

/** A signed transaction that spends these outputs. */
export function pay(
  spends: readonly Spendable[],
  outputs: readonly TxOutput[],
  { version = 2, sequence = 0xffff_fffd, lockTime = 0 }: PaymentShape = {},
): Transaction {
  const unsigned: Transaction = {
    version,
    inputs: spends.map(({ txid, index }) => ({
      previous: { txid, index },
      scriptSig: new Uint8Array(),
      sequence,
      witness: [],
    })),
    outputs,
    lockTime,
  };
  return {
    ...unsigned,
    inputs: unsigned.inputs.map((input, index) => {
      const { owner, value } = spends[index]!;
      return { ...input, witness: signInput(unsigned, index, owner.privateKey, value) };
    }),
  };
}

/** Pays all of one output to one account, less the fee. */
export function payOn(from: Spendable, to: Account, fee: Nits): Transaction {
  return pay([from], [{ value: from.value - fee, script: to.script }]);
}
