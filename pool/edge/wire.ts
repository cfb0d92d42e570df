/**
 * What an edge and its pool say to each other: JSON-RPC 2.0, one object per text frame of a WebSocket on the
 * path `/edge`, opened with `Authorization: Bearer TOKEN`. Both sides read everything with these schemas.
 *
 * | method | from | | |
 * |---|---|---|---|
 * | `hello` | edge | request | first, once: who it is. The answer is what it needs to serve miners |
 * | `shares` | edge | request | shares in the order of their sequence, answered when all of them are durable |
 * | `block` | edge | request | a share that is a block, out of turn |
 * | `status` | edge | notification | who is connected to it |
 * | `job` | pool | notification | new work |
 * | `notice` | pool | notification | a text for the owners of miners |
 */
import * as z from 'zod';
import { MAX_MERKLE_BRANCHES } from '../../protocol/stratum.ts';
import { EXTRANONCE1_SIZE } from '../jobs/job.ts';
import { DIFFICULTY_RANGE } from '../stratum/difficulty.ts';
import { LEAST_EXTRANONCE2_SIZE, REJECTIONS, type RejectReason } from '../stratum/share.ts';

/** Rises with every change that the other side would not understand. */
export const EDGE_PROTOCOL = 1;
export const EDGE_PATH = '/edge';
/** Longest message: a full batch has some 50 KiB, a job at most 16. */
export const MAX_MESSAGE_BYTES = 256 * 1024;
/** Shares of one `shares`. */
export const MAX_BATCH = 128;
/** Batches an edge may have under way before the first is answered. */
export const MAX_BATCHES_IN_FLIGHT = 16;
/** Shares an edge may hold unanswered. */
export const MAX_HELD = 200_000;

/** Error codes of `hello`, from the range JSON-RPC 2.0 leaves to servers. */
export const HELLO_ERRORS = {
  /** The other side speaks another version. */
  protocol: -32001,
  /** The pool pays finders directly, from which an edge cannot make work. */
  solo: -32002,
  /** Another process with this id is connected. */
  inUse: -32003,
  /** There are as many edges as there is room for. */
  full: -32004,
} as const;

/** Bytes as lower-case hex. */
function hexOf(most: number, least = 0) {
  return z
    .string()
    .regex(new RegExp(`^(?:[0-9a-f]{2}){${least},${most}}$`), `must be hex, ${most} bytes at most`);
}

const Hash = hexOf(32, 32);
const Word = hexOf(4, 4);
const Count = z.int().min(0);
const JobId = z.string().regex(/^[0-9a-f]{1,12}$/, 'must be a job id');
const Text = z.string().max(500);
const Difficulty = z.number().min(DIFFICULTY_RANGE.lowest).max(DIFFICULTY_RANGE.highest);
/** Of extranonce1 and extranonce2 together, where extranonce2 has its most. */
const MOST_EXTRANONCE_BYTES = EXTRANONCE1_SIZE + 8;

/** What an edge calls itself: its operator's choice, the same after restarts. */
export const EdgeId = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,64}$/, 'must be 1 to 64 letters, digits, "." "_" or "-"');

export const Hello = z.strictObject({
  protocol: z.int(),
  edge: EdgeId,
  /** Random, made at each start of the edge: its sequence numbers belong to it. */
  instance: hexOf(8, 8),
  /** The sequences of the shares it holds are from `first` to before `next`. */
  first: z.int().min(1),
  next: z.int().min(1),
});
export type Hello = z.output<typeof Hello>;

export const WireJob = z.strictObject({
  id: JobId,
  /** Hash of the parent, internal order. */
  previous: Hash,
  coinbase1: hexOf(512, 8),
  coinbase2: hexOf(4_096),
  branch: z.array(Hash).max(MAX_MERKLE_BRANCHES),
  version: z.int().min(-0x80000000).max(0x7fffffff),
  bits: z.int().min(0).max(0xffffffff),
  time: z.int().min(0).max(0xffffffff),
  /** Of the block to be mined. */
  height: z.int().min(0).max(0x7fffffff),
  /** How long ago it was made: each side has a clock of its own. */
  age_ms: Count,
});
export type WireJob = z.output<typeof WireJob>;

export const Welcome = z.strictObject({
  protocol: z.literal(EDGE_PROTOCOL),
  /** 15 bits that follow a first bit of 1 in every extranonce1 of this edge. */
  prefix: z.int().min(0).max(0x7fff),
  extranonce2_size: z.int().min(2).max(8),
  network: z.strictObject({
    name: z.string().max(64),
    hrp: z.string().max(83),
    p2pkh: z.int().min(0).max(255).nullable(),
    p2sh: z.int().min(0).max(255).nullable(),
    only_p2wpkh: z.boolean(),
    identity: z.string().max(200),
    maturity: Count,
    block_time_seconds: z.number().positive().nullable(),
  }),
  difficulty: z.strictObject({
    start: Difficulty,
    minimum: Difficulty,
    maximum: Difficulty,
    share_interval_ms: Count,
    share_target_multiplier: z.number().positive(),
  }),
  job_ttl_ms: Count,
  /** The work of now; null while there is none. */
  job: WireJob.nullable(),
});
export type Welcome = z.output<typeof Welcome>;

export const JobNews = z.strictObject({ job: WireJob, clean: z.boolean() });
export const Notice = z.strictObject({ text: Text });

const share = {
  /** Of the job as the pool sent it. */
  job: JobId,
  /** Which of the edge's own jobs it is, made of that one: see edge-job.ts. */
  variant: z
    .int()
    .min(0)
    .max(2 ** 48),
  /** What that job was sent to the miner with. Whether it is one of this pool's is a question of the share's own. */
  difficulty: z.number().positive(),
  user: z.string().max(256),
  /** Longer than usual where the edge has moved its miner to a smaller part of the search space. */
  extranonce1: hexOf(MOST_EXTRANONCE_BYTES - LEAST_EXTRANONCE2_SIZE, EXTRANONCE1_SIZE),
  extranonce2: hexOf(8, LEAST_EXTRANONCE2_SIZE),
  time: Word,
  nonce: Word,
  /** Bits rolled in the version; null when none were. */
  version_bits: Word.nullable(),
  /** How long the edge has had it. */
  age_ms: Count,
};

export const WireShare = z.strictObject({ sequence: z.int().min(1), ...share });
export type WireShare = z.output<typeof WireShare>;

/** `sequence` is null for a block whose share is not to be credited: a late one, for example. */
export const WireBlock = z.strictObject({ sequence: z.int().min(1).nullable(), ...share });
export type WireBlock = z.output<typeof WireBlock>;

export const Shares = z.strictObject({ shares: z.array(WireShare).min(1).max(MAX_BATCH) });
export const Block = z.strictObject({ block: WireBlock });

const reasons = Object.keys(REJECTIONS) as [RejectReason, ...RejectReason[]];
const Outcome = z.union([z.literal(true), z.strictObject({ reason: z.enum(reasons), message: Text })]);
/** What became of a share: true once it is durable, else why it is not credited. */
export type Outcome = z.output<typeof Outcome>;

/** In the order of the shares. */
export const SharesAnswer = z.strictObject({ outcomes: z.array(Outcome).max(MAX_BATCH) });
export const BlockAnswer = z.strictObject({ outcome: Outcome });

export const Status = z.strictObject({
  connections: Count,
  authorized: Count,
  /** Shares that were not answered yet. */
  held: Count,
});
export type Status = z.output<typeof Status>;
