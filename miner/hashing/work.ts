/** What the miner's threads work on, and what they find. */
import { headerOf, type NotifyParams, rolledVersion } from '../../protocol/stratum.ts';
import type { Difficulty, Target } from '../../protocol/units.ts';

/**
 * One job of the pool together with what makes headers of it. Plain data: it goes to
 * worker threads as a message.
 */
export interface Work {
  /** Number that this process gave it, never used again; a pool may repeat its job ids. */
  readonly serial: number;
  readonly job: NotifyParams;
  readonly extranonce1: Uint8Array;
  /** Bytes of extranonce2 that the pool leaves to the miner. */
  readonly extranonce2Size: number;
  /** Bits of the version that the miner may choose, as a u32 (BIP 310); 0: none. */
  readonly versionMask: number;
  /** Highest hash that counts as a share. */
  readonly target: Target;
  /** The share difficulty that the target was made from. */
  readonly difficulty: Difficulty;
}

/** A header that meets the target of its work, named by the fields that the miner chose. */
export interface Hit {
  readonly serial: number;
  /** The thread that found it. */
  readonly thread: number;
  readonly extranonce2: Uint8Array;
  /** Block time, u32. */
  readonly ntime: number;
  readonly nonce: number;
  /** The bits of the version inside the work's mask, u32. Those outside are the job's. */
  readonly versionBits: number;
}

/** The fields of a header that the miner chooses. */
export type ChosenFields = Pick<Hit, 'extranonce2' | 'ntime' | 'nonce' | 'versionBits'>;

/** The 80-byte header of a work under the fields that the miner chooses. */
export function headerOfWork(work: Work, chosen: ChosenFields): Uint8Array {
  const { job, extranonce1, versionMask } = work;
  const version = rolledVersion(job.version, versionMask, chosen.versionBits);
  return headerOf(job, extranonce1, chosen.extranonce2, chosen.ntime, chosen.nonce, version);
}
