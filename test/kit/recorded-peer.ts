/** A peer that sends a node what a real one once sent, byte for byte, whenever the node asks for it. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { hashKey, hexToBytes } from '../../protocol/bytes.ts';
import { HEADER_SIZE, hashHeaderBytes } from '../../protocol/header.ts';
import { FRAME_HEADER_SIZE, FrameReader } from '../../protocol/peer-frame.ts';
import { decodePeerPayload, maxPayloadBytes, type PeerMessage } from '../../protocol/peer-message.ts';
import { txid } from '../../protocol/transaction.ts';

/** A framed message as it was recorded. */
export interface RecordedFrame {
  readonly command: string;
  readonly hex: string;
}

export class RecordedPeer {
  /** What the node sent. */
  readonly received: PeerMessage[] = [];
  readonly #socket: Socket;
  readonly #reader: FrameReader;
  readonly #frames: readonly RecordedFrame[];
  /** Blocks and transactions by the keys of their ids. */
  readonly #items = new Map<string, Uint8Array>();
  readonly #waiting = new Set<() => void>();
  #headersSent = 0;

  private constructor(socket: Socket, magic: Uint8Array, frames: readonly RecordedFrame[]) {
    this.#socket = socket;
    this.#reader = new FrameReader({ magic, maxPayloadBytes });
    this.#frames = frames;
    for (const { command, hex } of frames) {
      const bytes = hexToBytes(hex);
      const message = decodePeerPayload(command, bytes.slice(FRAME_HEADER_SIZE));
      if (message?.type === 'block') {
        this.#items.set(hashKey(hashHeaderBytes(message.bytes.slice(0, HEADER_SIZE))), bytes);
      } else if (message?.type === 'tx') this.#items.set(hashKey(txid(message.transaction)), bytes);
    }
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('error', () => undefined);
  }

  /** Connects to a node and introduces itself with the recorded words. */
  static async connect(
    context: TestContext,
    port: number,
    magic: Uint8Array,
    frames: readonly RecordedFrame[],
  ): Promise<RecordedPeer> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    context.after(() => socket.destroy());
    const peer = new RecordedPeer(socket, magic, frames);
    peer.say('version');
    peer.say('verack');
    return peer;
  }

  /** Sends the recorded message of a kind. @param index which of them */
  say(command: string, index = 0): void {
    const frame = this.#frames.filter((each) => each.command === command)[index];
    if (frame === undefined) throw new RangeError(`no ${command} number ${index} was recorded`);
    this.#socket.write(hexToBytes(frame.hex));
  }

  /** The first message of a type that the node sends, or has sent. */
  async heard<T extends PeerMessage['type']>(type: T): Promise<Extract<PeerMessage, { type: T }>> {
    const isOfType = (message: PeerMessage): message is Extract<PeerMessage, { type: T }> =>
      message.type === type;
    for (;;) {
      const found = this.received.find(isOfType);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  #take(chunk: Uint8Array): void {
    this.#reader.push(chunk);
    for (let frame = this.#reader.next(); frame !== undefined; frame = this.#reader.next()) {
      const message = frame.payload && decodePeerPayload(frame.command, frame.payload);
      if (message === undefined) continue;
      this.received.push(message);
      this.#answer(message);
    }
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  #answer(message: PeerMessage): void {
    const recordsHeaders = this.#frames.some(({ command }) => command === 'headers');
    // The other recorded headers are announcements.
    if (message.type === 'getheaders' && recordsHeaders && this.#headersSent++ === 0) this.say('headers');
    if (message.type !== 'getdata') return;
    for (const { hash } of message.items) {
      const item = this.#items.get(hashKey(hash));
      if (item !== undefined) this.#socket.write(item);
    }
  }
}
