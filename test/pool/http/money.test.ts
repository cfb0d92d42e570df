import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { startBlockHook } from '../../../pool/hooks/on-block.ts';
import { displayHash } from '../../../protocol/bytes.ts';
import {
  BLOCK_HASH,
  ChosenAccounts,
  serveAccounts,
  someBlock,
  somePayout,
} from '../../kit/chosen-accounts.ts';
import { disagreements, documentedAnswers } from '../../kit/documented-fields.ts';
import { askJson, LiveListener } from '../../kit/http-client.ts';
import { MINER_ADDRESS, POOL_ADDRESS } from '../../kit/pool-kit.ts';
import { SILENT, temporaryDirectory } from '../../kit/surroundings.ts';

const LIMITED = { timeout: 30_000 };

interface Rows {
  readonly next: unknown;
  readonly [list: string]: unknown;
}

test(
  'the answers about money have the fields that docs/pool-api.md lists, and no others',
  LIMITED,
  async (t) => {
    const { url, admin } = await serveAccounts(t);
    const documented = documentedAnswers();
    const wallet = MINER_ADDRESS;
    const answers = [
      ['GET /earnings', `/earnings?wallet=${wallet}`, 0],
      ['GET /blocks', '/blocks', 0],
      ['GET /payouts', '/payouts', 0],
      ['GET /next_payout', '/next_payout', 0],
      ['GET /stats', '/stats', 0],
      ['GET /workers/{address}', `/workers/${wallet}`, 0],
    ] as const;
    for (const [title, path, table] of answers) {
      const { body, status } = await askJson(url + path);
      assert.equal(status, 200, path);
      assert.deepEqual(disagreements(documented.get(title)?.tables[table] ?? [], body), [], title);
    }
    const all = await askJson<{ addresses: Record<string, unknown>[] }>(`${url}/earnings`);
    const amounts = (documented.get('GET /earnings')?.tables[0] ?? []).filter(
      (field) => !/^(cre|pay|ad|nex)/.test(field),
    );
    assert.deepEqual(
      disagreements([...amounts, ...(documented.get('GET /earnings')?.tables[1] ?? [])], all.body),
      [],
    );
    assert.deepEqual(disagreements(['address', ...amounts], all.body.addresses[0]), []);
    const headers = { ...admin, 'Content-Type': 'application/json' };
    for (const body of ['{"dry_run":true}', '{"dry_run":false}']) {
      const settled = await askJson(`${url}/settle`, { method: 'POST', headers, body });
      assert.deepEqual(
        disagreements(documented.get('POST /settle (admin token)')?.tables[0] ?? [], settled.body),
        [],
      );
    }
  },
);

test('amounts come as a number to show and as exact nits; what is unknown is null', LIMITED, async (t) => {
  const { url, accounts } = await serveAccounts(t);
  accounts.balances.set(MINER_ADDRESS, {
    ...(await accounts.balance('nobody')),
    owed: 2n ** 60n + 1n,
    paid: 1n,
  });
  const { body } = await askJson(`${url}/earnings?wallet=${MINER_ADDRESS}`);
  assert.deepEqual([body.owed_nits, body.paid, body.paid_nits], ['1152921504606846977', 1e-8, '1']);
  assert.deepEqual([body.orphaned, body.orphaned_nits], [0, '0']);
  accounts.blockRows = [
    someBlock({ state: 'pending', confirmations: undefined, round: undefined, worker: undefined }),
  ];
  const { body: blocks } = await askJson<{ blocks: Record<string, unknown>[] }>(`${url}/blocks`);
  const [block] = blocks.blocks;
  for (const field of ['confirmations', 'effort', 'address', 'worker', 'scheme', 'distribution_total_nits']) {
    assert.equal(block?.[field], null, field);
  }
});

test('effort is the work of the round over that of a block, and luck its mean', LIMITED, async (t) => {
  const { url, accounts } = await serveAccounts(t);
  const round = someBlock().round;
  assert.ok(round !== undefined);
  accounts.blockRows = [
    someBlock({ id: 8, round: { ...round, weight: 2n ** 32n + 2n ** 31n } }),
    someBlock(),
  ];
  const { body } = await askJson<{ luck: { blocks: number; effort_mean: number; meaning: string } }>(
    `${url}/stats`,
  );
  assert.equal(body.luck.blocks, 2);
  assert.ok(Math.abs(body.luck.effort_mean - 1) < 0.001);
  assert.match(body.luck.meaning, /^The last 2 blocks took 100 % of the work/);
  const miner = await askJson<{ luck: Record<string, unknown> }>(`${url}/workers/${MINER_ADDRESS}`);
  assert.deepEqual(
    [miner.body.luck.blocks, miner.body.luck.expected_blocks, miner.body.luck.effort_mean],
    [2, 3, 1.5],
  );
});

test('lists come in pages that meet without a gap', LIMITED, async (t) => {
  const { url, accounts } = await serveAccounts(t);
  accounts.blockRows = [5, 4, 3, 2, 1].map((id) => someBlock({ id }));
  accounts.payoutRows = [5, 4, 3, 2, 1].map((id) => somePayout({ id }));
  accounts.balances.set(POOL_ADDRESS, await accounts.balance('nobody'));
  const pages = async (path: string, list: string, field: string, by = 'before'): Promise<unknown[]> => {
    const seen: unknown[] = [];
    const join = path.includes('?') ? '&' : '?';
    for (let next: unknown = ''; next !== null; ) {
      const from = next === '' ? '' : `&${by}=${next}`;
      const { body } = await askJson<Rows>(`${url}${path}${join}limit=2${from}`);
      seen.push(...(body[list] as Record<string, unknown>[]).map((row) => row[field]));
      ({ next } = body);
    }
    return seen;
  };
  assert.deepEqual(await pages('/blocks', 'blocks', 'id'), [5, 4, 3, 2, 1]);
  assert.deepEqual(await pages('/payouts', 'payouts', 'id'), [5, 4, 3, 2, 1]);
  assert.deepEqual(await pages(`/earnings?wallet=${MINER_ADDRESS}`, 'credits', 'block_id'), [5, 4, 3, 2, 1]);
  assert.deepEqual(
    await pages('/earnings', 'addresses', 'address', 'after'),
    [MINER_ADDRESS, POOL_ADDRESS].sort(),
  );
});

test('parameters about money that are wrong are refused by name', LIMITED, async (t) => {
  const { url } = await serveAccounts(t);
  const cases: readonly (readonly [string, RegExp])[] = [
    ['/blocks?limit=0', /"limit": must be a whole number from 1 to 500/],
    ['/blocks?limit=501', /from 1 to 500/],
    ['/blocks?before=0', /"before": must be a whole number from 1/],
    ['/blocks?before=99999999999999999999', /"before"/],
    ['/blocks?after=1', /no parameter "after"; allowed: limit, before/],
    ['/payouts?limit=ten', /"limit"/],
    ['/next_payout?x=1', /no parameter "x"; allowed: none/],
    ['/earnings?wallet=nobody', /"wallet"/],
    [`/earnings?wallet=${MINER_ADDRESS}&after=x`, /"after" goes without "wallet"/],
    ['/earnings?before=5', /"before" goes with "wallet"/],
    [`/earnings?after=${'x'.repeat(200)}`, /"after": must be an address/],
  ];
  for (const [path, message] of cases) {
    const { status, body } = await askJson<{ error: string }>(url + path);
    assert.equal(status, 400, path);
    assert.match(body.error, message, path);
  }
});

test(
  'only the admin token settles; a dry run sends nothing, and what cannot be paid is told',
  LIMITED,
  async (t) => {
    const { url, admin, accounts } = await serveAccounts(t);
    const ask = (headers: Record<string, string>, body?: string) =>
      askJson<Record<string, unknown>>(`${url}/settle`, {
        method: 'POST',
        headers,
        ...(body !== undefined && { body }),
      });
    const json = { 'Content-Type': 'application/json' };
    assert.equal((await ask(json, '{"dry_run":false}')).status, 401);
    assert.equal((await ask({ ...json, Authorization: 'Bearer x' }, '{}')).status, 403);
    assert.equal((await ask({ 'Content-Type': 'text/plain' }, '{"dry_run":false}')).status, 401);
    assert.equal((await askJson(`${url}/settle`, { headers: admin })).status, 405);
    for (const wrong of ['{"dry_run":"yes"}', '{"dry_run":1}', '{"dryrun":true}', '[]', 'x']) {
      assert.equal((await ask({ ...admin, ...json }, wrong)).status, 400, wrong);
    }
    const misplaced = await askJson(`${url}/settle?dry_run=true`, { method: 'POST', headers: admin });
    const explained = { error: 'the fields belong into the body, not behind a "?"' };
    assert.deepEqual([misplaced.status, misplaced.body], [400, explained]);
    assert.deepEqual(accounts.settled, [], 'nothing of this paid anybody');
    const dry = await ask({ ...admin, ...json }, '{"dry_run":true}');
    assert.deepEqual([dry.status, dry.body.dry_run, accounts.settled], [200, true, [true]]);
    const paid = await ask(admin);
    assert.deepEqual([paid.status, paid.body.dry_run, accounts.settled], [200, false, [true, false]]);
    accounts.unpayable = 'the wallet has 1 NILZ, 39 are due';
    const refused = await ask(admin);
    assert.deepEqual([refused.status, refused.body.error], [409, 'the wallet has 1 NILZ, 39 are due']);
  },
);

test('/live tells of blocks and payouts as the lists show them', LIMITED, async (t) => {
  const { url, accounts } = await serveAccounts(t);
  const live = await LiveListener.connect(url);
  t.after(() => live.close());
  await live.next('hello');
  accounts.emit('block', someBlock());
  accounts.emit('payout', somePayout());
  const { body } = await askJson<{ blocks: unknown[] }>(`${url}/blocks`);
  assert.deepEqual(await live.next('block'), { type: 'block', ...(body.blocks[0] as object) });
  const payouts = await askJson<{ payouts: unknown[] }>(`${url}/payouts`);
  assert.deepEqual(await live.next('payout'), { type: 'payout', ...(payouts.body.payouts[0] as object) });
});

test(
  'the command for a block runs once, when it is in the chain, and not for blocks of before the start',
  LIMITED,
  async (t) => {
    const directory = await temporaryDirectory(t);
    const accounts = new ChosenAccounts();
    const file = join(directory, 'blocks');
    const command = `sh -c 'echo "$1 $NILZ_BLOCK_HEIGHT $NILZ_BLOCK_STATE $NILZ_BLOCK_NETWORK" >> "${file}"' - %s`;
    const hook = await startBlockHook(accounts, 'dev', {
      command,
      environment: { PATH: process.env.PATH },
      log: SILENT,
    });
    t.after(() => hook.stop());
    const block = (fill: number, state: 'pending' | 'immature' | 'orphaned' | 'confirmed') =>
      accounts.emit('block', someBlock({ hash: new Uint8Array(32).fill(fill), height: fill, state }));
    accounts.emit('block', someBlock({ hash: BLOCK_HASH, state: 'confirmed' }));
    block(1, 'pending');
    block(1, 'immature');
    block(1, 'orphaned');
    block(1, 'immature');
    block(1, 'confirmed');
    block(2, 'orphaned');
    block(3, 'confirmed');
    const lines = async () =>
      (await readFile(file, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');
    while (!t.signal.aborted && (await lines()).length < 2) await new Promise(setImmediate);
    const shown = (fill: number) => displayHash(new Uint8Array(32).fill(fill));
    assert.deepEqual((await lines()).sort(), [`${shown(1)} 1 immature dev`, `${shown(3)} 3 confirmed dev`]);
  },
);
