import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coinbaseOf } from '../../../pool/jobs/job.ts';
import { newTip } from '../../../pool/jobs/tip.ts';
import { decodeBlock } from '../../../protocol/block.ts';
import { bytesToHex, equalBytes, hexToBytes } from '../../../protocol/bytes.ts';
import { checkBlock } from '../../../protocol/check-block.ts';
import { headerFromRoot, jobMerkleRoot, parseNotify } from '../../../protocol/stratum.ts';
import { readTemplate, TemplateError } from '../../../protocol/template.ts';
import { assembleBlock } from '../../../protocol/template-block.ts';
import { decodeTransaction } from '../../../protocol/transaction.ts';
import { FakeNode } from '../../kit/fake-node.ts';
import { JOB_SETTINGS, poolJob, someTemplate } from '../../kit/session-kit.ts';
import { someTransaction } from '../../kit/some-transaction.ts';

const tip = newTip(new Uint8Array(32).fill(7), 999);
const EXTRANONCE1 = hexToBytes('a1a2a3a4');
const EXTRANONCE2 = hexToBytes('b1b2b3b4');

function scriptSigAt(height: number, changes = {}): string {
  const job = poolJob(1, someTemplate({ height, ...changes }), tip);
  const coinbase = decodeTransaction(coinbaseOf(job, EXTRANONCE1, EXTRANONCE2));
  return bytesToHex(coinbase.inputs[0]?.scriptSig ?? new Uint8Array());
}

test('the coinbase script: minimal height, one push of unique value and extranonces, the tag', () => {
  const rest = '10' + '0123456789abcdf0' + 'a1a2a3a4' + 'b1b2b3b4' + '06' + '2f6e696c7a2f';
  assert.equal(scriptSigAt(1), `51${rest}`);
  assert.equal(scriptSigAt(16), `60${rest}`);
  assert.equal(scriptSigAt(17), `0111${rest}`);
  assert.equal(scriptSigAt(128), `028000${rest}`);
  assert.equal(scriptSigAt(500_000), `0320a107${rest}`);
});

test('what the node wants in the coinbase is there when it fits', () => {
  assert.ok(scriptSigAt(500_000, { auxiliary: hexToBytes('c0ffee') }).endsWith('c0ffee'));
  const long = new Uint8Array(80).fill(0xcc);
  assert.ok(scriptSigAt(500_000, { auxiliary: long }).endsWith('2f6e696c7a2f'));
});

test('what goes out on the wire is the job, and the same bytes for every miner', () => {
  const job = poolJob(0x2a, someTemplate({ branch: [new Uint8Array(32).fill(3)] }), tip);
  const clean = JSON.parse(Buffer.from(job.lines.clean).toString()) as { params: unknown[] };
  const further = JSON.parse(Buffer.from(job.lines.further).toString()) as { params: unknown[] };
  assert.equal(Buffer.from(job.lines.clean).toString().at(-1), '\n');
  const read = parseNotify(clean.params);
  assert.equal(read.jobId, '2a');
  assert.deepEqual(read.merkleBranch, job.merkleBranch);
  assert.deepEqual([read.coinbase1, read.coinbase2], [job.coinbase1, job.coinbase2]);
  assert.deepEqual([clean.params[8], further.params[8]], [true, false]);
  assert.equal(clean.params[5], '20000000');
});

for (const count of [0, 1, 2, 5, 300]) {
  test(`a share of a template with ${count} transactions becomes a block that stands every check`, async () => {
    const node = await FakeNode.start();
    await node.stop();
    node.transactions = Array.from({ length: count }, (_, index) => someTransaction(index % 251));
    // Equal transactions would make the tree ambiguous.
    node.transactions = node.transactions.map((transaction, index) => ({ ...transaction, lockTime: index }));
    const template = readTemplate(node.template());
    const job = poolJob(1, template, tip);
    const root = jobMerkleRoot(job, EXTRANONCE1, EXTRANONCE2);
    const header = headerFromRoot(job, root, job.time, 1, job.version);
    const raw = assembleBlock(template, header, coinbaseOf(job, EXTRANONCE1, EXTRANONCE2));
    const block = decodeBlock(hexToBytes(raw));
    assert.doesNotThrow(() => checkBlock(block));
    assert.equal(block.transactions.length, count + 1);
    assert.deepEqual(block.transactions[0]?.inputs[0]?.witness, [new Uint8Array(32)]);
    const [reward, commitment] = block.transactions[0]?.outputs ?? [];
    assert.equal(reward?.value, template.reward);
    assert.ok(equalBytes(reward.script, JOB_SETTINGS.payoutScript));
    assert.equal(commitment?.value, 0n);
  });
}

test('a block without commitment carries no witness', () => {
  const template = someTemplate({ commitment: undefined });
  const job = poolJob(1, template, tip);
  const coinbase = coinbaseOf(job, EXTRANONCE1, EXTRANONCE2);
  const block = decodeBlock(hexToBytes(assembleBlock(template, new Uint8Array(80), coinbase)));
  assert.deepEqual(block.transactions[0]?.inputs[0]?.witness, []);
  assert.equal(block.transactions[0]?.outputs.length, 1);
});

test('a tree deeper than firmware has room for is refused', () => {
  const branch = Array.from({ length: 33 }, () => new Uint8Array(32));
  assert.throws(() => poolJob(1, someTemplate({ branch }), tip), TemplateError);
});
