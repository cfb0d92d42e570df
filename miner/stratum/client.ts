/**
 * The Stratum V1 client as a reducer: events in, effects out, with no socket, clock or
 * random source of its own; miner.ts connects it to the world.
 *
 * A connection goes through mining.subscribe and mining.authorize to jobs and shares
 * (session.ts). Whatever ends it leads to another attempt after a back-off.
 */
import {
  encodeRequest,
  parseLine,
  parseNotify,
  StratumError,
  type StratumId,
  type StratumResponse,
} from '../../protocol/stratum.ts';
import type { MinerEvent } from '../event.ts';
import {
  connectionProblem,
  type Problem,
  type ProblemCode,
  shownText,
  unauthorizedProblem,
  VIOLATION_CODES,
  wordlessProblem,
} from '../problem.ts';
import { type BackOffLimits, backOffDelayMs, DEFAULT_BACK_OFF } from '../source/back-off.ts';
import { formatHostPort } from '../source/pool-url.ts';
import type { CloseCause } from '../transport/connection.ts';
import type { ClientEvent, Effect } from './effect.ts';
import type { Phase } from './phase.ts';
import {
  answerTo,
  parseDifficulty,
  parseExtranonce,
  parseMessage,
  parseReconnect,
  parseSubscription,
} from './pool-message.ts';
import { Session } from './session.ts';
import {
  ANSWER_TIMEOUT_MS,
  CONNECT_TIMEOUT_MS,
  PING_TIMEOUT_MS,
  PROVEN_AFTER_MS,
  SILENCE_MS,
  STOP_TIMEOUT_MS,
} from './time-limits.ts';

/** Messages without sense that a connection may bring before it is given up. */
const VIOLATIONS_MAX = 10;

export interface ClientOptions {
  readonly host: string;
  readonly port: number;
  /** `ADDRESS` or `ADDRESS.WORKER`. */
  readonly user: string;
  readonly password: string;
  /** Name and version of this program, as told to pools. */
  readonly agent: string;
  /** Random numbers in [0, 1) for the back-off. */
  readonly random: () => number;
  /** Numbers for works, unique in the process. */
  readonly nextSerial: () => number;
  readonly backOff?: BackOffLimits;
}

/** The state of a miner's relation to its pool. */
export class StratumClient {
  readonly #options: ClientOptions;
  #phase: Phase = { name: 'idle' };
  /** Where the next attempt goes: client.reconnect may name another port. */
  #port: number;
  /** Names the last session to the pool, so that a new connection gets its extranonce1 again. */
  #sessionId: string | undefined;
  /** Connections in a row that came to nothing. */
  #failures = 0;
  #lastLineMs = 0;
  #isPinged = false;
  /** Messages without sense on this connection. */
  #violations = 0;
  #lastRequestId = 0;
  #effects: Effect[] = [];

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#port = options.port;
  }

  get phase(): Phase['name'] {
    return this.#phase.name;
  }

  /** Shares that were sent and not yet answered. */
  get sharesInFlight(): number {
    return this.#session?.sharesInFlight ?? 0;
  }

  /** When a `tick` is due, or undefined if nothing is being waited for. */
  get deadlineMs(): number | undefined {
    const phase = this.#phase;
    switch (phase.name) {
      case 'idle':
      case 'stopped':
        return undefined;
      case 'mining':
        return Math.min(this.#silenceDeadlineMs, phase.session.deadlineMs);
      default:
        return phase.untilMs;
    }
  }

  /**
   * Takes one event and says what is to be done about it, in order.
   *
   * @param nowMs a clock that never goes back
   */
  handle(event: ClientEvent, nowMs: number): readonly Effect[] {
    this.#effects = [];
    if (this.#phase.name !== 'stopped') this.#step(event, nowMs);
    return this.#effects;
  }

  #step(event: ClientEvent, nowMs: number): void {
    switch (event.type) {
      case 'start':
        if (this.#phase.name === 'idle') this.#connect(nowMs);
        return;
      case 'connected':
        this.#subscribe(nowMs);
        return;
      case 'line':
        this.#line(event.line, nowMs);
        return;
      case 'closed':
        this.#leave(this.#closeProblem(event.cause, event.detail), nowMs);
        return;
      case 'hit':
        if (this.#phase.name === 'mining') {
          this.#phase.session.submit(event.hit, nowMs);
          return;
        }
        this.#report({ type: 'share-discarded' });
        this.#effects.push({ type: 'settled', thread: event.hit.thread });
        return;
      case 'tick':
        this.#tick(nowMs);
        return;
      case 'stop':
        this.#stop(nowMs);
        return;
    }
  }

  // Connecting and leaving

  get #place(): string {
    return formatHostPort({ host: this.#options.host, port: this.#port });
  }

  get #session(): Session | undefined {
    return 'session' in this.#phase ? this.#phase.session : undefined;
  }

  #connect(nowMs: number): void {
    this.#phase = { name: 'connecting', untilMs: nowMs + CONNECT_TIMEOUT_MS };
    this.#report({ type: 'connecting', pool: this.#place });
    this.#effects.push({ type: 'connect', host: this.#options.host, port: this.#port });
  }

  #subscribe(nowMs: number): void {
    this.#lastLineMs = nowMs;
    this.#isPinged = false;
    this.#violations = 0;
    this.#report({ type: 'connected', pool: this.#place });
    const resumed = this.#sessionId === undefined ? [] : [this.#sessionId];
    const requestId = this.#request('mining.subscribe', [this.#options.agent, ...resumed]);
    this.#phase = { name: 'subscribing', requestId, untilMs: nowMs + ANSWER_TIMEOUT_MS };
  }

  /** Gives up the connection and waits for the next attempt. */
  #leave(problem: Problem, nowMs: number, minDelayMs = 0): void {
    const phase = this.#phase;
    if (phase.name === 'stopping') {
      this.#finish();
      return;
    }
    const isProven =
      this.#session?.hasAcceptedShare === true ||
      (phase.name === 'mining' && nowMs - phase.sinceMs >= PROVEN_AFTER_MS);
    // A port that client.reconnect named does not answer: back to the one that was configured.
    if (phase.name === 'connecting') this.#port = this.#options.port;
    this.#endSession();
    this.#failures = isProven ? 1 : this.#failures + 1;
    const limits = this.#options.backOff ?? DEFAULT_BACK_OFF;
    const delayMs = Math.max(minDelayMs, backOffDelayMs(this.#failures, this.#options.random(), limits));
    this.#phase = { name: 'waiting', untilMs: nowMs + delayMs };
    this.#report({ type: 'disconnected', problem, retryInMs: delayMs });
  }

  #closeProblem(cause: CloseCause, detail: string | undefined): Problem {
    const isWordless = this.#phase.name === 'subscribing' && (cause === 'ended' || cause === 'lost');
    return isWordless ? wordlessProblem(this.#place) : connectionProblem(cause, this.#place, detail);
  }

  #endSession(): void {
    this.#effects.push({ type: 'disconnect' }, { type: 'work', work: undefined });
    this.#session?.end();
  }

  #stop(nowMs: number): void {
    const session = this.#session;
    if (this.#phase.name === 'stopping') return;
    if (session === undefined || session.sharesInFlight === 0) {
      this.#finish();
      return;
    }
    this.#effects.push({ type: 'work', work: undefined });
    this.#phase = { name: 'stopping', untilMs: nowMs + STOP_TIMEOUT_MS, session };
  }

  #finish(): void {
    this.#endSession();
    this.#phase = { name: 'stopped' };
    this.#report({ type: 'stopped' });
    this.#effects.push({ type: 'stopped' });
  }

  // Time

  get #silenceDeadlineMs(): number {
    return this.#lastLineMs + SILENCE_MS + (this.#isPinged ? PING_TIMEOUT_MS : 0);
  }

  #tick(nowMs: number): void {
    const phase = this.#phase;
    if (this.deadlineMs === undefined || nowMs < this.deadlineMs) return;
    switch (phase.name) {
      case 'waiting':
        this.#connect(nowMs);
        return;
      case 'connecting':
        this.#leave(connectionProblem('unreachable', this.#place, 'no answer'), nowMs);
        return;
      case 'subscribing':
        this.#leave(this.#silence('does not answer mining.subscribe'), nowMs);
        return;
      case 'authorizing':
        this.#leave(this.#silence('does not answer mining.authorize'), nowMs);
        return;
      case 'mining':
        phase.session.forgetOverdueShares(nowMs);
        if (nowMs < this.#silenceDeadlineMs) return;
        if (this.#isPinged) {
          this.#leave(this.#silence('has fallen silent'), nowMs);
          return;
        }
        // Whatever comes back shows that the pool lives, an "unknown method" too.
        this.#request('mining.ping', []);
        this.#isPinged = true;
        return;
      case 'stopping':
        this.#finish();
        return;
    }
  }

  #silence(what: string): Problem {
    return { code: 'silent', text: `${this.#place} ${what}` };
  }

  // Messages

  #line(line: string, nowMs: number): void {
    this.#lastLineMs = nowMs;
    this.#isPinged = false;
    const message = parseLine(line);
    switch (message.kind) {
      case 'garbage':
        this.#violation('garbage', message.reason, nowMs);
        return;
      case 'response':
        this.#response(message, nowMs);
        return;
      case 'request':
      case 'notification': {
        // The last answers are all that is still wanted.
        if (this.#phase.name === 'stopping') return;
        const { method, params } = message;
        try {
          this.#message(method, params, message.kind === 'request' ? message.id : undefined, nowMs);
          return;
        } catch (error) {
          if (!(error instanceof StratumError)) throw error;
          this.#violation(VIOLATION_CODES[method] ?? 'garbage', `${method}: ${error.message}`, nowMs);
          return;
        }
      }
    }
  }

  /**
   * What a pool says unasked, or asks.
   *
   * @param id undefined for a notification
   * @throws StratumError if the parameters make no sense
   */
  #message(method: string, params: readonly unknown[], id: StratumId | undefined, nowMs: number): void {
    switch (method) {
      case 'mining.notify':
        this.#session?.notify(parseNotify(params));
        return;
      case 'mining.set_difficulty':
        this.#session?.setDifficulty(parseDifficulty(params));
        return;
      case 'mining.set_extranonce':
        this.#session?.setExtranonce(parseExtranonce(params[0], params[1]));
        return;
      case 'mining.set_version_mask':
        return; // Never asked for: the version of a header stays the job's.
      case 'client.reconnect':
        this.#reconnect(params, nowMs);
        return;
      case 'client.show_message':
        this.#report({ type: 'message', text: shownText(parseMessage(params)) });
        return;
      default:
        if (id === undefined) return;
        this.#effects.push({ type: 'send', line: answerTo(method, id, this.#options.agent) });
    }
  }

  #violation(code: ProblemCode, reason: string, nowMs: number): void {
    this.#violations += 1;
    const words = shownText(reason);
    if (this.#phase.name === 'subscribing' && code === 'garbage') {
      const text = `${this.#place} does not speak Stratum: ${words}`;
      this.#leave({ code: 'not-stratum', text }, nowMs);
    } else if (this.#violations >= VIOLATIONS_MAX) {
      const text = `${this.#place} sent ${this.#violations} messages that make no sense, lastly: ${words}`;
      this.#leave({ code, text }, nowMs);
    } else {
      this.#report({
        type: 'problem',
        problem: { code, text: `the pool sent what makes no sense: ${words}` },
      });
    }
  }

  /** Follows client.reconnect, but never to another host: whoever broke into a pool could take its miners away. */
  #reconnect(params: readonly unknown[], nowMs: number): void {
    const { host, port, waitSeconds } = parseReconnect(params);
    if (host !== undefined && host.toLowerCase() !== this.#options.host.toLowerCase()) {
      const text = `the pool wants to send us to another host, ${shownText(host)}: not followed`;
      this.#report({ type: 'problem', problem: { code: 'foreign-reconnect', text } });
      return;
    }
    const text = `${this.#place} asks to connect again`;
    this.#leave({ code: 'closed-by-pool', text }, nowMs, waitSeconds * 1000);
    this.#port = port ?? this.#port;
  }

  #response(message: StratumResponse, nowMs: number): void {
    const phase = this.#phase;
    switch (phase.name) {
      case 'subscribing':
        if (String(message.id) === String(phase.requestId)) this.#subscribed(message, nowMs);
        return;
      case 'authorizing':
        if (String(message.id) === String(phase.requestId)) this.#authorized(phase.session, message, nowMs);
        return;
      case 'mining': {
        const outcome = phase.session.answer(message, nowMs);
        if (outcome === 'unauthorized' || outcome === 'not-subscribed') {
          this.#leave({ code: 'session-lost', text: `${this.#place} has lost our session` }, nowMs);
        }
        return;
      }
      case 'stopping':
        phase.session.answer(message, nowMs);
        if (phase.session.sharesInFlight === 0) this.#finish();
        return;
    }
  }

  #subscribed(message: StratumResponse, nowMs: number): void {
    try {
      if (message.error !== null) throw new StratumError('other', message.error.message);
      const { sessionId, ...extranonce } = parseSubscription(message.result);
      this.#sessionId = sessionId;
      const { user, password } = this.#options;
      const session = new Session({
        user,
        extranonce,
        nextRequestId: () => ++this.#lastRequestId,
        nextSerial: this.#options.nextSerial,
        effect: (effect) => this.#effects.push(effect),
      });
      const requestId = this.#request('mining.authorize', [user, password]);
      this.#phase = { name: 'authorizing', requestId, untilMs: nowMs + ANSWER_TIMEOUT_MS, session };
    } catch (error) {
      if (!(error instanceof StratumError)) throw error;
      // Should it be the old session that the pool does not want, the next attempt begins a new one.
      this.#sessionId = undefined;
      const text = `${this.#place} refuses the subscription: ${shownText(error.message)}`;
      this.#leave({ code: 'subscribe-refused', text }, nowMs);
    }
  }

  #authorized(session: Session, message: StratumResponse, nowMs: number): void {
    const { user, backOff = DEFAULT_BACK_OFF } = this.#options;
    if (message.error !== null || message.result !== true) {
      // Rarely a matter of seconds; but a pool may also be unable to tell for the moment.
      this.#leave(unauthorizedProblem(user, message.error), nowMs, backOff.maxDelayMs);
      return;
    }
    this.#phase = { name: 'mining', sinceMs: nowMs, session };
    this.#report({ type: 'authorized', user });
    this.#request('mining.extranonce.subscribe', []);
    session.authorize();
  }

  // Effects

  #request(method: string, params: readonly unknown[]): number {
    this.#lastRequestId += 1;
    this.#effects.push({ type: 'send', line: encodeRequest(this.#lastRequestId, method, params) });
    return this.#lastRequestId;
  }

  #report(event: MinerEvent): void {
    this.#effects.push({ type: 'report', event });
  }
}
