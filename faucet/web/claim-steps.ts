/** What it takes to make a claim: its proof, and handing it in. No element is made or shown here. */
import { ask, post, RefusedError } from '../../service/web/poll.ts';
import { type Claim, type Proof, readChallenge, readClaim } from './answers.ts';
import { searchStamp } from './search.ts';

/** How far a claim is. */
export type ClaimProgress =
  | { readonly step: 'asking' }
  | { readonly step: 'working'; readonly tried: number; readonly attempts: number }
  | { readonly step: 'sending' };

export interface ClaimAttempt {
  readonly address: string;
  readonly proof: Proof;
  /** The answer of the captcha, where there is one. */
  readonly captchaToken: string | undefined;
  readonly onProgress: (progress: ClaimProgress) => void;
  readonly signal: AbortSignal;
}

/** A lost answer is asked for again this often: the claim may have been taken. */
const RESENDS = 3;
const RESEND_PAUSE_MS = 2_000;

/**
 * Makes a claim. Where its challenge grew too old while the page slept, it works for another.
 * @throws RefusedError; TypeError while nobody answers; what the signal was aborted with
 */
export async function makeClaim(attempt: ClaimAttempt): Promise<Claim> {
  const { address, proof, captchaToken, onProgress, signal } = attempt;
  if (proof.kind === 'captcha') {
    onProgress({ step: 'sending' });
    return send({ address, captcha_token: captchaToken }, signal);
  }
  if (proof.kind === 'none') {
    onProgress({ step: 'sending' });
    return send({ address }, signal);
  }
  try {
    return await claimByWork(attempt);
  } catch (error) {
    const isOld = error instanceof RefusedError && error.code === 'challenge-expired';
    if (isOld) return claimByWork(attempt);
    throw error;
  }
}

async function claimByWork({ address, onProgress, signal }: ClaimAttempt): Promise<Claim> {
  onProgress({ step: 'asking' });
  const challenge = await ask(`/challenge?address=${encodeURIComponent(address)}`, readChallenge, signal);
  const { attempts } = challenge;
  onProgress({ step: 'working', tried: 0, attempts });
  const stamp = await searchStamp({
    challenge,
    signal,
    onProgress: (tried) => onProgress({ step: 'working', tried, attempts }),
  });
  onProgress({ step: 'sending' });
  return send({ address, challenge: stamp }, signal);
}

/** Hands it in, again while nobody answers or the faucet is too busy to look at it. */
async function send(body: object, signal: AbortSignal): Promise<Claim> {
  for (let resend = 0; ; resend += 1) {
    try {
      return await post('/claim', body, readClaim, signal);
    } catch (error) {
      signal.throwIfAborted();
      const isBusy = error instanceof RefusedError && /-busy$/.test(error.code ?? '');
      // What fetch throws while nobody answers, and when that has taken too long.
      const isUnanswered = error instanceof TypeError || error instanceof DOMException;
      if (resend >= RESENDS || !(isBusy || isUnanswered)) throw error;
      await new Promise((accept) => setTimeout(accept, RESEND_PAUSE_MS));
    }
  }
}
