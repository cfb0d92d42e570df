import * as z from 'zod';
import { text } from '../../protocol/schema.ts';
import { DIFFICULTY_RANGE } from '../stratum/difficulty.ts';

/** A file that is no recording; the message names the field. */
export class RecordingError extends Error {
  override readonly name = 'RecordingError';
}

const Line = z.union([
  z.tuple([z.enum(['client', 'pool']), z.string()]),
  z.tuple([z.enum(['client', 'pool']), z.string(), z.number()]),
]);

/** A submission with what is known to come of it. */
const ExpectedShare = z.object({
  params: z.array(z.unknown()),
  /** As shown. */
  hash: z.string().optional(),
  difficulty: z.number().optional(),
});
export type ExpectedShare = z.output<typeof ExpectedShare>;

/**
 * A conversation as it is written down: its lines in order, or a job with submissions to it. What was agreed before
 * the first line stands beside them.
 */
const Recording = z.object({
  client: z.string().nullish(),
  extranonce1: text(/^([0-9a-f]{2}){1,32}$/i, 'up to 32 bytes as hex').optional(),
  extranonce2Size: z.int().min(1).max(32).optional(),
  difficulty: z.number().min(DIFFICULTY_RANGE.lowest).max(DIFFICULTY_RANGE.highest).optional(),
  /** Version bits that may be rolled, 8 hex digits. */
  mask: text(/^[0-9a-f]{8}$/i, '8 hex digits').optional(),
  /** Users authorised before the first line. */
  users: z.array(z.string()).optional(),
  /** The job that went out before the first line, or that submissions without lines are made to. */
  notify: z.object({ params: z.array(z.unknown()) }).optional(),
  /** Who said it, what, and when (milliseconds since 1970). */
  lines: z.array(Line).default([]),
  /** Without lines these are replayed; beside lines they say what the submissions in them come to. */
  submits: z.array(ExpectedShare).default([]),
});
export type Recording = z.input<typeof Recording>;
export type ReadRecording = z.output<typeof Recording>;

/** Most lines of one recording: a day of a talkative miner. */
const MAX_LINES = 1_000_000;

/**
 * Reads a recording, or an answer of the inspector, which holds one.
 * @throws RecordingError naming what is wrong
 */
export function readRecording(content: string): ReadRecording {
  let json: unknown;
  try {
    json = JSON.parse(content);
  } catch (error) {
    throw new RecordingError(`this is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const inner = typeof json === 'object' && json !== null && 'recording' in json ? json.recording : json;
  const parsed = Recording.safeParse(inner);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new RecordingError(
      `this is no recording: ${issue?.path.join('.') || 'the whole'}: ${issue?.message}`,
    );
  }
  const { lines, submits } = parsed.data;
  if (lines.length === 0 && submits.length === 0) {
    throw new RecordingError('this recording has neither lines nor submits');
  }
  if (lines.length > MAX_LINES) throw new RecordingError(`this recording has more than ${MAX_LINES} lines`);
  return parsed.data;
}
