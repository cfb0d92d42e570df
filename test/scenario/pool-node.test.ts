import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type RunningNode, startNode } from '../../node/node.ts';
import { type RunningPool, startPool } from '../../pool/pool.ts';
import { bytesToHex, displayHash } from '../../protocol/bytes.ts';
import { compactToTarget } from '../../protocol/compact.ts';
import { type NetworkName, type NetworkProfile, profileByName } from '../../protocol/network.ts';
import { encodeTransaction, txid } from '../../protocol/transaction.ts';
import { hashToNumber, meetsTarget } from '../../protocol/work.ts';
import { createRpcClient } from '../../service/rpc-client.ts';
import { poolOptions, SILENT, temporaryDirectory } from '../kit/pool-kit.ts';
import { findShare, StratumMiner, type Work } from '../kit/stratum-miner.ts';
import { addressOf, alice, bob, carol, genesisFunds, payOn } from '../node/payment-kit.ts';

const LIMITED = { timeout: 300_000 };

interface Both {
  readonly profile: NetworkProfile;
  readonly node: RunningNode;
  readonly pool: RunningPool;
  readonly call: (method: string, params?: readonly unknown[]) => Promise<unknown>;
}

/** A real node with a pool in front of it; both end with the test. */
async function startBoth(t: TestContext, network: NetworkName): Promise<Both> {
  const profile = profileByName(network);
  const directory = await temporaryDirectory(t);
  const node = await startNode({ profile, dataDirectory: directory, rpcPort: 0, log: SILENT });
  const access = { url: node.rpcUrl, credentials: node.credentials };
  const client = createRpcClient(access);
  const pool = await startPool({
    ...poolOptions({ url: '' }, directory, { rewardAddress: addressOf(carol, profile) }),
    nodes: [access],
    expectedNetwork: profile.name,
  });
  t.after(async () => {
    client.close();
    await pool.stop();
    await node.stop();
  });
  return { profile, node, pool, call: (method, params) => client.call(method, params) };
}

/** Finds a block for the job and hands it in. Resolves when the node has it and the next job is there. */
async function mineBlock(miner: StratumMiner, work: Work, node: RunningNode): Promise<Work> {
  const target = compactToTarget(work.job.bits);
  const found = findShare(work, { accepts: (hash) => meetsTarget(hash, target) });
  miner.send({ id: 1, method: 'mining.submit', params: found.params });
  let job = await miner.nextJob();
  // A payment that has come meanwhile brings a job on the old tip first.
  while (!job.cleanJobs) job = await miner.nextJob();
  assert.equal(displayHash(job.previousHash), displayHash(found.hash));
  assert.equal(displayHash(node.chain.tip.hash), displayHash(found.hash));
  return { ...work, job };
}

for (const network of ['regtest', 'bitcoin-regtest'] as const) {
  test(`on ${network} the node takes the pool's blocks from height 1 up`, LIMITED, async (t) => {
    const { node, pool, profile, call } = await startBoth(t, network);
    assert.equal(pool.network.name, network);
    const miner = await StratumMiner.connect(pool.stratumUrl);
    t.after(() => miner.close());
    let work = await miner.login(`${addressOf(bob, profile)}.rig`);
    // Past 16 the height is pushed in another way.
    for (let height = 1; height <= 20; height++) work = await mineBlock(miner, work, node);
    assert.equal(node.chain.tip.height, 20);
    const balance = (await call('getaddressbalance', [{ addresses: [addressOf(carol, profile)] }])) as {
      balance_nits: string;
    };
    const own = network === 'regtest' ? genesisFunds(carol, profile).value : 0n;
    assert.equal(BigInt(balance.balance_nits), own + 20n * profile.reward);
  });
}

test('a payment goes into the block, its fee into the reward', LIMITED, async (t) => {
  const { node, pool, profile, call } = await startBoth(t, 'regtest');
  const miner = await StratumMiner.connect(pool.stratumUrl);
  t.after(() => miner.close());
  let work = await miner.login(addressOf(bob, profile));
  const payment = payOn(genesisFunds(alice), bob, 12_345n);
  await call('sendrawtransaction', [bytesToHex(encodeTransaction(payment))]);
  work = await mineBlock(miner, work, node);
  if (node.mempool.size > 0) work = await mineBlock(miner, work, node);
  const hash = displayHash(work.job.previousHash);
  const block = (await call('getblock', [hash, 1])) as { tx: string[] };
  assert.equal(block.tx[1], displayHash(txid(payment)));
  // The block is entered while the next job is already out.
  let blocks: { hash: string; reward_nits: string }[];
  do ({ blocks } = (await (await fetch(`${pool.httpUrl}/stats`)).json()) as { blocks: typeof blocks });
  while (blocks[0]?.hash !== hash);
  assert.equal(blocks[0].reward_nits, String(profile.reward + 12_345n));
});

test(
  'a block on a tip that was replaced meanwhile is kept by the node beside its chain',
  LIMITED,
  async (t) => {
    const { node, pool, profile, call } = await startBoth(t, 'regtest');
    const miner = await StratumMiner.connect(pool.stratumUrl);
    t.after(() => miner.close());
    const work = await miner.login(addressOf(bob, profile));
    const target = compactToTarget(work.job.bits);
    const found = findShare(work, { accepts: (hash) => hashToNumber(hash) < target / 2n });
    await call('generatetoaddress', [1, addressOf(alice, profile)]);
    await miner.nextJob();
    miner.send({ id: 1, method: 'mining.submit', params: found.params });
    let tips: { hash: string; status: string }[];
    do tips = (await call('getchaintips')) as typeof tips;
    while (tips.length < 2);
    assert.equal(
      tips.find(({ status }) => status === 'valid-fork' || status === 'valid-headers')?.hash,
      displayHash(found.hash),
    );
    assert.equal(node.chain.tip.height, 1);
  },
);
