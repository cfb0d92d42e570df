import type { Socket } from 'node:net';
import { type RawData, WebSocket } from 'ws';
import type { Wire, WireFault, WireListener } from './wire.ts';

/** Status codes of a close frame (RFC 6455, 7.4.1). */
const GOING_AWAY = 1001;
const UNSUPPORTED_DATA = 1003;
/** First byte of a frame that is a whole text, and of one that answers a ping (RFC 6455, 5.2). */
const TEXT = 0x81;
const PONG = 0x8a;
const LINE_FEED = '\n';

/** Frames of messages that many miners get: made once, whoever asks first. */
const sharedFrames = new WeakMap<Uint8Array, Buffer>();

/**
 * One message a text frame (RFC 6455). `ws` reads; what is written are frames of our own, straight to the socket,
 * so that one buffer serves all miners of a job.
 */
export class WebSocketWire implements Wire {
  readonly transport = 'websocket';
  readonly address: string;
  readonly port: number | undefined;
  readonly #websocket: WebSocket;
  readonly #socket: Socket;

  /**
   * @param websocket made with `autoPong: false`, so that whoever pings without reading is seen as a slow reader
   * @param socket the one the WebSocket runs on
   */
  constructor(
    websocket: WebSocket,
    socket: Socket,
    from: { readonly address: string; readonly port: number | undefined },
  ) {
    this.#websocket = websocket;
    this.#socket = socket;
    this.address = from.address;
    this.port = from.port;
  }

  get backlogBytes(): number {
    return this.#socket.writableLength;
  }

  get isOpen(): boolean {
    return this.#websocket.readyState === WebSocket.OPEN && this.#socket.writable;
  }

  get isPaused(): boolean {
    return this.#websocket.isPaused;
  }

  listen(listener: WireListener): void {
    this.#websocket
      .on('message', (data: RawData, isBinary) => {
        if (isBinary) {
          this.#websocket.close(UNSUPPORTED_DATA, 'one JSON object per text frame');
          listener.onFault('closed_binary_frame', 'a binary frame');
          return;
        }
        listener.onLine(data.toString());
        listener.onRead();
      })
      .on('ping', (data: Buffer) => {
        if (this.isOpen) this.#socket.write(frameOf(PONG, data));
        listener.onLine('');
        listener.onRead();
      })
      .on('error', (error) => {
        const fault = faultOf(error);
        if (fault !== undefined) listener.onFault(fault, error.message);
      })
      .once('close', () => listener.onClose());
  }

  send(lines: string): void {
    const frames = lines.split(LINE_FEED).filter((line) => line !== '');
    this.#socket.write(Buffer.concat(frames.map((line) => frameOf(TEXT, Buffer.from(line)))));
  }

  broadcast(line: Uint8Array): void {
    let frame = sharedFrames.get(line);
    if (frame === undefined) {
      frame = frameOf(TEXT, line.subarray(0, -1));
      sharedFrames.set(line, frame);
    }
    this.#socket.write(frame);
  }

  pause(): void {
    this.#websocket.pause();
  }

  resume(): void {
    this.#websocket.resume();
  }

  end(): void {
    this.#websocket.resume();
    this.#websocket.close(GOING_AWAY);
  }

  destroy(): void {
    this.#websocket.terminate();
  }
}

/** A whole, unmasked message as a server sends it (RFC 6455, 5.2). */
export function frameOf(firstByte: number, payload: Uint8Array): Buffer {
  const { length } = payload;
  const extended = length <= 125 ? 0 : length <= 0xffff ? 2 : 8;
  const frame = Buffer.allocUnsafe(2 + extended + length);
  frame[0] = firstByte;
  frame[1] = extended === 0 ? length : extended === 2 ? 126 : 127;
  if (extended === 2) frame.writeUInt16BE(length, 2);
  if (extended === 8) frame.writeBigUInt64BE(BigInt(length), 2);
  frame.set(payload, 2 + extended);
  return frame;
}

/** What the miner did wrong; undefined when the connection merely broke. */
function faultOf(error: Error): WireFault | undefined {
  const code = 'code' in error ? String(error.code) : '';
  if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') return 'closed_long_line';
  return code.startsWith('WS_ERR_') ? 'closed_bad_frame' : undefined;
}
