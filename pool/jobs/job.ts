import { bytesToHex, concatBytes } from '../../protocol/bytes.ts';
import { compactToTarget } from '../../protocol/compact.ts';
import { encodeNotify, MAX_MERKLE_BRANCHES, type NotifyParams } from '../../protocol/stratum.ts';
import { type Template, TemplateError } from '../../protocol/template.ts';
import { coinbaseEnd, splitCoinbase } from '../../protocol/template-block.ts';
import type { TxOutput } from '../../protocol/transaction.ts';
import type { Difficulty, Height } from '../../protocol/units.ts';
import { targetBytes } from '../../protocol/work.ts';
import type { Tip } from './tip.ts';

/** A unit of work as miners get it: one template with a search space of its own. */
export interface Job extends NotifyParams {
  /** Rises by one with every round of this process; `jobId` is its hex form. */
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
  /**
   * On an edge: this job as it is sent at a difficulty, with the same id and sequence. There the header commits to
   * the difficulty, so that no edge can choose it after the fact.
   */
  readonly at?: (difficulty: Difficulty) => Job;
  readonly lines: NotifyLines;
}

/** The job's `mining.notify` as bytes that end in a line feed, made once and written to every miner. */
export interface NotifyLines {
  readonly clean: Uint8Array;
  readonly further: Uint8Array;
}

/**
 * What the jobs of one moment have in common, whomever they pay: everything up to the coinbase's outputs.
 * Common work is one job per round, solo one per round and address.
 */
export interface Round extends Pick<Job, 'jobId' | 'sequence' | 'tip' | 'height' | 'bits' | 'createdMs'> {
  readonly template: Template;
  readonly coinbase1: Uint8Array;
  /** The coinbase from behind extranonce2 up to its outputs. */
  readonly scriptEnd: Uint8Array;
  readonly networkTarget: Uint8Array;
  /** `mining.notify` around coinbase2. */
  readonly notify: { readonly head: string; readonly cleanTail: string; readonly furtherTail: string };
}

/** Bytes of extranonce1, which tells the connections of a pool apart. */
export const EXTRANONCE1_SIZE = 4;
/** Bytes of the value that tells rounds apart: the last ones of coinbase1. */
export const UNIQUE_SIZE = 8;
/** Marks our blocks for whoever looks at them. */
export const COINBASE_TAG: Uint8Array = new TextEncoder().encode('/nilz/');

/** What stays the same from round to round. */
export interface RoundSettings {
  /** Bytes of extranonce2: 4, or up to 8. */
  readonly extranonce2Size: number;
  /** Of this process alone; the sequence is added. */
  readonly uniqueBase: bigint;
}

/**
 * Makes what all jobs of a round share. The coinbase script is the height (BIP 34), then one push of an 8-byte
 * value that no other round has, extranonce1 and extranonce2, then the tag. The unique value keeps two rounds on
 * one tip from having a header in common; otherwise one piece of work could be handed in under each of them.
 *
 * @param atMs when it is made, steady clock
 * @throws TemplateError when the tree is deeper than firmware has room for
 */
export function makeRound(
  template: Template,
  tip: Tip,
  sequence: number,
  settings: RoundSettings,
  atMs: number,
): Round {
  if (template.branch.length > MAX_MERKLE_BRANCHES) {
    throw new TemplateError(`the merkle branch has ${template.branch.length} hashes, miners take 32`);
  }
  const unique = new Uint8Array(UNIQUE_SIZE);
  new DataView(unique.buffer).setBigUint64(0, BigInt.asUintN(64, settings.uniqueBase + BigInt(sequence)));
  const room = EXTRANONCE1_SIZE + settings.extranonce2Size;
  const [coinbase1, scriptEnd] = splitCoinbase(template, { unique, room, tag: COINBASE_TAG });
  const jobId = sequence.toString(16);
  return {
    jobId,
    sequence,
    tip,
    template,
    height: template.height,
    bits: template.bits,
    createdMs: atMs,
    coinbase1,
    scriptEnd,
    networkTarget: targetBytes(compactToTarget(template.bits)),
    notify: splitNotify(template, jobId, coinbase1),
  };
}

/** A notify is one text for all but coinbase2: 10,000 miners with a coinbase each cost 10,000 joins. */
function splitNotify(template: Template, jobId: string, coinbase1: Uint8Array): Round['notify'] {
  const parts: NotifyParams = {
    jobId,
    previousHash: template.previous,
    coinbase1,
    coinbase2: new Uint8Array(0),
    merkleBranch: template.branch,
    version: template.version,
    bits: template.bits,
    time: template.time,
    cleanJobs: false,
  };
  const hole = `"${bytesToHex(coinbase1)}","`;
  const further = encodeNotify(parts);
  const clean = encodeNotify({ ...parts, cleanJobs: true });
  const cut = further.indexOf(hole) + hole.length;
  return {
    head: further.slice(0, cut),
    furtherTail: `${further.slice(cut)}\n`,
    cleanTail: `${clean.slice(cut)}\n`,
  };
}

/**
 * The job of a round for whom its coinbase pays.
 * @param outputs what the reward goes to, together `template.reward`; the commitment is added
 * @param payee solo: the miner's address
 */
export function jobOf(round: Round, outputs: readonly TxOutput[], payee?: string): Job {
  const { template, jobId, sequence, tip, coinbase1, notify } = round;
  const coinbase2 = coinbaseEnd(round.scriptEnd, outputs, template);
  return {
    jobId,
    previousHash: template.previous,
    coinbase1,
    coinbase2,
    merkleBranch: template.branch,
    version: template.version,
    bits: template.bits,
    time: template.time,
    cleanJobs: false,
    sequence,
    tip,
    height: template.height,
    networkTarget: round.networkTarget,
    createdMs: round.createdMs,
    ...(payee !== undefined && { payee }),
    lines: new LazyLines(notify, coinbase2),
  };
}

/** Most jobs are sent in one of the two forms only. */
class LazyLines implements NotifyLines {
  readonly #notify: Round['notify'];
  readonly #coinbase2: Uint8Array;
  #clean: Uint8Array | undefined;
  #further: Uint8Array | undefined;

  constructor(notify: Round['notify'], coinbase2: Uint8Array) {
    this.#notify = notify;
    this.#coinbase2 = coinbase2;
  }

  get clean(): Uint8Array {
    this.#clean ??= this.#line(this.#notify.cleanTail);
    return this.#clean;
  }

  get further(): Uint8Array {
    this.#further ??= this.#line(this.#notify.furtherTail);
    return this.#further;
  }

  #line(tail: string): Uint8Array {
    // All of it is ASCII.
    return Buffer.from(this.#notify.head + bytesToHex(this.#coinbase2) + tail, 'latin1');
  }
}

/** What stays the same from job to job where all jobs pay to one script. */
export interface JobSettings extends RoundSettings {
  /** Script the block's reward is paid to. */
  readonly payoutScript: Uint8Array;
}

/** A job whose whole reward goes to one script. @throws TemplateError as `makeRound` does */
export function makeJob(
  template: Template,
  tip: Tip,
  sequence: number,
  settings: JobSettings,
  atMs: number,
): Job {
  const round = makeRound(template, tip, sequence, settings, atMs);
  return jobOf(round, [{ value: template.reward, script: settings.payoutScript }]);
}

/** The coinbase a miner hashed: without witness, extranonces filled in. */
export function coinbaseOf(job: Job, extranonce1: Uint8Array, extranonce2: Uint8Array): Uint8Array {
  return concatBytes(job.coinbase1, extranonce1, extranonce2, job.coinbase2);
}
