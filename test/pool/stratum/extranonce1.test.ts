import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Extranonce1Space, POOL_PREFIX } from '../../../pool/stratum/extranonce1.ts';
import { bytesToHex, hexToBytes } from '../../../protocol/bytes.ts';

function next(space: Extranonce1Space): string | undefined {
  const bytes = space.take();
  return bytes && bytesToHex(bytes);
}

test('no two open connections have the same extranonce1', () => {
  const space = new Extranonce1Space({ ...POOL_PREFIX, first: 0x7fff_fffe });
  assert.deepEqual([next(space), next(space), next(space)], ['7ffffffe', '7fffffff', '00000000']);
  space.release(hexToBytes('7fffffff'));
  assert.equal(next(space), '00000001', 'what was left behind is not handed out at once');
});

test('a pool and its edges never meet: each keeps to its prefix', () => {
  const pool = new Extranonce1Space({ ...POOL_PREFIX, first: 0xffff_ffff });
  assert.deepEqual([next(pool), next(pool)], ['7fffffff', '00000000']);
  const edge = new Extranonce1Space({ prefix: 0x8007, prefixBits: 16, first: 0xdead_ffff });
  assert.deepEqual([next(edge), next(edge)], ['8007ffff', '80070000']);
  assert.equal(edge.reserve(hexToBytes('80080000')), false);
  assert.equal(pool.reserve(hexToBytes('80070001')), false);
});

test('a certain value is to be had while nobody has it', () => {
  const space = new Extranonce1Space({ ...POOL_PREFIX, first: 0 });
  assert.equal(space.reserve(hexToBytes('00000001')), true);
  assert.equal(space.reserve(hexToBytes('00000001')), false);
  assert.deepEqual([next(space), next(space)], ['00000000', '00000002']);
  space.release(hexToBytes('00000001'));
  assert.equal(space.reserve(hexToBytes('00000001')), true);
  for (const odd of ['', '00', '0000000000']) assert.equal(space.reserve(hexToBytes(odd)), false);
});

test('what somebody may come back for goes to others only when nothing else is left', () => {
  const space = new Extranonce1Space({ prefix: 0x2000_0000, prefixBits: 30, first: 0 });
  space.keep(hexToBytes('80000001'));
  space.keep(hexToBytes('80000002'));
  assert.deepEqual([next(space), next(space)], ['80000000', '80000003']);
  assert.equal(space.reserve(hexToBytes('80000002')), true, 'its owner has come');
  assert.equal(next(space), '80000001');
  assert.equal(next(space), undefined, 'all are taken');
  space.release(hexToBytes('80000003'));
  assert.equal(next(space), '80000003');
});
