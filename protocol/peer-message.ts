import { type Codec, CodecError, codec, fixedBytes, struct, u32 } from './codec.ts';
import { encodeFrame, WireError } from './peer-frame.ts';
import { PAYLOADS, type PayloadFormat, type PeerPayloads } from './peer-payload.ts';

export { WireError, type WireRule } from './peer-frame.ts';
export {
  type Inventory,
  type LocatorPayload,
  MAX_ADDRESSES,
  MAX_HEADERS,
  MAX_INVENTORY,
  MAX_LOCATOR_HASHES,
  type NetworkAddress,
  type TimedAddress,
  type VersionPayload,
} from './peer-payload.ts';

/** The protocol version we speak, the newest of Bitcoin Core (the number of BIP 339). */
export const PROTOCOL_VERSION = 70016;

/** What a node offers, as bits of `services` (Bitcoin Core: ServiceFlags). */
export const SERVICES = {
  /** Whole blocks. */
  network: 1n,
  /** Blocks and transactions with their witnesses (BIP 144). */
  witness: 1n << 3n,
} as const;

/** What an inventory item is about (Bitcoin Core: GetDataMsg). Witness kinds stand in requests (BIP 144). */
export const INVENTORY = {
  transaction: 1,
  block: 2,
  witnessTransaction: 0x4000_0001,
  witnessBlock: 0x4000_0002,
} as const;

/** The command of a message that is understood. */
export type PeerMessageType = keyof PeerPayloads;

/** One message, told apart by `type`. */
export type PeerMessage = {
  readonly [T in PeerMessageType]: { readonly type: T } & PeerPayloads[T];
}[PeerMessageType];

/** The message of one type. */
export type PeerMessageOf<T extends PeerMessageType> = Extract<PeerMessage, { readonly type: T }>;

/**
 * The framed bytes of a message.
 * @param magic of the network
 * @throws CodecError when a field does not fit
 */
export function encodePeerMessage(magic: Uint8Array, message: PeerMessage): Uint8Array {
  const { codec } = PAYLOADS[message.type] as PayloadFormat<PeerMessage>;
  return encodeFrame(magic, message.type, codec.encode(message));
}

/**
 * The message that a frame holds; undefined when its command is not understood.
 * @throws WireError `malformed-message` when the payload is not what the command asks for
 */
export function decodePeerPayload(command: string, payload: Uint8Array): PeerMessage | undefined {
  if (!isUnderstood(command)) return undefined;
  try {
    return { type: command, ...PAYLOADS[command].codec.decode(payload) } as PeerMessage;
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    throw new WireError('malformed-message', `${command}: ${error.message}`);
  }
}

/** A message as it travels. A stream of them is cut and checked by `FrameReader`. */
export interface FramedMessage {
  readonly magic: Uint8Array;
  readonly command: string;
  /** Of the payload, in bytes. */
  readonly length: number;
  /** The first four bytes of its SHA-256d. */
  readonly checksum: Uint8Array;
  /** Bytes where the command is not understood. */
  readonly payload: unknown;
}

const COMMAND_SIZE = 12;
const commandBytes = fixedBytes(COMMAND_SIZE);

/** Printable ASCII, filled up with zeros. */
const command: Codec<string> = codec(
  'text[12]',
  COMMAND_SIZE,
  (reader) => {
    const text = new TextDecoder('latin1').decode(commandBytes.read(reader)).replace(/\0+$/, '');
    if (!/^[\x20-\x7e]+$/.test(text)) throw reader.error('a command is printable text, filled up with zeros');
    return text;
  },
  (writer, value) => commandBytes.write(writer, new TextEncoder().encode(value.padEnd(COMMAND_SIZE, '\0'))),
);

/** The declaration of a whole message, for tools that show bytes. */
export const framedMessageCodec = struct<FramedMessage>(
  {
    magic: fixedBytes(4),
    command,
    length: u32,
    checksum: fixedBytes(4),
    payload: (frame) =>
      isUnderstood(frame.command) ? PAYLOADS[frame.command].codec : fixedBytes(frame.length),
  },
  'message',
);

/** The longest payload of a command, in bytes; undefined for one that is not understood. */
export function maxPayloadBytes(command: string): number | undefined {
  return isUnderstood(command) ? PAYLOADS[command].maxBytes : undefined;
}

function isUnderstood(command: string): command is PeerMessageType {
  return Object.hasOwn(PAYLOADS, command);
}
