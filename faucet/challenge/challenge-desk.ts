/** Gives out challenges and looks at what comes back. */
import { type ScryptOptions, scrypt } from 'node:crypto';
import type { Clock } from '../../service/clock.ts';
import type { SpentChallenge } from '../claims/claim-desk.ts';
import { attemptsFor, Demand, type WorkRange } from './demand.ts';
import { Tokens } from './token.ts';
import { isSolved, readStamp, SALT, SCRYPT } from './work.ts';
import { WorkGate } from './work-gate.ts';

/** Every reason for which a solved challenge is not taken, with the sentence that documents it. */
export const CHALLENGE_REFUSALS = {
  'challenge-malformed': 'the challenge is no TOKEN:NONCE, or its token was not given out by this faucet',
  'challenge-foreign': 'the challenge was given out for another address or to another client',
  'challenge-expired': 'the challenge is too old',
  'challenge-spent': 'the challenge was used already',
  'challenge-unsolved': 'the work of the challenge is not done',
  'challenge-busy': 'too many challenges wait to be checked',
} as const;

export type ChallengeRefusal = keyof typeof CHALLENGE_REFUSALS;

/** A solution that is not taken. */
export class ChallengeError extends Error {
  override readonly name = 'ChallengeError';
  readonly code: ChallengeRefusal;

  constructor(code: ChallengeRefusal, message: string) {
    super(message);
    this.code = code;
  }
}

export interface IssuedChallenge {
  readonly token: string;
  readonly attempts: number;
  /** Milliseconds since 1970, by the faucet's clock. */
  readonly expiresMs: number;
  readonly lifetimeMs: number;
}

export interface ChallengeDeskOptions {
  /** See {@link Tokens}. */
  readonly secret: Uint8Array;
  readonly clock: Clock;
  /** So many bytes from a secure source. */
  readonly random: (bytes: number) => Uint8Array;
  readonly work: WorkRange;
  /** Claims an hour that the faucet can pay for ever. */
  readonly sustainablePerHour: number;
}

/** Attempts in a second of the slowest device that we wait for: an old phone, one thread. */
const SLOWEST_PER_SECOND = 10;
/** Of a search that takes as long as the mean, one in e is not through; of one of six times, one in 400. */
const PATIENCE = 6;
const LEAST_LIFETIME_MS = 600_000;
/** Two of the four threads that Node.js has for such things: the database needs the others. */
const CHECKED_AT_ONCE = 2;
const CHECKS_WAITING = 100;
/** Ids whose solution was looked at: more than can be solved within the life of a challenge. */
const REMEMBERED = 50_000;
const ID_BYTES = 16;

export class ChallengeDesk {
  readonly #options: ChallengeDeskOptions;
  readonly #tokens: Tokens;
  readonly #demand: Demand;
  readonly #gate = new WorkGate(CHECKED_AT_ONCE, CHECKS_WAITING);
  /** A page sends what it has checked itself: a challenge gets one look, so guessing costs a challenge each time. */
  readonly #looked = new Set<string>();

  constructor(options: ChallengeDeskOptions) {
    const { secret, clock } = options;
    this.#options = options;
    this.#tokens = new Tokens(secret);
    this.#demand = new Demand(clock.steadyMs());
  }

  /** Attempts that a claim costs at present. */
  get attempts(): number {
    const { work, clock, sustainablePerHour } = this.#options;
    return attemptsFor(this.#demand.claimsPerHour(clock.steadyMs()), sustainablePerHour, work);
  }

  /** A challenge for a claim of this client on behalf of this address, in its one spelling. */
  issue(address: string, client: string): IssuedChallenge {
    const { attempts } = this;
    const lifetimeMs = lifetimeOf(attempts);
    const issuedMs = this.#options.clock.wallMs();
    const expiresMs = issuedMs + lifetimeMs;
    const id = Buffer.from(this.#options.random(ID_BYTES)).toString('base64url');
    const clientTag = this.#tokens.clientTag(client);
    const token = this.#tokens.write({ id, issuedMs, expiresMs, attempts, address, clientTag });
    return { token, attempts, expiresMs, lifetimeMs };
  }

  /**
   * Looks at a stamp: what costs nothing first, the work last. The answer is to be spent with the claim.
   * @throws ChallengeError
   */
  async check(stamp: string, address: string, client: string): Promise<SpentChallenge> {
    const parts = readStamp(stamp);
    const challenge = parts === undefined ? undefined : this.#tokens.read(parts.token);
    if (challenge === undefined) {
      throw new ChallengeError(
        'challenge-malformed',
        'the challenge must be TOKEN:NONCE with a token of GET /challenge',
      );
    }
    const { id, issuedMs, expiresMs, attempts } = challenge;
    if (challenge.address !== address || challenge.clientTag !== this.#tokens.clientTag(client)) {
      const whose = challenge.address === address ? 'to another network address' : 'for another address';
      throw new ChallengeError('challenge-foreign', `the challenge was given out ${whose}: ask for your own`);
    }
    const nowMs = this.#options.clock.wallMs();
    // One of the future was given out before the clock was set back: it may have been forgotten as spent.
    if (nowMs >= expiresMs || nowMs < issuedMs) {
      throw new ChallengeError('challenge-expired', 'the challenge is too old: ask for another');
    }
    if (this.#looked.has(id)) {
      throw new ChallengeError('challenge-spent', 'the challenge was used already: ask for another');
    }
    if (this.#gate.isFull) {
      throw new ChallengeError(
        'challenge-busy',
        'too many challenges wait to be checked: send it again in a moment',
      );
    }
    this.#remember(id);
    if (!isSolved(await this.#gate.run(() => scryptOf(stamp)), attempts)) {
      throw new ChallengeError(
        'challenge-unsolved',
        `the work is not done: scrypt of the challenge is too large for 1 in ${attempts}`,
      );
    }
    return { challengeId: id, expiresMs };
  }

  /** Counts a claim that was taken: what moves the price. */
  claimed(): void {
    this.#demand.claimed(this.#options.clock.steadyMs());
  }

  #remember(id: string): void {
    this.#looked.add(id);
    if (this.#looked.size <= REMEMBERED) return;
    for (const oldest of this.#looked) {
      this.#looked.delete(oldest);
      break;
    }
  }
}

/** Long enough for nearly everybody to solve it. */
function lifetimeOf(attempts: number): number {
  return Math.max(LEAST_LIFETIME_MS, Math.ceil((PATIENCE * attempts * 1_000) / SLOWEST_PER_SECOND));
}

/** scrypt of a stamp, in another thread. */
function scryptOf(stamp: string): Promise<Uint8Array> {
  const { n, r, p, bytes } = SCRYPT;
  // 128 × N × r bytes (RFC 7914, 2), and as much again to be safe.
  const options: ScryptOptions = { N: n, r, p, maxmem: 256 * n * r };
  return new Promise((accept, reject) =>
    scrypt(stamp, SALT, bytes, options, (error, key) => (error === null ? accept(key) : reject(error))),
  );
}
