import { type Block, blockWeight } from './block.ts';
import { displayHash, equalBytes } from './bytes.ts';
import { checkSize, checkTransaction, isFinal, MAX_BLOCK_WEIGHT } from './check-transaction.ts';
import { WITNESS_RESERVED_VALUE } from './coinbase.ts';
import { findCommitment, merkleRootSteps, witnessCommitmentSteps } from './merkle.ts';
import type { NetworkProfile } from './network.ts';
import { RuleError } from './rules.ts';
import { countSigops, isP2wpkh, pushHeight } from './script.ts';
import { atOnce, eachInSteps, type Steps } from './steps.ts';
import { hasWitness, isCoinbase, type Transaction, txid, wtxid } from './transaction.ts';
import type { Height } from './units.ts';

/** Signature-operation cost a block may have at most (BIP 141). */
export const MAX_BLOCK_SIGOPS_COST = 80_000;
/** Cost of one signature operation outside the witness; one inside, such as a P2WPKH spend, costs 1 (BIP 141). */
const LEGACY_SIGOP_COST = 4;

/**
 * Checks a block by itself; its header is `checkHeader`'s. First whether this is the block the header stands
 * for, or a copy that was tampered with (`mutated`), then whether the block is valid. Weight and signature
 * operations come last, as they mean something only once the witnesses are known to be the right ones.
 * Source: Bitcoin Core, IsBlockMutated, CheckBlock, ContextualCheckBlock.
 * @throws RuleError
 */
export function checkBlock(block: Block): void {
  atOnce(checkBlockSteps(block));
}

/** `checkBlock` in steps. */
export function* checkBlockSteps(block: Block): Steps<void> {
  const { transactions } = block;
  // Identifiers and sizes are remembered: most of the work is to make them.
  yield* eachInSteps(transactions, txid);
  yield* checkMerkleRoot(block);
  // CVE-2017-12842: inner nodes of the tree passed off as transactions.
  yield* eachInSteps(transactions, checkSize);
  const coinbase = checkCoinbasePlace(block);
  yield* eachInSteps(transactions, wtxid);
  yield* checkCommitment(block, coinbase);
  yield* eachInSteps(transactions, checkTransaction);
  checkWeight(block);
  checkSigops(block);
}

/** CVE-2012-2459: repeated pairs let two lists of transactions have the same root. */
function* checkMerkleRoot({ header, transactions }: Block): Steps<void> {
  const { root, ambiguous } = yield* merkleRootSteps(transactions.map(txid));
  if (!equalBytes(root, header.merkleRoot)) {
    const [found, wanted] = [root, header.merkleRoot].map(displayHash);
    throw new RuleError('bad-txnmrklroot', `transactions hash to ${found}, the header says ${wanted}`);
  }
  if (ambiguous) throw new RuleError('bad-txns-duplicate');
}

function checkCoinbasePlace({ transactions }: Block): Transaction {
  const [coinbase] = transactions;
  if (coinbase === undefined) throw new RuleError('bad-blk-length');
  if (!isCoinbase(coinbase)) throw new RuleError('bad-cb-missing');
  const second = transactions.findIndex((transaction, index) => index > 0 && isCoinbase(transaction));
  if (second !== -1) throw new RuleError('bad-cb-multiple', `transaction ${second} is a coinbase too`);
  return coinbase;
}

/** BIP 141: what the coinbase commits to are the witnesses delivered; without commitment there are none. */
function* checkCommitment({ transactions }: Block, coinbase: Transaction): Steps<void> {
  const commitment = findCommitment(coinbase);
  if (commitment === undefined) {
    const index = transactions.findIndex(hasWitness);
    if (index !== -1) throw new RuleError('unexpected-witness', `transaction ${index} has a witness`);
    return;
  }
  const witness = coinbase.inputs[0]?.witness ?? [];
  const [reserved] = witness;
  if (witness.length !== 1 || reserved?.length !== 32) {
    const sizes = witness.map((item) => item.length).join(', ');
    throw new RuleError('bad-witness-nonce-size', `coinbase witness has items of [${sizes}] bytes, not [32]`);
  }
  const hash = yield* witnessCommitmentSteps(transactions.map(wtxid), reserved);
  if (!equalBytes(hash, commitment.hash)) {
    throw new RuleError('bad-witness-merkle-match');
  }
}

function checkWeight(block: Block): void {
  const weight = blockWeight(block);
  if (weight > MAX_BLOCK_WEIGHT) {
    throw new RuleError('bad-blk-weight', `weight is ${weight}, at most ${MAX_BLOCK_WEIGHT} is allowed`);
  }
}

function checkSigops({ transactions }: Block): void {
  const cost = transactions.reduce((sum, transaction) => sum + sigopsCost(transaction), 0);
  if (cost > MAX_BLOCK_SIGOPS_COST) {
    throw new RuleError(
      'bad-blk-sigops',
      `signature operations cost ${cost}, at most ${MAX_BLOCK_SIGOPS_COST}`,
    );
  }
}

/**
 * Signature-operation cost of a transaction (BIP 141): 4 for each operation in an input or output script, and
 * 1 for each P2WPKH spend. As nothing else can be spent on this chain, every input of what is no coinbase
 * counts as one; a block that spends something else fails on that.
 */
export function sigopsCost(transaction: Transaction): number {
  let legacy = 0;
  for (const { scriptSig } of transaction.inputs) legacy += scriptSigops(scriptSig);
  for (const { script } of transaction.outputs) legacy += scriptSigops(script);
  return LEGACY_SIGOP_COST * legacy + (isCoinbase(transaction) ? 0 : transaction.inputs.length);
}

/** Most scripts are empty or P2WPKH and need no walk. */
function scriptSigops(script: Uint8Array): number {
  return script.length === 0 || isP2wpkh(script) ? 0 : countSigops(script);
}

/**
 * Checks a block against its place in the chain: the height in its coinbase (BIP 34) and the lock times of
 * its transactions (BIP 113). Source: Bitcoin Core, ContextualCheckBlock.
 * @param medianTimePast of the parent, seconds since 1970
 * @throws RuleError `bad-cb-height`, `bad-txns-nonfinal`
 */
export function checkBlockContext(
  block: Block,
  height: Height,
  medianTimePast: number,
  profile: NetworkProfile,
): void {
  const scriptSig = block.transactions[0]?.inputs[0]?.scriptSig ?? new Uint8Array();
  if (!heightPushes(height, profile).some((push) => startsWith(scriptSig, push))) {
    throw new RuleError('bad-cb-height', `coinbase script does not start with a push of height ${height}`);
  }
  for (const [index, transaction] of block.transactions.entries()) {
    if (!isFinal(transaction, height, medianTimePast)) {
      throw new RuleError(
        'bad-txns-nonfinal',
        `transaction ${index} is locked until ${transaction.lockTime}`,
      );
    }
  }
}

/** BIP 34: for 1…16 the minimal push is an opcode; miners that write `01 NN` instead are taken too. */
function heightPushes(height: Height, { strictHeightPush }: NetworkProfile): Uint8Array[] {
  const minimal = pushHeight(height);
  const long = height >= 1 && height <= 16 && !strictHeightPush;
  return long ? [minimal, Uint8Array.of(1, height)] : [minimal];
}

function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  return bytes.length >= start.length && start.every((byte, index) => bytes[index] === byte);
}

/**
 * A block as a miner without segwit code hands it in: its coinbase commits to the witnesses but has none
 * itself. Adds the reserved value of 32 zero bytes, as Bitcoin Core's UpdateUncommittedBlockStructures does;
 * any other block comes back as it is.
 */
export function withReservedValue(block: Block): Block {
  const [coinbase, ...others] = block.transactions;
  const [input] = coinbase?.inputs ?? [];
  if (coinbase === undefined || input === undefined || !isCoinbase(coinbase)) return block;
  if (input.witness.length > 0 || findCommitment(coinbase) === undefined) return block;
  const completed = { ...coinbase, inputs: [{ ...input, witness: [WITNESS_RESERVED_VALUE] }] };
  return { header: block.header, transactions: [completed, ...others] };
}
