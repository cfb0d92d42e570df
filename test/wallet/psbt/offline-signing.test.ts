/** A wallet that only watches makes a payment, its keys sign it elsewhere, and it is sent like any other. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COIN } from '../../../protocol/amount.ts';
import { bytesToHex } from '../../../protocol/bytes.ts';
import { publicKeyOf } from '../../../protocol/signature.ts';
import { encodeTransaction, txid } from '../../../protocol/transaction.ts';
import { wordKeys } from '../../../wallet/keys/contents.ts';
import { CHANGE, RECEIVE } from '../../../wallet/keys/key-ring.ts';
import { readPsbt } from '../../../wallet/psbt/psbt-text.ts';
import { UndeliveredPaymentError } from '../../../wallet/wallet.ts';
import {
  OTHER_WORDS,
  offlineWallet,
  PROFILE,
  refused,
  ringOf,
  STRANGER,
  WORDS,
  walletOf,
  watchedWallet,
} from './psbt-kit.ts';

const REQUEST = { to: [{ address: STRANGER, amount: 4n * COIN }] };

test('a watched wallet pays with a signature from a wallet that sees no chain', async () => {
  const { chain, store, watcher } = await watchedWallet();
  const { psbt, plan } = await watcher.createPsbt(REQUEST);
  assert.equal((await store.read()).outgoing.length, 0);

  const { wallet: signer } = offlineWallet();
  const { report: seen } = await signer.inspectPsbt(psbt);
  assert.deepEqual(
    { state: seen.state, paid: seen.paid, fee: seen.fee, spent: seen.spent, warnings: seen.warnings },
    { state: 'unsigned', paid: 4n * COIN, fee: plan.fee, spent: 4n * COIN + plan.fee, warnings: [] },
  );
  assert.equal(seen.canSign, true);
  const signed = await signer.signPsbt(psbt);
  assert.deepEqual([signed.signedNow, signed.report.state], [1, 'signed']);

  const payment = await watcher.payPsbt(signed.psbt);
  assert.deepEqual(payment.txid, seen.txid);
  assert.deepEqual([payment.from, payment.fee, payment.change], ['default', plan.fee, plan.change]);
  assert.deepEqual(
    chain.mempool.map((transaction) => txid(transaction)),
    [payment.txid],
  );
  assert.equal((await store.read()).outgoing.length, 1);
  chain.mine(6);
  const { total } = await watcher.balance();
  assert.equal(total.spendable, 10n * COIN - 4n * COIN - plan.fee);
  assert.equal((await store.read()).outgoing.length, 0);
});

test('a PSBT tells its signer all it needs: both forms of the coin, the keys of inputs and change', async () => {
  const { watcher } = await watchedWallet();
  const { psbt, plan } = await watcher.createPsbt(REQUEST);
  const { inputs, outputs, unsigned } = readPsbt(psbt);
  const [input] = inputs;
  assert.ok(input?.nonWitnessUtxo && input.witnessUtxo);
  assert.deepEqual(txid(input.nonWitnessUtxo), unsigned.inputs[0]?.previous.txid);
  assert.equal(input.witnessUtxo.value, 10n * COIN);
  const ring = ringOf(wordKeys(WORDS));
  const hardened = [84, PROFILE.coinType, 0].map((step) => step + 0x80000000);
  const origin = (chain: 0 | 1) => ({
    publicKey: ring.publicKey({ chain, index: 0 }),
    // Of the words, as BIP 39's and BIP 84's examples have it.
    fingerprint: '73c5da0a',
    path: [...hardened, chain, 0],
  });
  assert.deepEqual(input.origins, [origin(RECEIVE)]);
  assert.deepEqual(
    outputs.map(({ origins }) => origins),
    [[origin(CHANGE)], []],
  );
  assert.equal(plan.change?.place.chain, CHANGE);
});

test('a signer finds its keys though it never heard of the addresses, nor the watcher of its fingerprint', async () => {
  for (const withOrigin of [true, false]) {
    const { chain, watcher } = await watchedWallet([], withOrigin);
    let address = '';
    for (let index = 1; index <= 40; index++) ({ address } = await watcher.newAddress('shop'));
    await chain.strangerPays(address, 7n * COIN);
    chain.mine();
    await watcher.scan({ gapLimit: 50 });
    const { psbt } = await watcher.createPsbt(REQUEST);
    const { wallet: signer } = offlineWallet();
    const { report, signedNow } = await signer.signPsbt(psbt);
    assert.equal(signedNow, 1);
    assert.equal(report.inputs[0]?.path, `m/84'/${PROFILE.coinType}'/0'/0/40`);
    assert.equal(report.outputs[0]?.isChange, true);
  }
});

test('a wallet that only watches signs nothing', async () => {
  const { watcher } = await watchedWallet();
  const { psbt, report } = await watcher.createPsbt(REQUEST);
  assert.equal(report.canSign, false);
  await assert.rejects(watcher.signPsbt(psbt), refused('watch-only', /PSBT/));
  await assert.rejects(watcher.payPsbt(psbt), refused('unsigned-psbt', /input 0 has no signature/));
});

test('what is signed already is not signed again, and nothing of it changes', async () => {
  const { watcher } = await watchedWallet();
  const { psbt } = await watcher.createPsbt(REQUEST);
  const { wallet: signer } = offlineWallet();
  const once = await signer.signPsbt(psbt);
  const twice = await signer.signPsbt(once.psbt);
  assert.deepEqual([twice.signedNow, twice.psbt], [0, once.psbt]);
  const final = await signer.finalizePsbt(once.psbt);
  assert.equal(final.report.state, 'final');
  assert.equal(final.hex, bytesToHex(encodeTransaction(final.transaction ?? readPsbt(psbt).unsigned)));
  assert.equal((await signer.signPsbt(final.psbt)).signedNow, 0);
  assert.deepEqual((await watcher.payPsbt(final.psbt)).txid, once.report.txid);
});

test('while the node is away a signed PSBT is kept and handed in later; sending it twice sends it once', async () => {
  const { chain, store, watcher } = await watchedWallet();
  const { psbt } = await watcher.createPsbt(REQUEST);
  const signed = (await offlineWallet().wallet.signPsbt(psbt)).psbt;
  const broadcast = chain.broadcast.bind(chain);
  chain.broadcast = (transaction) => {
    chain.away = true;
    return broadcast(transaction);
  };
  await assert.rejects(watcher.payPsbt(signed), UndeliveredPaymentError);
  assert.equal((await store.read()).outgoing.length, 1);
  chain.away = false;
  chain.broadcast = broadcast;
  await watcher.balance();
  assert.equal(chain.mempool.length, 1);
  await watcher.payPsbt(signed);
  assert.equal((await store.read()).outgoing.length, 1);
  assert.equal(chain.mempool.length, 1);
});

test('a PSBT whose coin was spent meanwhile is refused, and forgotten', async () => {
  const { chain, store, watcher } = await watchedWallet();
  const { psbt } = await watcher.createPsbt(REQUEST);
  const signer = walletOf(wordKeys(WORDS), chain).wallet;
  const signed = (await signer.signPsbt(psbt)).psbt;
  await signer.pay({ to: [{ address: STRANGER, amount: 'max' }], feeRate: 50_000n });
  chain.mine();
  await assert.rejects(watcher.payPsbt(signed), /missing/);
  assert.equal((await store.read()).outgoing.length, 0);
});

test('a watched payment that waits is raised with a PSBT of the plan that replaces it', async () => {
  const { chain, store, watcher } = await watchedWallet();
  const { wallet: signer } = offlineWallet();
  const { psbt } = await watcher.createPsbt(REQUEST);
  const first = await watcher.payPsbt((await signer.signPsbt(psbt)).psbt);
  const plan = await watcher.planBump(first.txid, { feeRate: 9_000n });
  const raised = await watcher.createPsbt(plan);
  const second = await watcher.payPsbt((await signer.signPsbt(raised.psbt)).psbt);
  assert.deepEqual(
    chain.mempool.map((transaction) => txid(transaction)),
    [second.txid],
  );
  assert.equal(second.fee, plan.fee);
  assert.deepEqual(second.replaces, plan.replaces);
  const { outgoing } = await store.read();
  assert.deepEqual(
    outgoing.map(({ replaces }) => replaces ?? []),
    [[], plan.replaces],
  );
  const { rows } = await watcher.history({ scope: 'wallet', limit: 10 });
  assert.equal(rows.filter(({ status }) => status === 'pending').length, 1);
});

test('a wallet signs its part where the key of another coin of its is elsewhere', async () => {
  const { chain, watcher } = await watchedWallet();
  const paper = new Uint8Array(32).fill(4);
  const publicKey = bytesToHex(publicKeyOf(paper));
  const { address: paperAddress } = await watcher.importKey(publicKey, 'paper');
  await chain.strangerPays(paperAddress, 2n * COIN);
  chain.mine();
  const coins = (await watcher.coins()).map(({ outPoint }) => outPoint);
  const { psbt } = await watcher.createPsbt({ ...REQUEST, coins });
  assert.deepEqual(
    readPsbt(psbt).inputs.map(({ origins }) => origins.length),
    [1, 0],
  );
  const { wallet: first } = offlineWallet();
  await first.importKey(publicKey, 'paper');
  const { wallet: second } = offlineWallet(OTHER_WORDS);
  await second.importKey(bytesToHex(paper), 'paper');
  const one = await first.signPsbt(psbt);
  assert.deepEqual([one.signedNow, one.report.state], [1, 'partly-signed']);
  await assert.rejects(first.signPsbt(one.psbt), refused('watch-only'));
  const two = await second.signPsbt(psbt);
  assert.equal(two.signedNow, 1);
  const both = await watcher.combinePsbt([one.psbt, two.psbt]);
  assert.equal(both.report.state, 'signed');
  const payment = await watcher.payPsbt(both.psbt);
  assert.equal(payment.coins.length, 2);
});

test('a watched payment is raised also while the node has lost it and the one before it, whose change it spends', async () => {
  const { chain, watcher } = await watchedWallet();
  const { wallet: signer } = offlineWallet();
  const sent = async (psbt: string) => watcher.payPsbt((await signer.signPsbt(psbt)).psbt);
  const parent = await sent((await watcher.createPsbt(REQUEST)).psbt);
  const child = await sent((await watcher.createPsbt(REQUEST)).psbt);
  assert.deepEqual(child.transaction.inputs[0]?.previous.txid, parent.txid);
  chain.mempool = [];
  chain.refusals = new Array<string>(20).fill('mempool min fee not met');
  const raised = await watcher.createPsbt(await watcher.planBump(child.txid, { feeRate: 9_000n }));
  assert.deepEqual(raised.report.warnings, []);
  const { psbt } = await signer.signPsbt(raised.psbt);
  chain.refusals = [];
  const second = await watcher.payPsbt(psbt);
  assert.deepEqual(
    chain.mempool.map((transaction) => txid(transaction)),
    [parent.txid, second.txid],
  );
});
