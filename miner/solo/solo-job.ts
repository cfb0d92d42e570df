/** Work made straight of a node's template, and the block that a hit makes of it. */
import { concatBytes } from '../../protocol/bytes.ts';
import { compactToTarget } from '../../protocol/compact.ts';
import type { Template } from '../../protocol/template.ts';
import { assembleBlock, coinbaseEnd, splitCoinbase } from '../../protocol/template-block.ts';
import { difficultyOf } from '../../protocol/work.ts';
import { type Hit, headerOfWork, type Work } from '../hashing/work.ts';

/** Work together with what a block of it holds beyond its header. */
export interface SoloJob {
  readonly work: Work;
  readonly template: Template;
}

/** A block found, ready to be handed in. */
export interface FoundBlock {
  readonly header: Uint8Array;
  /** All of it as hex, for `submitblock`. */
  readonly raw: () => string;
}

/** What a job is made of. */
export interface SoloJobParts {
  readonly template: Template;
  /** The output script that is paid. */
  readonly script: Uint8Array;
  readonly serial: number;
  /** Tells this job's headers from those of all others, also of other miners that pay to the same script. */
  readonly extranonce1: number;
  /** Whether everything before is stale. */
  readonly isClean: boolean;
}

const EXTRANONCE1_SIZE = 4;
/** Left to the threads: 2³² values of 2³² nonces each, so that neither time nor version is ever rolled. */
const EXTRANONCE2_SIZE = 4;
/** Marks the block for whoever looks at it; not a pool's mark, by which pools know their own blocks. */
const SOLO_TAG: Uint8Array = new TextEncoder().encode('/nilz solo/');

/**
 * Work on a template: its coinbase pays everything to one script. The coinbase's script is the height (BIP 34), one
 * push of eight bytes for the extranonces, and a tag. Version and time are the template's: the bits that a block
 * needs may depend on its time, and the node said them for that one.
 */
export function makeSoloJob({ template, script, serial, extranonce1, isClean }: SoloJobParts): SoloJob {
  const room = EXTRANONCE1_SIZE + EXTRANONCE2_SIZE;
  const [coinbase1, scriptEnd] = splitCoinbase(template, { unique: new Uint8Array(0), room, tag: SOLO_TAG });
  const coinbase2 = coinbaseEnd(scriptEnd, [{ value: template.reward, script }], template);
  const extranonce = new Uint8Array(EXTRANONCE1_SIZE);
  new DataView(extranonce.buffer).setUint32(0, extranonce1);
  const job = {
    jobId: serial.toString(16),
    previousHash: template.previous,
    coinbase1,
    coinbase2,
    merkleBranch: template.branch,
    version: template.version,
    bits: template.bits,
    time: template.time,
    cleanJobs: isClean,
  };
  return {
    template,
    work: {
      serial,
      job,
      extranonce1: extranonce,
      extranonce2Size: EXTRANONCE2_SIZE,
      versionMask: 0,
      target: compactToTarget(template.bits),
      difficulty: difficultyOf(template.bits),
    },
  };
}

/** The block of a hit; whether its header meets the target is for the caller to see. */
export function blockOf({ work, template }: SoloJob, hit: Hit): FoundBlock {
  const header = headerOfWork(work, hit);
  const { coinbase1, coinbase2 } = work.job;
  return {
    header,
    raw: () =>
      assembleBlock(template, header, concatBytes(coinbase1, work.extranonce1, hit.extranonce2, coinbase2)),
  };
}
