import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as book from '../../../node/peers/address-book.ts';
import { MIN_PROTOCOL_VERSION } from '../../../node/peers/handshake.ts';
import * as limits from '../../../node/peers/limits.ts';
import { PEER_RULES } from '../../../node/peers/peer-rules.ts';
import { PEER_SETTINGS } from '../../../node/peers/peer-settings.ts';

const TEXT = readFileSync(new URL('../../../docs/peers.md', import.meta.url), 'utf8');

test('every rule of connections is in the manual, with whether it is forgiven', () => {
  const rows = [...TEXT.matchAll(/^\| `([a-z][a-z-]+)`( \*)? \|/gm)].map(([, rule, star]) => [
    rule,
    star !== undefined,
  ]);
  const rules = Object.entries(PEER_RULES).map(([rule, { discourage }]) => [rule, discourage]);
  assert.deepEqual(rows, rules);
});

test('every setting of peers is in the manual', () => {
  for (const name of Object.keys(PEER_SETTINGS)) {
    const flag =
      name === 'listen' ? 'no-listen' : name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    assert.ok(TEXT.includes(`\`--${flag}`), flag);
  }
});

test('the limits of the manual are those of the code', () => {
  const row = (start: string): number[] => {
    const line = TEXT.split('\n').find((each) => each.startsWith(`| ${start}`));
    assert.ok(line, start);
    const numbers = line
      .slice(start.length + 2)
      .replace(/\/\d+/g, '')
      .replace(/IPv\d/g, '')
      .match(/\d[\d,]*/g);
    return (numbers ?? []).map((text) => Number(text.replace(',', '')));
  };
  const MIB = 1024 * 1024;
  assert.deepEqual(row('connections this node chooses'), [limits.MAX_OUTBOUND]);
  assert.deepEqual(row('connections others open'), [
    limits.MAX_INBOUND,
    limits.MAX_INBOUND_PER_CLIENT,
    limits.MAX_INBOUND_PER_RANGE,
  ]);
  assert.deepEqual(row('nodes named by'), [limits.MAX_MANUAL]);
  assert.deepEqual(row('messages of a peer'), [limits.MESSAGE_RATE.perSecond, limits.MESSAGE_RATE.burst]);
  assert.equal(row('what waits for a peer')[0], limits.QUEUE_BYTES / MIB);
  assert.deepEqual(row('unfinished messages and queues'), [limits.TOTAL_BYTES / MIB]);
  assert.deepEqual(row('address book'), [
    book.MAX_UNPROVEN,
    book.MAX_UNPROVEN_PER_SOURCE,
    book.MAX_UNPROVEN_PER_RANGE,
    book.MAX_PROVEN,
    book.MAX_PROVEN_PER_RANGE,
  ]);
  assert.match(TEXT, new RegExp(`protocol version below ${MIN_PROTOCOL_VERSION}`));
});
