/** A watched wallet's PSBT comes back as the transaction it became, as Electrum hands it out. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Transaction as ReferenceTransaction } from '@scure/btc-signer';
import { COIN } from '../../../protocol/amount.ts';
import { bytesToHex, hexToBytes } from '../../../protocol/bytes.ts';
import {
  decodeTransaction,
  encodeTransaction,
  type Transaction,
  txid,
} from '../../../protocol/transaction.ts';
import { refused, SIGNER, STRANGER, watchedWallet } from './psbt-kit.ts';

const REQUEST = { to: [{ address: STRANGER, amount: 14n * COIN }] };

/** A payment of two coins, and the transaction that another program makes of its signed PSBT. */
async function signedElsewhere() {
  const watched = await watchedWallet([10n * COIN, 5n * COIN]);
  const { psbt, plan } = await watched.watcher.createPsbt(REQUEST);
  const signed = await SIGNER.signPsbt(psbt);
  const reference = ReferenceTransaction.fromPSBT(new Uint8Array(Buffer.from(signed.psbt, 'base64')));
  reference.finalize();
  return { ...watched, plan, psbt, hex: bytesToHex(reference.extract()) };
}

function changed(hex: string, change: (transaction: Transaction) => Transaction): string {
  return bytesToHex(encodeTransaction(change(decodeTransaction(hexToBytes(hex)))));
}

test('is shown with amounts, fee and change, which the chain tells', async () => {
  const { watcher, plan, hex } = await signedElsewhere();
  const { report, psbt } = await watcher.inspectPsbt(hex);
  assert.deepEqual(
    [report.state, report.fee, report.paid, report.warnings],
    ['final', plan.fee, 14n * COIN, []],
  );
  assert.deepEqual(
    report.inputs.map(({ path, signature }) => [path, signature.state]),
    [
      ["m/84'/1'/0'/0/0", 'final'],
      ["m/84'/1'/0'/0/0", 'final'],
    ],
  );
  assert.equal(report.outputs.filter(({ isChange }) => isChange).length, 1);
  // What is shown can be handed on as a PSBT.
  assert.deepEqual((await SIGNER.inspectPsbt(psbt)).report.fee, plan.fee);
});

for (const [how, form] of [
  ['its digits', (hex: string) => hex],
  ['a file with its digits', (hex: string) => new TextEncoder().encode(`${hex.toUpperCase()}\r\n`)],
] as const) {
  test(`given as ${how} is sent, kept and settled like any payment`, async () => {
    const { watcher, chain, store, plan, hex } = await signedElsewhere();
    const payment = await watcher.payPsbt(form(hex));
    assert.deepEqual([payment.fee, payment.change, payment.from], [plan.fee, plan.change, 'default']);
    assert.deepEqual(chain.mempool.map(txid), [payment.txid]);
    assert.equal((await store.read()).outgoing.length, 1);
    chain.mine(6);
    assert.equal((await watcher.balance()).total.spendable, COIN - plan.fee);
  });
}

test('can be put together with the PSBT that it was made from', async () => {
  const { watcher, psbt, hex } = await signedElsewhere();
  const { report } = await watcher.combinePsbt([psbt, hex]);
  assert.equal(report.state, 'final');
  assert.equal((await watcher.finalizePsbt(hex)).hex, hex);
});

test('has nothing left to be signed, which a signer says without a chain', async () => {
  const { hex } = await signedElsewhere();
  await assert.rejects(
    SIGNER.signPsbt(hex),
    refused('bad-psbt', /signed transaction: there is nothing to sign/),
  );
});

test('without a signature is refused, since nobody could see what it spends', async () => {
  const { watcher, hex } = await signedElsewhere();
  const half = changed(hex, (transaction) => ({
    ...transaction,
    inputs: transaction.inputs.map((input, at) => (at === 1 ? { ...input, witness: [] } : input)),
  }));
  await assert.rejects(watcher.inspectPsbt(half), refused('bad-psbt', /input 1 has no signature/));
  await assert.rejects(watcher.payPsbt(half), refused('bad-psbt', /input 1 has no signature/));
  await assert.rejects(watcher.signPsbt(half), refused('bad-psbt', /input 1 has no signature/));
});

test('with a changed output has wrong signatures and is not sent', async () => {
  const { watcher, chain, hex } = await signedElsewhere();
  const altered = changed(hex, (transaction) => ({
    ...transaction,
    outputs: transaction.outputs.map((output) => ({ ...output, value: output.value - 1n })),
  }));
  await assert.rejects(watcher.payPsbt(altered), refused('bad-psbt', /signature/));
  assert.equal(chain.mempool.length, 0);
});

test('of coins that never were is refused', async () => {
  const { watcher, hex } = await signedElsewhere();
  const elsewhere = changed(hex, (transaction) => ({
    ...transaction,
    inputs: transaction.inputs.map((input, at) => ({
      ...input,
      previous: { ...input.previous, txid: new Uint8Array(32).fill(at + 1) },
    })),
  }));
  await assert.rejects(watcher.inspectPsbt(elsewhere), refused('coins-gone', /(?:01){32}:\d/));
  await assert.rejects(watcher.payPsbt(elsewhere), refused('coins-gone', /(?:01){32}:\d/));
});

test('that is no transaction is no PSBT either', async () => {
  const { watcher, hex } = await signedElsewhere();
  for (const text of [hex.slice(0, -2), `${hex}00`, hex.slice(1), 'deadbeef', '']) {
    await assert.rejects(watcher.inspectPsbt(text), refused('bad-psbt', /no PSBT/));
  }
});
