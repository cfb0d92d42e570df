import type { Socket } from 'node:net';
import { type Frame, FrameReader } from '../../protocol/peer-frame.ts';
import { encodePeerMessage, maxPayloadBytes, type PeerMessage } from '../../protocol/peer-message.ts';
import type { Endpoint } from './ip-address.ts';
import { Traffic } from './traffic.ts';

export interface PeerSocketOptions {
  readonly socket: Socket;
  readonly magic: Uint8Array;
  /** The longest payload of a command; undefined: skip it while it arrives. */
  readonly maxPayloadBytes: (command: string) => number | undefined;
  /** So many bytes are here of a message that is not whole; 0 as soon as one is. */
  readonly onArrival: (unfinishedBytes: number) => void;
}

/** Messages over a socket: frames in, as fast as they are taken; a queue of known length out; both counted. */
export class PeerSocket {
  readonly sent = new Traffic();
  readonly received = new Traffic();
  /** Our end. */
  readonly local: Endpoint;
  /** Resolves when the socket is closed, from whichever side. */
  readonly closed: Promise<void>;
  readonly #options: PeerSocketOptions;
  readonly #socket: Socket;
  readonly #reader: FrameReader;
  #isCorked = false;
  #isClosed = false;
  /** Ends the wait of `unlessClosed`. */
  #letGo: () => void = () => undefined;

  constructor(options: PeerSocketOptions) {
    this.#options = options;
    this.#socket = options.socket;
    this.#reader = new FrameReader(options);
    this.local = { ip: this.#socket.localAddress ?? '', port: this.#socket.localPort ?? 0 };
    this.#socket.setNoDelay(true);
    // Errors end the iteration over frames; one that comes after it has nobody left to tell.
    this.#socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      this.#socket.once('close', () => {
        this.#isClosed = true;
        this.#letGo();
        resolve();
      });
    });
  }

  /** Bytes that wait for the other side. */
  get queuedBytes(): number {
    return this.#socket.writableLength;
  }

  /** Bytes ever sent and no longer queued. */
  get takenBytes(): number {
    return this.#socket.bytesWritten - this.#socket.writableLength;
  }

  /** Memory that unfinished messages take. */
  get heldBytes(): number {
    return this.#reader.heldBytes;
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed && this.#socket.writable;
  }

  /**
   * The frames as they arrive. The socket is not read while the consumer is busy with one.
   * @throws WireError; errors of the socket
   */
  async *frames(): AsyncGenerator<Frame, void, void> {
    for await (const chunk of this.#socket as AsyncIterable<Uint8Array>) {
      this.#reader.push(chunk);
      for (let frame = this.#reader.next(); frame !== undefined; frame = this.#reader.next()) {
        this.#options.onArrival(0);
        const isUnderstood = maxPayloadBytes(frame.command) !== undefined;
        this.received.count(isUnderstood ? frame.command : undefined, frame.wireBytes);
        yield frame;
      }
      this.#options.onArrival(this.#reader.unfinishedBytes);
    }
  }

  /** Queues a message. Its length is the caller's to bound: see `queuedBytes`. */
  send(message: PeerMessage): void {
    const bytes = encodePeerMessage(this.#options.magic, message);
    this.sent.count(message.type, bytes.length);
    this.#cork();
    this.#socket.write(bytes);
  }

  /** What is sent in one turn of the event loop goes out with one system call. */
  #cork(): void {
    if (this.#isCorked) return;
    this.#isCorked = true;
    this.#socket.cork();
    process.nextTick(() => {
      this.#isCorked = false;
      this.#socket.uncork();
    });
  }

  /** Resolves when what made the queue long is taken, or the socket is closed. */
  drained(): Promise<void> {
    if (!this.#socket.writableNeedDrain || this.#socket.destroyed) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        this.#socket.off('drain', done).off('close', done);
        resolve();
      };
      this.#socket.on('drain', done).on('close', done);
    });
  }

  /**
   * Waits for work, but no longer than the socket is open; one at a time. A race of each message with `closed`
   * would leave something behind at that promise for as long as the connection lives.
   */
  unlessClosed(work: Promise<void>): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#letGo = resolve;
      work.then(resolve, reject);
    });
  }

  /** Closes at once; what is queued is lost. */
  close(): void {
    this.#socket.destroy();
  }
}
