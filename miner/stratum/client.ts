/**
 * The Stratum V1 client as a reducer: events in, effects out, with no socket, clock or
 * random source of its own; stratum-source.ts connects it to the world.
 *
 * A connection goes through mining.configure, mining.subscribe and mining.authorize to jobs
 * and shares (session.ts). Whatever ends it leads to another attempt after a back-off
 * (attempts.ts).
 */
import {
  encodeRequest,
  MAX_POOL_LINE_BYTES,
  parseLine,
  StratumError,
  type StratumNotification,
  type StratumRequest,
  type StratumResponse,
} from '../../protocol/stratum.ts';
import type { MinerEvent } from '../event.ts';
import type { Hit } from '../hashing/work.ts';
import {
  connectionProblem,
  type Problem,
  type ProblemCode,
  shownText,
  silentProblem,
  unauthorizedProblem,
  VIOLATION_CODES,
  wordlessProblem,
} from '../problem.ts';
import { formatHostPort } from '../source/pool-url.ts';
import { type AttemptEnd, Attempts, isJustSpokenTo } from './attempts.ts';
import type { ClientOptions } from './client-options.ts';
import type { ClientEvent, Effect } from './effect.ts';
import { Patience } from './patience.ts';
import type { Phase } from './phase.ts';
import { answerTo, parseMessage, parseSubscription } from './pool-message.ts';
import { isSameHost, parseReconnect } from './reconnect.ts';
import { Session } from './session.ts';
import { ANSWER_TIMEOUT_MS, CONNECT_TIMEOUT_MS, PROVEN_AFTER_MS, STOP_TIMEOUT_MS } from './time-limits.ts';
import { CONFIGURE_PARAMS, parseConfigured } from './version-rolling.ts';

/** How a connection is given up: the least that the next attempt has to wait, and {@link AttemptEnd.isSnub}. */
interface Leaving extends Partial<Pick<AttemptEnd, 'isSnub'>> {
  readonly minDelayMs?: number;
}

/** The state of a miner's relation to its pool. */
export class StratumClient {
  readonly #options: ClientOptions;
  readonly #attempts: Attempts;
  #phase: Phase = { name: 'idle' };
  /** With the present connection; before the first there is none to lose it with. */
  #patience = new Patience(0);
  /** The id of mining.configure while it is not answered. */
  #configureId: number | undefined;
  #lastRequestId = 0;
  #effects: Effect[] = [];

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#attempts = new Attempts(options);
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
        return Math.min(this.#patience.silenceDeadlineMs, phase.session.deadlineMs);
      default:
        return phase.untilMs;
    }
  }

  /**
   * Takes one event and says what is to be done about it, in order. An event that the present
   * phase cannot have, such as a line without a connection, changes nothing.
   *
   * @param nowMs a clock that never goes back
   */
  handle(event: ClientEvent, nowMs: number): readonly Effect[] {
    this.#effects = [];
    if (this.#phase.name !== 'stopped') this.#step(event, nowMs);
    return this.#effects;
  }

  #step(event: ClientEvent, nowMs: number): void {
    const { name } = this.#phase;
    switch (event.type) {
      case 'start':
        if (name === 'idle') this.#connect(nowMs);
        return;
      case 'connected':
        if (name === 'connecting') this.#subscribe(nowMs);
        return;
      case 'line':
        if (this.#session !== undefined) this.#line(event.line, nowMs);
        return;
      case 'closed':
        if (name === 'connecting' || this.#session !== undefined) this.#closed(event, nowMs);
        return;
      case 'hit':
        this.#hit(event.hit, nowMs);
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
    return formatHostPort(this.#attempts.place);
  }

  /** What is agreed on the present connection. */
  get #session(): Session | undefined {
    return 'session' in this.#phase ? this.#phase.session : undefined;
  }

  #connect(nowMs: number): void {
    this.#phase = { name: 'connecting', untilMs: nowMs + CONNECT_TIMEOUT_MS };
    this.#report({ type: 'connecting', pool: this.#place });
    this.#effects.push({ type: 'connect', ...this.#attempts.place });
  }

  #subscribe(nowMs: number): void {
    const { agent, user, nextSerial, unixMs } = this.#options;
    const { isPlain, sessionId } = this.#attempts;
    this.#patience = new Patience(nowMs);
    this.#report({ type: 'connected', pool: this.#place });
    // "This message SHOULD be the first message" (BIP 310). Nothing waits for its answer.
    this.#configureId = isPlain ? undefined : this.#request('mining.configure', CONFIGURE_PARAMS);
    const resumed = sessionId === undefined ? [] : [sessionId];
    const requestId = this.#request('mining.subscribe', [agent, ...resumed]);
    const session = new Session({
      user,
      nextRequestId: () => ++this.#lastRequestId,
      nextSerial,
      unixMs,
      effect: (effect) => this.#effects.push(effect),
    });
    this.#phase = { name: 'subscribing', requestId, untilMs: nowMs + ANSWER_TIMEOUT_MS, session };
  }

  #closed({ cause, detail }: Extract<ClientEvent, { type: 'closed' }>, nowMs: number): void {
    const phase = this.#phase;
    const place = this.#place;
    const isByPool = cause === 'ended' || cause === 'lost';
    // Of a socket that was closed in order there are words only where the pool has said why.
    const isTold = cause === 'ended' && detail !== undefined;
    const isWordless = phase.name === 'subscribing' && isByPool && !isTold;
    const problem = isWordless ? wordlessProblem(place) : connectionProblem(cause, place, detail);
    this.#leave(problem, nowMs, { isSnub: isByPool && isJustSpokenTo(phase, nowMs) });
  }

  /** Gives up the connection and waits for the next attempt. */
  #leave(problem: Problem, nowMs: number, { minDelayMs = 0, isSnub = false }: Leaving = {}): void {
    const phase = this.#phase;
    if (phase.name === 'stopping') {
      this.#finish();
      return;
    }
    const isProven =
      this.#session?.hasAcceptedShare === true ||
      (phase.name === 'mining' && nowMs - phase.sinceMs >= PROVEN_AFTER_MS);
    this.#endSession();
    const backOffMs = this.#attempts.end({ phase: phase.name, isProven, isSnub });
    const delayMs = Math.max(minDelayMs, backOffMs);
    this.#phase = { name: 'waiting', untilMs: nowMs + delayMs };
    this.#report({ type: 'disconnected', problem, retryInMs: delayMs });
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

  #hit(hit: Hit, nowMs: number): void {
    if (this.#phase.name === 'mining') {
      this.#phase.session.submit(hit, nowMs);
      return;
    }
    this.#report({ type: 'share-discarded' });
    this.#effects.push({ type: 'settled', thread: hit.thread });
  }

  // Time

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
        this.#leave(silentProblem(this.#place, 'does not answer mining.subscribe'), nowMs, { isSnub: true });
        return;
      case 'authorizing':
        this.#leave(silentProblem(this.#place, 'does not answer mining.authorize'), nowMs, { isSnub: true });
        return;
      case 'mining':
        phase.session.tick(nowMs);
        if (nowMs >= this.#patience.silenceDeadlineMs) this.#silent(nowMs);
        return;
      case 'stopping':
        this.#finish();
        return;
    }
  }

  #silent(nowMs: number): void {
    if (this.#patience.isPinged) {
      this.#leave(silentProblem(this.#place, 'has fallen silent'), nowMs);
      return;
    }
    // Whatever comes back shows that the pool lives, an "unknown method" too.
    this.#request('mining.ping', []);
    this.#patience.pinged(nowMs);
  }

  // Messages

  #line(line: string, nowMs: number): void {
    this.#patience.heard(nowMs);
    const message = parseLine(line, MAX_POOL_LINE_BYTES);
    switch (message.kind) {
      case 'garbage':
        this.#violation('garbage', message.reason, nowMs);
        return;
      case 'response':
        if (!this.#response(message, nowMs)) this.#unasked(nowMs);
        return;
      case 'request':
      case 'notification':
        // The last answers are all that is still wanted.
        if (this.#phase.name !== 'stopping' && this.#unasked(nowMs)) this.#message(message, nowMs);
        return;
    }
  }

  /** Notes a message that nobody asked for. @returns false if the pool had to be left for their number */
  #unasked(nowMs: number): boolean {
    if (this.#patience.bearsUnasked(nowMs)) return true;
    const text = `${this.#place} sends messages faster than anybody can mine`;
    this.#leave({ code: 'flood', text }, nowMs, { minDelayMs: this.#attempts.penaltyMs });
    return false;
  }

  /** What a pool says unasked, or asks. */
  #message(message: StratumRequest | StratumNotification, nowMs: number): void {
    const { method, params } = message;
    try {
      if (this.#session?.obey(method, params) === true) return;
      switch (method) {
        case 'client.reconnect':
          this.#reconnect(params, nowMs);
          return;
        case 'client.show_message': {
          const text = shownText(parseMessage(params));
          if (text !== '' && this.#patience.bearsText(nowMs)) this.#report({ type: 'message', text });
          return;
        }
      }
      if (message.kind === 'notification') return;
      this.#effects.push({ type: 'send', line: answerTo(method, message.id, this.#options.agent) });
    } catch (error) {
      if (!(error instanceof StratumError)) throw error;
      this.#violation(VIOLATION_CODES[method] ?? 'garbage', `${method}: ${error.message}`, nowMs);
    }
  }

  #violation(code: ProblemCode, reason: string, nowMs: number): void {
    const words = shownText(reason);
    const isBorne = this.#patience.bearsViolation();
    if (this.#phase.name === 'subscribing' && code === 'garbage') {
      const text = `${this.#place} does not speak Stratum: ${words}`;
      this.#leave({ code: 'not-stratum', text }, nowMs);
    } else if (isBorne) {
      const text = `the pool sent what makes no sense: ${words}`;
      this.#report({ type: 'problem', problem: { code, text } });
    } else {
      const text = `${this.#place} keeps sending what makes no sense, lastly: ${words}`;
      this.#leave({ code, text }, nowMs);
    }
  }

  /**
   * Follows client.reconnect, but never out of the pool's own domain: whoever broke into a pool, or into the way to
   * it, could take its miners away. The transport stays what it is: from TLS there is no way to plain TCP.
   */
  #reconnect(params: readonly unknown[], nowMs: number): void {
    const { host: configured, isSameDomain = isSameHost } = this.#options;
    const { host, port, waitSeconds } = parseReconnect(params);
    const present = this.#attempts.place;
    if (host !== undefined && !isSameDomain(host, configured)) {
      const reason = `client.reconnect to another domain, ${host}: not followed`;
      this.#violation('foreign-reconnect', reason, nowMs);
      return;
    }
    const text = `${this.#place} asks to connect again`;
    this.#leave({ code: 'closed-by-pool', text }, nowMs, { minDelayMs: waitSeconds * 1000 });
    this.#attempts.redirect({ host: host ?? present.host, port: port ?? present.port });
  }

  /** Takes an answer. @returns whether it answers anything that is still open */
  #response(message: StratumResponse, nowMs: number): boolean {
    const phase = this.#phase;
    const isFor = (id: number | undefined): boolean => id !== undefined && String(message.id) === String(id);
    if (isFor(this.#configureId)) {
      this.#configureId = undefined;
      this.#configured(message, nowMs);
      return true;
    }
    if ('requestId' in phase && !isFor(phase.requestId)) return false;
    switch (phase.name) {
      case 'subscribing':
        this.#subscribed(phase.session, message, nowMs);
        return true;
      case 'authorizing':
        this.#authorized(phase.session, message, nowMs);
        return true;
      case 'mining': {
        const outcome = phase.session.answer(message, nowMs);
        if (outcome === 'unauthorized' || outcome === 'not-subscribed') {
          this.#leave({ code: 'session-lost', text: `${this.#place} has lost our session` }, nowMs);
        }
        return outcome !== undefined;
      }
      case 'stopping':
        phase.session.answer(message, nowMs);
        if (phase.session.sharesInFlight === 0) this.#finish();
        return true;
      default:
        return false;
    }
  }

  /** A pool that does not know mining.configure says so in one way or another, and is mined for all the same. */
  #configured({ error, result }: StratumResponse, nowMs: number): void {
    try {
      const mask = error === null ? parseConfigured(result) : undefined;
      if (mask !== undefined) this.#session?.rollVersions(mask);
    } catch (failure) {
      if (!(failure instanceof StratumError)) throw failure;
      this.#violation('bad-version-mask', `mining.configure: ${failure.message}`, nowMs);
    }
  }

  #subscribed(session: Session, message: StratumResponse, nowMs: number): void {
    try {
      if (message.error !== null) throw new StratumError('other', message.error.message);
      const { sessionId, ...extranonce } = parseSubscription(message.result);
      this.#attempts.remember(sessionId);
      session.setExtranonce(extranonce);
      const { user, password, suggestedDifficulty } = this.#options;
      const requestId = this.#request('mining.authorize', [user, password]);
      if (suggestedDifficulty !== undefined && !this.#attempts.isPlain) {
        this.#request('mining.suggest_difficulty', [suggestedDifficulty]);
      }
      this.#phase = { name: 'authorizing', requestId, untilMs: nowMs + ANSWER_TIMEOUT_MS, session };
    } catch (error) {
      if (!(error instanceof StratumError)) throw error;
      // Should it be the old session that the pool does not want, the next attempt begins a new one.
      this.#attempts.remember(undefined);
      const does =
        message.error === null ? 'gives a subscription that makes no sense' : 'refuses the subscription';
      const text = `${this.#place} ${does}: ${shownText(error.message)}`;
      this.#leave({ code: 'subscribe-refused', text }, nowMs);
    }
  }

  #authorized(session: Session, message: StratumResponse, nowMs: number): void {
    const { user } = this.#options;
    if (message.error !== null || message.result !== true) {
      // Rarely a matter of seconds; but a pool may also be unable to tell for the moment.
      const { penaltyMs } = this.#attempts;
      this.#leave(unauthorizedProblem(user, message.error), nowMs, { minDelayMs: penaltyMs });
      return;
    }
    this.#phase = { name: 'mining', sinceMs: nowMs, session };
    this.#report({ type: 'authorized', user });
    if (!this.#attempts.isPlain) this.#request('mining.extranonce.subscribe', []);
    session.authorize(nowMs);
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
