import * as z from 'zod';
import { MAX_MONEY } from './amount.ts';
import { bytesToHex, CodecError, concatBytes, equalBytes, hexToBytes } from './bytes.ts';
import { compactToTarget, showBits } from './compact.ts';
import { merkleBranch, witnessCommitment } from './merkle.ts';
import { BlockTemplate } from './rpc.ts';
import { VERSION_ROLLING_MASK } from './stratum.ts';
import { readTransactions, TemplateError, type TemplateTransactions } from './template-transactions.ts';
import type { Bits, Hash, Height, Nits } from './units.ts';

export { TemplateError } from './template-transactions.ts';

/**
 * What `getblocktemplate` is asked with (BIP 22, BIP 145). A node that still counts signals for a rule (BIP 9)
 * lets blocks signal only what the miner says it knows.
 */
export const TEMPLATE_REQUEST = {
  capabilities: ['longpoll', 'coinbasevalue'],
  rules: ['csv', 'segwit', 'taproot'],
} as const;

/** A block template as those who make work of it want it: checked, decoded, without what nobody needs. */
export interface Template {
  /** Hash of the block to build on. */
  readonly previous: Hash;
  /** Height of the block to be mined. */
  readonly height: Height;
  /** i32 without a bit inside the rolling mask. */
  readonly version: number;
  readonly bits: Bits;
  /** Seconds since 1970. Time and bits belong together: on some networks an older block may be easier. */
  readonly time: number;
  /** Subsidy and fees. */
  readonly reward: Nits;
  /** What the node wants inside the coinbase script (BIP 22, `coinbaseaux`). */
  readonly auxiliary: Uint8Array;
  /** The hashes beside the coinbase's path up the merkle tree. */
  readonly branch: readonly Hash[];
  /** Absent while segregated witness is not in force: a coinbase with a witness would be refused then. */
  readonly commitment: Hash | undefined;
  /** The other transactions in the order of the block. */
  readonly transactions: TemplateTransactions;
  /** What the node wants to hear in a long poll. */
  readonly longPollId: string | undefined;
  /** What the node wants to hear with the block: a name for what it keeps of this template. */
  readonly workId: string | undefined;
}

/** Rules a template may mark as mandatory with "!" that our blocks keep. */
const KNOWN_RULES = new Set<string>(TEMPLATE_REQUEST.rules);
/** First and last nonce of a template that leaves all of them (BIP 23), as every known node does. */
const ALL_NONCES = '00000000ffffffff';
/** What stands before the hash in a commitment's script (BIP 141). */
const COMMITMENT_PREFIX = '6a24aa21a9ed';
const COMMITMENT_SIZE = 38;
const MAX_HEIGHT = 0x7fffffff;

/** Everything but the transactions, which are read apart: a schema over thousands of them would copy them. */
const TemplateHead = BlockTemplate.extend({
  /** A node without BIP 9 leaves the list out. */
  rules: z.array(z.string()).optional(),
  transactions: z.array(z.unknown()),
  noncerange: z.string().optional(),
});
type TemplateHead = z.output<typeof TemplateHead>;

/**
 * Reads a node's answer to `getblocktemplate` and believes nothing: a miner's work on a template that
 * contradicts itself would be lost.
 * @param answer the JSON as it came
 * @param former the template before: transactions that are in both are neither decoded nor kept twice
 * @throws TemplateError naming the field that is missing or wrong
 */
export function readTemplate(answer: unknown, former?: Template): Template {
  const head = readHead(answer);
  checkNumbers(head);
  const transactions = readTransactions(head.transactions, former?.transactions);
  const txids = [...transactions.keys()].map(hexToBytes);
  const placeholder = new Uint8Array(32);
  return {
    previous: head.previousblockhash,
    height: head.height,
    version: head.version & ~VERSION_ROLLING_MASK,
    bits: head.bits,
    time: head.curtime,
    reward: head.coinbasevalue,
    auxiliary: readAuxiliary(head.coinbaseaux),
    branch: merkleBranch([placeholder, ...txids]),
    commitment: commitmentOf(head, transactions),
    transactions,
    longPollId: head.longpollid,
    workId: head.workid,
  };
}

function readHead(answer: unknown): TemplateHead {
  const parsed = TemplateHead.safeParse(answer);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new TemplateError(`the template's ${issue?.path.join('.') || 'form'} is wrong: ${issue?.message}`);
  }
  for (const rule of parsed.data.rules ?? []) {
    if (rule.startsWith('!') && !KNOWN_RULES.has(rule.slice(1))) {
      throw new TemplateError(`the node demands the rule "${rule.slice(1)}", which is unknown here`);
    }
  }
  return parsed.data;
}

/** What a schema does not see: values that are well-formed and cannot be. */
function checkNumbers(head: TemplateHead): void {
  const { version, height, coinbasevalue, bits, target, curtime, mintime, noncerange } = head;
  if (version < -0x80000000 || version > 0xffffffff) {
    throw new TemplateError(`the template's version ${version} does not fit 32 bits`);
  }
  if (height > MAX_HEIGHT) throw new TemplateError(`the template's height ${height} does not fit 31 bits`);
  if (coinbasevalue < 0n || coinbasevalue > MAX_MONEY) {
    throw new TemplateError(`the template's coinbasevalue ${coinbasevalue} is not from 0 to ${MAX_MONEY}`);
  }
  const wanted = targetOf(bits);
  if (wanted === 0n) throw new TemplateError(`the template's bits ${showBits(bits)} stand for the target 0`);
  // BIP 22: the target is that of bits; another one would mean that the node speaks of shares, not of blocks.
  if (wanted !== target) {
    throw new TemplateError(`the template's target is not that of its bits ${showBits(bits)}`);
  }
  if (curtime < mintime) {
    throw new TemplateError(`the template's curtime ${curtime} is before its mintime ${mintime}`);
  }
  if (curtime > 0xffffffff) throw new TemplateError(`the template's curtime ${curtime} does not fit 32 bits`);
  if (noncerange !== undefined && noncerange !== ALL_NONCES) {
    throw new TemplateError("the template's noncerange leaves out nonces, which miners do not heed");
  }
}

function targetOf(bits: Bits): bigint {
  try {
    return compactToTarget(bits);
  } catch (error) {
    if (error instanceof RangeError)
      throw new TemplateError(`the template's bits are wrong: ${error.message}`);
    throw error;
  }
}

function readAuxiliary(values: Readonly<Record<string, string>>): Uint8Array {
  try {
    return concatBytes(...Object.values(values).map(hexToBytes));
  } catch (error) {
    if (error instanceof CodecError) {
      throw new TemplateError(`the template's coinbaseaux is wrong: ${error.message}`);
    }
    throw error;
  }
}

/**
 * What the coinbase has to commit to (BIP 141, BIP 145): undefined while the rule is not in force, where
 * some nodes (bcoin) give a commitment all the same. A node that lists no rules means it by giving one.
 */
function commitmentOf(head: TemplateHead, transactions: TemplateTransactions): Hash | undefined {
  const { rules, default_witness_commitment: script } = head;
  const isInForce =
    rules === undefined ? script !== undefined : rules.includes('segwit') || rules.includes('!segwit');
  if (!isInForce) return undefined;
  const reserved = new Uint8Array(32);
  const wtxids = [...transactions.values()].map(({ wtxid }) => wtxid);
  const commitment = witnessCommitment([reserved, ...wtxids], reserved);
  if (script === undefined) return commitment;
  const isCommitment = bytesToHex(script).startsWith(COMMITMENT_PREFIX) && script.length >= COMMITMENT_SIZE;
  if (!isCommitment) throw new TemplateError("the template's witness commitment is not of BIP 141's form");
  if (!equalBytes(script.slice(COMMITMENT_PREFIX.length / 2, COMMITMENT_SIZE), commitment)) {
    throw new TemplateError("the template's witness commitment is not that of its transactions");
  }
  return commitment;
}

/** Whether a miner would work on the same block with either, whatever the time says. */
export function isSameWork(a: Template, b: Template): boolean {
  return (
    equalBytes(a.previous, b.previous) &&
    a.bits === b.bits &&
    a.reward === b.reward &&
    equalBytes(concatBytes(...a.branch), concatBytes(...b.branch))
  );
}
