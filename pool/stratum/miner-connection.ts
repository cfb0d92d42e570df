import { encodeError, encodeResult, parseLine, type StratumId } from '../../protocol/stratum.ts';
import type { Logger } from '../../service/log.ts';
import type { Statistics } from '../statistics/statistics.ts';
import { type AnswerPlace, AnswerQueue } from './answer-queue.ts';
import type { ConnectionCounter } from './connection-counter.ts';
import { handleMessage } from './dispatch.ts';
import type { Door, Guest } from './door.ts';
import type { Effect } from './effect.ts';
import type { StratumLimits } from './limits.ts';
import { newSession, type Session, type SessionContext } from './session.ts';
import { reject } from './share.ts';
import { NotRecordedError, type ShareSink } from './share-sink.ts';
import type { Wire, WireFault, WireListener } from './wire.ts';

/** What all connections share. */
export interface ConnectionHost {
  readonly context: SessionContext;
  readonly sink: ShareSink;
  readonly statistics: Statistics;
  readonly limits: StratumLimits;
  readonly door: Door;
  readonly log: Logger;
  /** The miner's difficulty has changed: a job should follow soon. */
  wantJob(connection: MinerConnection): void;
  /** Another connection goes on with the session of this one: closes it, by its public id. */
  supersede(id: string): void;
  /** Called once when the connection is gone. */
  onClosed(connection: MinerConnection): void;
}

/** Sees every line of one connection, without its end: for a protocol inspector. */
export type Tap = (direction: 'in' | 'out', line: string, timeMs: number) => void;

/** With so many shares waiting for the disk nothing more is read, until half of them are answered. */
const MAX_OPEN_ANSWERS = 1_024;
/** Likewise with so many characters of answers held back by them. */
const MAX_HELD_CHARACTERS = 64 * 1024;
/** What an accepting answer takes beside its id. */
const ANSWER_CHARACTERS = 40;
/** Lines in a row that are no messages. */
const MAX_GARBAGE = 10;

/** One miner: carries messages from its wire to its session, and the session's effects out. */
export class MinerConnection implements WireListener {
  readonly wire: Wire;
  /** Public name of the connection; it opens nothing. */
  readonly id: string;
  readonly session: Session;
  tap: Tap | undefined;
  /** Steady clock: when it was opened, last said anything that was understood, last made a valid request. */
  readonly openedMs: number;
  lastMessageMs: number;
  lastRequestMs: number;
  readonly #host: ConnectionHost;
  readonly #guest: Guest;
  readonly #answers = new AnswerQueue();
  /** Text that leaves together at the end of the current turn. */
  #outgoing = '';
  #garbageInRow = 0;
  /** Of the read that is being handled. */
  #messagesRead = 0;
  #understood = false;
  #requestsBefore = 0;
  /** Why nothing is read at the moment, if so. */
  #waitsForRate = false;
  #waitsForAnswers = false;
  #stopped = false;

  constructor(wire: Wire, guest: Guest, host: ConnectionHost, id: string) {
    this.wire = wire;
    this.id = id;
    this.session = newSession(id);
    this.#guest = guest;
    this.#host = host;
    this.openedMs = host.context.clock.steadyMs();
    this.lastMessageMs = this.openedMs;
    this.lastRequestMs = this.openedMs;
    wire.listen(this);
    this.#adjustReading();
  }

  /** For the log. */
  get name(): string {
    return `${this.wire.address}:${this.wire.port ?? '?'}`;
  }

  get isLoggedIn(): boolean {
    return this.session.workers.size > 0;
  }

  /** Carries out what the session asks for. */
  perform(effects: readonly Effect[]): void {
    for (const effect of effects) this.#perform(effect);
  }

  /** Takes nothing in any more; shares that are under way are still answered. */
  stopReading(): void {
    this.#stopped = true;
    this.wire.pause();
  }

  /** Lets what was written leave, then closes. */
  end(): void {
    this.#flush();
    this.#stopped = true;
    this.wire.end();
  }

  destroy(): void {
    this.#stopped = true;
    this.wire.destroy();
  }

  /** Closes a connection by a rule, and counts which. */
  close(rule: ConnectionCounter, reason: string = rule): void {
    // A wire that is about to close may still tell of faults: the first one counts.
    if (this.#stopped) return;
    this.#host.statistics.connections[rule] += 1;
    this.#host.log.debug({ miner: this.name, rule, reason }, 'connection closed');
    this.destroy();
  }

  onLine(line: string): void {
    if (this.#stopped) return;
    this.#messagesRead += 1;
    if (line === '' || line === '\r') return;
    this.tap?.('in', line, this.#host.context.clock.wallMs());
    const message = parseLine(line);
    if (message.kind !== 'garbage') {
      this.#garbageInRow = 0;
      this.#understood = true;
    } else if (line.startsWith('PROXY ')) {
      this.close('closed_proxy_header', 'a PROXY header, but its sender is not listed with --proxy-from');
      return;
    }
    try {
      this.perform(handleMessage(this.session, message, this.#host.context));
    } catch (error) {
      // What one miner sends must not end the pool, even where we did not think of it.
      this.#host.log.error({ err: error, miner: this.name }, 'a message could not be handled');
      this.close('closed_by_us');
    }
  }

  onRead(): void {
    if (this.#stopped) return;
    const nowMs = this.#host.context.clock.steadyMs();
    if (this.#understood) this.lastMessageMs = nowMs;
    if (this.session.requests !== this.#requestsBefore) this.lastRequestMs = nowMs;
    this.#requestsBefore = this.session.requests;
    this.#understood = false;
    // Pongs and empty lines leave no answer of ours behind, but a backlog may stand already.
    this.#checkBacklog();
    const waitMs = this.#host.door.take(this.#guest, this.#messagesRead, nowMs);
    this.#messagesRead = 0;
    if (waitMs > 0) this.#readLater(waitMs);
  }

  onFault(fault: WireFault, reason: string): void {
    this.close(fault, reason);
  }

  onClose(): void {
    this.#stopped = true;
    this.#host.door.leave(this.#guest);
    this.#host.onClosed(this);
  }

  #perform(effect: Effect): void {
    const { sink, statistics } = this.#host;
    switch (effect.type) {
      case 'answer':
        this.#send(this.#answers.push(effect.line));
        break;
      case 'record':
        this.#record(effect);
        break;
      case 'found':
        sink.found(effect.candidate);
        break;
      case 'rejected':
        statistics.countRejected(effect.reason, effect.worker, effect.message);
        break;
      case 'send':
        this.#send(`${effect.line}\n`);
        break;
      case 'notify':
        this.#broadcast(effect.clean ? effect.job.lines.clean : effect.job.lines.further);
        break;
      case 'want-job':
        this.#host.wantJob(this);
        break;
      case 'garbage':
        this.#onGarbage(effect.reason);
        break;
      case 'supersede':
        this.#host.supersede(effect.id);
        break;
      case 'ban':
        this.#ban(effect.reason);
        break;
    }
  }

  /** Where bans are off the client goes on, and is told why each of its shares is refused. */
  #ban(reason: string): void {
    const ban = this.#host.door.ban(this.#guest);
    if (ban === undefined || this.#stopped) return;
    const minutes = Math.round((ban.untilMs - this.#host.context.clock.steadyMs()) / 60_000);
    this.#host.log.info({ client: ban.client, minutes, times: ban.times, reason }, 'banned');
    this.#flush();
    this.close('closed_banned', reason);
  }

  #onGarbage(reason: string): void {
    this.#garbageInRow += 1;
    this.#host.log.debug({ miner: this.name, reason }, 'not understood');
    if (this.#garbageInRow >= MAX_GARBAGE) this.close('closed_garbage');
  }

  /** Answers when the share is durable, and not before. */
  #record({ id, share, tip, proof }: Extract<Effect, { type: 'record' }>): void {
    const place = id === null ? undefined : this.#reserveAnswer(id);
    this.#host.sink.record(share, proof).then(
      () => {
        if (place !== undefined && id !== null) this.#fill(place, encodeResult(id, true));
      },
      (error: unknown) => {
        // Not credited, so it may be handed in again.
        tip.seen.delete(share.hash);
        if (!(error instanceof NotRecordedError)) this.#host.log.error({ err: error }, 'a share was lost');
        const { reason, message } =
          error instanceof NotRecordedError ? error : new NotRecordedError('share not stored');
        const refusal = reject(reason, message);
        this.#host.statistics.countRejected(refusal.reason, share.worker, refusal.error.message);
        if (place !== undefined && id !== null) this.#fill(place, encodeError(id, refusal.error));
      },
    );
  }

  #reserveAnswer(id: StratumId): AnswerPlace {
    const place = this.#answers.reserve(ANSWER_CHARACTERS + (typeof id === 'string' ? id.length : 0));
    const { length, size } = this.#answers;
    if (!this.#waitsForAnswers && (length >= MAX_OPEN_ANSWERS || size >= MAX_HELD_CHARACTERS)) {
      this.#host.statistics.connections.slowed_answers += 1;
      this.#waitsForAnswers = true;
      this.#adjustReading();
    }
    return place;
  }

  #fill(place: AnswerPlace, line: string): void {
    this.#send(this.#answers.fill(place, line));
    if (!this.#waitsForAnswers) return;
    const { length, size } = this.#answers;
    if (length >= MAX_OPEN_ANSWERS / 2 || size >= MAX_HELD_CHARACTERS / 2) return;
    this.#waitsForAnswers = false;
    this.#adjustReading();
  }

  #readLater(waitMs: number): void {
    this.#waitsForRate = true;
    this.#adjustReading();
    setTimeout(() => {
      this.#waitsForRate = false;
      this.#adjustReading();
    }, waitMs);
  }

  #adjustReading(): void {
    if (this.#stopped) return;
    const mayRead = !this.#waitsForRate && !this.#waitsForAnswers;
    if (mayRead === !this.wire.isPaused) return;
    if (mayRead) this.wire.resume();
    else this.wire.pause();
  }

  /** Lines that come in one turn leave in one packet. */
  #send(text: string): void {
    if (text === '') return;
    if (this.#outgoing === '') queueMicrotask(() => this.#flush());
    this.#outgoing += text;
  }

  #flush(): void {
    const text = this.#outgoing;
    this.#outgoing = '';
    if (text === '' || !this.wire.isOpen) return;
    if (this.tap !== undefined) this.#showOutgoing(text);
    this.wire.send(text);
    this.#checkBacklog();
  }

  /** Writes bytes that many connections share. */
  #broadcast(line: Uint8Array): void {
    this.#flush();
    if (!this.wire.isOpen) return;
    if (this.tap !== undefined) this.#showOutgoing(new TextDecoder().decode(line));
    this.wire.broadcast(line);
    this.#checkBacklog();
  }

  #showOutgoing(text: string): void {
    const timeMs = this.#host.context.clock.wallMs();
    for (const line of text.split('\n')) if (line !== '') this.tap?.('out', line, timeMs);
  }

  #checkBacklog(): void {
    if (this.wire.backlogBytes > this.#host.limits.backlogBytes) this.close('closed_slow_reader');
  }
}
