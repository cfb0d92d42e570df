/** How each refusal is told over HTTP: one table for all codes. */
import { HttpError } from '../../service/http.ts';
import { CaptchaError, type CaptchaRefusal } from '../captcha/captcha-check.ts';
import { ChallengeError, type ChallengeRefusal } from '../challenge/challenge-desk.ts';
import { ClaimRefusedError, type RefusalCode } from '../claims/refusal.ts';

interface Answer {
  readonly status: number;
  /** The field of the claim that is to blame. */
  readonly field?: 'address' | 'challenge' | 'captcha_token';
  /** When to come back where nobody knows it better. */
  readonly retryAfterSeconds?: number;
}

export type RefusalAnswerCode = RefusalCode | ChallengeRefusal | CaptchaRefusal;

/** 4xx: another claim may be taken; 429: the same one later; 503: nobody's is at present (RFC 9110, RFC 6585). */
export const REFUSAL_ANSWERS: Readonly<Record<RefusalAnswerCode, Answer>> = {
  'bad-address': { status: 400, field: 'address' },
  'own-address': { status: 400, field: 'address' },
  'address-denied': { status: 403, field: 'address' },
  'client-denied': { status: 403 },
  'address-cooldown': { status: 429, field: 'address', retryAfterSeconds: 3_600 },
  'client-cooldown': { status: 429, retryAfterSeconds: 3_600 },
  'budget-spent': { status: 503, retryAfterSeconds: 3_600 },
  'queue-full': { status: 503, retryAfterSeconds: 60 },
  empty: { status: 503, retryAfterSeconds: 600 },
  paused: { status: 503, retryAfterSeconds: 600 },
  'not-ready': { status: 503, retryAfterSeconds: 10 },
  'challenge-malformed': { status: 400, field: 'challenge' },
  'challenge-foreign': { status: 403, field: 'challenge' },
  'challenge-expired': { status: 410, field: 'challenge' },
  'challenge-spent': { status: 409, field: 'challenge' },
  'challenge-unsolved': { status: 403, field: 'challenge' },
  'challenge-busy': { status: 503, retryAfterSeconds: 2 },
  'captcha-wrong': { status: 403, field: 'captcha_token' },
  'captcha-spent': { status: 409, field: 'captcha_token' },
  'captcha-away': { status: 503, retryAfterSeconds: 30 },
  'captcha-busy': { status: 503, retryAfterSeconds: 2 },
};

export type RefusalError = ClaimRefusedError | ChallengeError | CaptchaError;

/** Whether something failed because the faucet refuses it. */
export function isRefusal(error: unknown): error is RefusalError {
  return (
    error instanceof ClaimRefusedError || error instanceof ChallengeError || error instanceof CaptchaError
  );
}

/**
 * What a client is told of a refusal.
 * @param nowMs by the machine's clock
 */
export function refusalAnswer(error: RefusalError, nowMs: number): HttpError {
  const { status, field, retryAfterSeconds } = REFUSAL_ANSWERS[error.code];
  const { retryAtMs, claimId } = error instanceof ClaimRefusedError ? error : {};
  const seconds = retryAtMs === undefined ? retryAfterSeconds : secondsUntil(retryAtMs, nowMs);
  return new HttpError(status, error.message, {
    code: error.code,
    ...(field !== undefined && { field }),
    ...(seconds !== undefined && { retryAfterSeconds: seconds }),
    facts: {
      ...(retryAtMs !== undefined && { retry_at: retryAtMs / 1000 }),
      ...(claimId !== undefined && { claim: claimId }),
    },
  });
}

function secondsUntil(timeMs: number, nowMs: number): number {
  return Math.max(1, Math.ceil((timeMs - nowMs) / 1000));
}
