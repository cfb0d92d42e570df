/** A whole pool in front of several nodes, of other kinds of nodes, and paying solo. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parseFee } from '../../../pool/accounting/scheme.ts';
import { type Clock, systemClock } from '../../../pool/clock.ts';
import { startPool } from '../../../pool/pool.ts';
import { BITCOIN_FORMATS, decodeAddress, encodeAddress } from '../../../protocol/address.ts';
import { decodeBlock } from '../../../protocol/block.ts';
import { bytesToHex, displayHash, hexToBytes } from '../../../protocol/bytes.ts';
import { p2wpkhScript } from '../../../protocol/script.ts';
import { FakeNode } from '../../kit/fake-node.ts';
import { askJson } from '../../kit/http-client.ts';
import {
  HARD_BITS,
  MINER_ADDRESS,
  POOL_ADDRESS,
  poolOptions,
  startPoolUnderTest,
  temporaryDirectory,
} from '../../kit/pool-kit.ts';
import { findShare, StratumMiner, type Work } from '../../kit/stratum-miner.ts';

const LIMITED = { timeout: 30_000 };

async function loggedIn(t: TestContext, url: string, user: string): Promise<[StratumMiner, Work]> {
  const miner = await StratumMiner.connect(url);
  t.after(() => miner.close());
  return [miner, await miner.login(user)];
}

/** A regtest of Bitcoin Core, as far as a pool sees it. */
function asBitcoin(node: FakeNode): void {
  node.chain = 'regtest';
  node.nilzcoin = undefined;
}

test(
  'when its node fails a pool goes on with the next; no miner loses its connection',
  LIMITED,
  async (t) => {
    const [first, second] = [await FakeNode.start(), await FakeNode.start()];
    first.bits = HARD_BITS;
    second.bits = HARD_BITS;
    const options = poolOptions(first, await temporaryDirectory(t), { pollMs: 20, patienceMs: 200 });
    const pool = await startPool({ ...options, nodes: [{ url: first.url }, { url: second.url }] });
    t.after(async () => {
      await pool.stop();
      await Promise.all([first.stop(), second.stop()]);
    });
    const [miner, work] = await loggedIn(t, pool.stratumUrl, `${MINER_ADDRESS}.rig`);
    assert.equal((await miner.request('mining.submit', findShare(work).params)).result, true);
    await first.stop();
    const tip = second.advance();
    let { job } = work;
    while (displayHash(job.previousHash) !== tip) job = await miner.nextJob();
    assert.equal((await miner.request('mining.submit', findShare({ ...work, job }).params)).result, true);
    assert.equal(miner.unread.filter(({ method }) => method === 'client.show_message').length, 0);
    const stats = (await (await fetch(`${pool.httpUrl}/stats`)).json()) as {
      nodes: { url: string; state: string; active: boolean }[];
    };
    assert.deepEqual(
      stats.nodes.map(({ state, active }) => [state, active]),
      [
        ['away', false],
        ['answers', true],
      ],
    );
    assert.ok(!JSON.stringify(stats.nodes).includes('password'));
  },
);

// With the fake node's easy bits every share is a block.
test('solo: each miner has a coinbase of its own, which its block pays', LIMITED, async (t) => {
  const terms = { scheme: 'solo', fee: parseFee('1') } as const;
  const { pool, node } = await startPoolUnderTest(t, { terms }, () => undefined);
  const [one, first] = await loggedIn(t, pool.stratumUrl, `${MINER_ADDRESS}.a`);
  const [, second] = await loggedIn(t, pool.stratumUrl, `${POOL_ADDRESS}.b`);
  assert.equal(first.job.jobId, second.job.jobId);
  assert.notDeepEqual(first.job.coinbase2, second.job.coinbase2);
  const found = node.nextBlock();
  assert.equal((await one.request('mining.submit', findShare(first).params)).result, true);
  const { raw } = await found;
  const [coinbase] = decodeBlock(hexToBytes(raw)).transactions;
  const format = { hrp: 'dnilz' };
  assert.deepEqual(
    coinbase?.outputs.slice(0, 2).map(({ value, script }) => [value, bytesToHex(script)]),
    [
      [4_950_000_000n, bytesToHex(decodeAddress(MINER_ADDRESS, format).script)],
      [50_000_000n, bytesToHex(decodeAddress(POOL_ADDRESS, format).script)],
    ],
  );
  const next = await one.nextJob();
  assert.equal(displayHash(next.previousHash), node.tip);
});

test('solo without a fee needs no address of the operator; with a fee it does', LIMITED, async (t) => {
  const terms = { scheme: 'solo', fee: parseFee('0') } as const;
  const { pool } = await startPoolUnderTest(t, { terms, rewardAddress: undefined });
  const [, work] = await loggedIn(t, pool.stratumUrl, MINER_ADDRESS);
  const { script } = decodeAddress(MINER_ADDRESS, { hrp: 'dnilz' });
  assert.ok(bytesToHex(work.job.coinbase2).includes(bytesToHex(script)));
  const node = await FakeNode.start();
  t.after(() => node.stop());
  const options = poolOptions(node, await temporaryDirectory(t), {
    terms: { scheme: 'solo', fee: parseFee('0.5') },
    rewardAddress: undefined,
  });
  await assert.rejects(startPool(options), /--address is missing: where is the fee/);
});

test('in front of a Bitcoin node every kind of address of its network can be paid', LIMITED, async (t) => {
  const terms = { scheme: 'solo', fee: parseFee('0') } as const;
  const changes = { terms, rewardAddress: undefined };
  const { pool } = await startPoolUnderTest(t, changes, asBitcoin);
  const scripts = {
    p2pkh: `76a914${'11'.repeat(20)}88ac`,
    p2sh: `a914${'22'.repeat(20)}87`,
    p2wpkh: `0014${'33'.repeat(20)}`,
    p2wsh: `0020${'44'.repeat(32)}`,
    p2tr: `5120${'55'.repeat(32)}`,
  };
  for (const [kind, script] of Object.entries(scripts)) {
    const address = encodeAddress(hexToBytes(script), BITCOIN_FORMATS.regtest) ?? '';
    const [miner, work] = await loggedIn(t, pool.stratumUrl, `${address}.rig`);
    assert.ok(bytesToHex(work.job.coinbase2).includes(script), kind);
    assert.equal((await miner.request('mining.submit', findShare(work).params)).result, true, kind);
  }
  const foreign = encodeAddress(p2wpkhScript(new Uint8Array(20)), BITCOIN_FORMATS.main) ?? '';
  const miner = await StratumMiner.connect(pool.stratumUrl);
  t.after(() => miner.close());
  await miner.request('mining.subscribe', ['test']);
  for (const user of [foreign, MINER_ADDRESS, `${foreign.slice(0, -1)}q`, 'x']) {
    const { result, error } = await miner.request('mining.authorize', [user, 'x']);
    assert.equal(result, false, user);
    assert.match(String((error as unknown[])[1]), /address/, user);
  }
});

test(
  'in front of a Bitcoin node only solo is to be had, and money is told of as it is there',
  LIMITED,
  async (t) => {
    const { pool, node, options } = await startPoolUnderTest(
      t,
      { terms: { fee: parseFee('0') }, rewardAddress: undefined },
      asBitcoin,
    );
    for (const scheme of ['pplns', 'prop'] as const) {
      const ledgerFile = join(await temporaryDirectory(t), 'pool.sqlite');
      await assert.rejects(
        startPool({
          ...options,
          nodes: [{ url: node.url }],
          ledgerFile,
          terms: { scheme, fee: parseFee('0') },
        }),
        new RegExp(
          `--scheme ${scheme} needs a NilzCoin node, since payouts need its address index; .* only --scheme solo`,
        ),
      );
    }
    const answer = async (path: string, init?: RequestInit): Promise<Record<string, unknown>> =>
      (await askJson(pool.httpUrl + path, init)).body;
    const { scheme, fee_percent, reward_address } = await answer('/stats');
    assert.deepEqual([scheme, fee_percent, reward_address], ['solo', 0, null]);
    const { time, minimum, total, due_total, waits_total, trouble } = await answer('/next_payout');
    assert.deepEqual([time, minimum, total, due_total, waits_total, trouble], [null, null, 0, 0, 0, null]);
    const token = (await readFile(pool.adminTokenFile, 'utf8')).trim();
    const settled = await askJson(`${pool.httpUrl}/settle`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}` },
    });
    assert.equal(settled.status, 409);
    assert.match(JSON.stringify(settled.body), /nothing is settled under solo: the coinbase pays the finder/);
  },
);

test('on this coin only addresses that can be spent from are taken', LIMITED, async (t) => {
  const { pool } = await startPoolUnderTest(t);
  const miner = await StratumMiner.connect(pool.stratumUrl);
  t.after(() => miner.close());
  await miner.request('mining.subscribe', ['test']);
  const format = { hrp: 'dnilz' };
  for (const script of [`0020${'44'.repeat(32)}`, `5120${'55'.repeat(32)}`]) {
    const address = encodeAddress(hexToBytes(script), format) ?? '';
    const { result, error } = await miner.request('mining.authorize', [address, 'x']);
    assert.equal(result, false);
    assert.match(String((error as unknown[])[1]), /could not be spent/);
  }
});

for (const [what, jumpMs] of [
  ['forward', 86_400_000],
  ['back', -86_400_000],
] as const) {
  test(`the clock jumping a day ${what} refuses no share and stops no work`, LIMITED, async (t) => {
    let offsetMs = 0;
    const clock: Clock = { ...systemClock, wallMs: () => systemClock.wallMs() + offsetMs };
    const { pool, node } = await startPoolUnderTest(t, { clock });
    const [miner, work] = await loggedIn(t, pool.stratumUrl, MINER_ADDRESS);
    offsetMs = jumpMs;
    assert.equal((await miner.request('mining.submit', findShare(work).params)).result, true);
    const later = findShare(work, { time: work.job.time + 1, extranonce2: '00000001' });
    assert.equal((await miner.request('mining.submit', later.params)).result, true);
    node.advance();
    const job = await miner.nextJob();
    assert.equal((await miner.request('mining.submit', findShare({ ...work, job }).params)).result, true);
    const health = (await (await fetch(`${pool.httpUrl}/health`)).json()) as { status: string };
    assert.equal(health.status, 'ok');
  });
}
