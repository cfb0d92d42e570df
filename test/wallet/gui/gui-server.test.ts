/** What a person does with the page, as the server answers it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { COIN } from '../../../protocol/amount.ts';
import { GuiListener, GuiWindow, PASSPHRASE, startGui, tokenOf } from '../../kit/wallet-gui-kit.ts';

const WALLET = 'default';

describe('the page of the wallet', () => {
  test('opens with a link, once, and tells what it is about', async (context) => {
    const { gui } = await startGui(context);
    const link = gui.freshLink();
    assert.match(link, /^http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]{43}$/);
    const nobody = new GuiWindow(gui.url, '');
    const { session, state } = await nobody.ask('session/open', { token: tokenOf(link) });
    assert.equal(state.network.name, 'dev');
    assert.equal(state.network.test_money, true);
    assert.deepEqual(state.wallets, []);
    assert.doesNotMatch(JSON.stringify(state), /secret/);
    const again = await nobody.refusal('session/open', { token: tokenOf(link) });
    assert.deepEqual([again.status, again.code], [403, 'bad-token']);
    const window = new GuiWindow(gui.url, session);
    assert.equal((await window.ask('state', {})).network.coin, 'NILZ');
    await window.ask('session/close', {});
    assert.equal((await window.refusal('state', {})).code, 'no-session');
  });

  test('makes a wallet, is paid, pays, and sees both in the history', async (context) => {
    const { gui, chain } = await startGui(context);
    const window = await GuiWindow.open(gui);
    const wallet = await window.createWallet();
    const mine = await window.ask('receive/new-address', { wallet, label: 'me' });
    await chain.strangerPays(mine.address, 5n * COIN);
    const pending = await window.ask('overview', { wallet });
    assert.equal(pending.total.pending_nits, String(5n * COIN));
    chain.mine();
    const { labels, total } = await window.ask('overview', { wallet });
    assert.equal(total.spendable_nits, String(5n * COIN));
    assert.equal(labels.find(({ label }) => label === 'me')?.spendable_nits, String(5n * COIN));

    const other = (await window.ask('receive/new-address', { wallet, label: 'rent' })).address;
    const plan = await window.ask('plan', {
      wallet,
      from: 'me',
      to: [{ address: other, amount_nits: String(COIN) }],
      fee: { preset: 'normal' },
    });
    assert.equal(plan.amount_nits, String(COIN));
    assert.equal(plan.to[0]?.label, 'rent');
    assert.equal(BigInt(plan.total_nits), COIN + BigInt(plan.fee_nits));
    assert.equal(BigInt(plan.change?.amount_nits ?? 0), 4n * COIN - BigInt(plan.fee_nits));
    const sent = await window.ask('pay', { wallet, plan: plan.id });
    assert.deepEqual([sent.delivered, sent.note], [true, null]);
    const { row, can_bump: canBump } = await window.ask('transaction', { wallet, txid: sent.txid });
    assert.deepEqual([row.status, row.fee_nits, canBump], ['pending', plan.fee_nits, true]);
    chain.mine();

    const history = await window.ask('history', { wallet, scope: 'wallet', limit: 10 });
    assert.equal(history.total, 2);
    assert.deepEqual(
      history.rows.map(({ direction, status }) => [direction, status]),
      [
        ['moved', 'confirmed'],
        ['received', 'confirmed'],
      ],
    );
    const net = history.rows.reduce((sum, { net_nits }) => sum + BigInt(net_nits), 0n);
    assert.equal(net, 5n * COIN - BigInt(plan.fee_nits));
    const { points } = await window.ask('balance-chart', { wallet });
    assert.equal(points.at(-1)?.balance_nits, String(net));
    const { csv } = await window.ask('history-csv', { wallet, scope: 'wallet' });
    assert.match(csv, new RegExp(sent.txid));
    assert.equal((await window.ask('check', { wallet })).sound, true);
  });

  test('makes a plan once, whoever presses the button twice', async (context) => {
    const { gui, chain } = await startGui(context);
    const window = await GuiWindow.open(gui);
    const wallet = await window.createWallet();
    const { address } = await window.ask('receive/new-address', { wallet, label: 'me' });
    await chain.strangerPays(address, 5n * COIN);
    chain.mine();
    const before = chain.handedIn.length;
    const request = {
      wallet,
      to: [{ address, amount_nits: String(COIN) }],
      fee: { fee_rate: '1.5' },
    };
    const plan = await window.ask('plan', request);
    const both = await Promise.all([1, 2].map(() => window.send('pay', { wallet, plan: plan.id })));
    assert.deepEqual(both.map(({ status }) => status).sort(), [200, 409]);
    assert.equal(chain.handedIn.length, before + 1);
    const late = await window.refusal('pay', { wallet, plan: plan.id });
    assert.deepEqual([late.status, late.code], [409, 'no-plan']);
  });

  test('pays what was shown or nothing: a coin that is gone meanwhile is told', async (context) => {
    const { gui, chain } = await startGui(context);
    const window = await GuiWindow.open(gui);
    const wallet = await window.createWallet();
    const { address } = await window.ask('receive/new-address', { wallet, label: 'me' });
    await chain.strangerPays(address, 5n * COIN);
    chain.mine();
    const request = { wallet, to: [{ address, amount_nits: String(COIN) }], fee: { fee_rate: '2' } };
    const [first, second] = [await window.ask('plan', request), await window.ask('plan', request)];
    await window.ask('pay', { wallet, plan: first.id });
    const refused = await window.refusal('pay', { wallet, plan: second.id });
    assert.deepEqual([refused.status, refused.code], [422, 'coins-gone']);
  });

  test('says how much more is needed', async (context) => {
    const { gui, chain } = await startGui(context);
    const window = await GuiWindow.open(gui);
    const wallet = await window.createWallet();
    const { address } = await window.ask('receive/new-address', { wallet, label: 'me' });
    await chain.strangerPays(address, COIN);
    chain.mine();
    const refused = await window.refusal('plan', {
      wallet,
      to: [{ address, amount_nits: String(COIN) }],
      fee: { fee_rate: '1' },
    });
    assert.equal(refused.code, 'insufficient-funds');
    assert.ok(BigInt(refused.missing_nits ?? 0) > 0n);
    const max = await window.ask('plan', {
      wallet,
      to: [{ address, amount_nits: 'max' }],
      fee: { fee_rate: '1' },
    });
    assert.equal(max.total_nits, String(COIN));
    assert.equal(max.change, null);
  });

  test('locks and opens, and the passphrase is asked for again where a secret is shown', async (context) => {
    const { gui } = await startGui(context);
    const window = await GuiWindow.open(gui);
    const { words } = await window.ask('wallets/words', {});
    const wallet = await window.createWallet(WALLET, words);
    assert.deepEqual(await window.ask('keys/words', { wallet, passphrase: PASSPHRASE }), { words });
    const wrong = await window.refusal('keys/words', { wallet, passphrase: 'a guess' });
    assert.deepEqual([wrong.status, wrong.code], [403, 'wrong-passphrase']);
    await window.ask('wallets/lock', { wallet });
    const locked = await window.refusal('overview', { wallet });
    assert.deepEqual([locked.status, locked.code], [409, 'locked']);
    assert.equal((await window.refusal('keys/words', { wallet, passphrase: PASSPHRASE })).code, 'locked');
    const opened = await window.ask('wallets/open', { wallet, passphrase: PASSPHRASE });
    assert.equal(opened.wallet.is_open, true);
    assert.equal((await window.ask('overview', { wallet })).kind, 'words');
  });

  test('restores a wallet while it tells how far it is, and finds the same history', async (context) => {
    const { gui, chain } = await startGui(context);
    const window = await GuiWindow.open(gui);
    const { words } = await window.ask('wallets/words', {});
    const wallet = await window.createWallet(WALLET, words);
    const { address } = await window.ask('receive/new-address', { wallet, label: 'me' });
    await chain.strangerPays(address, 3n * COIN);
    chain.mine();
    const listener = new GuiListener(gui.url, { session: window.session });
    context.after(() => listener.close());
    await listener.next('state');
    const restored = await window.ask('wallets/restore', { name: 'again', words, passphrase: PASSPHRASE });
    assert.equal(restored.used_addresses, 1);
    const scan = await listener.next('scan');
    assert.equal(scan.wallet, 'again');
    await listener.next('wallets', ({ wallets }) => wallets.some(({ id }) => id === 'again'));
    const ids = async (id: string) =>
      (await window.ask('history', { wallet: id, scope: 'wallet', limit: 5 })).rows.map(({ txid }) => txid);
    assert.deepEqual(await ids('again'), await ids(wallet));
  });
});
