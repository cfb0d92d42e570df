/**
 * Two real pages on one wallet file, `nilz up`'s and a `nilz wallet gui` beside it: payments at the same moment, a
 * passphrase that changes meanwhile, and a page that is killed while it pays.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { displayHash, hexToBytes } from '../../protocol/bytes.ts';
import { decodeTransaction, outPointKey, txid } from '../../protocol/transaction.ts';
import { Refusal } from '../../wallet/gui/api.ts';
import { Devnet } from '../kit/devnet.ts';
import { MINED_BY_HAND, mineBlock } from '../kit/devnet-mining.ts';
import { type GuiWindow, PASSPHRASE } from '../kit/wallet-gui-kit.ts';
import { WalletGuiProcess, windowBy, windowFromHome } from '../kit/wallet-gui-process.ts';
import { temporaryDirectory } from '../service/temporary-directory.ts';

const LIMITED = { timeout: 300_000 };
const NEXT_PASSPHRASE = 'another horse battery staple';
const FEE = { preset: 'normal' } as const;
/** Coins for payments that do not wait for each other. */
const COINS = 12;
const COIN_NITS = 100_000_000n;

interface Made {
  readonly status: number;
  readonly code: string | undefined;
  readonly txid: string | undefined;
}

/** Presses the last button. */
async function pay(window: GuiWindow, wallet: string, plan: string): Promise<Made> {
  const answer = await window.send('pay', { wallet, plan });
  const body = (await answer.json()) as { txid?: string };
  const refusal = Refusal.safeParse(body);
  return { status: answer.status, code: refusal.data?.error.code, txid: body.txid };
}

async function plan(window: GuiWindow, wallet: string, address: string, amount: bigint): Promise<string> {
  const to = [{ address, amount_nits: `${amount}` }];
  return (await window.ask('plan', { wallet, from: 'alice', to, fee: FEE })).id;
}

/** What the node has of these transactions, and that no two of them spend the same coin. */
async function requireTogether(devnet: Devnet, txids: readonly string[]): Promise<void> {
  const spent = new Set<string>();
  for (const id of txids) {
    const raw = String(await devnet.rpc.call('getrawtransaction', [id]));
    const transaction = decodeTransaction(hexToBytes(raw));
    assert.equal(displayHash(txid(transaction)), id);
    for (const { previous } of transaction.inputs) {
      const key = outPointKey(previous);
      assert.ok(!spent.has(key), 'no coin is spent twice');
      spent.add(key);
    }
  }
}

test('two pages on one wallet pay at once, and no coin is lost or spent twice', LIMITED, async (t) => {
  const directory = await temporaryDirectory(t);
  const devnet = await Devnet.start(directory, MINED_BY_HAND);
  t.after(() => devnet.kill());
  const nodeUrl = new URL(devnet.ready.rpc.url);
  nodeUrl.username = devnet.ready.rpc.user;
  nodeUrl.password = devnet.ready.rpc.password;
  const here = await windowFromHome(devnet);
  const words = devnet.ready.mnemonic;
  const create = { name: 'shared', words, passphrase: PASSPHRASE, words_checked: true };
  const { wallet: row } = await here.ask('wallets/create', create);
  const wallet = row.id;
  const file = row.file;
  assert.ok(file.startsWith(directory), file);
  const datadir = join(file.slice(0, file.indexOf('/wallets/')), '..');
  const start = () => WalletGuiProcess.start(t, datadir, nodeUrl.href);
  const other = await start();
  const there = await windowBy(other.link);
  await there.ask('wallets/open', { wallet, passphrase: PASSPHRASE });
  const bob = devnet.address('bob');
  const alice = devnet.address('alice');

  // Coins enough for payments side by side.
  const many = Array.from({ length: COINS }, () => ({ address: alice, amount_nits: `${COIN_NITS}` }));
  const split = await here.ask('plan', { wallet, from: 'alice', to: many, fee: FEE });
  assert.equal((await pay(here, wallet, split.id)).status, 200);
  await mineBlock(devnet);

  await t.test('one plan is one payment, however often the button is pressed', async () => {
    const id = await plan(here, wallet, bob, COIN_NITS / 2n);
    const made = await Promise.all(Array.from({ length: 8 }, () => pay(here, wallet, id)));
    assert.deepEqual(made.map(({ status }) => status).sort(), [200, ...new Array<number>(7).fill(409)]);
    // Nor is it the other page's.
    assert.equal((await pay(there, wallet, id)).code, 'no-plan');
  });

  await t.test(
    'plans of both pages at the same moment: each is made as it was shown, or not at all',
    async () => {
      const plans = await Promise.all(
        Array.from({ length: 6 }, async (_, at) => {
          const window = at % 2 === 0 ? here : there;
          return { window, id: await plan(window, wallet, bob, COIN_NITS / 2n + BigInt(at)) };
        }),
      );
      const made = await Promise.all(plans.map(({ window, id }) => pay(window, wallet, id)));
      const paid = made.flatMap(({ txid: id }) => id ?? []);
      assert.ok(paid.length >= 1, JSON.stringify(made));
      for (const { status, code } of made) {
        if (status !== 200) assert.match(code ?? '', /^(plan-changed|coins-gone|insufficient-funds|busy)$/);
      }
      await requireTogether(devnet, paid);
      for (const window of [here, there]) {
        const { rows } = await window.ask('history', { wallet, scope: 'wallet', limit: 50 });
        const known = new Set(rows.map((each) => each.txid));
        for (const id of paid) assert.ok(known.has(id), `${id} is in the history of both`);
        assert.equal((await window.ask('check', { wallet })).sound, true);
      }
    },
  );

  await t.test('a page that is killed while it pays keeps the payment or has made none', async () => {
    const victim = await start();
    const window = await windowBy(victim.link);
    await window.ask('wallets/open', { wallet, passphrase: PASSPHRASE });
    const before = (await here.ask('history', { wallet, scope: 'wallet', limit: 50 })).total;
    const id = await plan(window, wallet, bob, COIN_NITS / 3n);
    const paying = pay(window, wallet, id).catch(() => undefined);
    await sleep(40);
    await victim.kill();
    const made = await paying;
    const again = await windowBy((await start()).link);
    await again.ask('wallets/open', { wallet, passphrase: PASSPHRASE });
    const after = await again.ask('history', { wallet, scope: 'wallet', limit: 50 });
    const isMade = after.total === before + 1;
    assert.ok(isMade || after.total === before);
    if (made?.status === 200) assert.ok(isMade);
    if (!isMade) return;
    const [newest] = after.rows;
    await requireTogether(devnet, [newest?.txid ?? '']);
    assert.equal((await here.ask('overview', { wallet })).refused.length, 0);
    await mineBlock(devnet);
  });

  await t.test('a passphrase that one page changes locks the wallet in the other', async () => {
    const change = { wallet, passphrase: PASSPHRASE, new_passphrase: NEXT_PASSPHRASE };
    const [id] = await Promise.all([
      plan(there, wallet, bob, COIN_NITS / 4n),
      here.ask('keys/change-passphrase', change),
    ]);
    const late = await pay(there, wallet, id);
    assert.ok([200, 409].includes(late.status), JSON.stringify(late));
    assert.equal((await there.refusal('overview', { wallet })).status, 409);
    assert.equal((await there.refusal('wallets/open', { wallet, passphrase: PASSPHRASE })).status, 403);
    await there.ask('wallets/open', { wallet, passphrase: NEXT_PASSPHRASE });
    assert.equal((await there.ask('check', { wallet })).sound, true);
    await there.ask('wallets/lock', { wallet });
    // The other page's wallet is its own.
    await here.ask('overview', { wallet });
  });

  assert.equal(other.stderr, '');
  assert.equal(devnet.stderr, '');
});
