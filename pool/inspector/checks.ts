import type { RejectReason, SentJob, Verdict } from '../stratum/share.ts';
import { arithmeticOf, type ShareArithmetic } from './arithmetic.ts';

/** The checks of a submission in the order they are made, with the question each one asks. */
const CHECKS = [
  ['not-subscribed', 'has this connection subscribed?'],
  ['unauthorized', 'is the user authorized on this connection, and the job meant for its address?'],
  ['malformed', 'are there 5 or 6 parameters, strings of exact length, strict hex?'],
  ['job-not-found', 'is the job known, and was it sent to this miner?'],
  ['stale', 'is the tip of the job still the tip, or replaced no more than 2 s ago?'],
  ['time-too-old', "is ntime not before the job's time?"],
  ['time-too-new', 'is ntime no more than 30 s ahead of now?'],
  ['version-bits', 'are the version bits inside the agreed mask?'],
  ['duplicate', 'was this header not handed in before on this tip?'],
  ['low-difficulty', 'does the hash reach the difficulty the job was sent with?'],
  ['not-recorded', 'could the share be stored?'],
] as const satisfies readonly (readonly [RejectReason, string])[];

/** One check and how it went; the first that fails decides. */
export interface CheckResult {
  readonly check: RejectReason;
  readonly question: string;
  readonly result: 'passed' | 'failed' | 'not reached';
}

/** A submission with everything that led to its verdict. */
export interface Judgement {
  readonly outcome: 'accepted' | 'rejected';
  /** Which check refused it; null for an accepted share. */
  readonly reason: RejectReason | null;
  /** The refusal in the words the miner gets; null for an accepted share. */
  readonly message: string | null;
  /** It completes a block, which leaves for the nodes whatever becomes of the share. */
  readonly block: boolean;
  /** Handed in within the grace after its tip was replaced. */
  readonly late: boolean;
  readonly checks: readonly CheckResult[];
  /** Null where the job is not known or the parameters cannot be read. */
  readonly arithmetic: ShareArithmetic | null;
}

/**
 * Explains a verdict.
 * @param sent the job the submission names, as this miner was sent it; undefined when there is none
 */
export function judgementOf(
  params: readonly unknown[],
  verdict: Verdict,
  sent: SentJob | undefined,
): Judgement {
  const refusal = verdict.outcome === 'rejected' ? verdict : undefined;
  return {
    outcome: verdict.outcome,
    reason: refusal?.reason ?? null,
    message: refusal?.error.message ?? null,
    block: verdict.candidate !== undefined,
    late: verdict.outcome === 'accepted' && verdict.share.late,
    checks: checksOf(refusal?.reason),
    arithmetic: (sent && arithmeticOf(params, sent)) ?? null,
  };
}

/** The recording comes after the verdict, so that an accepted share has not reached it. */
function checksOf(failed: RejectReason | undefined): CheckResult[] {
  const place = CHECKS.findIndex(([check]) => check === (failed ?? 'not-recorded'));
  return CHECKS.map(([check, question], index) => {
    const atPlace = failed === undefined ? 'not reached' : 'failed';
    return { check, question, result: index < place ? 'passed' : index === place ? atPlace : 'not reached' };
  });
}
