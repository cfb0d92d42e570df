/**
 * What this node takes into its mempool beyond what consensus asks: pure checks, no state.
 * Words and order are those of Bitcoin Core's `IsStandardTx` and `MemPoolAccept::PreChecks`.
 */
import { RuleError } from '../../protocol/rules.ts';
import { isP2wpkh, isPushOnly, OP_RETURN } from '../../protocol/script.ts';
import { isCoinbase, type Transaction, transactionWeight } from '../../protocol/transaction.ts';
import type { Nits } from '../../protocol/units.ts';

/** Lowest fee per virtual byte that is taken and mined, in nits. */
export const MIN_FEE_RATE_NITS_PER_VB = 1n;
/** A P2WPKH output below this costs more to spend than it is worth (Core's `GetDustThreshold` at 3 nits/vB). */
export const DUST_LIMIT_NITS = 294n;
/** Core's `MAX_STANDARD_TX_WEIGHT`. */
export const MAX_STANDARD_WEIGHT = 400_000;
/** Longest OP_RETURN script, opcode included (Core's `MAX_OP_RETURN_RELAY`). */
export const MAX_DATA_SCRIPT_BYTES = 83;
/** What replacing and evicting must bring in addition (Core's `DEFAULT_INCREMENTAL_RELAY_FEE`). */
export const INCREMENTAL_FEE_RATE_NITS_PER_VB = 1n;
/** Most unconfirmed transactions in a chain that ends or begins with one, itself included. */
export const MAX_ANCESTORS = 25;
export const MAX_DESCENDANTS = 25;
/** Most virtual bytes they may have together (Core's `DEFAULT_DESCENDANT_SIZE_LIMIT_KVB`). */
export const MAX_FAMILY_VSIZE = 101_000;
/** A transaction leaves unmined after this long. */
export const MEMPOOL_LIFE_SECONDS = 72 * 60 * 60;
/** Memory of the mempool, unless it is set. */
export const DEFAULT_MAX_MEMPOOL_MB = 64;

/**
 * Refuses a transaction that is not of a standard form.
 * @throws RuleError naming the first departure
 */
export function checkStandard(transaction: Transaction): void {
  if (isCoinbase(transaction)) throw new RuleError('coinbase');
  if (transaction.version !== 1 && transaction.version !== 2) {
    throw new RuleError('version', `version ${transaction.version} is neither 1 nor 2`);
  }
  const weight = transactionWeight(transaction);
  if (weight > MAX_STANDARD_WEIGHT) {
    throw new RuleError('tx-size', `weight ${weight} is above ${MAX_STANDARD_WEIGHT}`);
  }
  let dataOutputs = 0;
  for (const [index, { script, value }] of transaction.outputs.entries()) {
    if (isP2wpkh(script)) {
      if (value < DUST_LIMIT_NITS) {
        throw new RuleError('dust', `output ${index} of ${value} nits is below ${DUST_LIMIT_NITS}`);
      }
    } else {
      checkDataOutput(script, value, index);
      dataOutputs++;
    }
  }
  if (dataOutputs > 1) throw new RuleError('multi-op-return', `${dataOutputs} OP_RETURN outputs`);
}

/** What is no P2WPKH output may only carry data: OP_RETURN, then pushes, short and without value. */
function checkDataOutput(script: Uint8Array, value: Nits, index: number): void {
  if (script[0] !== OP_RETURN) {
    throw new RuleError('scriptpubkey', `output ${index} is neither P2WPKH nor OP_RETURN`);
  }
  if (!isPushOnly(script.subarray(1))) {
    throw new RuleError('scriptpubkey', `OP_RETURN of output ${index} is not followed by pushes only`);
  }
  if (script.length > MAX_DATA_SCRIPT_BYTES) {
    throw new RuleError(
      'datacarrier',
      `output ${index} has ${script.length} bytes, not ${MAX_DATA_SCRIPT_BYTES}`,
    );
  }
  if (value !== 0n)
    throw new RuleError('scriptpubkey', `OP_RETURN of output ${index} would burn ${value} nits`);
}
