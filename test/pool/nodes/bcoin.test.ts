/** The messages of a bcoin node on its regtest, as it sent them; see docs/interop.md. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { coinbaseOf, jobOf, makeRound } from '../../../pool/jobs/job.ts';
import { newTip } from '../../../pool/jobs/tip.ts';
import { isJudgement, readSubmissionError } from '../../../pool/nodes/block-answer.ts';
import { askNetwork, type NodeNetwork } from '../../../pool/nodes/node-network.ts';
import { type Block, decodeBlock } from '../../../protocol/block.ts';
import { readSubmission } from '../../../protocol/block-answer.ts';
import { displayHash, hexToBytes } from '../../../protocol/bytes.ts';
import { checkBlock } from '../../../protocol/check-block.ts';
import { readPayoutAddress } from '../../../protocol/payout-address.ts';
import { headerFromRoot, jobMerkleRoot } from '../../../protocol/stratum.ts';
import { readTemplate, type Template } from '../../../protocol/template.ts';
import { assembleBlock } from '../../../protocol/template-block.ts';
import { txid } from '../../../protocol/transaction.ts';
import { createRpcClient, RpcCallError } from '../../../service/rpc-client.ts';
import { FakeNode, type Interference } from '../../kit/fake-node.ts';
import { JOB_SETTINGS } from '../../kit/session-kit.ts';

const RECORDED = JSON.parse(
  readFileSync(new URL('../../vectors/bcoin/regtest.json', import.meta.url), 'utf8'),
) as Record<string, Record<string, unknown>>;
const BEFORE = RECORDED['getblocktemplate before the activation of segwit'];
const AFTER = RECORDED['getblocktemplate after the activation of segwit'];
const EXTRANONCE1 = hexToBytes('a1a2a3a4');
const EXTRANONCE2 = hexToBytes('b1b2b3b4');

async function askedOf(t: TestContext, answers: Record<string, unknown>): Promise<NodeNetwork> {
  const node = await FakeNode.start();
  node.interfere = (method): Interference | undefined =>
    Object.hasOwn(answers, method) ? { result: answers[method] } : undefined;
  const client = createRpcClient({ url: node.url });
  t.after(async () => {
    client.close();
    await node.stop();
  });
  return askNetwork(client, {});
}

const bcoin = (t: TestContext) =>
  askedOf(t, {
    getblockchaininfo: RECORDED.getblockchaininfo,
    getblockhash: RECORDED.genesis,
    validateaddress: RECORDED.validateaddress,
  });

test('a bcoin regtest is known, with its own way of writing addresses', async (t) => {
  const network = await bcoin(t);
  assert.equal(network.name, 'bitcoin-regtest');
  for (const address of [
    'RDJhUPPLvLgxH1U6QhtZoWoTvhUquze4FU',
    'rb1q542tk5q72d4v9vqcfmvpjl7semx8ya8m6jxy8h',
  ]) {
    assert.equal(readPayoutAddress(address, network).address, address);
  }
  assert.throws(
    () => readPayoutAddress('bcrt1q6rhpng9evdsfnn833a4f4vej0asu6dk5srld6x', network),
    /"bcrt1", this network's is "rb1"/,
  );
});

test('a regtest of Bitcoin Core keeps its addresses', async (t) => {
  const network = await askedOf(t, {
    getblockchaininfo: RECORDED.getblockchaininfo,
    getblockhash: RECORDED.genesis,
    validateaddress: { isvalid: true },
  });
  assert.equal(network.format.hrp, 'bcrt');
});

/** The block that work on a template ends in. */
function blockOf(template: Template): Block {
  const round = makeRound(template, newTip(template.previous, template.height - 1), 7, JOB_SETTINGS, 0);
  const job = jobOf(round, [{ value: template.reward, script: JOB_SETTINGS.payoutScript }]);
  const root = jobMerkleRoot(job, EXTRANONCE1, EXTRANONCE2);
  const header = headerFromRoot(job, root, job.time, 0, job.version);
  return decodeBlock(hexToBytes(assembleBlock(template, header, coinbaseOf(job, EXTRANONCE1, EXTRANONCE2))));
}

test('before segwit is active the coinbase has neither witness nor commitment, though one is given', () => {
  const template = readTemplate(BEFORE);
  assert.equal(typeof BEFORE?.default_witness_commitment, 'string');
  assert.equal(template.commitment, undefined);
  const block = blockOf(template);
  assert.deepEqual(block.transactions[0]?.inputs[0]?.witness, []);
  assert.equal(block.transactions[0]?.outputs.length, 1);
  assert.doesNotThrow(() => checkBlock(block));
});

test('after it is active the coinbase commits to the witnesses, and other payments are inside', () => {
  const template = readTemplate(AFTER);
  const block = blockOf(template);
  assert.deepEqual(block.transactions[0]?.inputs[0]?.witness, [new Uint8Array(32)]);
  const given = (AFTER as { transactions: { txid: string }[] }).transactions.map(({ txid: id }) => id);
  assert.deepEqual(
    block.transactions.slice(1).map((transaction) => displayHash(txid(transaction))),
    given,
  );
  assert.ok(given.length > 2);
  assert.ok(
    block.transactions.slice(1).some(({ inputs }) => inputs.some(({ witness }) => witness.length > 0)),
  );
  assert.doesNotThrow(() => checkBlock(block));
});

test('a signal that counts for a rule stays in the version, the bits for rolling do not', () => {
  assert.equal(readTemplate({ ...AFTER, version: 0x30000003 }).version, 0x20000003);
});

test('what bcoin says of blocks is understood', () => {
  const errorOf = (name: string) => {
    const recorded = RECORDED[name] as { error: { code: number; message: string } };
    const { code, message } = recorded.error;
    return new RpcCallError(code, message);
  };
  const known = RECORDED['submitblock of a known block'] as unknown;
  assert.deepEqual(readSubmission(known), { kind: 'accepted', reason: 'duplicate' });
  assert.equal(readSubmission('rejected: bad-prevblk').kind, 'too-early');
  assert.equal(readSubmission('rejected: bad-witness-nonce-size').kind, 'rejected');
  assert.equal(readSubmission(null).kind, 'accepted');
  assert.equal(readSubmissionError(errorOf('submitblock of garbage'))?.kind, 'rejected');
  assert.ok(isJudgement(errorOf('getblockheader of an unknown block')), 'a plain no, by a code of its own');
});
