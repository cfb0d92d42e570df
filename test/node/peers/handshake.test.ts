import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  advanceHandshake,
  beginHandshake,
  type Handshake,
  type HandshakeEffect,
  type HandshakeMessage,
  type HandshakeTerms,
  MIN_PROTOCOL_VERSION,
} from '../../../node/peers/handshake.ts';
import { versionOf } from './peers-kit.ts';

const OURS = versionOf({ nonce: 1n, userAgent: '/ours/' });
const THEIRS = versionOf({ nonce: 2n });
const VERACK: HandshakeMessage = { type: 'verack' };
const INV: HandshakeMessage = { type: 'other', command: 'inv' };

const terms = (opened: boolean): HandshakeTerms => ({
  opened,
  needsServices: opened,
  ours: OURS,
  isOurNonce: (nonce) => nonce === 99n,
});

/** What happens, in words, when messages come one after the other. */
function story(opened: boolean, messages: readonly HandshakeMessage[]): string {
  let { state, effects } = beginHandshake(terms(opened));
  const told = [...effects];
  for (const message of messages) {
    ({ state, effects } = advanceHandshake(state, message, terms(opened)));
    told.push(...effects);
  }
  return [...told.map(inWords), state.stage].join(', ');
}

function inWords(effect: HandshakeEffect): string {
  switch (effect.type) {
    case 'send':
      return `send ${effect.message.type}`;
    case 'fail':
      return `fail ${effect.rule}`;
    case 'ignore':
      return `ignore ${effect.command}`;
    case 'complete':
      return 'complete';
  }
}

describe('the side that opened a connection', () => {
  test('introduces itself, acknowledges the other, and is acknowledged', () => {
    assert.equal(story(true, [THEIRS, VERACK]), 'send version, send verack, complete, complete');
  });

  test('wants a node with whole blocks and witnesses', () => {
    for (const services of [0n, 1n, 8n]) {
      assert.equal(story(true, [versionOf({ services })]), 'send version, fail missing-services, failed');
    }
    assert.equal(story(true, [versionOf({ services: 0xffn })]), 'send version, send verack, awaiting-verack');
  });
});

describe('the side that was connected to', () => {
  test('says nothing before the other has introduced itself', () => {
    assert.equal(story(false, []), 'awaiting-version');
    assert.equal(story(false, [THEIRS, VERACK]), 'send version, send verack, complete, complete');
  });

  test('takes nodes that offer nothing', () => {
    assert.equal(story(false, [versionOf({ services: 0n })]), 'send version, send verack, awaiting-verack');
  });
});

describe('a handshake', () => {
  test('gives what the other has told of itself', () => {
    const { state } = advanceHandshake({ stage: 'awaiting-version' }, THEIRS, terms(false));
    const { effects } = advanceHandshake(state, VERACK, terms(false));
    assert.deepEqual(effects, [{ type: 'complete', theirs: THEIRS }]);
  });

  test('ends when anything comes before version', () => {
    for (const early of [VERACK, INV]) {
      assert.equal(story(false, [early]), 'fail message-before-version, failed');
    }
  });

  test('ends when version comes twice, before or after it is complete', () => {
    assert.match(story(false, [THEIRS, THEIRS]), /fail duplicate-version, failed$/);
    assert.match(story(false, [THEIRS, VERACK, THEIRS]), /complete, fail duplicate-version, failed$/);
  });

  test('ends when a node meets itself', () => {
    assert.equal(story(false, [versionOf({ nonce: 99n })]), 'fail self-connection, failed');
  });

  test('ends with a version that is too old, and not with the oldest that is not', () => {
    const old = versionOf({ version: MIN_PROTOCOL_VERSION - 1 });
    assert.equal(story(false, [old]), 'fail obsolete-version, failed');
    const oldest = versionOf({ version: MIN_PROTOCOL_VERSION });
    assert.match(story(false, [oldest, VERACK]), /complete$/);
    assert.equal(story(false, [versionOf({ version: -1 })]), 'fail obsolete-version, failed');
  });

  test('goes on when something comes between version and verack, which has no consequence', () => {
    assert.equal(
      story(false, [THEIRS, INV, INV, VERACK]),
      'send version, send verack, ignore inv, ignore inv, complete, complete',
    );
  });

  test('that is complete ignores another verack', () => {
    assert.match(story(false, [THEIRS, VERACK, VERACK]), /complete, ignore verack, complete$/);
  });

  test('that has failed stays so', () => {
    const failed: Handshake = { stage: 'failed' };
    for (const message of [THEIRS, VERACK, INV]) {
      const { state, effects } = advanceHandshake(failed, message, terms(false));
      assert.equal(state, failed);
      assert.deepEqual(
        effects.map(({ type }) => type),
        ['ignore'],
      );
    }
  });
});
