/** Arguments that nobody meant, for every method. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { startTestNode } from '../node-kit.ts';
import { addressOf, alice, bob, genesisFunds, payOn } from '../payment-kit.ts';
import { METHODS } from './method-table.ts';

/** These end the node, mine at length or wait for what does not come; each has tests of its own. */
const LEFT_OUT: readonly string[] = ['stop', 'generatetoaddress', 'waitfornewblock', 'waitforblockheight'];
const CASES_PER_METHOD = 30;
const INTERNAL_ERROR = -32603;

test('no method fails in a way it does not foresee, whatever it is called with', async (t) => {
  const node = await startTestNode(t);
  const txid = await node.send(payOn(genesisFunds(alice), bob, 700n));
  const [hash] = await node.mine(2);
  /** What a method may take, so that calls get past the first check. */
  const likely = fc.constantFrom(
    ...[
      hash,
      txid,
      '00'.repeat(32),
      addressOf(alice),
      'nobody',
      '',
      '00',
      'xyz',
      '127.0.0.1:1',
      '10.0.0.0/8',
    ],
    ...['add', 'remove', 'onetry', 'getblock', 'hash_serialized_3', 'none', 'IA=='],
    ...[0, 1, 2, -1, 6, 1e9, 2 ** 31, 2 ** 53, 0.5, 1e308, true, false, null],
    ...[
      [],
      {},
      [txid],
      [hash, hash],
      { addresses: [addressOf(bob)] },
      { addresses: [] },
      { mode: 'proposal' },
    ],
  );
  const value = fc.oneof(
    { weight: 4, arbitrary: likely },
    { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  );
  const method = fc.constantFrom(...METHODS.filter((name) => !LEFT_OUT.includes(name)));
  const calls = fc.tuple(method, fc.array(value, { maxLength: 5 }));
  const check = fc.asyncProperty(calls, async ([name, params]) => {
    const { status, error } = await node.answer(name, ...params);
    assert.notEqual(error?.code, INTERNAL_ERROR, error?.message);
    assert.ok(error === null ? status === 200 : status === 500 || status === 404, String(status));
  });
  await fc.assert(check, { numRuns: CASES_PER_METHOD * METHODS.length });
  // Whatever was said of branches and bans, the node goes on.
  assert.ok(Number.isInteger(await node.call('getblockcount')));
});
