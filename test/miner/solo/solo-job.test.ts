import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { headerOfWork } from '../../../miner/hashing/work.ts';
import { blockOf, makeSoloJob } from '../../../miner/solo/solo-job.ts';
import { decodeBlock } from '../../../protocol/block.ts';
import { bytesToHex, hexToBytes } from '../../../protocol/bytes.ts';
import { checkBlock, checkBlockContext } from '../../../protocol/check-block.ts';
import { compactToTarget } from '../../../protocol/compact.ts';
import { encodeHeader } from '../../../protocol/header.ts';
import { PROFILES } from '../../../protocol/network.ts';
import { readTemplate, type Template } from '../../../protocol/template.ts';
import { FakeNode, SUBSIDY } from '../../kit/fake-node.ts';
import { PAYEE_SCRIPT, solve } from '../../kit/solo-kit.ts';
import { someTransaction } from '../../kit/some-transaction.ts';

async function templateWith(count: number): Promise<Template> {
  const node = await FakeNode.start();
  await node.stop();
  node.transactions = Array.from({ length: count }, (_, index) => someTransaction(index + 1));
  node.fees = BigInt(count) * 10n;
  return readTemplate(node.template());
}

const jobOf = (template: Template, extranonce1 = 0xa1b2c3d4) =>
  makeSoloJob({ template, script: PAYEE_SCRIPT, serial: 9, extranonce1, isClean: true });

for (const count of [0, 1, 2, 5, 30]) {
  test(`a hit on a template of ${count} payments is a valid block that pays everything to one script`, async () => {
    const template = await templateWith(count);
    const job = jobOf(template);
    const hit = solve(job.work);
    const { header, raw } = blockOf(job, hit);
    const block = decodeBlock(hexToBytes(raw()));
    assert.deepEqual(encodeHeader(block.header), header);
    assert.deepEqual(headerOfWork(job.work, hit), header);
    assert.doesNotThrow(() => checkBlock(block));
    assert.doesNotThrow(() => checkBlockContext(block, template.height, 0, PROFILES.dev));
    const [coinbase, ...others] = block.transactions;
    assert.equal(others.length, count);
    assert.deepEqual(coinbase?.outputs[0], { value: SUBSIDY + BigInt(count) * 10n, script: PAYEE_SCRIPT });
    assert.equal(coinbase?.outputs[1]?.value, 0n);
    assert.equal(coinbase?.outputs.length, 2);
  });
}

test('the script of the coinbase is the height, eight bytes of extranonce and a tag', async () => {
  const template = await templateWith(1);
  const job = jobOf(template);
  const hit = { ...solve(job.work), extranonce2: hexToBytes('01020304') };
  const [coinbase] = decodeBlock(hexToBytes(blockOf(job, hit).raw())).transactions;
  const script = coinbase?.inputs[0]?.scriptSig ?? new Uint8Array();
  assert.equal(template.height, 1);
  const tag = bytesToHex(new TextEncoder().encode('/nilz solo/'));
  assert.equal(bytesToHex(script), `51${'08'}a1b2c3d401020304${'0b'}${tag}`);
  assert.equal(job.work.extranonce1.length + job.work.extranonce2Size, 8);
});

test('the target is the network’s, version, time and bits are the template’s', async () => {
  const template = await templateWith(0);
  const { work } = jobOf(template);
  assert.equal(work.target, compactToTarget(template.bits));
  assert.equal(work.job.time, template.time);
  assert.equal(work.job.bits, template.bits);
  assert.equal(work.job.version, template.version);
  assert.equal(work.versionMask, 0);
});

test('jobs on one template have no header in common', async () => {
  const template = await templateWith(0);
  const [one, other] = [jobOf(template, 1), jobOf(template, 2)];
  const hit = solve(one.work);
  assert.notDeepEqual(blockOf(one, hit).header, blockOf(other, hit).header);
});

test('before segwit is active on bcoin the coinbase has neither witness nor commitment; afterwards both', () => {
  const recorded = JSON.parse(
    readFileSync(new URL('../../vectors/bcoin/regtest.json', import.meta.url), 'utf8'),
  ) as Record<string, unknown>;
  for (const [name, outputs, witness] of [
    ['getblocktemplate before the activation of segwit', 1, []],
    ['getblocktemplate after the activation of segwit', 2, [new Uint8Array(32)]],
  ] as const) {
    const job = jobOf(readTemplate(recorded[name]));
    const block = decodeBlock(hexToBytes(blockOf(job, solve(job.work)).raw()));
    assert.doesNotThrow(() => checkBlock(block));
    assert.equal(block.transactions[0]?.outputs.length, outputs);
    assert.deepEqual(block.transactions[0]?.inputs[0]?.witness, witness);
  }
});
