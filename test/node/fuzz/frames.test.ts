import assert from 'node:assert/strict';
import { test } from 'node:test';
import { advanceHandshake, beginHandshake, type HandshakeMessage } from '../../../node/peers/handshake.ts';
import { PEER_RULES } from '../../../node/peers/peer-rules.ts';
import { concatBytes } from '../../../protocol/bytes.ts';
import { PROFILES } from '../../../protocol/network.ts';
import { encodeFrame, FRAME_HEADER_SIZE, type Frame, FrameReader } from '../../../protocol/peer-frame.ts';
import {
  decodePeerPayload,
  encodePeerMessage,
  maxPayloadBytes,
  type PeerMessage,
  WireError,
} from '../../../protocol/peer-message.ts';
import { inPieces, mutated } from '../../kit/fuzz-bytes.ts';
import { anyMessage, anyVersion, FuzzSubject } from '../../kit/fuzz-messages.ts';
import { type FuzzRandom, fuzz } from '../../kit/fuzz-random.ts';

const { magic } = PROFILES.regtest;
const subject = new FuzzSubject();
/** Memory that is reserved for a payload before it comes. */
const RESERVED_BYTES = 64 * 1024;

/** A frame that is whole, or damaged in its header, its payload or its length. */
function frame(random: FuzzRandom): Uint8Array {
  const bytes = encodePeerMessage(magic, anyMessage(subject, random));
  const payload = bytes.subarray(FRAME_HEADER_SIZE);
  const header = bytes.slice(0, FRAME_HEADER_SIZE);
  const command = new TextDecoder().decode(header.subarray(4, 16)).replaceAll('\0', '');
  switch (random.int(0, 6)) {
    case 0:
      return bytes;
    case 1:
      return mutated(bytes, random);
    case 2:
      return concatBytes(mutated(header, random), payload);
    // The length alone
    case 3:
      new DataView(header.buffer).setUint32(16, random.edge(), true);
      return concatBytes(header, payload);
    // Another command, known or not, over the same payload
    case 4:
      return encodeFrame(
        magic,
        random.pick(['', 'inv', 'tx', 'verack', 'cmpctblock', '            ']),
        payload,
      );
    // A damaged payload with the checksum it then has
    default:
      return encodeFrame(magic, command, mutated(payload, random));
  }
}

/** All frames up to the first error; holds the reader to its memory. */
function* read(stream: Uint8Array, random: FuzzRandom): Generator<Frame> {
  const reader = new FrameReader({ magic, maxPayloadBytes });
  let arrived = 0;
  for (const piece of inPieces(stream, random)) {
    reader.push(piece);
    arrived += piece.length;
    for (let next = reader.next(); next !== undefined; next = reader.next()) yield next;
    assert.ok(reader.heldBytes <= RESERVED_BYTES + 2 * arrived, `${reader.heldBytes} bytes are held`);
    assert.ok(reader.unfinishedBytes <= arrived);
  }
}

/** What is decoded is written as the same bytes again, but for what a version may carry along. */
function assertCanonical(message: PeerMessage, payload: Uint8Array): void {
  if (message.type === 'version') return;
  const again = encodePeerMessage(magic, message).subarray(FRAME_HEADER_SIZE);
  assert.deepEqual(Buffer.from(again), Buffer.from(payload));
}

function assertKnown(error: unknown): void {
  if (!(error instanceof WireError)) throw error;
  assert.ok(Object.hasOwn(PEER_RULES, error.rule), error.rule);
}

test('whatever bytes come, frames and messages are read or refused by a rule', async () => {
  await fuzz({ share: 0.35 }, (random) => {
    const stream = concatBytes(...Array.from({ length: random.int(1, 3) }, () => frame(random)));
    try {
      for (const { command, payload } of read(stream, random)) {
        const message = payload && decodePeerPayload(command, payload);
        assert.equal(message === undefined, maxPayloadBytes(command) === undefined, command);
        if (message && payload) assertCanonical(message, payload);
      }
    } catch (error) {
      assertKnown(error);
    }
  });
});

test('whatever order messages come in, a handshake goes on, ends or fails by a rule', async () => {
  await fuzz({ share: 0.1 }, (random) => {
    const ours = { ...anyVersion(random), nonce: 7n };
    const isOurNonce = (nonce: bigint): boolean => nonce === 7n;
    const terms = { opened: random.once(2), needsServices: random.once(2), ours, isOurNonce };
    let { state } = beginHandshake(terms);
    let completions = 0;
    for (let left = random.int(1, 12); left > 0; left--) {
      const message = anyMessage(subject, random, random.pick(['version', 'verack', 'ping', 'addr']));
      const isIntroduction = message.type === 'version' || message.type === 'verack';
      const arriving: HandshakeMessage = isIntroduction ? message : { type: 'other', command: message.type };
      const step = advanceHandshake(state, arriving, terms);
      for (const effect of step.effects) {
        if (effect.type === 'fail') assert.ok(Object.hasOwn(PEER_RULES, effect.rule), effect.rule);
        if (effect.type === 'complete') completions += 1;
        if (state.stage === 'failed') assert.equal(effect.type, 'ignore', 'nothing follows a failure');
      }
      state = step.state;
    }
    assert.ok(completions <= 1);
  });
});
