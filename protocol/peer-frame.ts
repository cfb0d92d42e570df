/**
 * How messages of the peer protocol are framed: 24 bytes (magic, command, length, checksum), then the payload.
 * Source: the protocol documentation of bitcoin.org, "Message headers"; Bitcoin Core's CMessageHeader.
 */
import { bytesToHex, concatBytes, equalBytes } from './bytes.ts';
import { sha256d } from './hash.ts';
import { Writer } from './writer.ts';

/** Bytes before the payload. */
export const FRAME_HEADER_SIZE = 24;
/** No payload is longer (Bitcoin Core: MAX_PROTOCOL_MESSAGE_LENGTH); a block fits. */
export const MAX_PAYLOAD_BYTES = 4_000_000;

const MAGIC_SIZE = 4;
const COMMAND_SIZE = 12;
const CHECKSUM_SIZE = 4;
/** Memory reserved at first for a payload, whatever its announced length: more only as bytes arrive. */
const FIRST_RESERVE_BYTES = 64 * 1024;

/** What bytes from a peer can break before they mean anything. */
export type WireRule =
  | 'wrong-magic'
  | 'bad-command'
  | 'oversized-message'
  | 'bad-checksum'
  | 'malformed-message';

/** Bytes from a peer that are no message; `message` is the rule, then what was found. */
export class WireError extends Error {
  override readonly name = 'WireError';
  readonly rule: WireRule;
  readonly detail: string;

  constructor(rule: WireRule, detail: string) {
    super(`${rule}: ${detail}`);
    this.rule = rule;
    this.detail = detail;
  }
}

/** One framed message. */
export interface Frame {
  readonly command: string;
  /** Undefined where the command is not understood: its payload was skipped and nothing of it kept. */
  readonly payload: Uint8Array | undefined;
  /** Bytes on the wire, header included. */
  readonly wireBytes: number;
}

/** The frame of a message. @param command at most 12 printable ASCII characters */
export function encodeFrame(magic: Uint8Array, command: string, payload: Uint8Array): Uint8Array {
  const writer = new Writer(FRAME_HEADER_SIZE);
  writer.bytes(magic);
  writer.bytes(new TextEncoder().encode(command.padEnd(COMMAND_SIZE, '\0')));
  writer.u32(payload.length);
  writer.bytes(checksumOf(payload));
  return concatBytes(writer.finish(), payload);
}

/** The first four bytes of SHA-256d. */
function checksumOf(payload: Uint8Array): Uint8Array {
  return sha256d(payload).subarray(0, CHECKSUM_SIZE);
}

/** A payload that is on its way. */
interface Incoming {
  readonly command: string;
  readonly length: number;
  readonly checksum: Uint8Array;
  /** Grows with what arrives; undefined when the payload is skipped. */
  bytes: Uint8Array | undefined;
  received: number;
}

export interface FrameReaderOptions {
  readonly magic: Uint8Array;
  /** The longest payload of a command, in bytes; undefined for a command that is not understood. */
  readonly maxPayloadBytes: (command: string) => number | undefined;
}

/**
 * Cuts a stream into frames: `push` bytes as they come, then take with `next` until there is none. Holds at
 * most the last pushed bytes and twice what has arrived of one payload.
 */
export class FrameReader {
  readonly #options: FrameReaderOptions;
  readonly #header = new Uint8Array(FRAME_HEADER_SIZE);
  #headerLength = 0;
  #incoming: Incoming | undefined;
  #input: Uint8Array = new Uint8Array(0);

  constructor(options: FrameReaderOptions) {
    this.#options = options;
  }

  /** Bytes held for frames that are not taken yet. */
  get heldBytes(): number {
    return this.#input.length + (this.#incoming?.bytes?.length ?? 0);
  }

  /** Bytes that have arrived of a frame that is not whole. */
  get unfinishedBytes(): number {
    const begun = this.#incoming === undefined ? 0 : FRAME_HEADER_SIZE + this.#incoming.received;
    return begun + this.#headerLength + this.#input.length;
  }

  /** Takes over `chunk`, which must not change afterwards. */
  push(chunk: Uint8Array): void {
    this.#input = this.#input.length === 0 ? chunk : concatBytes(this.#input, chunk);
  }

  /**
   * The next whole frame, or undefined when more bytes are needed.
   * @throws WireError; the stream is of no use afterwards
   */
  next(): Frame | undefined {
    this.#incoming ??= this.#readHeader();
    const incoming = this.#incoming;
    if (incoming === undefined) return undefined;
    this.#receive(incoming);
    if (incoming.received < incoming.length) return undefined;
    this.#incoming = undefined;
    const { command, length, checksum, bytes } = incoming;
    const wireBytes = FRAME_HEADER_SIZE + length;
    if (bytes === undefined) return { command, payload: undefined, wireBytes };
    const payload = bytes.subarray(0, length);
    if (!equalBytes(checksumOf(payload), checksum)) {
      throw new WireError('bad-checksum', `${command} of ${length} bytes does not match its checksum`);
    }
    return { command, payload, wireBytes };
  }

  /** Moves up to `length` bytes of the input into `target`, or nowhere; returns how many. */
  #move(length: number, target: Uint8Array | undefined, at: number): number {
    const part = this.#input.subarray(0, length);
    target?.set(part, at);
    this.#input = this.#input.subarray(part.length);
    return part.length;
  }

  #readHeader(): Incoming | undefined {
    const wanted = FRAME_HEADER_SIZE - this.#headerLength;
    this.#headerLength += this.#move(wanted, this.#header, this.#headerLength);
    // A stranger is told apart by its first four bytes; it may never send twenty-four.
    if (this.#headerLength >= MAGIC_SIZE) this.#checkMagic();
    if (this.#headerLength < FRAME_HEADER_SIZE) return undefined;
    this.#headerLength = 0;
    return this.#incomingOf(this.#header);
  }

  #checkMagic(): void {
    const magic = this.#header.subarray(0, MAGIC_SIZE);
    if (!equalBytes(magic, this.#options.magic)) throw new WireError('wrong-magic', bytesToHex(magic));
  }

  #incomingOf(header: Uint8Array): Incoming {
    const command = commandOf(header.subarray(MAGIC_SIZE, MAGIC_SIZE + COMMAND_SIZE));
    const view = new DataView(header.buffer, MAGIC_SIZE + COMMAND_SIZE);
    const length = view.getUint32(0, true);
    const limit = this.#options.maxPayloadBytes(command);
    const allowed = limit ?? MAX_PAYLOAD_BYTES;
    if (length > allowed) {
      throw new WireError(
        'oversized-message',
        `${command} of ${length} bytes, at most ${allowed} are allowed`,
      );
    }
    const bytes = limit === undefined ? undefined : new Uint8Array(Math.min(length, FIRST_RESERVE_BYTES));
    return { command, length, checksum: header.slice(-CHECKSUM_SIZE), bytes, received: 0 };
  }

  #receive(incoming: Incoming): void {
    const { length, bytes } = incoming;
    const arriving = Math.min(length - incoming.received, this.#input.length);
    const needed = incoming.received + arriving;
    if (bytes !== undefined && needed > bytes.length) {
      incoming.bytes = new Uint8Array(Math.min(length, Math.max(needed, 2 * bytes.length)));
      incoming.bytes.set(bytes.subarray(0, incoming.received));
    }
    incoming.received += this.#move(arriving, incoming.bytes, incoming.received);
  }
}

/** Printable ASCII, then zeros to the end (Bitcoin Core: CMessageHeader::IsMessageTypeValid). */
function commandOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  const length = end === -1 ? bytes.length : end;
  const printable = bytes.subarray(0, length).every((byte) => byte >= 0x20 && byte <= 0x7e);
  if (!printable || bytes.subarray(length).some((byte) => byte !== 0)) {
    throw new WireError('bad-command', `${bytesToHex(bytes)} is no name of a message`);
  }
  return String.fromCharCode(...bytes.subarray(0, length));
}
