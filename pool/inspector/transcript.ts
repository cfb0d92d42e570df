import type { SentJob, Verdict } from '../stratum/share.ts';
import { type Judgement, judgementOf } from './checks.ts';
import { type Explanation, explainLine } from './explanation.ts';
import { OpenRequests, type Speaker } from './open-requests.ts';
import { redactLine } from './redaction.ts';

/** A line of the conversation, redacted. */
export interface TranscriptLine {
  readonly kind: 'line';
  readonly sequence: number;
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  readonly from: Speaker;
  readonly line: string;
  /** The method of the request that the line answers; null where it answers none. */
  readonly answers: string | null;
}

/** What became of the submission in the line before. */
export interface TranscriptVerdict {
  readonly kind: 'verdict';
  readonly sequence: number;
  readonly timeMs: number;
  readonly judgement: Judgement;
}

export type TranscriptEntry = TranscriptLine | TranscriptVerdict;

/** An entry as it is shown: a line with its explanation. */
export type ShownEntry = (TranscriptLine & { readonly explanation: Explanation }) | TranscriptVerdict;

/** How much of a conversation is kept; the oldest goes first. */
export interface TranscriptLimits {
  readonly entries: number;
  /** Characters of all lines and verdicts together. */
  readonly characters: number;
}

export const TRANSCRIPT_LIMITS: TranscriptLimits = { entries: 1_000, characters: 512 * 1024 };

/** The latest part of one conversation. Explanations are made when it is looked at. */
export class Transcript {
  readonly startedMs: number;
  readonly #limits: TranscriptLimits;
  readonly #requests = new OpenRequests();
  readonly #entries: { readonly entry: TranscriptEntry; readonly size: number }[] = [];
  #size = 0;
  #sequence = 0;

  constructor(startedMs: number, limits: TranscriptLimits = TRANSCRIPT_LIMITS) {
    this.startedMs = startedMs;
    this.#limits = limits;
  }

  /** Entries that were dropped to stay within the limits. */
  get dropped(): number {
    return this.#sequence - this.#entries.length;
  }

  /** Takes a line of either side. */
  hear(from: Speaker, line: string, timeMs: number): void {
    const answers = this.#requests.hear(from, line);
    const shown = redactLine(line, answers);
    const entry = { kind: 'line', from, line: shown, answers: answers ?? null, timeMs } as const;
    this.#keep({ ...entry, sequence: this.#sequence }, shown.length);
  }

  /** Takes what became of a submission. */
  judge(params: readonly unknown[], verdict: Verdict, sent: SentJob | undefined, timeMs: number): void {
    const judgement = judgementOf(params, verdict, sent);
    const size = JSON.stringify(judgement).length;
    this.#keep({ kind: 'verdict', sequence: this.#sequence, timeMs, judgement }, size);
  }

  /** The conversation, oldest first, each line explained. */
  show(): ShownEntry[] {
    return this.#entries.map(({ entry }) =>
      entry.kind === 'line'
        ? { ...entry, explanation: explainLine(entry.line, entry.answers ?? undefined) }
        : entry,
    );
  }

  /** The lines alone, as `nilz pool replay` reads them. */
  lines(): ['client' | 'pool', string, number][] {
    return this.#entries.flatMap(({ entry }) => {
      if (entry.kind !== 'line') return [];
      return [[entry.from === 'miner' ? 'client' : 'pool', entry.line, entry.timeMs]];
    });
  }

  #keep(entry: TranscriptEntry, size: number): void {
    this.#entries.push({ entry, size });
    this.#size += size;
    this.#sequence += 1;
    while (this.#entries.length > this.#limits.entries || this.#size > this.#limits.characters) {
      const oldest = this.#entries.shift();
      if (oldest === undefined) return;
      this.#size -= oldest.size;
    }
  }
}
