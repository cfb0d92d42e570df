import { bytesToHex, concatBytes } from '../../protocol/bytes.ts';
import { Writer } from '../../protocol/codec.ts';
import { buildCoinbase, MAX_COINBASE_SCRIPT_SIZE, WITNESS_RESERVED_VALUE } from '../../protocol/coinbase.ts';
import { compactToTarget } from '../../protocol/compact.ts';
import { pushHeight } from '../../protocol/script.ts';
import { encodeNotify, MAX_MERKLE_BRANCHES, type NotifyParams } from '../../protocol/stratum.ts';
import { decodeTransaction, encodeTransaction, encodeWithoutWitness } from '../../protocol/transaction.ts';
import type { Height } from '../../protocol/units.ts';
import { targetBytes } from '../../protocol/work.ts';
import { type Template, TemplateError } from './template.ts';
import type { Tip } from './tip.ts';

/** A unit of work as miners get it: one template with a search space of its own. */
export interface Job extends NotifyParams {
  /** Rises by one with every job of this process; `jobId` is its hex form. */
  readonly sequence: number;
  /** The block it builds on, with what is known of it; jobs on the same block share the object. */
  readonly tip: Tip;
  /** Height of the block to be mined. */
  readonly height: Height;
  /** Highest hash that makes a block, 32 little-endian bytes. */
  readonly networkTarget: Uint8Array;
  readonly createdMs: number;
  /** Solo: the address the coinbase pays to, the only one that work on this job is credited to. */
  readonly payee?: string;
  readonly lines: NotifyLines;
}

/** The job's `mining.notify` as bytes that end in a line feed, made once and written to every miner. */
export interface NotifyLines {
  readonly clean: Uint8Array;
  readonly further: Uint8Array;
}

/** Bytes of extranonce1, which tells the connections of a pool apart. */
export const EXTRANONCE1_SIZE = 4;
const UNIQUE_SIZE = 8;
/** Where the script of the only input begins: version, input count, null outpoint, length byte. */
const SCRIPT_OFFSET = 4 + 1 + 36 + 1;
/** Marks our blocks for whoever looks at them. */
export const COINBASE_TAG: Uint8Array = new TextEncoder().encode('/nilz/');

/** What stays the same from job to job. */
export interface JobSettings {
  /** Script the block's reward is paid to. */
  readonly payoutScript: Uint8Array;
  /** Bytes of extranonce2: 4, or up to 8. */
  readonly extranonce2Size: number;
  /** Random number of this process, to which the sequence is added. */
  readonly uniqueBase: bigint;
}

/**
 * Makes a job. The coinbase script is the height (BIP 34), then one push of an 8-byte value that no other job
 * has, extranonce1 and extranonce2, then the tag. The unique value keeps two jobs on one tip from having a
 * header in common; otherwise one piece of work could be handed in under each of them.
 *
 * @param at when it is made, milliseconds
 * @throws TemplateError when the tree is deeper than firmware has room for
 */
export function makeJob(
  template: Template,
  tip: Tip,
  sequence: number,
  settings: JobSettings,
  atMs: number,
): Job {
  if (template.branch.length > MAX_MERKLE_BRANCHES) {
    throw new TemplateError(`the merkle branch has ${template.branch.length} hashes, miners take 32`);
  }
  const unique = new Uint8Array(UNIQUE_SIZE);
  new DataView(unique.buffer).setBigUint64(0, BigInt.asUintN(64, settings.uniqueBase + BigInt(sequence)));
  const [coinbase1, coinbase2] = splitCoinbase(template, unique, settings);
  const parts: NotifyParams = {
    jobId: sequence.toString(16),
    previousHash: template.previous,
    coinbase1,
    coinbase2,
    merkleBranch: template.branch,
    version: template.version,
    bits: template.bits,
    time: template.time,
    cleanJobs: false,
  };
  return {
    ...parts,
    sequence,
    tip,
    height: template.height,
    networkTarget: targetBytes(compactToTarget(template.bits)),
    createdMs: atMs,
    lines: notifyLines(parts),
  };
}

/** The coinbase without witness, before and after the extranonces. */
function splitCoinbase(
  template: Template,
  unique: Uint8Array,
  settings: JobSettings,
): readonly [Uint8Array, Uint8Array] {
  const room = EXTRANONCE1_SIZE + settings.extranonce2Size;
  const height = pushHeight(template.height);
  const start = concatBytes(Uint8Array.of(UNIQUE_SIZE + room), unique);
  const tag = concatBytes(Uint8Array.of(COINBASE_TAG.length), COINBASE_TAG);
  const size = height.length + start.length + room + tag.length;
  const fits = size + template.auxiliary.length <= MAX_COINBASE_SCRIPT_SIZE;
  const coinbase = encodeWithoutWitness(
    buildCoinbase({
      height: template.height,
      outputs: [{ value: template.reward, script: settings.payoutScript }],
      extra: concatBytes(start, new Uint8Array(room), tag, fits ? template.auxiliary : new Uint8Array(0)),
      ...(template.commitment === undefined ? {} : { commitment: template.commitment }),
    }),
  );
  const hole = SCRIPT_OFFSET + height.length + start.length;
  return [coinbase.slice(0, hole), coinbase.slice(hole + room)];
}

function notifyLines(parts: NotifyParams): NotifyLines {
  const encoder = new TextEncoder();
  return {
    clean: encoder.encode(`${encodeNotify({ ...parts, cleanJobs: true })}\n`),
    further: encoder.encode(`${encodeNotify(parts)}\n`),
  };
}

/** The coinbase a miner hashed: without witness, extranonces filled in. */
export function coinbaseOf(job: Job, extranonce1: Uint8Array, extranonce2: Uint8Array): Uint8Array {
  return concatBytes(job.coinbase1, extranonce1, extranonce2, job.coinbase2);
}

/**
 * The block that a header and its coinbase complete, as hex for `submitblock`.
 * @param coinbase as miners hash it, without witness; in the block it carries the witness that belongs to
 * the commitment (BIP 141)
 */
export function assembleBlock(template: Template, header: Uint8Array, coinbase: Uint8Array): string {
  const block = new Writer();
  block.bytes(header);
  block.varint(template.transactions.size + 1);
  block.bytes(template.commitment === undefined ? coinbase : withWitness(coinbase));
  for (const transaction of template.transactions.values()) block.bytes(transaction);
  return bytesToHex(block.finish());
}

function withWitness(coinbase: Uint8Array): Uint8Array {
  const transaction = decodeTransaction(coinbase);
  const inputs = transaction.inputs.map((input) => ({ ...input, witness: [WITNESS_RESERVED_VALUE] }));
  return encodeTransaction({ ...transaction, inputs });
}
