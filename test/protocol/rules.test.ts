import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RULES, type Rule, type RuleCode, RuleError } from '../../protocol/rules.ts';

test('an error carries its code, what was found, and what to do about the sender', () => {
  const error = new RuleError('bad-cb-amount', 'coinbase pays 51 nits, reward and fees are 50 nits');
  assert.equal(error.message, 'bad-cb-amount: coinbase pays 51 nits, reward and fees are 50 nits');
  assert.deepEqual(
    [error.code, error.action, error.mutated, error.rpcCode],
    ['bad-cb-amount', 'ban', false, -25],
  );
  assert.equal(new RuleError('dust').detail, RULES.dust.says);
  assert.equal(new RuleError('txn-already-known').rpcCode, -27);
});

test('what is only too early, or known already, costs the sender nothing', () => {
  const ignored: RuleCode[] = [
    'time-too-new',
    'prev-blk-not-found',
    'txn-already-known',
    'txn-already-in-mempool',
  ];
  for (const code of ignored) assert.equal(new RuleError(code).action, 'ignore');
});

test('a tampered delivery is never the block’s fault, and always the sender’s', () => {
  const mutated = Object.entries<Rule>(RULES).filter(([, rule]) => rule.mutated);
  assert.deepEqual(mutated.map(([code]) => code).sort(), [
    'bad-txnmrklroot',
    'bad-txns-duplicate',
    'bad-txns-size',
    'bad-witness-merkle-match',
    'bad-witness-nonce-size',
    'unexpected-witness',
  ]);
  for (const [, rule] of mutated) assert.equal(rule.action, 'ban');
});
