/** What a claim has to show before it is taken, as the operator has set it. */
import { HttpError } from '../../service/http.ts';
import type { CaptchaCheck } from '../captcha/captcha-check.ts';
import type { CaptchaOptions } from '../captcha/captcha-settings.ts';
import type { ChallengeDesk } from '../challenge/challenge-desk.ts';
import { SALT, SCRYPT } from '../challenge/work.ts';
import type { ClaimRequest } from '../claims/claim-desk.ts';

/** A claim as it comes in. */
export interface IncomingClaim {
  readonly address: string;
  readonly captcha_token?: string | undefined;
  readonly challenge?: string | undefined;
}

/** Who sends it. */
export interface Visitor {
  readonly ip: string;
  /** `clientOf` it. */
  readonly client: string;
}

/** The way that claims of this faucet are proven. */
export interface ProofDesk {
  /** Attempts that a claim costs at present; undefined where it costs something else. */
  readonly attempts: number | undefined;
  /** What clients have to know about it, in `GET /health`. */
  describe(): object;
  /** The work of a claim that is to come. @throws HttpError 404 where none is asked for */
  challenge(address: string, visitor: Visitor): object;
  /**
   * Looks at what a claim shows.
   * @throws HttpError 400 where it shows nothing; ChallengeError, CaptchaError
   */
  check(claim: IncomingClaim, visitor: Visitor): Promise<Pick<ClaimRequest, 'proof' | 'spend'>>;
  /** Counts a claim that was taken. */
  claimed(): void;
}

/** Claims show solved work. */
export function workProof(desk: ChallengeDesk): ProofDesk {
  const { n, r, p, bytes } = SCRYPT;
  return {
    get attempts() {
      return desk.attempts;
    },
    describe: () => ({ kind: 'challenge', attempts: desk.attempts }),
    challenge: (address, { client }) => {
      const { token, attempts, expiresMs, lifetimeMs } = desk.issue(address, client);
      return {
        token,
        attempts,
        expires: expiresMs / 1000,
        lifetime_seconds: lifetimeMs / 1000,
        scrypt: { n, r, p, bytes, salt: SALT },
      };
    },
    check: async ({ address, challenge }, { client }) => {
      if (challenge === undefined) {
        throw new HttpError(400, 'the field "challenge" is missing: solve one of GET /challenge', {
          code: 'challenge-missing',
          field: 'challenge',
        });
      }
      return { proof: 'challenge', spend: await desk.check(challenge, address, client) };
    },
    claimed: () => desk.claimed(),
  };
}

/** Claims show an answer to a captcha. */
export function captchaProof(check: CaptchaCheck, { provider, siteKey }: CaptchaOptions): ProofDesk {
  return {
    attempts: undefined,
    describe: () => ({
      kind: 'captcha',
      provider: provider.name,
      title: provider.title,
      site_key: siteKey ?? null,
      script_url: provider.scriptUrl,
    }),
    challenge: () => noChallenge(`a captcha of ${provider.title}`),
    check: async ({ captcha_token: token }, { ip }) => {
      if (token === undefined) {
        throw new HttpError(400, `the field "captcha_token" is missing: an answer of ${provider.title}`, {
          code: 'captcha-missing',
          field: 'captcha_token',
        });
      }
      return { proof: 'captcha', spend: await check.check(token, ip) };
    },
    claimed: () => undefined,
  };
}

/** Claims show nothing: the budget and the cooldowns have to do. */
export function noProof(): ProofDesk {
  return {
    attempts: undefined,
    describe: () => ({ kind: 'none' }),
    challenge: () => noChallenge('nothing'),
    check: async () => ({ proof: 'none' }),
    claimed: () => undefined,
  };
}

function noChallenge(instead: string): never {
  throw new HttpError(404, `this faucet gives out no challenges: claims need ${instead}`);
}
