/** A pool as its operator runs it: a wallet file, a settings file, commands, and what they say when something is wrong. */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { lockFile } from '../../service/database.ts';
import { nilz } from '../kit/devnet.ts';
import { OperatorDesk, untilAnswer } from '../kit/operator-desk.ts';
import { temporaryDirectory } from '../kit/surroundings.ts';

const LIMITED = { timeout: 300_000 };
const REWARD = 50_00000000n;

interface Settlement {
  readonly dry_run: boolean;
  readonly total_nits: string;
  readonly transactions: readonly {
    readonly payout_id: number | null;
    readonly txid: string | null;
    readonly items: readonly { readonly address: string; readonly amount_nits: string }[];
  }[];
}

interface NextPayout {
  readonly time: number | null;
  readonly in_seconds: number | null;
  readonly due_total: number;
  readonly total_nits: string;
  readonly trouble: string | null;
}

interface Payouts {
  readonly payouts: readonly { readonly id: number; readonly txid: string; readonly state: string }[];
}

test(
  'with a wallet of its own and settings by their old names a pool pays exactly what its dry run said',
  LIMITED,
  async (t) => {
    const desk = await OperatorDesk.open(t);
    const config = await desk.writeConfig('pool_config.json', {
      scheme: 'pplns',
      pool_fee_percent: 1.5,
      payout_min_amount: 0.5,
      job_ttl_seconds: 60,
      job_refresh_seconds: 20,
      share_target_multiplier: 16,
    });
    const pool = await desk.startPool(t, config);
    const { stratum_url: stratum = '', http_url: http = '' } = pool.ready;
    const [ann, bea] = [desk.addressOf('ann'), desk.addressOf('bea')];
    await desk.mineShares(stratum, `${bea}.rig`, 5);
    await desk.mineBlocks(stratum, `${ann}.rig`, 6);
    await desk.mineOthers(3);
    await untilAnswer<NextPayout>(`${http}/next_payout`, ({ due_total }) => due_total === 2);

    const dry = await desk.settle(config, http, '--dry-run', '--json');
    assert.equal(dry.code, 0, dry.stderr);
    const planned = JSON.parse(dry.stdout) as Settlement;
    assert.equal(planned.transactions.length, 1);
    assert.deepEqual(await desk.rpc.call('getrawmempool'), [], 'nothing was sent');
    const real = await desk.settle(config, http, '--json');
    assert.equal(real.code, 0, real.stderr);
    const sent = JSON.parse(real.stdout) as Settlement;
    const [payout] = sent.transactions;
    assert.deepEqual(await desk.rpc.call('getrawmempool'), [payout?.txid]);
    assert.deepEqual(
      { ...sent, dry_run: true, transactions: [{ ...payout, payout_id: null, txid: null }] },
      planned,
    );
    const again = await desk.settle(config, http);
    assert.deepEqual([again.code, again.stdout], [0, 'nobody is due\n']);

    await desk.mineOthers(1);
    await untilAnswer<Payouts>(`${http}/payouts`, ({ payouts }) => payouts[0]?.state === 'confirmed');
    const items = payout?.items ?? [];
    assert.equal(items.length, 2);
    for (const { address, amount_nits } of items)
      assert.equal(await desk.received(address), BigInt(amount_nits));
    const total = BigInt(sent.total_nits);
    const fee = (6n * REWARD * 15n) / 1_000n;
    assert.ok(
      total <= 6n * REWARD - fee && total > 6n * REWARD - fee - 100n,
      `${total}: the fee and a few nits stay`,
    );
    const audit = await nilz(['pool', 'audit', '--config', config]);
    assert.equal(audit.code, 0, audit.stdout);
    assert.equal(await pool.stop(), 0);
  },
);

test('settling from a command line says what is wrong, and its exit code too', LIMITED, async (t) => {
  const desk = await OperatorDesk.open(t);
  const config = await desk.writeConfig('pool_config.json');
  const pool = await desk.startPool(t, config);
  const { http_url: http = '' } = pool.ready;
  const elsewhere = await temporaryDirectory(t);
  const none = await desk.settle(config, http, '--datadir', elsewhere);
  assert.equal(none.code, 1);
  assert.match(none.stderr, /pool\.token: the pool makes it/);
  const folder = desk.dataDirectory.replace(desk.directory, elsewhere);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'pool.token'), 'a'.repeat(64));
  const wrong = await desk.settle(config, http, '--datadir', elsewhere);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /has another admin token than .*pool\.token: --network and --datadir/);
  const node = await desk.settle(config, http, '--http-url', desk.nodeUrl);
  assert.equal(node.code, 3);
  assert.match(node.stderr, /is no pool of this version/);
  const nonsense = await desk.settle(config, http, '--http-url', 'pool');
  assert.equal(nonsense.code, 2);
  assert.match(nonsense.stderr, /--http-url: must have the form/);
  assert.equal(await pool.stop(), 0);
  const away = await desk.settle(config, http);
  assert.equal(away.code, 3);
  assert.match(away.stderr, /no pool answers at .*ECONNREFUSED/);
  // A pool that pays nobody says so, and what would change that.
  const unpaid = await desk.startPool(
    t,
    await desk.writeConfig('unpaid.json', { operator_wallet_path: null }),
  );
  const refused = await desk.settle(config, unpaid.ready.http_url ?? '');
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /nobody can be paid: start the pool with --operator-wallet/);
});

test(
  'a payout waits for nothing but the clock, also while the wallet file is held by another program',
  LIMITED,
  async (t) => {
    const desk = await OperatorDesk.open(t);
    const config = await desk.writeConfig('pool_config.json', {
      pool_fee_percent: 10,
      payout_interval_seconds: 2,
      payout_min_amount: 20,
    });
    const unlock = await lockFile(`${desk.walletFile}.lock`);
    assert.ok(unlock);
    const pool = await desk.startPool(t, config);
    const { stratum_url: stratum = '', http_url: http = '' } = pool.ready;
    const ann = desk.addressOf('ann');
    await desk.mineBlocks(stratum, ann, 2);
    await desk.mineOthers(3);
    // It has become due, and the settlement cannot end yet.
    const due = await untilAnswer<NextPayout>(`${http}/next_payout`, ({ due_total }) => due_total === 1);
    assert.equal(BigInt(due.total_nits), (2n * REWARD * 9n) / 10n);
    await unlock();
    const { payouts } = await untilAnswer<Payouts>(`${http}/payouts`, ({ payouts: rows }) => rows.length > 0);
    // It is written down before it is sent.
    let waiting = await desk.rpc.call('getrawmempool');
    while (Array.isArray(waiting) && waiting.length === 0) {
      await sleep(20);
      waiting = await desk.rpc.call('getrawmempool');
    }
    assert.deepEqual(waiting, [payouts[0]?.txid]);
    await desk.mineOthers(1);
    await untilAnswer<Payouts>(`${http}/payouts`, ({ payouts: rows }) => rows[0]?.state === 'confirmed');
    assert.equal(await desk.received(ann), (2n * REWARD * 9n) / 10n);
    const next = await untilAnswer<NextPayout>(`${http}/next_payout`, ({ due_total }) => due_total === 0);
    assert.ok((next.in_seconds ?? -1) >= 0 && (next.in_seconds ?? 3) <= 2, `${next.in_seconds}`);
    assert.equal(next.trouble, null);
  },
);
