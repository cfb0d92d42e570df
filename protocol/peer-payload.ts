/**
 * The payloads of the peer protocol's messages, each declared once as a structure of named fields.
 * Sources: the protocol documentation of bitcoin.org; BIP 31 (pong), BIP 37 (relay flag), BIP 130
 * (sendheaders), BIP 133 (feefilter), BIP 144 (inventory with witness).
 */
import { blockCodec } from './block.ts';
import {
  array,
  type Codec,
  CodecError,
  codec,
  type DeclaredCodec,
  declared,
  exactly,
  fixedBytes,
  i32,
  struct,
  u32,
  u64,
  varBytes,
  varint,
} from './codec.ts';
import { decodeHeader, encodeHeader, HEADER_SIZE, type Header, headerCodec } from './header.ts';
import { type Transaction, transactionCodec } from './transaction.ts';
import type { Hash } from './units.ts';

/** One block or transaction by its hash. Kinds other than those of INVENTORY may come and are passed on. */
export interface Inventory {
  readonly kind: number;
  /** Of a block, or the txid; internal byte order. */
  readonly hash: Hash;
}

/** Where a node can be reached and what it offers. */
export interface NetworkAddress {
  /** Bits of SERVICES. */
  readonly services: bigint;
  /** 16 bytes, IPv4 mapped into IPv6. */
  readonly ip: Uint8Array;
  readonly port: number;
}

/** An address as `addr` passes it on. */
export interface TimedAddress extends NetworkAddress {
  /** When it was last seen, seconds since 1970. */
  readonly lastSeenSeconds: number;
}

/** The first message of either side. */
export interface VersionPayload {
  readonly version: number;
  readonly services: bigint;
  /** The sender's clock, seconds since 1970, signed. */
  readonly timeSeconds: bigint;
  /** Whom the sender believes to talk to. */
  readonly receiver: NetworkAddress;
  readonly sender: NetworkAddress;
  /** Random; a node that receives its own is connected to itself. */
  readonly nonce: bigint;
  readonly userAgent: string;
  /** Of the sender's best block. */
  readonly startHeight: number;
  /** Whether the sender wants to hear of transactions (BIP 37). */
  readonly relay: boolean;
}

/** What asks for headers, or for the inventory of blocks. */
export interface LocatorPayload {
  readonly version: number;
  /** Hashes of the sender's chain, from its tip back, ever farther apart; at most MAX_LOCATOR_HASHES. */
  readonly locator: readonly Hash[];
  /** Last hash wanted; zeros: as many as may be sent. */
  readonly stop: Hash;
}

export interface InventoryPayload {
  readonly items: readonly Inventory[];
}

/** No fields. */
export type EmptyPayload = Readonly<Record<never, never>>;

/** The payload of every message that is understood, by its command. */
export interface PeerPayloads {
  readonly version: VersionPayload;
  readonly verack: EmptyPayload;
  readonly ping: { readonly nonce: bigint };
  readonly pong: { readonly nonce: bigint };
  readonly getaddr: EmptyPayload;
  readonly addr: { readonly addresses: readonly TimedAddress[] };
  readonly sendheaders: EmptyPayload;
  /** `rate` in nits per 1,000 vB. */
  readonly feefilter: { readonly rate: bigint };
  readonly getheaders: LocatorPayload;
  readonly getblocks: LocatorPayload;
  readonly headers: { readonly headers: readonly Header[] };
  readonly inv: InventoryPayload;
  readonly getdata: InventoryPayload;
  readonly notfound: InventoryPayload;
  readonly tx: { readonly transaction: Transaction };
  /** The block as it travels, to be decoded by whoever wants it. */
  readonly block: { readonly bytes: Uint8Array };
}

/** Bitcoin Core: MAX_INV_SZ. */
export const MAX_INVENTORY = 50_000;
/** Bitcoin Core: MAX_HEADERS_RESULTS. */
export const MAX_HEADERS = 2_000;
/** Bitcoin Core: MAX_LOCATOR_SZ. */
export const MAX_LOCATOR_HASHES = 101;
/** Bitcoin Core: MAX_ADDR_TO_SEND. */
export const MAX_ADDRESSES = 1_000;
/** Bitcoin Core: MAX_SUBVERSION_LENGTH. */
export const MAX_USER_AGENT_BYTES = 256;

/** A block's weight is at least its bytes (BIP 141). */
const MAX_BLOCK_BYTES = 4_000_000;
/** The same for the largest transaction that relays (Bitcoin Core: MAX_STANDARD_TX_WEIGHT). */
const MAX_TRANSACTION_BYTES = 400_000;
/** With room for fields that later versions may append. */
const MAX_VERSION_BYTES = 1_024;
const INVENTORY_SIZE = 36;
const TIMED_ADDRESS_SIZE = 30;
/** A count of up to 65,535. */
const COUNT_SIZE = 3;

const hash: Codec<Hash> = fixedBytes(32);

const i64: Codec<bigint> = codec(
  'i64',
  8,
  (reader) => BigInt.asIntN(64, reader.u64()),
  (writer, value) => writer.u64(BigInt.asUintN(64, value)),
);

/** Of all numbers ports alone travel with their high byte first. */
const port: Codec<number> = codec(
  'u16be',
  2,
  (reader) => (reader.u8() << 8) | reader.u8(),
  (writer, value) => {
    writer.u8(value >>> 8);
    writer.u8(value & 0xff);
  },
);

const agentBytes = varBytes(MAX_USER_AGENT_BYTES);

/** What another node calls itself; what is no UTF-8 reads as replacement characters. */
const userAgent: Codec<string> = declared(
  codec(
    'text',
    1,
    (reader) => new TextDecoder().decode(agentBytes.read(reader)),
    (writer, value) => agentBytes.write(writer, new TextEncoder().encode(value)),
  ),
  () => agentBytes,
);

/** Absent from nodes before BIP 37, which want transactions. Fields that stand after it are not ours to know. */
const relayAndLater: Codec<boolean> = codec(
  'bool',
  0,
  (reader) => {
    const relay = reader.remaining === 0 || reader.u8() !== 0;
    reader.take(reader.remaining);
    return relay;
  },
  (writer, value) => writer.u8(value ? 1 : 0),
);

const networkAddress = struct<NetworkAddress>({ services: u64, ip: fixedBytes(16), port }, 'network address');
const timedAddress = struct<TimedAddress>(
  { lastSeenSeconds: u32, services: u64, ip: fixedBytes(16), port },
  'timed address',
);
export const inventoryCodec = struct<Inventory>({ kind: u32, hash }, 'inventory');

/** The same written by hand: 50,000 of them in one message must not hold up a node. Hashes are views of it. */
const inventory: Codec<Inventory> = declared(
  codec(
    inventoryCodec.type,
    INVENTORY_SIZE,
    (reader) => ({ kind: reader.u32(), hash: reader.view(32) }),
    (writer, { kind, hash: bytes }) => {
      if (bytes.length !== 32) throw new CodecError('a hash in an inventory has 32 bytes');
      writer.u32(kind);
      writer.bytes(bytes);
    },
  ),
  () => inventoryCodec,
);

/** A header goes as a block without transactions: a zero stands after its 80 bytes. */
const noTransactions = exactly(varint, 0);
const bareBlockCodec = struct<{ header: Header; transactions: number }>(
  { header: headerCodec, transactions: noTransactions },
  'bare block',
);
const bareBlock: Codec<Header> = declared(
  codec(
    bareBlockCodec.type,
    HEADER_SIZE + 1,
    (reader) => {
      const header = decodeHeader(reader.take(HEADER_SIZE));
      noTransactions.read(reader);
      return header;
    },
    (writer, header) => {
      writer.bytes(encodeHeader(header));
      noTransactions.write(writer, 0);
    },
  ),
  () => bareBlockCodec,
);

/** Both directions without a copy. */
const blockPayload: DeclaredCodec<PeerPayloads['block']> = {
  ...codec<PeerPayloads['block']>(
    'block',
    HEADER_SIZE,
    (reader) => ({ bytes: reader.take(reader.remaining) }),
    (writer, { bytes }) => writer.bytes(bytes),
  ),
  encode: ({ bytes }) => bytes,
  decode: (bytes) => {
    // Its header says which block it is; the rest is not looked at here.
    if (bytes.length < HEADER_SIZE)
      throw new CodecError(`ends within the ${HEADER_SIZE} bytes of its header`);
    return { bytes };
  },
  declaration: () => blockCodec,
};

/** One kind of payload. */
export interface PayloadFormat<P> {
  readonly codec: Codec<P>;
  /** None is longer: a frame that announces more is refused before it is received. */
  readonly maxBytes: number;
}

const format = <P>(payload: Codec<P>, maxBytes: number): PayloadFormat<P> => ({ codec: payload, maxBytes });

const empty = format(struct<EmptyPayload>({}, 'empty message'), 0);
const nonce = format(struct<PeerPayloads['ping']>({ nonce: u64 }, 'ping message'), 8);
const locator = format(
  struct<LocatorPayload>(
    { version: u32, locator: array(hash, MAX_LOCATOR_HASHES), stop: hash },
    'locator message',
  ),
  4 + 1 + 32 * MAX_LOCATOR_HASHES + 32,
);
const items = format(
  struct<InventoryPayload>({ items: array(inventory, MAX_INVENTORY) }, 'inventory message'),
  COUNT_SIZE + INVENTORY_SIZE * MAX_INVENTORY,
);

/** Every payload that is understood. */
export const PAYLOADS: { readonly [T in keyof PeerPayloads]: PayloadFormat<PeerPayloads[T]> } = {
  version: format(
    struct<VersionPayload>(
      {
        version: i32,
        services: u64,
        timeSeconds: i64,
        receiver: networkAddress,
        sender: networkAddress,
        nonce: u64,
        userAgent,
        startHeight: i32,
        relay: relayAndLater,
      },
      'version message',
    ),
    MAX_VERSION_BYTES,
  ),
  verack: empty,
  ping: nonce,
  pong: nonce,
  getaddr: empty,
  addr: format(
    struct<PeerPayloads['addr']>({ addresses: array(timedAddress, MAX_ADDRESSES) }, 'addr message'),
    COUNT_SIZE + TIMED_ADDRESS_SIZE * MAX_ADDRESSES,
  ),
  sendheaders: empty,
  feefilter: format(struct<PeerPayloads['feefilter']>({ rate: u64 }, 'feefilter message'), 8),
  getheaders: locator,
  getblocks: locator,
  headers: format(
    struct<PeerPayloads['headers']>({ headers: array(bareBlock, MAX_HEADERS) }, 'headers message'),
    COUNT_SIZE + (HEADER_SIZE + 1) * MAX_HEADERS,
  ),
  inv: items,
  getdata: items,
  notfound: items,
  tx: format(
    struct<PeerPayloads['tx']>({ transaction: transactionCodec }, 'tx message'),
    MAX_TRANSACTION_BYTES,
  ),
  block: format(blockPayload, MAX_BLOCK_BYTES),
};
