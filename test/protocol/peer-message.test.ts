import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { decodeBlock, encodeBlock } from '../../protocol/block.ts';
import { bytesToHex, concatBytes, displayHash, equalBytes, hexToBytes } from '../../protocol/bytes.ts';
import { compactToTarget } from '../../protocol/compact.ts';
import { blockHash } from '../../protocol/header.ts';
import { PROFILES } from '../../protocol/network.ts';
import { FRAME_HEADER_SIZE, FrameReader } from '../../protocol/peer-frame.ts';
import {
  decodePeerPayload,
  encodePeerMessage,
  INVENTORY,
  MAX_ADDRESSES,
  MAX_HEADERS,
  MAX_INVENTORY,
  MAX_LOCATOR_HASHES,
  maxPayloadBytes,
  type PeerMessage,
  type PeerMessageOf,
  type PeerMessageType,
  WireError,
} from '../../protocol/peer-message.ts';
import { inventoryCodec } from '../../protocol/peer-payload.ts';
import { txid } from '../../protocol/transaction.ts';
import { meetsTarget } from '../../protocol/work.ts';
import {
  arbitraryBlock,
  arbitraryBytes,
  arbitraryHash,
  arbitraryHeader,
  arbitraryTransaction,
  arbitraryU32,
  plainRecord,
} from './arbitraries.ts';
import { readVectors } from './vectors.ts';

const { magic, genesisHash } = PROFILES['bitcoin-regtest'];
const IP = hexToBytes('00000000000000000000ffffcb007107');
const HASH = new Uint8Array(32).fill(7);

interface Recorded {
  readonly frames: readonly { readonly command: string; readonly hex: string }[];
}

const RECORDED = readVectors<Recorded>('peer/bcoin-regtest.json').frames;

/** The payload of a framed message. */
function payloadOf(frame: Uint8Array): Uint8Array {
  return frame.slice(FRAME_HEADER_SIZE);
}

function decoded(frameHex: string): PeerMessage | undefined {
  const reader = new FrameReader({ magic, maxPayloadBytes });
  reader.push(hexToBytes(frameHex));
  const frame = reader.next();
  assert.ok(frame);
  return frame.payload && decodePeerPayload(frame.command, frame.payload);
}

/** The recorded messages of one type. */
function recorded<T extends PeerMessageType>(type: T): PeerMessageOf<T>[] {
  const frames = RECORDED.filter(({ command }) => command === type);
  return frames.map(({ hex }) => decoded(hex) as PeerMessageOf<T>);
}

describe('what a Bitcoin node sends', () => {
  test('is read, and written again byte for byte', () => {
    const types = new Set<string>();
    for (const { command, hex } of RECORDED) {
      const message = decoded(hex);
      if (message === undefined) continue;
      types.add(message.type);
      assert.equal(bytesToHex(encodePeerMessage(magic, message)), hex, command);
    }
    const expected = 'addr block getaddr getblocks getdata headers inv notfound pong tx verack version';
    assert.equal([...types].sort().join(' '), expected);
  });

  test('introduces itself with version', () => {
    const [version] = recorded('version');
    assert.equal(version!.version, 70_015);
    assert.equal(version!.services, 9n);
    assert.equal(version!.userAgent, '/bcoin:v1.0.2/');
    assert.equal(version!.startHeight, 102);
    assert.equal(version!.relay, true);
    assert.ok(version!.timeSeconds > 1_700_000_000n);
    assert.equal(version!.receiver.port, 25_200);
  });

  test('answers getheaders with its chain, whose headers have the work they claim', () => {
    const [{ headers } = { headers: [] }, announced] = recorded('headers');
    assert.equal(headers.length, 102);
    assert.deepEqual(headers[0]!.previous, genesisHash);
    for (const [at, header] of headers.entries()) {
      assert.ok(meetsTarget(blockHash(header), compactToTarget(header.bits)));
      if (at > 0) assert.deepEqual(header.previous, blockHash(headers[at - 1]!));
    }
    assert.deepEqual(announced!.headers[0]!.previous, blockHash(headers.at(-1)!));
  });

  test('answers getdata with a block, with a transaction and its witness, and with notfound', () => {
    const [block] = recorded('block').map(({ bytes }) => decodeBlock(bytes));
    assert.deepEqual(block!.header.previous, genesisHash);
    assert.equal(block!.transactions.length, 1);
    const [tx] = recorded('tx');
    assert.equal(
      displayHash(txid(tx!.transaction)),
      '2d7ff98e74aae3373c7854a39167272190c1bf5b32fc3f98171eb976d81b2442',
    );
    assert.equal(tx!.transaction.inputs[0]!.witness.length, 2);
    const [missing] = recorded('notfound');
    assert.deepEqual(missing!.items, [{ kind: INVENTORY.transaction, hash: new Uint8Array(32).fill(9) }]);
  });

  test('asks for what was announced, with its witness', () => {
    const asked = recorded('getdata').flatMap(({ items }) => items);
    assert.deepEqual(
      asked.map(({ kind }) => kind),
      [INVENTORY.witnessBlock, INVENTORY.witnessTransaction],
    );
  });

  test('may hold messages that are not understood', () => {
    const other = RECORDED.filter(({ command }) => maxPayloadBytes(command) === undefined);
    assert.deepEqual(
      other.map(({ command }) => command),
      ['sendcmpct'],
    );
    assert.equal(decodePeerPayload('sendcmpct', new Uint8Array(9)), undefined);
    assert.equal(decodePeerPayload('constructor', new Uint8Array(0)), undefined);
  });
});

const arbitraryU64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const arbitraryPort = fc.integer({ min: 0, max: 65_535 });
const arbitraryI32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const address = { services: arbitraryU64, ip: arbitraryBytes(16), port: arbitraryPort };
const arbitraryItems = fc.array(plainRecord({ kind: arbitraryU32, hash: arbitraryHash }), { maxLength: 20 });
const locator = {
  version: arbitraryU32,
  locator: fc.array(arbitraryHash, { maxLength: MAX_LOCATOR_HASHES }),
  stop: arbitraryHash,
};

/** A message of every type. */
const ARBITRARY: { readonly [T in PeerMessageType]: fc.Arbitrary<Omit<PeerMessageOf<T>, 'type'>> } = {
  version: plainRecord({
    version: arbitraryI32,
    services: arbitraryU64,
    timeSeconds: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    receiver: plainRecord(address),
    sender: plainRecord(address),
    nonce: arbitraryU64,
    userAgent: fc
      .string({ maxLength: 60, unit: 'grapheme' })
      .filter((text) => Buffer.byteLength(text) <= 256),
    startHeight: arbitraryI32,
    relay: fc.boolean(),
  }),
  verack: fc.constant({}),
  ping: plainRecord({ nonce: arbitraryU64 }),
  pong: plainRecord({ nonce: arbitraryU64 }),
  getaddr: fc.constant({}),
  addr: plainRecord({
    addresses: fc.array(plainRecord({ lastSeenSeconds: arbitraryU32, ...address }), { maxLength: 20 }),
  }),
  sendheaders: fc.constant({}),
  feefilter: plainRecord({ rate: arbitraryU64 }),
  getheaders: plainRecord(locator),
  getblocks: plainRecord(locator),
  headers: plainRecord({ headers: fc.array(arbitraryHeader, { maxLength: 10 }) }),
  inv: plainRecord({ items: arbitraryItems }),
  getdata: plainRecord({ items: arbitraryItems }),
  notfound: plainRecord({ items: arbitraryItems }),
  tx: plainRecord({ transaction: arbitraryTransaction }),
  block: arbitraryBlock.map((block) => ({ bytes: encodeBlock(block) })),
};
const TYPES = Object.keys(ARBITRARY) as PeerMessageType[];

const arbitraryMessage = fc
  .constantFrom(...TYPES)
  .chain((type) => ARBITRARY[type].map((payload) => ({ type, ...payload }) as PeerMessage));

function isMalformed(command: string): (error: unknown) => boolean {
  return (error) =>
    error instanceof WireError &&
    error.rule === 'malformed-message' &&
    error.detail.startsWith(`${command}: `);
}

describe('a message', () => {
  test('is read as it was written, whatever its type', () => {
    fc.assert(
      fc.property(arbitraryMessage, (message) => {
        const frame = encodePeerMessage(magic, message);
        assert.ok(frame.length - FRAME_HEADER_SIZE <= maxPayloadBytes(message.type)!);
        assert.deepEqual(decodePeerPayload(message.type, payloadOf(frame)), message);
      }),
      { numRuns: 500 },
    );
  });

  test('that is cut short or too long is malformed, with its type named', () => {
    // What ends a version may be missing or go on (BIP 37), and a block is read by whoever wants it.
    const strict = TYPES.filter((type) => type !== 'version' && type !== 'block');
    for (const { command, hex } of RECORDED) {
      if (!strict.some((type) => type === command)) continue;
      const payload = payloadOf(hexToBytes(hex));
      const step = Math.max(1, Math.floor(payload.length / 100));
      for (let length = 0; length < payload.length; length += step) {
        assert.throws(() => decodePeerPayload(command, payload.subarray(0, length)), isMalformed(command));
      }
      const longer = concatBytes(payload, Uint8Array.of(0));
      assert.throws(() => decodePeerPayload(command, longer), isMalformed(command), command);
    }
  });

  test('of bytes that mean nothing never throws anything but that it is malformed', () => {
    fc.assert(
      fc.property(fc.constantFrom(...TYPES), fc.uint8Array({ maxLength: 300 }), (type, bytes) => {
        try {
          decodePeerPayload(type, bytes);
        } catch (error) {
          assert.ok(isMalformed(type)(error), String(error));
        }
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('version', () => {
  const [{ hex } = { hex: '' }] = RECORDED.filter(({ command }) => command === 'version');
  const payload = payloadOf(hexToBytes(hex));

  test('without its last byte is of a node that wants transactions (BIP 37)', () => {
    const old = decodePeerPayload('version', payload.subarray(0, -1)) as PeerMessageOf<'version'>;
    assert.equal(old.relay, true);
    const silent = decodePeerPayload('version', concatBytes(payload.subarray(0, -1), Uint8Array.of(0)));
    assert.equal((silent as PeerMessageOf<'version'>).relay, false);
  });

  test('may carry fields of later versions', () => {
    const later = decodePeerPayload('version', concatBytes(payload, new Uint8Array(50)));
    assert.deepEqual(later, decodePeerPayload('version', payload));
  });

  test('that ends before its height is malformed', () => {
    for (let length = 0; length < payload.length - 1; length++) {
      assert.throws(() => decodePeerPayload('version', payload.subarray(0, length)), isMalformed('version'));
    }
  });

  test('with a name of more than 256 bytes is malformed', () => {
    const version = decodePeerPayload('version', payload) as PeerMessageOf<'version'>;
    assert.throws(
      () => encodePeerMessage(magic, { ...version, userAgent: 'x'.repeat(257) }),
      /257 is above 256/,
    );
    const at = 4 + 8 + 8 + 26 + 26 + 8;
    const long = concatBytes(
      payload.subarray(0, at),
      hexToBytes('fd0101'),
      new Uint8Array(257),
      new Uint8Array(5),
    );
    assert.throws(() => decodePeerPayload('version', long), isMalformed('version'));
  });
});

describe('a list', () => {
  const lastSeenSeconds = 1;
  const items = (count: number) => Array.from({ length: count }, () => ({ kind: 1, hash: HASH }));
  const addresses = (count: number) =>
    Array.from({ length: count }, () => ({ lastSeenSeconds, services: 1n, ip: IP, port: 5001 }));
  const [header] = recorded('headers')[0]!.headers;
  const lists: readonly (readonly [number, (count: number) => PeerMessage])[] = [
    [MAX_INVENTORY, (count) => ({ type: 'inv', items: items(count) })],
    [MAX_INVENTORY, (count) => ({ type: 'getdata', items: items(count) })],
    [MAX_ADDRESSES, (count) => ({ type: 'addr', addresses: addresses(count) })],
    [MAX_HEADERS, (count) => ({ type: 'headers', headers: Array.from({ length: count }, () => header!) })],
    [
      MAX_LOCATOR_HASHES,
      (count) => ({
        type: 'getheaders',
        version: 1,
        locator: Array.from({ length: count }, () => HASH),
        stop: HASH,
      }),
    ],
  ];

  test('may be as long as Bitcoin Core allows, and no longer', () => {
    for (const [most, make] of lists) {
      const message = make(most);
      const payload = payloadOf(encodePeerMessage(magic, message));
      assert.equal(payload.length, maxPayloadBytes(message.type), message.type);
      assert.deepEqual(decodePeerPayload(message.type, payload), message);
      assert.throws(() => encodePeerMessage(magic, make(most + 1)), /is above/);
    }
  });

  test('that claims more than it holds is refused before memory is reserved', () => {
    for (const type of ['inv', 'getdata', 'addr', 'headers'] as const) {
      const claim = concatBytes(hexToBytes('fe'), hexToBytes('ffffff7f'), new Uint8Array(40));
      assert.throws(() => decodePeerPayload(type, claim), isMalformed(type));
    }
  });
});

test('a header that is followed by transactions is malformed', () => {
  const { headers } = recorded('headers')[0]!;
  const payload = payloadOf(encodePeerMessage(magic, { type: 'headers', headers: headers.slice(0, 1) }));
  assert.equal(payload.at(-1), 0);
  payload[payload.length - 1] = 1;
  assert.throws(() => decodePeerPayload('headers', payload), isMalformed('headers'));
});

test('an inventory written by hand is that of its declaration', () => {
  fc.assert(
    fc.property(arbitraryItems, (items) => {
      const payload = payloadOf(encodePeerMessage(magic, { type: 'inv', items }));
      const declared = items.map((item) => inventoryCodec.encode(item));
      assert.deepEqual(payload.subarray(1), concatBytes(...declared));
      assert.deepEqual(
        (decodePeerPayload('inv', payload) as PeerMessageOf<'inv'>).items,
        declared.map((bytes) => inventoryCodec.decode(bytes)),
      );
    }),
  );
  const wrong = { type: 'inv', items: [{ kind: 1, hash: new Uint8Array(31) }] } as const;
  assert.throws(() => encodePeerMessage(magic, wrong), /32 bytes/);
});

test('a block is handed on as it came, without a copy', () => {
  const bytes = new Uint8Array(100).fill(1);
  const message = decodePeerPayload('block', bytes) as PeerMessageOf<'block'>;
  assert.equal(message.bytes, bytes);
  assert.throws(() => decodePeerPayload('block', bytes.subarray(0, 79)), isMalformed('block'));
  assert.ok(equalBytes(payloadOf(encodePeerMessage(magic, message)), bytes));
});

test('a port travels with its high byte first, an address of IPv4 inside one of IPv6', () => {
  const addresses = [{ lastSeenSeconds: 0x0102_0304, services: 9n, ip: IP, port: 0x1389 }];
  const payload = payloadOf(encodePeerMessage(magic, { type: 'addr', addresses }));
  assert.equal(bytesToHex(payload), `01040302010900000000000000${bytesToHex(IP)}1389`);
});
