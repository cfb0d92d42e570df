import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { headerOfWork } from '../../../miner/hashing/work.ts';
import {
  parseConfigured,
  parseVersionMask,
  rollableBits,
  versionBitsOf,
} from '../../../miner/stratum/version-rolling.ts';
import { bytesToHex, hexToBytes } from '../../../protocol/bytes.ts';
import { hashHeaderBytes } from '../../../protocol/header.ts';
import { isInsideMask, rolledVersion, StratumError } from '../../../protocol/stratum.ts';
import { EASY, Script } from '../../kit/client-script.ts';

interface Vectors {
  readonly extranonce1: string;
  readonly mask: string;
  readonly difficulty: number;
  readonly notify: { readonly params: unknown[] };
  readonly submits: { readonly params: string[]; readonly header: string; readonly hash: string }[];
}

/** The bits that the newest share says it rolled; undefined without a sixth parameter. */
function sentBits(script: Script): unknown {
  const { method, params } = script.sent.at(-1) ?? {};
  assert.equal(method, 'mining.submit');
  return params?.[5];
}

describe('what is agreed', () => {
  test('bits that the pool grants are rolled, and every share says which, none too', () => {
    const script = new Script().roll('1fffe000').mine();
    const work = script.work!;
    assert.equal(work.versionMask, 0x1fffe000);
    script.hit(0);
    assert.equal(sentBits(script), '00000000');
    script.hit(1, work, 0, 0x0a55a000);
    assert.equal(sentBits(script), '0a55a000');
  });

  for (const [what, result, error] of [
    ['refuses', { 'version-rolling': false }, null],
    ['gives a reason instead', { 'version-rolling': 'not here', 'version-rolling.mask': '1fffe000' }, null],
    ['says nothing of it', {}, null],
    ['answers with nothing', null, null],
    ['does not know mining.configure', null, [20, 'unknown method', null]],
    ['answers with an error of another shape', null, { code: -3, message: 'Method not found' }],
  ] as const) {
    test(`a pool that ${what} is mined for as ever, with five parameters`, () => {
      const script = new Script().connect();
      script.answer('mining.configure', result, error);
      script.mine();
      assert.equal(script.work!.versionMask, 0);
      script.hit();
      assert.equal(script.sent.at(-1)!.params!.length, 5);
      assert.equal(script.count('problem'), 0);
    });
  }

  test('a pool that never answers mining.configure is not waited for', () => {
    const script = new Script().mine();
    script.hit();
    assert.equal(script.sent.at(-1)!.params!.length, 5);
  });

  test('an answer that comes while mining holds at once for what is sent, and from the next job on for what is rolled', () => {
    const script = new Script().mine();
    const first = script.work!;
    script.answer('mining.configure', { 'version-rolling': true, 'version-rolling.mask': '00c00000' });
    assert.equal(script.work, first);
    script.hit();
    assert.equal(sentBits(script), '00000000');
    assert.equal(script.job({ jobId: 'job-2' }).versionMask, 0x00c00000);
  });

  test('a mask that is none is said, and no bits are rolled', () => {
    for (const mask of [undefined, 7, '', 'xyz', '123456789', '-1fe000']) {
      const script = new Script().connect();
      script.answer('mining.configure', { 'version-rolling': true, 'version-rolling.mask': mask });
      assert.equal(script.last('problem').problem.code, 'bad-version-mask');
      script.mine();
      assert.equal(script.work!.versionMask, 0);
    }
  });

  test('a pool that grants every bit is not given more than those of BIP 320, but told the whole version', () => {
    const script = new Script().roll('ffffffff').mine();
    assert.equal(script.work!.versionMask, 0x1fffe000);
    script.hit(0, script.work, 0, 0x00002000);
    assert.equal(sentBits(script), '20002000');
  });

  test('bits that the job has set are left as they are', () => {
    const script = new Script().roll('1fffe000').mine();
    const work = script.job({ version: 0x20006000 });
    assert.equal(work.versionMask, 0x1fff8000);
    script.hit(0, work, 0, 0x00010000);
    assert.equal(sentBits(script), '00016000');
  });
});

describe('another mask', () => {
  test('that takes bits away holds for the present work at once', () => {
    const script = new Script().roll('1fffe000').mine();
    const wide = script.work!;
    script.notify('mining.set_version_mask', '00006000');
    const narrow = script.work!;
    assert.notEqual(narrow.serial, wide.serial);
    assert.equal(narrow.job, wide.job);
    assert.equal(narrow.versionMask, 0x00006000);
    // What was found before the threads heard of it is still sent, unless it used a bit that is gone.
    script.hit(0, wide, 0, 0x00004000);
    assert.equal(sentBits(script), '00004000');
    script.hit(1, wide, 0, 0x10004000);
    assert.equal(script.count('share-discarded'), 1);
    assert.equal(script.client.sharesInFlight, 1);
  });

  test('that adds bits holds from the next job on', () => {
    const script = new Script().roll('00006000').mine();
    const narrow = script.work!;
    script.notify('mining.set_version_mask', '1fffe000');
    assert.equal(script.work, narrow);
    assert.equal(script.job({ jobId: 'job-2' }).versionMask, 0x1fffe000);
  });

  test('of no bits at all ends the rolling, not the sixth parameter', () => {
    const script = new Script().roll('1fffe000').mine();
    script.notify('mining.set_version_mask', '00000000');
    assert.equal(script.work!.versionMask, 0);
    script.hit();
    assert.equal(sentBits(script), '00000000');
  });

  test('is passed over when rolling was not agreed', () => {
    const script = new Script().mine();
    script.notify('mining.set_version_mask', '1fffe000');
    assert.equal(script.job({ jobId: 'job-2' }).versionMask, 0);
    script.hit();
    assert.equal(script.sent.at(-1)!.params!.length, 5);
  });

  test('that is none leaves the one before', () => {
    for (const mask of [undefined, null, 5, 'zz', {}, '1fffe0000']) {
      const script = new Script().roll('1fffe000').mine();
      script.notify('mining.set_version_mask', mask);
      assert.equal(script.last('problem').problem.code, 'bad-version-mask');
      assert.equal(script.job({ jobId: 'job-2' }).versionMask, 0x1fffe000);
    }
  });

  test('is forgotten with its connection', () => {
    const script = new Script().roll('1fffe000').mine();
    script.do({ type: 'closed', cause: 'lost' });
    script.expire();
    script.mine();
    assert.equal(script.work!.versionMask, 0);
  });
});

test('a share is the header that the pool will hash', () => {
  const vectors = JSON.parse(
    readFileSync(new URL('../../vectors/stratum/version-rolling.json', import.meta.url), 'utf8'),
  ) as Vectors;
  const script = new Script().connect();
  script.answer('mining.configure', { 'version-rolling': true, 'version-rolling.mask': vectors.mask });
  script.answer('mining.subscribe', [[], vectors.extranonce1, 4]);
  script.answer('mining.authorize', true);
  script.notify('mining.set_difficulty', vectors.difficulty);
  script.notify('mining.notify', ...vectors.notify.params);
  assert.ok(vectors.submits.length > 0);
  for (const { params, header, hash } of vectors.submits) {
    const [, jobId, extranonce2 = '', ntime = '', nonce = '', bits = ''] = params;
    const { serial } = script.work!;
    const hit = {
      serial,
      thread: 0,
      extranonce2: hexToBytes(extranonce2),
      ntime: Number.parseInt(ntime, 16),
      nonce: Number.parseInt(nonce, 16),
      versionBits: Number.parseInt(bits, 16),
    };
    const bytes = headerOfWork(script.work!, hit);
    assert.equal(bytesToHex(bytes), header);
    assert.equal(bytesToHex(hashHeaderBytes(bytes).slice().reverse()), hash);
    script.do({ type: 'hit', hit });
    assert.deepEqual(script.sent.at(-1)!.params!.slice(1), [jobId, extranonce2, ntime, nonce, bits]);
  }
});

test('whatever the job and the masks, what is sent makes the version that was hashed, by every rule pools go by', () => {
  const word = fc.integer({ min: 0, max: 0xffffffff });
  fc.assert(
    fc.property(word, word, word, word, (version, grantedMask, laterMask, chosen) => {
      const jobVersion = version | 0;
      const mask = rollableBits(jobVersion, grantedMask);
      const hashed = rolledVersion(jobVersion, mask, chosen & mask);
      const bits = versionBitsOf(hashed, jobVersion, laterMask);
      if (bits === undefined) {
        assert.notEqual(chosen & mask & ~laterMask, 0);
        return;
      }
      assert.ok(isInsideMask(bits, laterMask));
      assert.equal(rolledVersion(jobVersion, laterMask, bits), hashed, 'replaced (BIP 310)');
      assert.equal(jobVersion | bits, hashed, 'added');
      if ((jobVersion & laterMask) === 0) assert.equal(jobVersion ^ bits, hashed, 'the difference');
    }),
  );
});

test('masks are read in either case, and nothing else is', () => {
  assert.equal(parseVersionMask(['1FFFE000']), 0x1fffe000);
  assert.equal(parseConfigured({ 'version-rolling': true, 'version-rolling.mask': 'ffffffff' }), 0xffffffff);
  assert.equal(parseConfigured(true), undefined);
  assert.equal(parseConfigured([true]), undefined);
  for (const mask of ['0x1fffe000', ' 1fffe00', '1fffe00\n']) {
    assert.throws(() => parseVersionMask([mask]), StratumError);
  }
});

test('an easy difficulty and rolled bits go together', () => {
  const script = new Script().roll('00006000').mine(EASY);
  for (const [index, bits] of [0, 0x2000, 0x4000, 0x6000].entries()) script.hit(index, script.work, 0, bits);
  assert.equal(script.count('share-found'), 4);
});
