import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { bytesToHex, concatBytes, hexToBytes } from '../../protocol/bytes.ts';
import {
  encodeFrame,
  FRAME_HEADER_SIZE,
  type Frame,
  FrameReader,
  MAX_PAYLOAD_BYTES,
  WireError,
  type WireRule,
} from '../../protocol/peer-frame.ts';

const MAGIC = hexToBytes('fabfb5da');
const LIMITS: Readonly<Record<string, number>> = { ping: 8, verack: 0, block: MAX_PAYLOAD_BYTES };

function newReader(): FrameReader {
  return new FrameReader({ magic: MAGIC, maxPayloadBytes: (command) => LIMITS[command] });
}

/** All frames of a stream that comes in these pieces. */
function framesOf(pieces: readonly Uint8Array[]): Frame[] {
  const reader = newReader();
  const frames: Frame[] = [];
  for (const piece of pieces) {
    reader.push(piece);
    for (let frame = reader.next(); frame !== undefined; frame = reader.next()) frames.push(frame);
  }
  return frames;
}

function breaks(rule: WireRule, bytes: Uint8Array, detail = /./): void {
  assert.throws(
    () => framesOf([bytes]),
    (error) => error instanceof WireError && error.rule === rule && detail.test(error.detail),
  );
}

/** A header as it is on the wire. */
function header(command: string, length: number, checksum = '00000000'): Uint8Array {
  const size = new Uint8Array(4);
  new DataView(size.buffer).setUint32(0, length, true);
  const name = Uint8Array.from(Buffer.from(command.padEnd(12, '\0'), 'latin1'));
  return concatBytes(MAGIC, name, size, hexToBytes(checksum));
}

describe('a frame', () => {
  test('of verack is the one the protocol documentation shows', () => {
    const frame = encodeFrame(hexToBytes('f9beb4d9'), 'verack', new Uint8Array(0));
    assert.equal(bytesToHex(frame), 'f9beb4d976657261636b000000000000000000005df6e0e2');
  });

  test('is the same in whatever pieces it arrives', () => {
    const payload = new Uint8Array(8).fill(3);
    const stream = concatBytes(
      encodeFrame(MAGIC, 'verack', new Uint8Array(0)),
      encodeFrame(MAGIC, 'ping', payload),
      encodeFrame(MAGIC, 'unheard-of', new Uint8Array(100)),
      encodeFrame(MAGIC, 'ping', payload),
    );
    const whole = framesOf([stream]);
    assert.deepEqual(
      whole.map(({ command }) => command),
      ['verack', 'ping', 'unheard-of', 'ping'],
    );
    assert.deepEqual(whole[1], { command: 'ping', payload, wireBytes: FRAME_HEADER_SIZE + 8 });
    assert.deepEqual(framesOf([...stream].map((byte) => Uint8Array.of(byte))), whole);
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length), { maxLength: 6 }), (cuts) => {
        const places = [0, ...cuts.sort((a, b) => a - b), stream.length];
        const pieces = places.slice(1).map((end, at) => stream.slice(places[at], end));
        assert.deepEqual(framesOf(pieces), whole);
      }),
    );
  });

  test('does not change with the chunk it came in', () => {
    const chunk = encodeFrame(MAGIC, 'ping', new Uint8Array(8).fill(3));
    const [frame] = framesOf([chunk]);
    chunk.fill(0);
    assert.deepEqual(frame?.payload, new Uint8Array(8).fill(3));
  });
});

describe('a stream that is refused', () => {
  test('begins with another magic: four bytes are enough to tell', () => {
    breaks('wrong-magic', hexToBytes('f9beb4d9'), /^f9beb4d9$/);
    breaks('wrong-magic', Buffer.from('GET / HTTP/1.1\r\n'), /^47455420$/);
    assert.deepEqual(framesOf([MAGIC.subarray(0, 3)]), []);
  });

  test('goes on with another magic after a good frame', () => {
    const verack = encodeFrame(MAGIC, 'verack', new Uint8Array(0));
    breaks('wrong-magic', concatBytes(verack, hexToBytes('00000000')));
  });

  test('names a message with what is no text, or with text after a zero', () => {
    breaks('bad-command', header('pi\x01ng', 8));
    breaks('bad-command', header('pi\0ng', 8));
    breaks('bad-command', header('pi\xe9ng', 8));
    // Twelve characters leave no room for a zero.
    assert.deepEqual(framesOf([header('twelvetwelve', 5)]), []);
  });

  test('announces more than its kind of message can hold, before any of it is read', () => {
    breaks('oversized-message', header('ping', 9), /^ping of 9 bytes, at most 8/);
    breaks('oversized-message', header('verack', 1));
    breaks('oversized-message', header('block', MAX_PAYLOAD_BYTES + 1));
    breaks('oversized-message', header('unheard-of', MAX_PAYLOAD_BYTES + 1));
    breaks('oversized-message', header('ping', 0xffff_ffff));
  });

  test('has a wrong checksum', () => {
    const frame = encodeFrame(MAGIC, 'ping', new Uint8Array(8));
    for (const at of [20, 23, 24, 31]) {
      const bad = frame.slice();
      bad[at]! ^= 1;
      breaks('bad-checksum', bad, /^ping of 8 bytes/);
    }
  });
});

describe('memory', () => {
  test('is taken for what has arrived, not for what was announced', () => {
    const reader = newReader();
    reader.push(header('block', MAX_PAYLOAD_BYTES));
    assert.equal(reader.next(), undefined);
    assert.ok(reader.heldBytes <= 64 * 1024);
    reader.push(new Uint8Array(100_000));
    assert.equal(reader.next(), undefined);
    assert.ok(reader.heldBytes <= 2 * 100_000);
    assert.equal(reader.unfinishedBytes, FRAME_HEADER_SIZE + 100_000);
  });

  test('is not taken for a message that is not understood', () => {
    const reader = newReader();
    reader.push(header('unheard-of', MAX_PAYLOAD_BYTES));
    for (let sent = 0; sent < MAX_PAYLOAD_BYTES; sent += 100_000) {
      assert.equal(reader.next(), undefined);
      assert.equal(reader.heldBytes, 0);
      reader.push(new Uint8Array(100_000));
    }
    assert.deepEqual(reader.next(), {
      command: 'unheard-of',
      payload: undefined,
      wireBytes: FRAME_HEADER_SIZE + MAX_PAYLOAD_BYTES,
    });
  });

  test('is given back with each frame that is taken', () => {
    const reader = newReader();
    reader.push(encodeFrame(MAGIC, 'block', new Uint8Array(1_000_000)));
    assert.equal(reader.next()?.payload?.length, 1_000_000);
    assert.equal(reader.heldBytes, 0);
    assert.equal(reader.unfinishedBytes, 0);
  });
});
