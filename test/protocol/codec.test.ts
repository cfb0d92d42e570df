import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bytesToHex, hexToBytes } from '../../protocol/bytes.ts';
import {
  array,
  type Codec,
  CodecError,
  exactly,
  fixedBytes,
  i32,
  Reader,
  repeated,
  struct,
  u8,
  u16,
  u32,
  u64,
  varBytes,
  varint,
  Writer,
} from '../../protocol/codec.ts';
import { arbitraryBytes } from './arbitraries.ts';

function roundTrips<T>(codec: Codec<T>, arbitrary: fc.Arbitrary<T>): void {
  fc.assert(
    fc.property(arbitrary, (value) => {
      const bytes = codec.encode(value);
      assert.deepEqual(codec.decode(bytes), value);
      assert.ok(bytes.length >= codec.minSize);
    }),
  );
}

test('integers read back as they were written', () => {
  roundTrips(u8, fc.integer({ min: 0, max: 0xff }));
  roundTrips(u16, fc.integer({ min: 0, max: 0xffff }));
  roundTrips(u32, fc.integer({ min: 0, max: 0xffff_ffff }));
  roundTrips(i32, fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }));
  roundTrips(u64, fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn }));
});

test('integers are little-endian', () => {
  assert.equal(bytesToHex(u16.encode(0x0102)), '0201');
  assert.equal(bytesToHex(u32.encode(0xfedc_ba98)), '98badcfe');
  assert.equal(bytesToHex(i32.encode(-2)), 'feffffff');
  assert.equal(bytesToHex(u64.encode(0x0102_0304_0506_0708n)), '0807060504030201');
  assert.equal(bytesToHex(u64.encode(0xffff_ffff_ffff_ffffn)), 'ffffffffffffffff');
});

test('a value that does not fit is refused instead of being cut', () => {
  for (const bad of [-1, 256, 0.5, Number.NaN]) assert.throws(() => u8.encode(bad), CodecError);
  for (const bad of [-1, 0x1_0000]) assert.throws(() => u16.encode(bad), CodecError);
  for (const bad of [-1, 0x1_0000_0000, Number.POSITIVE_INFINITY]) {
    assert.throws(() => u32.encode(bad), CodecError);
  }
  for (const bad of [-0x8000_0001, 0x8000_0000]) assert.throws(() => i32.encode(bad), CodecError);
  for (const bad of [-1n, 1n << 64n]) assert.throws(() => u64.encode(bad), CodecError);
  for (const bad of [-1, 2 ** 53, 1.5]) assert.throws(() => varint.encode(bad), CodecError);
  assert.throws(() => fixedBytes(4).encode(new Uint8Array(3)), CodecError);
  assert.throws(() => varBytes(3).encode(new Uint8Array(4)), CodecError);
  assert.throws(() => array(u8, 2).encode([1, 2, 3]), CodecError);
});

test('a varint is as short as its value allows', () => {
  const lengths: [value: number, hex: string][] = [
    [0, '00'],
    [0xfc, 'fc'],
    [0xfd, 'fdfd00'],
    [0xffff, 'fdffff'],
    [0x1_0000, 'fe00000100'],
    [0xffff_ffff, 'feffffffff'],
    [0x1_0000_0000, 'ff0000000001000000'],
    [Number.MAX_SAFE_INTEGER, 'ffffffffffffff1f00'],
  ];
  for (const [value, hex] of lengths) {
    assert.equal(bytesToHex(varint.encode(value)), hex);
    assert.equal(varint.decode(hexToBytes(hex)), value);
  }
  roundTrips(varint, fc.maxSafeNat());
});

test('a varint that is longer than needed is refused', () => {
  for (const hex of [
    'fd0000',
    'fdfc00',
    'fe00000000',
    'feffff0000',
    'ff0000000000000000',
    'ffffffffff00000000',
  ]) {
    assert.throws(() => varint.decode(hexToBytes(hex)), /not minimally encoded/, hex);
  }
});

test('a varint above 2^53 - 1 is refused', () => {
  for (const hex of ['ff00000000000020 00', 'ffffffffffffffffff']) {
    assert.throws(() => varint.decode(hexToBytes(hex.replace(' ', ''))), /above 2\^53 - 1/, hex);
  }
});

test('a count that the bytes left cannot hold is refused before anything is reserved for it', () => {
  const tenLeft = new Uint8Array(10);
  const absurd = Uint8Array.of(0xff, 0, 0, 0, 0, 1, 0, 0, 0, ...tenLeft); // 2^32
  const elements = array(fixedBytes(1), Number.MAX_SAFE_INTEGER);
  assert.throws(
    () => elements.decode(absurd),
    /count 4294967296 needs at least 4294967296 bytes, 10 are left/,
  );
  assert.throws(() => varBytes(2 ** 33).decode(absurd), /count 4294967296 needs at least/);
  const heavy = array(fixedBytes(8), 1000);
  assert.throws(
    () => heavy.decode(Uint8Array.of(2, ...tenLeft)),
    /count 2 needs at least 16 bytes, 10 are left/,
  );
});

test('a count above the allowed one is refused', () => {
  assert.throws(() => array(u8, 2).decode(Uint8Array.of(3, 1, 1, 1)), /count 3 is above 2/);
  assert.throws(() => varBytes(2).decode(Uint8Array.of(3, 1, 1, 1)), /count 3 is above 2/);
});

test('trailing bytes are refused', () => {
  assert.throws(() => u8.decode(Uint8Array.of(1, 2)), new CodecError('1 trailing bytes (at byte 1 of 2)'));
});

test('input that ends early is refused, wherever it ends', () => {
  const whole = struct<{ a: number; b: bigint; c: Uint8Array; d: readonly number[] }>({
    a: u16,
    b: u64,
    c: varBytes(10),
    d: array(u32, 4),
  });
  const bytes = whole.encode({ a: 1, b: 2n, c: Uint8Array.of(3, 4), d: [5, 6] });
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => whole.decode(bytes.subarray(0, length)), CodecError);
  }
  assert.throws(() => u32.decode(Uint8Array.of(1, 2)), /4 bytes are needed and 2 are left/);
});

test('a structure tells its fields, in wire order', () => {
  const pair = struct<{ first: number; second: Uint8Array }>({ first: u16, second: fixedBytes(3) });
  assert.deepEqual(Object.keys(pair.fields), ['first', 'second']);
  assert.equal(pair.fields.first, u16);
  assert.equal(fixedBytes(3).type, 'bytes[3]');
  assert.equal(pair.minSize, 5);
  assert.equal(array(pair, 9).element, pair);
  assert.equal(bytesToHex(pair.encode({ second: Uint8Array.of(1, 2, 3), first: 9 })), '0900010203');
});

test('a field may depend on those before it', () => {
  const keyed = struct<{ keys: readonly number[]; values: readonly number[] }>({
    keys: array(u8, 9),
    values: ({ keys }) => repeated(u16, keys.length),
  });
  const value = { keys: [7, 8], values: [1, 2] };
  assert.equal(bytesToHex(keyed.encode(value)), '02070801000200');
  assert.deepEqual(keyed.decode(hexToBytes('02070801000200')), value);
  assert.throws(() => keyed.decode(hexToBytes('020708010002')), CodecError);
  assert.throws(() => keyed.encode({ keys: [7], values: [1, 2] }), /2 elements where 1 belong/);
});

test('a number with one allowed value has no other', () => {
  const marker = exactly(u8, 5);
  assert.equal(marker.decode(marker.encode(5)), 5);
  assert.throws(() => marker.decode(Uint8Array.of(6)), /6 stands where 5 belongs/);
  assert.throws(() => marker.encode(6), CodecError);
});

test('what is read neither aliases the input nor is a Buffer', () => {
  const input = Buffer.from([2, 7, 8]);
  const read = varBytes(10).decode(input);
  input.fill(0);
  assert.deepEqual(read, Uint8Array.of(7, 8));
});

test('a writer grows as needed, whatever is written when it is full', () => {
  const piece = fc.oneof(
    arbitraryBytes(0, 100).map((bytes) => ({ bytes, write: (writer: Writer) => writer.bytes(bytes) })),
    fc.nat(0xff).map((value) => ({ bytes: u8.encode(value), write: (writer: Writer) => writer.u8(value) })),
    fc.nat().map((value) => ({ bytes: u32.encode(value), write: (writer: Writer) => writer.u32(value) })),
    fc
      .maxSafeNat()
      .map((value) => ({ bytes: varint.encode(value), write: (writer: Writer) => writer.varint(value) })),
  );
  fc.assert(
    fc.property(fc.array(piece), fc.nat(20), (pieces, capacity) => {
      const writer = new Writer(capacity);
      for (const { write } of pieces) write(writer);
      assert.deepEqual(writer.finish(), new Uint8Array(Buffer.concat(pieces.map(({ bytes }) => bytes))));
    }),
  );
});

test('a reader starts anywhere in a larger buffer', () => {
  const reader = new Reader(Buffer.from([9, 9, 1, 2, 9]).subarray(2, 4));
  assert.equal(reader.u16(), 0x0201);
  reader.end();
});
