import { isMoney } from './amount.ts';
import { displayHash, equalBytes } from './bytes.ts';
import type { Coin } from './coins.ts';
import { hash160 } from './hash.ts';
import type { NetworkProfile } from './network.ts';
import { RuleError } from './rules.ts';
import { p2wpkhProgram, scriptType } from './script.ts';
import { isDefinedSighash, type SighashMidstate, sighash, sighashMidstate } from './sighash.ts';
import { decodeDer, isCompressedKey, isLowS, type Verify } from './signature.ts';
import { type Transaction, txid } from './transaction.ts';
import type { Height, Nits } from './units.ts';

/**
 * Checks the amounts of a transaction and the age of what it spends. Signatures are `verifyInputs`' business.
 * Source: Bitcoin Core, Consensus::CheckTxInputs.
 * @param coins what the inputs spend, in their order
 * @param height of the block the transaction is in, or of the next block
 * @returns the fee
 * @throws RuleError
 */
export function checkInputs(
  transaction: Transaction,
  coins: readonly Coin[],
  height: Height,
  profile: NetworkProfile,
): Nits {
  let paid: Nits = 0n;
  for (const [index, coin] of coins.entries()) {
    if (!isMature(coin, height, profile)) {
      const age = height - coin.height;
      const found = `input ${index} spends a coinbase ${age} blocks old, ${profile.maturity} are needed`;
      throw new RuleError('bad-txns-premature-spend-of-coinbase', found);
    }
    paid += coin.value;
    if (!isMoney(coin.value) || !isMoney(paid)) throw new RuleError('bad-txns-inputvalues-outofrange');
  }
  let received: Nits = 0n;
  for (const { value } of transaction.outputs) received += value;
  if (paid < received) {
    throw new RuleError('bad-txns-in-belowout', `inputs of ${paid} nits pay for outputs of ${received} nits`);
  }
  return paid - received;
}

/** A coinbase may be spent `maturity` blocks after its own; the funds of the genesis block at once. */
export function isMature(coin: Coin, height: Height, { maturity }: NetworkProfile): boolean {
  return !coin.coinbase || coin.height === 0 || height - coin.height >= maturity;
}

/**
 * Checks the signatures of all inputs; the parts of the digest they share are made once.
 * @throws RuleError `mandatory-script-verify-flag-failed`
 */
export function verifyInputs(transaction: Transaction, coins: readonly Coin[], verify: Verify): void {
  const midstate = sighashMidstate(transaction);
  for (const [index, coin] of coins.entries()) verifyInput(transaction, index, coin, verify, midstate);
}

/**
 * Checks that an input spends a P2WPKH coin, the only kind there is a way to spend (BIP 141, BIP 143). Strict
 * DER (BIP 66), low S (BIP 146), a defined hash type and a compressed key are consensus here. The wording is
 * Bitcoin Core's, ScriptErrorString in src/script/script_error.cpp.
 * @param verify called last and at most once, so it may queue the check and answer true
 * @throws RuleError `mandatory-script-verify-flag-failed`
 */
export function verifyInput(
  transaction: Transaction,
  index: number,
  coin: Coin,
  verify: Verify,
  midstate: SighashMidstate,
): void {
  const refuse = (why: string) => {
    const where = `input ${index} of ${displayHash(txid(transaction))}`;
    return new RuleError('mandatory-script-verify-flag-failed', `${where}: ${why}`);
  };
  const program = p2wpkhProgram(coin.script);
  if (program === undefined)
    throw refuse(`a ${scriptType(coin.script)} output cannot be spent on this chain`);
  const input = transaction.inputs[index];
  if (input === undefined) throw new RangeError(`transaction has no input ${index}`);
  if (input.scriptSig.length > 0) throw refuse('Witness requires empty scriptSig');
  const [item, publicKey] = input.witness;
  if (item === undefined) throw refuse('Witness program was passed an empty witness');
  if (publicKey === undefined || input.witness.length !== 2) throw refuse('Witness program hash mismatch');
  if (!isCompressedKey(publicKey)) throw refuse('Using non-compressed keys in segwit');
  if (!equalBytes(hash160(publicKey), program)) throw refuse('Witness program hash mismatch');
  const signature = decodeDer(item.subarray(0, -1));
  if (signature === undefined) throw refuse('Non-canonical DER signature');
  const type = item[item.length - 1] ?? 0;
  if (!isDefinedSighash(type)) throw refuse('Signature hash type missing or not understood');
  if (!isLowS(signature)) throw refuse('Non-canonical signature: S value is unnecessarily high');
  const digest = sighash(transaction, index, program, coin.value, type, midstate);
  if (!verify(signature, digest, publicKey)) {
    throw refuse('Signature must be zero for failed CHECK(MULTI)SIG operation');
  }
}
