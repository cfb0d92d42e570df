import { bytesToHex, concatBytes, displayHash } from '../../protocol/bytes.ts';
import { sha256d } from '../../protocol/hash.ts';
import { hashHeaderBytes } from '../../protocol/header.ts';
import {
  headerFromRoot,
  hexWord,
  parseSubmit,
  StratumError,
  type SubmitParams,
} from '../../protocol/stratum.ts';
import type { Difficulty, Hash } from '../../protocol/units.ts';
import { difficultyOf, difficultyOfHash, isAtMost } from '../../protocol/work.ts';
import { hashedVersion, type SentJob } from '../stratum/share.ts';

/** One step up the merkle tree: the node so far on the left, its sibling from the job on the right. */
export interface MerkleStep {
  readonly sibling: string;
  /** SHA-256d of both, as bytes in hex. */
  readonly node: string;
}

/** How a submission becomes a hash, step by step; bytes are hex as they are hashed, unless said otherwise. */
export interface ShareArithmetic {
  /** coinbase1, extranonce1, extranonce2, coinbase2. */
  readonly coinbaseParts: readonly [string, string, string, string];
  /** SHA-256d of the coinbase. */
  readonly coinbaseHash: string;
  readonly merkle: readonly MerkleStep[];
  readonly header: {
    readonly hex: string;
    /** The job's version, the agreed mask, the miner's bits, and what comes of them. */
    readonly version: {
      readonly job: string;
      readonly mask: string;
      readonly bits: string | null;
      readonly rolled: string;
    };
    /** As shown: bytes reversed. */
    readonly previous: string;
    readonly merkleRoot: string;
    readonly time: string;
    readonly bits: string;
    readonly nonce: string;
  };
  /** SHA-256d of the header as shown: bytes reversed. */
  readonly hash: string;
  /** What the hash reaches, what the job was sent with, and what makes a block. */
  readonly difficulty: {
    readonly reached: Difficulty;
    readonly asked: Difficulty;
    readonly network: Difficulty;
  };
  readonly isShare: boolean;
  readonly isBlock: boolean;
}

/**
 * Computes a submission again, keeping every step.
 * @param params of `mining.submit`
 * @param sent the job as this miner was sent it
 * @returns undefined when the parameters are malformed: then there is nothing to compute
 */
export function arithmeticOf(params: readonly unknown[], sent: SentJob): ShareArithmetic | undefined {
  const submission = readSubmission(params, sent.extranonce.extranonce2Size);
  if (submission === undefined) return undefined;
  const { job, level, versionMask } = sent;
  const { extranonce1 } = sent.extranonce;
  const { extranonce2, time, nonce, versionBits } = submission;
  const coinbaseHash = sha256d(concatBytes(job.coinbase1, extranonce1, extranonce2, job.coinbase2));
  const { root, steps } = climb(coinbaseHash, job.merkleBranch);
  const version = hashedVersion(sent, versionBits ?? 0);
  const header = headerFromRoot(job, root, time, nonce, version);
  const hash = hashHeaderBytes(header);
  return {
    coinbaseParts: [
      bytesToHex(job.coinbase1),
      bytesToHex(extranonce1),
      bytesToHex(extranonce2),
      bytesToHex(job.coinbase2),
    ],
    coinbaseHash: bytesToHex(coinbaseHash),
    merkle: steps,
    header: {
      hex: bytesToHex(header),
      version: {
        job: hexWord(job.version),
        mask: hexWord(versionMask),
        bits: versionBits === undefined ? null : hexWord(versionBits),
        rolled: hexWord(version),
      },
      previous: displayHash(job.previousHash),
      merkleRoot: bytesToHex(root),
      time: hexWord(time),
      bits: hexWord(job.bits),
      nonce: hexWord(nonce),
    },
    hash: displayHash(hash),
    difficulty: {
      reached: difficultyOfHash(hash),
      asked: level.difficulty,
      network: difficultyOf(job.bits),
    },
    isShare: isAtMost(hash, level.target),
    isBlock: isAtMost(hash, job.networkTarget),
  };
}

function readSubmission(params: readonly unknown[], extranonce2Size: number): SubmitParams | undefined {
  try {
    return parseSubmit(params, extranonce2Size);
  } catch (error) {
    if (error instanceof StratumError) return undefined;
    throw error;
  }
}

function climb(leaf: Hash, branch: readonly Hash[]): { root: Hash; steps: MerkleStep[] } {
  let root = leaf;
  const steps = branch.map((sibling) => {
    root = sha256d(concatBytes(root, sibling));
    return { sibling: bytesToHex(sibling), node: bytesToHex(root) };
  });
  return { root, steps };
}
