import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesToHex } from '../../protocol/bytes.ts';
import { isSameWork, readTemplate, TemplateError } from '../../protocol/template.ts';
import { encodeTransaction } from '../../protocol/transaction.ts';
import { FakeNode } from '../kit/fake-node.ts';
import { someTransaction } from '../kit/some-transaction.ts';

type Answer = Record<string, unknown> & { readonly transactions: Record<string, unknown>[] };

async function answerOf(changes: Record<string, unknown> = {}): Promise<Answer> {
  const node = await FakeNode.start();
  await node.stop();
  node.transactions = [someTransaction(1), someTransaction(2)];
  return { ...node.template(), ...changes } as Answer;
}

/** The answer with one field of its first transaction changed. */
async function withTransaction(changes: Record<string, unknown>): Promise<Answer> {
  const answer = await answerOf();
  const [first, ...others] = answer.transactions;
  return { ...answer, transactions: [{ ...first, ...changes }, ...others] };
}

test('bits of the version inside the rolling mask are left to the miners', async () => {
  const { version } = readTemplate(await answerOf({ version: 0x3fffffff }));
  assert.equal(version >>> 0, 0x20001fff);
});

test('a template must leave all nonces', async () => {
  const full = await answerOf({ noncerange: '00000000ffffffff' });
  assert.doesNotThrow(() => readTemplate(full));
  assert.throws(() => readTemplate({ ...full, noncerange: '0000000000ffffff' }), /noncerange/);
});

test('without the commitment of the node the same is made', async () => {
  const given = readTemplate(await answerOf());
  const made = readTemplate(await answerOf({ default_witness_commitment: undefined }));
  assert.ok(given.commitment);
  assert.deepEqual(made.commitment, given.commitment);
});

test('a commitment is made where the rule is in force, whatever else the node says', async () => {
  const rules = async (changes: Record<string, unknown>) =>
    readTemplate(await answerOf(changes)).commitment !== undefined;
  assert.equal(await rules({ rules: ['csv', '!segwit'] }), true, 'Bitcoin Core, and this coin');
  assert.equal(await rules({ rules: ['csv', 'segwit'] }), true, 'a node that does not insist');
  assert.equal(
    await rules({ rules: ['csv'] }),
    false,
    'bcoin before the activation: it gives one all the same',
  );
  assert.equal(await rules({ rules: undefined }), true, 'a node without BIP 9 that gives one');
  const bare = { rules: undefined, default_witness_commitment: undefined };
  assert.equal(await rules(bare), false, 'a node without BIP 9 that gives none');
});

test('transactions of two templates are read and kept once', async () => {
  const former = readTemplate(await answerOf());
  const next = readTemplate(await answerOf(), former);
  assert.equal(former.transactions.size, 2);
  for (const [key, transaction] of next.transactions) {
    assert.equal(transaction, former.transactions.get(key));
  }
  assert.ok(isSameWork(former, next));
});

test('a node of before BIP 145 tells no wtxids', async () => {
  const { transactions } = readTemplate(
    await answerOf({ transactions: [], rules: undefined, default_witness_commitment: undefined }),
  );
  assert.equal(transactions.size, 0);
  const legacy = { ...someTransaction(1) };
  const bare = bytesToHex(
    encodeTransaction({ ...legacy, inputs: legacy.inputs.map((input) => ({ ...input, witness: [] })) }),
  );
  const answer = await withTransaction({ data: bare, hash: undefined });
  const read = readTemplate({ ...answer, rules: [], default_witness_commitment: undefined });
  assert.equal(read.transactions.size, 2);
});

const REQUIRED = [
  'version',
  'previousblockhash',
  'transactions',
  'coinbasevalue',
  'target',
  'mintime',
  'curtime',
  'bits',
  'height',
];

test('a template without one of its fields is refused by the name of the field', async () => {
  for (const field of REQUIRED) {
    const answer = await answerOf({ [field]: undefined });
    assert.throws(() => readTemplate(answer), new RegExp(`template's ${field} is wrong`), field);
  }
});

test('a field of another type is refused by its name', async () => {
  for (const field of [...REQUIRED, 'rules', 'coinbaseaux', 'longpollid', 'default_witness_commitment']) {
    for (const value of [null, true, {}, [[]], 'zz', 1.5, -1]) {
      if (field === 'version' && value === -1) continue;
      if (field === 'longpollid' && value === 'zz') continue;
      if (field === 'coinbaseaux' && typeof value === 'object' && value !== null && !Array.isArray(value))
        continue;
      const answer = await answerOf({ [field]: value });
      const what = `${field} = ${JSON.stringify(value)}`;
      assert.throws(
        () => readTemplate(answer),
        (error) => error instanceof TemplateError,
        what,
      );
    }
  }
});

for (const answer of [null, undefined, 7, 'template', [], { error: 'no' }]) {
  test(`${JSON.stringify(answer)} is no template`, () => {
    assert.throws(() => readTemplate(answer), TemplateError);
  });
}

const LIES: readonly (readonly [string, Record<string, unknown>, RegExp])[] = [
  ['bits of a negative target', { bits: '1d80ffff' }, /bits are wrong: .*negative/],
  ['bits that overflow', { bits: 'ff00ffff' }, /bits are wrong: .*overflow/],
  ['bits of the target 0', { bits: '1d000000', target: '0' }, /the target 0/],
  ['bits and target that differ', { bits: '1d00ffff' }, /target is not that of its bits/],
  ['a negative value', { coinbasevalue: -1 }, /coinbasevalue/],
  ['more than all the money', { coinbasevalue: 21e14 + 1 }, /coinbasevalue/],
  ['a value that is no whole number', { coinbasevalue: 0.5 }, /coinbasevalue/],
  ['a version of more than 32 bits', { version: 2 ** 32 }, /version .* 32 bits/],
  ['a height of more than 31 bits', { height: 2 ** 31 }, /height .* 31 bits/],
  ['the height 0', { height: 0 }, /height/],
  ['a time before the least time', { curtime: 5, mintime: 6 }, /curtime 5 is before its mintime 6/],
  ['a time of more than 32 bits', { curtime: 2 ** 32 }, /curtime .* 32 bits/],
  ['an unknown rule that must be kept', { rules: ['!signet'] }, /rule "signet"/],
  ['extra bytes that are not hex', { coinbaseaux: { flags: 'xy' } }, /coinbaseaux is wrong/],
  ['a commitment that is none', { default_witness_commitment: '6a24' }, /not of BIP 141's form/],
  [
    'a commitment to something else',
    { default_witness_commitment: `6a24aa21a9ed${'00'.repeat(32)}` },
    /commitment is not that of its transactions/,
  ],
];

for (const [lie, changes, complaint] of LIES) {
  test(`a template with ${lie} is refused`, async () => {
    const answer = await answerOf(changes);
    assert.throws(() => readTemplate(answer), complaint);
    assert.throws(() => readTemplate(answer), TemplateError);
  });
}

const BAD_TRANSACTIONS: readonly (readonly [string, Record<string, unknown>, RegExp])[] = [
  ['without data', { data: undefined }, /transactions\.0\.data is missing/],
  ['without txid', { txid: undefined }, /transactions\.0\.txid is missing/],
  ['whose data is no hex', { data: 'zz' }, /transactions\.0\.data is wrong/],
  ['whose data is no transaction', { data: '00' }, /transactions\.0\.data is wrong/],
  ['whose txid is too short', { txid: 'aa' }, /transactions\.0\.txid is wrong/],
  ['with the txid of another', { txid: 'ab'.repeat(32) }, /transactions\.0\.txid is not that of its data/],
  ['with the wtxid of another', { hash: 'ab'.repeat(32) }, /transactions\.0\.hash is not that of its data/],
  ['with a wtxid that is a number', { hash: 7 }, /transactions\.0\.hash is missing or no text/],
];

for (const [what, changes, complaint] of BAD_TRANSACTIONS) {
  test(`a transaction ${what} is refused by its place`, async () => {
    const answer = await withTransaction(changes);
    assert.throws(() => readTemplate(answer), complaint);
    assert.throws(() => readTemplate(answer), TemplateError);
  });
}

test('a transaction that is no object, or stands there twice, is refused', async () => {
  const answer = await answerOf();
  const [first] = answer.transactions;
  assert.throws(() => readTemplate({ ...answer, transactions: [null] }), /transactions\.0\.txid is missing/);
  assert.throws(() => readTemplate({ ...answer, transactions: [first, first] }), /a transaction twice/);
});

test('more transactions than a block has room for are refused', async () => {
  const big = (mark: number) => ({
    ...someTransaction(mark),
    outputs: [{ value: 1n, script: new Uint8Array(2_000_001) }],
  });
  const node = await FakeNode.start();
  await node.stop();
  node.transactions = [big(1), big(2)];
  assert.throws(() => readTemplate(node.template()), /a block has room for 4000000/);
});
