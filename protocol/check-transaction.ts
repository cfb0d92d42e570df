import { isMoney, MAX_MONEY } from './amount.ts';
import { displayHash } from './bytes.ts';
import { MAX_COINBASE_SCRIPT_SIZE, MIN_COINBASE_SCRIPT_SIZE } from './coinbase.ts';
import { RULES, type RuleCode, RuleError } from './rules.ts';
import { baseSize, isCoinbase, isNullOutPoint, outPointKey, type Transaction, txid } from './transaction.ts';
import type { Height, Nits } from './units.ts';

/** Weight a block may have at most, in weight units (BIP 141). */
export const MAX_BLOCK_WEIGHT = 4_000_000;

/** A transaction of this many bytes without witness could pass for two hashes of a merkle tree. */
const AMBIGUOUS_SIZE = 64;
/** Weight of one byte outside the witness (BIP 141). */
const WITNESS_SCALE_FACTOR = 4;
/** Set in a sequence: no relative lock time (BIP 68). */
const SEQUENCE_LOCKTIME_DISABLE = 0x8000_0000;
/** Sequence of an input that opts out of the lock time. */
const SEQUENCE_FINAL = 0xffff_ffff;
/** A lock time below this is a height, from it on seconds since 1970. Source: Bitcoin Core, script.h. */
const LOCKTIME_THRESHOLD = 500_000_000;

/**
 * Checks what can be said of a transaction without knowing the chain. Witnesses are not looked at: they are
 * checked with the coins they spend.
 * Source: Bitcoin Core, CheckTransaction in src/consensus/tx_check.cpp; the rest as cited.
 * @throws RuleError
 */
export function checkTransaction(transaction: Transaction): void {
  const { inputs, outputs } = transaction;
  if (inputs.length === 0) throw new RuleError('bad-txns-vin-empty');
  if (outputs.length === 0) throw new RuleError('bad-txns-vout-empty');
  if (baseSize(transaction) * WITNESS_SCALE_FACTOR > MAX_BLOCK_WEIGHT) {
    throw refused('bad-txns-oversize', transaction, `${baseSize(transaction)} bytes without witness`);
  }
  checkSize(transaction);
  checkOutputValues(transaction);
  checkDistinctInputs(transaction);
  if (isCoinbase(transaction)) {
    checkCoinbaseScript(transaction);
    return;
  }
  for (const [index, { previous }] of inputs.entries()) {
    if (isNullOutPoint(previous))
      throw refused('bad-txns-prevout-null', transaction, `input ${index} is null`);
  }
  checkRelativeLockTimes(transaction);
}

/** CVE-2017-12842 and BIP 54: 64 bytes are also an inner node of a merkle tree. */
export function checkSize(transaction: Transaction): void {
  if (baseSize(transaction) === AMBIGUOUS_SIZE) throw refused('bad-txns-size', transaction);
}

function checkOutputValues(transaction: Transaction): void {
  let total: Nits = 0n;
  for (const [index, { value }] of transaction.outputs.entries()) {
    if (!isMoney(value)) {
      // The wire carries a signed number: what is beyond 2⁶³ unsigned is negative there.
      const signed = BigInt.asIntN(64, value);
      const code = signed < 0n ? 'bad-txns-vout-negative' : 'bad-txns-vout-toolarge';
      throw refused(code, transaction, `output ${index} is worth ${signed} nits`);
    }
    total += value;
  }
  if (total > MAX_MONEY) {
    throw refused('bad-txns-txouttotal-toolarge', transaction, `outputs are worth ${total} nits`);
  }
}

/** CVE-2018-17144: an output spent twice in one transaction. */
function checkDistinctInputs(transaction: Transaction): void {
  const { inputs } = transaction;
  if (inputs.length === 1) return;
  const keys = new Set(inputs.map((input) => outPointKey(input.previous)));
  if (keys.size !== inputs.length) throw refused('bad-txns-inputs-duplicate', transaction);
}

function checkCoinbaseScript(coinbase: Transaction): void {
  const length = coinbase.inputs[0]?.scriptSig.length ?? 0;
  if (length < MIN_COINBASE_SCRIPT_SIZE || length > MAX_COINBASE_SCRIPT_SIZE) {
    throw refused('bad-cb-length', coinbase, `coinbase script has ${length} bytes, allowed are 2 to 100`);
  }
}

/** BIP 68 is not offered here: what would turn a relative lock time on is refused, not ignored. */
function checkRelativeLockTimes(transaction: Transaction): void {
  if (transaction.version < 2) return;
  for (const [index, { sequence }] of transaction.inputs.entries()) {
    if ((sequence & SEQUENCE_LOCKTIME_DISABLE) === 0) {
      throw refused(
        'non-BIP68-final',
        transaction,
        `bit 31 of sequence ${sequence} of input ${index} is clear`,
      );
    }
  }
}

/**
 * Whether the lock time lets a transaction into a block of this height.
 * Source: Bitcoin Core, IsFinalTx; BIP 113 for the time it is compared with.
 * @param medianTimePast median of the 11 blocks before, seconds since 1970
 */
export function isFinal(transaction: Transaction, height: Height, medianTimePast: number): boolean {
  const { lockTime, inputs } = transaction;
  if (lockTime === 0) return true;
  if (lockTime < (lockTime < LOCKTIME_THRESHOLD ? height : medianTimePast)) return true;
  return inputs.every((input) => input.sequence === SEQUENCE_FINAL);
}

function refused(code: RuleCode, transaction: Transaction, found: string = RULES[code].says): RuleError {
  return new RuleError(code, `transaction ${displayHash(txid(transaction))}: ${found}`);
}
