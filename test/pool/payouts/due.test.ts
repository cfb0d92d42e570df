import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseDue, payoutMinimum } from '../../../pool/payouts/due.ts';
import { DUST_LIMIT } from '../../../wallet/payments/coins.ts';

test('what is below the minimum waits; so does dust, whatever the minimum', () => {
  const [dust, little, enough] = [DUST_LIMIT - 1n, 999n, 1_000n].map((amount) => ({ address: 'a', amount }));
  assert.deepEqual(chooseDue([dust!, little!, enough!], 1_000n), { due: [enough], waits: [dust, little] });
  assert.equal(payoutMinimum(0n), DUST_LIMIT);
  assert.deepEqual(chooseDue([dust!, little!], 0n), { due: [little], waits: [dust] });
});
