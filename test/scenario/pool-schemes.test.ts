/** Every scheme with a fee, from shares over Stratum to coins on the chain of a real node. Regtest: maturity is 100. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import { auditLedger, outcomeOf } from '../../pool/accounting/audit.ts';
import { parseFee, type Scheme, withoutFee } from '../../pool/accounting/scheme.ts';
import { startPool } from '../../pool/pool.ts';
import { DEFAULT_DIFFICULTY } from '../../pool/stratum/difficulty.ts';
import { COIN } from '../../protocol/amount.ts';
import { compactToTarget } from '../../protocol/compact.ts';
import { meetsTarget } from '../../protocol/work.ts';
import {
  minerAddress,
  openOperatorWallet,
  POOL_LABEL,
  POOL_REWARD_ADDRESS,
  PROFILE,
} from '../kit/accounts-kit.ts';
import { askJson } from '../kit/http-client.ts';
import { untilAnswer } from '../kit/operator-desk.ts';
import { poolOptions, temporaryDirectory } from '../kit/pool-kit.ts';
import { findShare, StratumMiner } from '../kit/stratum-miner.ts';
import { startTestNode } from '../node/node-kit.ts';

const LIMITED = { timeout: 300_000 };
const REWARD = 50n * COIN;
const MINERS = ['ann', 'bea', 'cleo'] as const;

interface Blocks {
  readonly blocks: readonly {
    readonly address: string;
    readonly state: string;
    readonly scheme: string | null;
    readonly reward_nits: string;
    readonly distribution_total_nits: string;
    readonly operator_total_nits: string;
  }[];
}
interface Earnings {
  readonly confirmed_nits: string;
  readonly owed_nits: string;
  readonly paid_nits: string;
}
interface NextPayout {
  readonly minimum_nits: string | null;
  readonly due_total: number;
}

/** A pool on a node with a clock that goes, and one block found by each miner. */
async function mineWith(t: TestContext, scheme: Scheme, percent: string) {
  const node = await startTestNode(t, { clock: { nowSeconds: () => Math.floor(Date.now() / 1000) } });
  const { rpcUrl: url, credentials } = node.node;
  const options = poolOptions({ url }, await temporaryDirectory(t), {
    nodes: [{ url, credentials }],
    rewardAddress: POOL_REWARD_ADDRESS,
    terms: { scheme, fee: parseFee(percent) },
    payouts: { openWallet: openOperatorWallet, label: POOL_LABEL, minimum: 1n, intervalSeconds: 0 },
    // Every hash is a share, and weighs one.
    difficulty: { ...DEFAULT_DIFFICULTY, shareIntervalMs: 0, start: 1e-10, minimum: 1e-10, maximum: 1 },
    pollMs: 50,
  });
  const pool = await startPool(options);
  t.after(() => pool.stop());
  for (const name of MINERS) {
    const miner = await StratumMiner.connect(pool.stratumUrl);
    const work = await miner.login(`${minerAddress(name)}.rig`);
    const target = compactToTarget(work.job.bits);
    const { params } = findShare(work, { accepts: (hash) => meetsTarget(hash, target) });
    assert.equal((await miner.request('mining.submit', params)).result, true);
    let job = await miner.nextJob();
    while (!job.cleanJobs) job = await miner.nextJob();
    miner.close();
  }
  await node.call('generatetoaddress', PROFILE.maturity, minerAddress('others'));
  const isConfirmed = ({ blocks }: Blocks): boolean =>
    blocks.length === MINERS.length &&
    blocks.every((block) => block.state === 'confirmed' && block.scheme === scheme);
  const { blocks } = await untilAnswer<Blocks>(`${pool.httpUrl}/blocks`, isConfirmed);
  for (const block of blocks) {
    const { reward_nits: reward, distribution_total_nits: given, operator_total_nits: kept } = block;
    assert.equal(BigInt(given) + BigInt(kept), BigInt(reward));
    assert.equal(BigInt(reward), REWARD);
  }
  const received = async (name: string): Promise<bigint> => {
    const { balance_nits } = await node.call('getaddressbalance', { addresses: [minerAddress(name)] });
    return BigInt(balance_nits);
  };
  const earnings = async (name: string): Promise<Earnings> =>
    (await askJson<Earnings>(`${pool.httpUrl}/earnings?wallet=${minerAddress(name)}`)).body;
  const audit = async () => outcomeOf(await auditLedger(options.ledgerFile));
  return { node, pool, blocks, received, earnings, audit };
}

for (const percent of ['0', '0.000001', '33.333333', '99.9999', '100']) {
  test(
    `solo with a fee of ${percent} %: the chain pays each finder what /earnings says`,
    LIMITED,
    async (t) => {
      const { pool, received, earnings, audit } = await mineWith(t, 'solo', percent);
      // A fee of 50 nits is dust, and left out.
      const part = percent === '0.000001' ? REWARD : withoutFee(REWARD, parseFee(percent));
      for (const name of MINERS) {
        assert.equal(await received(name), part);
        const { confirmed_nits: confirmed, paid_nits: paid, owed_nits: owed } = await earnings(name);
        assert.deepEqual([confirmed, paid, owed], [String(part), String(part), '0']);
      }
      const { body } = await askJson<NextPayout>(`${pool.httpUrl}/next_payout`);
      assert.deepEqual([body.minimum_nits, body.due_total], [null, 0]);
      assert.equal(await audit(), 'adds-up');
    },
  );
}

for (const [scheme, percent] of [
  ['pplns', '0.000001'],
  ['pplns', '12.345678'],
  ['prop', '33.333333'],
  ['prop', '99.9999'],
  ['prop', '100'],
] as const) {
  test(
    `${scheme} with a fee of ${percent} %: what was distributed is what is paid, to the last nit`,
    LIMITED,
    async (t) => {
      const { node, pool, blocks, received, earnings, audit } = await mineWith(t, scheme, percent);
      const distributed = blocks.reduce((sum, block) => sum + BigInt(block.distribution_total_nits), 0n);
      // Among three at most: less than that many nits of each block are the operator's by rounding.
      const pot = withoutFee(REWARD, parseFee(percent));
      assert.ok(distributed <= 3n * pot && distributed > 3n * (pot - 3n), `${distributed}`);
      const owed = new Map<string, bigint>();
      for (const name of MINERS) owed.set(name, BigInt((await earnings(name)).owed_nits));
      assert.equal(
        [...owed.values()].reduce((sum, amount) => sum + amount, 0n),
        distributed,
      );
      const token = (await readFile(pool.adminTokenFile, 'utf8')).trim();
      const { status } = await askJson(`${pool.httpUrl}/settle`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${token}` },
      });
      assert.equal(status, 200);
      await node.mine(1);
      for (const name of MINERS) {
        const amount = owed.get(name) ?? 0n;
        assert.equal(await received(name), amount, name);
        await untilAnswer<Earnings>(
          `${pool.httpUrl}/earnings?wallet=${minerAddress(name)}`,
          ({ paid_nits }) => paid_nits === String(amount),
        );
      }
      assert.equal(await audit(), 'adds-up');
    },
  );
}
