/** What the faucet answers over HTTP, as far as its page shows it (docs/faucet.md). */
import * as z from 'zod/mini';
import type { Reader } from '../../service/web/poll.ts';
import { RefusedError } from '../../service/web/poll.ts';

// Schemas compiled with `new Function` are what the page's content policy forbids.
z.config({ jitless: true });

const number = z.number();
const text = z.string();
/** Whole nits in decimal digits: exact, unlike a number. */
const nits = z.string().check(z.regex(/^\d+$/));

const Proof = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('challenge'), attempts: number }),
  z.object({
    kind: z.literal('captcha'),
    provider: z.enum(['hcaptcha', 'recaptcha']),
    title: text,
    site_key: z.nullable(text),
    script_url: text,
  }),
  z.object({ kind: z.literal('none') }),
]);
export type Proof = z.infer<typeof Proof>;
export type CaptchaProof = Extract<Proof, { kind: 'captcha' }>;

const FaucetState = z.object({
  trouble: z.nullable(text),
  time: number,
  network: z.object({
    name: text,
    coin: text,
    test_money: z.boolean(),
    address_prefix: text,
    height: z.nullable(number),
  }),
  amount_nits: nits,
  left_today_nits: nits,
  daily_cap_nits: nits,
  budget_resets: number,
  balance_nits: z.nullable(nits),
  queue: number,
  sent: number,
  empty: z.boolean(),
  paused: z.boolean(),
  address_cooldown_seconds: number,
  client_cooldown_seconds: number,
  proof: Proof,
  explorer_url: z.nullable(text),
});
export type FaucetState = z.infer<typeof FaucetState>;

const Claim = z.object({
  id: text,
  address: text,
  amount_nits: nits,
  state: z.enum(['queued', 'sent', 'confirmed', 'refused']),
  txid: z.nullable(text),
  confirmations: z.nullable(number),
  reason: z.nullable(text),
  created: number,
  retry_at: z.nullable(number),
  time: number,
});
export type Claim = z.infer<typeof Claim>;

const Challenge = z.object({ token: text, attempts: number, expires: number });
export type Challenge = z.infer<typeof Challenge>;

export const readState: Reader<FaucetState> = (body) => z.parse(FaucetState, body);
export const readClaim: Reader<Claim> = (body) => z.parse(Claim, body);
export const readChallenge: Reader<Challenge> = (body) => z.parse(Challenge, body);

/** What comes with a refusal. */
const RefusalFacts = z.object({
  retry_after_seconds: z.optional(number),
  /** A claim of one's own that is in the way. */
  claim: z.optional(text),
});

/** Why something was not taken. */
export interface Refusal {
  /** The service's word for it; undefined where it has none. */
  readonly code: string | undefined;
  readonly message: string;
  /** When the same may succeed. */
  readonly retryAfterSeconds: number | undefined;
  /** The claim that was made before. */
  readonly claimId: string | undefined;
}

/** What a failure says; one that is no refusal is somebody who does not answer. */
export function refusalOf(error: unknown): Refusal {
  if (!(error instanceof RefusedError)) {
    return {
      code: 'no-answer',
      message: 'The faucet does not answer.',
      retryAfterSeconds: undefined,
      claimId: undefined,
    };
  }
  const facts = z.safeParse(RefusalFacts, error.facts);
  return {
    code: error.code,
    message: sentence(error.message),
    retryAfterSeconds: facts.data?.retry_after_seconds,
    claimId: facts.data?.claim,
  };
}

function sentence(message: string): string {
  const text = message.slice(0, 1).toUpperCase() + message.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
