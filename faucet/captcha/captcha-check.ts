/** Has a provider say whether somebody solved its captcha. */
import { hash } from 'node:crypto';
import * as z from 'zod';
import type { Clock } from '../../service/clock.ts';
import type { Logger } from '../../service/log.ts';
import { WorkGate } from '../challenge/work-gate.ts';
import type { SpentChallenge } from '../claims/claim-desk.ts';
import type { CaptchaOptions } from './captcha-settings.ts';

/** Every reason for which a captcha's answer is not taken, with the sentence that documents it. */
export const CAPTCHA_REFUSALS = {
  'captcha-wrong': 'the captcha is not solved, says its provider',
  'captcha-spent': 'the answer to the captcha was used already, or is too old',
  'captcha-away': 'the provider of the captcha does not answer, or not as it should',
  'captcha-busy': 'too many captchas wait to be checked',
} as const;

export type CaptchaRefusal = keyof typeof CAPTCHA_REFUSALS;

export class CaptchaError extends Error {
  override readonly name = 'CaptchaError';
  readonly code: CaptchaRefusal;

  constructor(code: CaptchaRefusal, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What both providers answer, as far as it decides. */
const Verdict = z.object({
  success: z.boolean(),
  hostname: z.string().nullish(),
  score: z.number().nullish(),
  'error-codes': z.array(z.string()).nullish(),
});
type Verdict = z.infer<typeof Verdict>;

const TIMEOUT_MS = 5_000;
const MAX_ANSWER_BYTES = 64 * 1024;
const CHECKED_AT_ONCE = 16;
const CHECKS_WAITING = 64;
/** Providers forget an answer after two minutes; we are in no hurry. */
const REMEMBERED_MS = 86_400_000;

const TOO_LATE = ['timeout-or-duplicate', 'expired-input-response', 'already-seen-response'];
/** Codes that no client can bring about: the faucet is set up wrongly. */
const OUR_FAULT = [
  'missing-input-secret',
  'invalid-input-secret',
  'sitekey-secret-mismatch',
  'bad-request',
  'not-using-dummy-secret',
];

export class CaptchaCheck {
  readonly #options: CaptchaOptions;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #gate = new WorkGate(CHECKED_AT_ONCE, CHECKS_WAITING);
  /** Answers that are being asked about: a thousand claims with one answer are one question. */
  readonly #asking = new Set<string>();

  constructor(options: CaptchaOptions, clock: Clock, log: Logger) {
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
  }

  /**
   * Asks the provider about an answer. What comes back is to be spent with the claim, so that an answer counts
   * once even if its provider takes it twice.
   * @param token what the widget gave the client
   * @param ip of the client, for the provider to compare
   * @throws CaptchaError
   */
  async check(token: string, ip: string): Promise<SpentChallenge> {
    const challengeId = `captcha:${hash('sha256', token, 'base64url')}`;
    if (this.#asking.has(challengeId)) {
      throw new CaptchaError('captcha-spent', 'this answer to the captcha is being checked already');
    }
    if (this.#gate.isFull) {
      throw new CaptchaError(
        'captcha-busy',
        'too many captchas wait to be checked: send it again in a moment',
      );
    }
    this.#asking.add(challengeId);
    try {
      this.#judge(await this.#gate.run(() => this.#ask(token, ip)));
    } finally {
      this.#asking.delete(challengeId);
    }
    return { challengeId, expiresMs: this.#clock.wallMs() + REMEMBERED_MS };
  }

  async #ask(token: string, ip: string): Promise<Verdict> {
    const { provider, secret, siteKey } = this.#options;
    const form = new URLSearchParams({ secret, response: token, remoteip: ip });
    // reCAPTCHA knows no such field.
    if (provider.name === 'hcaptcha' && siteKey !== undefined) form.set('sitekey', siteKey);
    try {
      const response = await fetch(provider.verifyUrl, {
        method: 'POST',
        body: form,
        headers: { Accept: 'application/json' },
        // The secret goes to the address that was set and to no other.
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const text = await readAnswer(response);
      if (!response.ok) throw new Error(`HTTP status ${response.status}`);
      return Verdict.parse(JSON.parse(text));
    } catch (error) {
      this.#log.warn({ err: error, url: provider.verifyUrl }, 'a captcha could not be checked');
      throw new CaptchaError('captcha-away', awayText(provider.title), { cause: error });
    }
  }

  /** @throws CaptchaError unless the provider says that it is solved, and on a site that counts */
  #judge(verdict: Verdict): void {
    const { provider, hostnames, minScore } = this.#options;
    const codes = verdict['error-codes'] ?? [];
    if (codes.some((code) => OUR_FAULT.includes(code))) {
      this.#log.error({ codes }, `${provider.title} refuses the faucet: look at its secret and site key`);
      throw new CaptchaError('captcha-away', awayText(provider.title));
    }
    if (codes.some((code) => TOO_LATE.includes(code))) {
      throw new CaptchaError(
        'captcha-spent',
        'the answer to the captcha was used or is too old: solve it again',
      );
    }
    const isOfUs = hostnames.length === 0 || hostnames.includes(verdict.hostname ?? '');
    if (!verdict.success || !isOfUs) {
      const why = verdict.success
        ? 'it was solved on another site'
        : `${provider.title} says it is not solved`;
      throw new CaptchaError('captcha-wrong', `the captcha does not count: ${why}; solve it again`);
    }
    if (typeof verdict.score === 'number' && verdict.score < minScore) {
      throw new CaptchaError(
        'captcha-wrong',
        `${provider.title} takes this for a program; if you are none, try another browser or network`,
      );
    }
  }
}

function awayText(title: string): string {
  return `${title} cannot be asked at the moment: try again later`;
}

/** The text of an answer. @throws Error where it is longer than any verdict */
async function readAnswer({ body }: Response): Promise<string> {
  if (body === null) return '';
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > MAX_ANSWER_BYTES) throw new Error(`the answer is longer than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
