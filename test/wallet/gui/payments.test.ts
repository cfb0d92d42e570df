/** Payments by the page when things go otherwise than planned. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { COIN } from '../../../protocol/amount.ts';
import type { FakeChain } from '../../kit/fake-chain.ts';
import { GuiListener, GuiWindow, PASSPHRASE, startGui } from '../../kit/wallet-gui-kit.ts';

interface Rich {
  readonly url: string;
  readonly window: GuiWindow;
  readonly chain: FakeChain;
  readonly wallet: string;
  /** Of the wallet's own. */
  readonly address: string;
  /** Somebody else's. */
  readonly payee: string;
}

/** A wallet with five coins of one, and somebody to pay. */
async function rich(context: TestContext): Promise<Rich> {
  const { gui, chain } = await startGui(context);
  const window = await GuiWindow.open(gui);
  const wallet = await window.createWallet();
  const { address } = await window.ask('receive/new-address', { wallet, label: 'me' });
  for (let coin = 0; coin < 5; coin++) await chain.strangerPays(address, COIN);
  chain.mine();
  const other = await window.createWallet('other');
  const payee = (await window.ask('receive/address', { wallet: other, label: 'default' })).address;
  return { url: gui.url, window, chain, wallet, address, payee };
}

function plan({ window, wallet, payee }: Rich, amount: bigint | 'max', feeRate = '1') {
  const to = [{ address: payee, amount_nits: String(amount) }];
  return window.ask('plan', { wallet, to, fee: { fee_rate: feeRate } });
}

test('a payment that the node could not be asked to take is kept, told, and handed in later', async (context) => {
  const all = await rich(context);
  const { window, chain, wallet } = all;
  const { id } = await plan(all, COIN);
  chain.broadcast = async (transaction) => {
    chain.away = true;
    return Object.getPrototypeOf(chain).broadcast.call(chain, transaction);
  };
  const sent = await window.ask('pay', { wallet, plan: id });
  assert.equal(sent.delivered, false);
  assert.match(sent.note ?? '', /do not send it a second time/);
  assert.equal((await window.refusal('overview', { wallet })).code, 'unreachable');
  Reflect.deleteProperty(chain, 'broadcast');
  chain.away = false;
  await window.ask('overview', { wallet });
  assert.equal(chain.mempool.length, 1);
  const { row } = await window.ask('transaction', { wallet, txid: sent.txid });
  assert.equal(row.status, 'pending');
});

test('a payment that was planned before the node went away can be made when it is back', async (context) => {
  const all = await rich(context);
  const { window, chain, wallet } = all;
  const { id } = await plan(all, COIN);
  chain.away = true;
  assert.equal((await window.refusal('pay', { wallet, plan: id })).code, 'unreachable');
  chain.away = false;
  assert.equal((await window.ask('pay', { wallet, plan: id })).delivered, true);
});

test('a payment that the node refuses is told and forgotten', async (context) => {
  const all = await rich(context);
  const { window, chain, wallet } = all;
  const { id } = await plan(all, COIN);
  chain.refusals.push('bad-txns-of-no-kind');
  const refused = await window.refusal('pay', { wallet, plan: id });
  assert.equal(refused.code, 'rejected');
  const { total } = await window.ask('overview', { wallet });
  assert.equal(total.spendable_nits, String(5n * COIN));
});

test('a fee that looks like a mistake is told, and taken only when that is said', async (context) => {
  const all = await rich(context);
  const { window, wallet } = all;
  const shown = await plan(all, 1_000n, '5');
  assert.match(shown.high_fee ?? '', /fee/);
  assert.equal((await window.refusal('pay', { wallet, plan: shown.id })).code, 'high-fee');
  const sent = await window.ask('pay', { wallet, plan: shown.id, accept_high_fee: true });
  assert.equal(sent.delivered, true);
});

test('a pending payment is bumped and taken back, each as it was shown', async (context) => {
  const all = await rich(context);
  const { window, chain, wallet } = all;
  const first = await plan(all, 2n * COIN);
  const paid = await window.ask('pay', { wallet, plan: first.id });
  const bump = await window.ask('plan/bump', { wallet, txid: paid.txid, fee: { fee_rate: '5' } });
  assert.deepEqual([bump.kind, bump.replaces], ['bump', paid.txid]);
  assert.ok(BigInt(bump.fee_nits) > BigInt(first.fee_nits));
  assert.equal(bump.amount_nits, first.amount_nits);
  const bumped = await window.ask('pay', { wallet, plan: bump.id });
  const replaced = await window.refusal('plan/cancel', {
    wallet,
    txid: paid.txid,
    fee: { preset: 'fast' },
  });
  assert.equal(replaced.code, 'not-replaceable');
  const cancel = await window.ask('plan/cancel', { wallet, txid: bumped.txid, fee: { fee_rate: '20' } });
  assert.equal(cancel.kind, 'cancel');
  const cancelled = await window.ask('pay', { wallet, plan: cancel.id });
  chain.mine();
  const { rows } = await window.ask('history', { wallet, scope: 'wallet', limit: 20 });
  assert.equal(rows.filter(({ direction }) => direction === 'sent').length, 0);
  assert.ok(rows.some(({ txid }) => txid === cancelled.txid));
  const { total } = await window.ask('overview', { wallet });
  assert.equal(BigInt(total.spendable_nits), 5n * COIN - BigInt(cancel.fee_nits));
  const { can_bump: canBump, can_cancel: canCancel } = await window.ask('transaction', {
    wallet,
    txid: cancelled.txid,
  });
  assert.deepEqual([canBump, canCancel], [false, false]);
});

test('frozen coins stay where they are', async (context) => {
  const all = await rich(context);
  const { window, wallet } = all;
  const { coins } = await window.ask('coins', { wallet });
  assert.equal(coins.length, 5);
  const frozen = coins.slice(0, 2).map(({ out_point: outPoint }) => outPoint);
  await window.ask('coins/freeze', { wallet, coins: frozen, frozen: true });
  const max = await plan(all, 'max');
  assert.equal(max.coins.length, 3);
  const named = await window.refusal('plan', {
    wallet,
    to: [{ address: all.payee, amount_nits: 'max' }],
    fee: { fee_rate: '1' },
    coins: frozen,
  });
  assert.equal(named.code, 'frozen-coin');
  await window.ask('coins/freeze', { wallet, coins: frozen, frozen: false });
  assert.equal((await plan(all, 'max')).coins.length, 5);
});

test('two windows that send at the same time never spend a coin twice', async (context) => {
  const all = await rich(context);
  const { window, wallet, chain } = all;
  const shown = await Promise.all(Array.from({ length: 4 }, () => plan(all, 3n * COIN)));
  const answers = await Promise.all(shown.map(({ id }) => window.send('pay', { wallet, plan: id })));
  const paid = answers.filter(({ status }) => status === 200).length;
  assert.equal(paid, 1);
  assert.equal(chain.mempool.length, 1);
});

test('a wallet that watches plans, and signs elsewhere by PSBT', async (context) => {
  const all = await rich(context);
  const { window, chain, wallet } = all;
  const { with_origin: xpub } = await window.ask('keys/xpub', { wallet });
  const watch = await window.ask('wallets/watch', { name: 'eyes', xpub, passphrase: PASSPHRASE });
  assert.deepEqual([watch.wallet.kind, watch.used_addresses], ['watch', 1]);
  const eyes = { ...all, wallet: watch.wallet.id };
  const shown = await plan(eyes, COIN);
  assert.equal((await window.refusal('pay', { wallet: eyes.wallet, plan: shown.id })).code, 'watch-only');
  const again = await plan(eyes, COIN);
  const unsigned = await window.ask('psbt/create', { wallet: eyes.wallet, plan: again.id });
  assert.deepEqual(
    [unsigned.state, unsigned.can_sign, unsigned.fee_nits],
    ['unsigned', false, again.fee_nits],
  );
  const seen = await window.ask('psbt/inspect', { wallet, psbt: unsigned.psbt });
  assert.equal(seen.can_sign, true);
  const signed = await window.ask('psbt/sign', { wallet, psbt: unsigned.psbt });
  assert.ok(signed.inputs.every((input) => input.ours && input.signed));
  const sent = await window.ask('psbt/send', { wallet: eyes.wallet, psbt: signed.psbt });
  assert.equal(sent.delivered, true);
  assert.equal(chain.mempool.length, 1);
  assert.equal(
    (await window.refusal('keys/words', { wallet: eyes.wallet, passphrase: PASSPHRASE })).code,
    'watch-only',
  );
});

test('a message is signed with a key of the wallet and verified, and another message is not', async (context) => {
  const { window, wallet, address } = await rich(context);
  for (const form of ['bip322', 'recoverable'] as const) {
    const message = 'It is me. \u{1f511}';
    const { signature } = await window.ask('messages/sign', { wallet, address, message, form });
    const asked = { wallet, address, signature };
    assert.equal((await window.ask('messages/verify', { ...asked, message })).state, 'valid');
    assert.equal(
      (await window.ask('messages/verify', { ...asked, message: `${message}!` })).state,
      'invalid',
    );
  }
});

test('what others wrote comes as text, and a chain that lies is told', async (context) => {
  const all = await rich(context);
  const { window, wallet, chain, address } = all;
  const script = '<img src=x onerror=alert(1)>';
  await window.ask('receive/new-address', { wallet, label: script });
  await window.ask('note', { wallet, address, text: script });
  await window.ask('contacts/set', { wallet, name: script, address: all.payee });
  const { labels } = await window.ask('labels', { wallet });
  assert.ok(labels.some(({ label }) => label === script));
  const answer = await window.send('labels', { wallet });
  assert.match(answer.headers.get('content-type') ?? '', /^application\/json/);
  assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
  const coins = chain.coins.bind(chain);
  chain.coins = async (addresses) =>
    (await coins(addresses)).map((coin) => ({ ...coin, value: coin.value * 2n }));
  const shown = await plan(all, COIN);
  const refused = await window.refusal('pay', { wallet, plan: shown.id });
  assert.equal(refused.code, 'bad-backend');
  assert.equal((await window.ask('check', { wallet })).sound, false);
  assert.equal(chain.mempool.length, 0);
});

test('every window hears that something changed', async (context) => {
  const all = await rich(context);
  const listener = new GuiListener(all.url, { session: all.window.session });
  context.after(() => listener.close());
  await listener.next('state');
  const { id } = await plan(all, COIN);
  await all.window.ask('pay', { wallet: all.wallet, plan: id });
  await listener.next('changed', ({ wallet }) => wallet === all.wallet);
});
