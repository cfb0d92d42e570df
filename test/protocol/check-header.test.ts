import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkHeader, checkHeaderContext, medianTimePast } from '../../protocol/check-header.ts';
import { blockHash, type Header } from '../../protocol/header.ts';
import { PROFILES } from '../../protocol/network.ts';
import type { HeaderWindow } from '../../protocol/retarget.ts';
import { mined } from './test-chain.ts';

const { dev, regtest } = PROFILES;

test('the median of eleven times is the sixth, of fewer the middle one, of an even number the later', () => {
  assert.equal(medianTimePast([7]), 7);
  assert.equal(medianTimePast([7, 9]), 9);
  assert.equal(medianTimePast([9, 7, 8]), 8);
  assert.equal(medianTimePast([5, 1, 4, 2, 3, 11, 7, 6, 10, 9, 8]), 6);
  assert.equal(medianTimePast([1000, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]), 6); // the newest eleven only
  assert.throws(() => medianTimePast([]), RangeError);
});

const header = (change: Partial<Header>): Header => ({
  version: 0x20000000,
  previous: dev.genesisHash,
  merkleRoot: new Uint8Array(32),
  time: dev.genesis.header.time + 10,
  bits: 0x1f00ffff,
  nonce: 0,
  ...change,
});

const onGenesis: HeaderWindow = { height: 0, at: () => dev.genesis.header };
const now = dev.genesis.header.time + 100;

test('a header on the genesis block must be later than it, and at most the future limit ahead of the clock', () => {
  const at = (time: number) => () => checkHeaderContext(header({ time }), onGenesis, dev, now);
  assert.doesNotThrow(at(dev.genesis.header.time + 1));
  assert.throws(at(dev.genesis.header.time), { code: 'time-too-old' });
  assert.doesNotThrow(at(now + 60));
  assert.throws(at(now + 61), {
    code: 'time-too-new',
    action: 'ignore',
    detail: 'time is 61 s ahead, allowed are 60 s',
  });
});

test('bits of a harder target are no better than bits of an easier one', () => {
  const bits = 0x1f00fffe;
  assert.throws(() => checkHeaderContext(header({ bits }), onGenesis, dev, now), { code: 'bad-diffbits' });
});

test('rolled version bits are free (BIP 320), a version below 4 is not', () => {
  for (const version of [4, 0x20000000, 0x3fffe000, 0x7fffffff]) {
    assert.doesNotThrow(() => checkHeader(mined(header({ version, bits: 0x207fffff })), regtest));
  }
  for (const version of [3, 1, 0, -1, -0x80000000]) {
    assert.throws(() => checkHeader(mined(header({ version, bits: 0x207fffff })), regtest), {
      code: 'bad-version',
    });
  }
});

test('a hash above the target is refused, and so are bits above the limit', () => {
  const lucky = mined(header({ bits: 0x207fffff }));
  const unlucky = mined(header({ bits: 0x207fffff }), false);
  assert.ok(blockHash(lucky)[31]! < 0x80 && blockHash(unlucky)[31]! >= 0x7f);
  assert.doesNotThrow(() => checkHeader(lucky, regtest));
  assert.throws(() => checkHeader(unlucky, regtest), { code: 'high-hash' });
  assert.throws(() => checkHeader(lucky, dev), {
    code: 'bad-diffbits',
    message: /easier than the limit of dev/,
  });
});
