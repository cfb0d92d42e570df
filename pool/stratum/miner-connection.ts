import { once } from 'node:events';
import type { Socket } from 'node:net';
import { encodeError, encodeResult, parseLine, type StratumId } from '../../protocol/stratum.ts';
import type { Logger } from '../../service/log.ts';
import type { Tip } from '../jobs/tip.ts';
import type { Statistics } from '../statistics/statistics.ts';
import { type AnswerPlace, AnswerQueue } from './answer-queue.ts';
import type { ConnectionCounter } from './connection-counter.ts';
import { handleMessage } from './dispatch.ts';
import type { Effect } from './effect.ts';
import { LineReader, LineTooLongError } from './line-reader.ts';
import { newSession, type Session, type SessionContext } from './session.ts';
import { reject, type Share } from './share.ts';
import { NotRecordedError, type ShareSink } from './share-sink.ts';

export interface MinerConnectionOptions {
  readonly context: SessionContext;
  readonly sink: ShareSink;
  readonly statistics: Statistics;
  readonly log: Logger;
  /** The miner's difficulty has changed: a job should follow soon. */
  readonly wantJob: () => void;
  /** Called once when the connection is gone. */
  readonly onClose: () => void;
}

/** A reader this far behind is closed rather than kept in memory. */
const MAX_BACKLOG_BYTES = 64 * 1024;
/** With so many shares waiting for the disk nothing more is read, until half of them are answered. */
const MAX_OPEN_ANSWERS = 1_024;
/** Lines in a row that are no messages. */
const MAX_GARBAGE = 10;

/** One miner on a TCP socket: carries lines to its session and the session's effects out. */
export class MinerConnection {
  readonly session: Session = newSession();
  /** When the connection is closed unless it shows a sign of life before; steady clock. */
  deadlineMs = 0;
  readonly #socket: Socket;
  readonly #options: MinerConnectionOptions;
  readonly #lines = new LineReader();
  readonly #answers = new AnswerQueue();
  readonly #name: string;
  /** Text that leaves together at the end of the current turn. */
  #outgoing = '';
  #garbageInRow = 0;
  /** Messages understood, and how many of them the last sweep had seen. */
  #messages = 0;
  #seenRequests = 0;
  #seenMessages = 0;
  #reading = true;

  constructor(socket: Socket, options: MinerConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#name = `${socket.remoteAddress}:${socket.remotePort}`;
    socket.on('data', (chunk) => this.#onData(chunk));
    socket.on('error', (error) =>
      options.log.debug({ miner: this.#name, reason: error.message }, 'broken off'),
    );
    socket.once('close', options.onClose);
  }

  /** Whether there was a valid request since the last call; of an authorised miner any message counts. */
  showedLife(): boolean {
    const isLoggedIn = this.session.workers.size > 0;
    const alive =
      this.session.requests !== this.#seenRequests || (isLoggedIn && this.#messages !== this.#seenMessages);
    this.#seenRequests = this.session.requests;
    this.#seenMessages = this.#messages;
    return alive;
  }

  /** Carries out what the session asks for. */
  perform(effects: readonly Effect[]): void {
    for (const effect of effects) this.#perform(effect);
  }

  stopReading(): void {
    this.#reading = false;
    this.#socket.pause();
  }

  /** Lets what was written leave, then closes. Resolves when the socket is closed. */
  async end(): Promise<void> {
    if (this.#socket.destroyed) return;
    this.#flush();
    const closed = once(this.#socket, 'close');
    this.#socket.end();
    // The other side's end has to be read to be noticed.
    this.#socket.resume();
    await closed;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Closes a connection that is of no use, and counts why. */
  close(reason: ConnectionCounter): void {
    if (this.#socket.destroyed) return;
    this.#options.statistics.connections[reason] += 1;
    this.#options.log.debug({ miner: this.#name, reason }, 'connection closed');
    this.#reading = false;
    this.#socket.destroy();
  }

  #onData(chunk: Buffer): void {
    if (!this.#reading) return;
    try {
      for (const line of this.#lines.push(chunk)) {
        if (!this.#reading) return;
        this.#onLine(line);
      }
    } catch (error) {
      if (error instanceof LineTooLongError) this.close('closed_long_line');
      else {
        // What one miner sends must not end the pool, even where we did not think of it.
        this.#options.log.error({ err: error, miner: this.#name }, 'a message could not be handled');
        this.destroy();
      }
    }
  }

  #onLine(line: string): void {
    if (line === '' || line === '\r') return;
    const message = parseLine(line);
    if (message.kind !== 'garbage') {
      this.#garbageInRow = 0;
      this.#messages += 1;
    }
    this.perform(handleMessage(this.session, message, this.#options.context));
  }

  #perform(effect: Effect): void {
    const { sink, statistics, wantJob } = this.#options;
    switch (effect.type) {
      case 'answer':
        this.#send(this.#answers.push(effect.line));
        break;
      case 'record':
        this.#record(effect.id, effect.share, effect.tip);
        break;
      case 'found':
        sink.found(effect.candidate);
        break;
      case 'rejected':
        statistics.countRejected(effect.reason, effect.worker);
        break;
      case 'send':
        this.#send([effect.line]);
        break;
      case 'notify':
        this.#write(effect.clean ? effect.job.lines.clean : effect.job.lines.further);
        break;
      case 'want-job':
        wantJob();
        break;
      case 'garbage':
        this.#onGarbage(effect.reason);
        break;
    }
  }

  #onGarbage(reason: string): void {
    this.#garbageInRow += 1;
    this.#options.log.debug({ miner: this.#name, reason }, 'not understood');
    if (this.#garbageInRow >= MAX_GARBAGE) this.close('closed_garbage');
  }

  /** Answers when the share is durable, and not before. */
  #record(id: StratumId | null, share: Share, tip: Tip): void {
    const place = id === null ? undefined : this.#answers.reserve();
    if (this.#answers.length >= MAX_OPEN_ANSWERS) this.#socket.pause();
    this.#options.sink.record(share).then(
      () => {
        this.#options.statistics.countAccepted(share);
        if (place !== undefined && id !== null) this.#fill(place, encodeResult(id, true));
      },
      (error: unknown) => {
        // Not credited, so it may be handed in again.
        tip.seen.delete(share.hash);
        if (!(error instanceof NotRecordedError)) this.#options.log.error({ err: error }, 'a share was lost');
        const message = error instanceof NotRecordedError ? error.message : 'share not stored';
        const refusal = reject('not-recorded', message);
        this.#options.statistics.countRejected(refusal.reason, share.worker);
        if (place !== undefined && id !== null) this.#fill(place, encodeError(id, refusal.error));
      },
    );
  }

  #fill(place: AnswerPlace, line: string): void {
    this.#send(this.#answers.fill(place, line));
    if (this.#reading && this.#socket.isPaused() && this.#answers.length < MAX_OPEN_ANSWERS / 2) {
      this.#socket.resume();
    }
  }

  /** Lines that come in one turn leave in one packet. */
  #send(lines: readonly string[]): void {
    if (lines.length === 0) return;
    if (this.#outgoing === '') queueMicrotask(() => this.#flush());
    for (const line of lines) this.#outgoing += `${line}\n`;
  }

  #flush(): void {
    const text = this.#outgoing;
    this.#outgoing = '';
    if (text !== '') this.#put(text);
  }

  /** Writes bytes that many connections share. */
  #write(bytes: Uint8Array): void {
    this.#flush();
    this.#put(bytes);
  }

  #put(data: string | Uint8Array): void {
    if (!this.#socket.writable) return;
    this.#socket.write(data);
    if (this.#socket.writableLength > MAX_BACKLOG_BYTES) this.close('closed_slow_reader');
  }
}
