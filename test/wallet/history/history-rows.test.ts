import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { COIN } from '../../../protocol/amount.ts';
import { displayHash } from '../../../protocol/bytes.ts';
import type { HistoryChoice } from '../../../wallet/history/history-page.ts';
import type { Wallet } from '../../../wallet/wallet.ts';
import { devWallet, fundedWallet, PROFILE, refusal, STRANGER, walletOf } from '../../kit/wallet-kit.ts';

async function rowsOf(wallet: Wallet, choice: HistoryChoice) {
  return (await wallet.history({ ...choice, limit: 1_000 })).rows;
}

describe('the history of the whole wallet', () => {
  test('has one row for each transaction, whatever its labels did to each other', async () => {
    const { wallet, chain } = devWallet();
    const bob = await wallet.addressOf('bob');
    await wallet.pay({ from: 'alice', to: [{ address: bob.address, amount: 5n * COIN }] });
    chain.mine();
    await wallet.pay({
      from: 'alice',
      to: [
        { address: bob.address, amount: COIN },
        { address: STRANGER, amount: 2n * COIN },
      ],
    });
    const [sent, moved, genesis, ...none] = await rowsOf(wallet, { scope: 'wallet' });
    assert.deepEqual(none, []);
    assert.deepEqual(
      [sent?.direction, sent?.amount, sent?.net, sent?.labels, sent?.label],
      ['sent', 2n * COIN, -2n * COIN - (sent?.fee ?? 0n), ['alice', 'bob'], undefined],
    );
    assert.deepEqual(
      sent?.paid.map(({ address, amount, label }) => [address, amount, label]),
      [[STRANGER, 2n * COIN, undefined]],
    );
    assert.deepEqual(
      sent?.received.map(({ address, amount, label }) => [address, amount, label]),
      [[bob.address, COIN, 'bob']],
    );
    assert.deepEqual(
      [moved?.direction, moved?.amount, moved?.net],
      ['moved', 5n * COIN, -(moved?.fee ?? 0n)],
    );
    assert.deepEqual([genesis?.direction, genesis?.height], ['mined', 0]);
  });

  test('tells a payment of several labels once, and per label what each gave: it all adds up', async () => {
    const chain = devWallet().chain;
    const { wallet } = walletOf(`${'abandon '.repeat(11)}about`, chain);
    for (const label of ['rent', 'food']) {
      await chain.strangerPays((await wallet.newAddress(label)).address, 10n * COIN);
    }
    chain.mine();
    const payment = await wallet.pay({ to: [{ address: STRANGER, amount: 15n * COIN }] });
    const [whole] = await rowsOf(wallet, { scope: 'wallet' });
    assert.deepEqual(
      [whole?.direction, whole?.amount, whole?.fee, whole?.labels.length],
      ['sent', 15n * COIN, payment.fee, 2],
    );
    const shares = (await rowsOf(wallet, {})).filter(({ status }) => status === 'pending');
    assert.equal(
      shares.reduce((sum, { net }) => sum + net, 0n),
      whole?.net,
    );
    assert.deepEqual(shares.map(({ label, fee }) => [label, fee]).sort(), [
      ['food', undefined],
      ['rent', undefined],
    ]);
    assert.ok((await wallet.check()).sound);
  });
});

describe('a row', () => {
  test('of a reward says how many blocks are left until it can be spent', async () => {
    const { wallet, chain, address } = await fundedWallet(COIN);
    chain.mine(1, address);
    chain.mine(3);
    const [mined] = await rowsOf(wallet, {});
    assert.deepEqual(
      [mined?.direction, mined?.status, mined?.confirmations, mined?.blocksLeft],
      ['mined', 'immature', 4, PROFILE.maturity - 4],
    );
    chain.mine(PROFILE.maturity - 4);
    const [mature] = await rowsOf(wallet, {});
    assert.deepEqual([mature?.status, mature?.blocksLeft], ['confirmed', undefined]);
  });

  test('of a payment that the chain does not take says why, and still counts', async () => {
    const { wallet, chain } = await fundedWallet(10n * COIN);
    const payment = await wallet.pay({ from: 'default', to: [{ address: STRANGER, amount: COIN }] });
    chain.mempool = [];
    chain.refusals = ['mempool full'];
    const { total } = await wallet.balance();
    assert.deepEqual(total, { spendable: 0n, pending: 9n * COIN - payment.fee, immature: 0n });
    chain.refusals = ['mempool full'];
    const [row] = await rowsOf(wallet, {});
    assert.deepEqual([row?.status, row?.problem, row?.net], ['pending', 'mempool full', -COIN - payment.fee]);
    chain.refusals = ['mempool full'];
    const { sound, findings } = await wallet.check();
    const payments = findings.find(({ name }) => name === 'payments');
    assert.deepEqual([sound, payments?.ok], [true, false]);
    assert.match(payments?.detail ?? '', /refused \(mempool full\) and is kept/);
    assert.equal((await rowsOf(wallet, {}))[0]?.problem, undefined, 'it was taken at last');
  });

  test('of a payment that another took the place of is gone, and the other is there once', async () => {
    const { wallet, chain } = await fundedWallet(10n * COIN);
    const first = await wallet.pay({ from: 'default', to: [{ address: STRANGER, amount: COIN }] });
    const replace = chain.broadcast.bind(chain);
    chain.broadcast = async (transaction) => {
      chain.mempool = [];
      await replace(transaction);
    };
    const second = await wallet.bump(first.txid, { feeRate: 5_000n });
    chain.broadcast = replace;
    const ids = async () => (await rowsOf(wallet, { scope: 'wallet' })).map(({ txid }) => displayHash(txid));
    assert.equal((await ids())[0], displayHash(second.txid));
    assert.ok(!(await ids()).includes(displayHash(first.txid)));
    assert.ok((await wallet.check()).sound);
    chain.mine();
    assert.equal((await ids()).length, 2);
    assert.ok((await wallet.check()).sound);
  });

  test('carries the note and the names that its owner gave', async () => {
    const { wallet } = await fundedWallet(10n * COIN);
    await wallet.setContact('Carla', STRANGER);
    const { txid } = await wallet.pay({ from: 'default', to: [{ address: STRANGER, amount: COIN }] });
    await wallet.setNote({ txid: displayHash(txid) }, 'for the bicycle');
    const entry = await wallet.historyEntry(txid);
    assert.deepEqual([entry?.note, entry?.paid[0]?.contact], ['for the bicycle', 'Carla']);
    assert.equal(await wallet.historyEntry(new Uint8Array(32)), undefined);
  });
});

describe('a filter', () => {
  /** Two gifts, two days apart by the clock of the blocks, and a payment that waits. */
  async function scene() {
    const { wallet, chain, address } = await fundedWallet(3n * COIN);
    chain.mine(50);
    await chain.strangerPays((await wallet.newAddress('savings')).address, 7n * COIN);
    chain.mine();
    const payment = await wallet.pay({ from: 'default', to: [{ address: STRANGER, amount: COIN }] });
    await wallet.setNote({ txid: displayHash(payment.txid) }, 'Fahrrad für Jörg');
    return { wallet, chain, address, payment };
  }

  test('chooses by direction, status, label and time', async () => {
    const { wallet } = await scene();
    const amounts = async (choice: HistoryChoice) =>
      (await rowsOf(wallet, choice)).map(({ amount }) => amount / COIN);
    assert.deepEqual(await amounts({}), [1n, 7n, 3n]);
    assert.deepEqual(await amounts({ filter: { direction: 'sent' } }), [1n]);
    assert.deepEqual(await amounts({ filter: { status: 'confirmed' } }), [7n, 3n]);
    assert.deepEqual(await amounts({ label: 'savings' }), [7n]);
    const [, seven, three] = await rowsOf(wallet, {});
    const [late, early] = [seven?.time ?? 0, three?.time ?? 0];
    assert.ok(late > early);
    assert.deepEqual(await amounts({ filter: { since: late } }), [1n, 7n], 'what waits happens now');
    assert.deepEqual(await amounts({ filter: { until: late } }), [3n]);
    assert.deepEqual(await amounts({ filter: { since: early, until: late + 1 } }), [7n, 3n]);
    assert.deepEqual(await amounts({ filter: { since: late + 1, status: 'confirmed' } }), []);
    await assert.rejects(rowsOf(wallet, { label: 'nobody' }), refusal('unknown-label'));
  });

  test('finds words in notes, labels, addresses and ids, in any case', async () => {
    const { wallet, payment } = await scene();
    const count = async (text: string) => (await rowsOf(wallet, { filter: { text } })).length;
    assert.deepEqual(
      await Promise.all(
        [
          'JÖRG',
          'jo\u0308rg',
          'SAV',
          STRANGER.slice(5, 20),
          displayHash(payment.txid).slice(0, 20),
          ' ',
          'no such words',
        ].map(count),
      ),
      [1, 1, 1, 1, 1, 3, 0],
    );
  });
});

describe('pages', () => {
  test('follow each other without a gap or a double, also while new payments come', async () => {
    const { wallet, chain, address } = await fundedWallet(COIN);
    for (let n = 2n; n <= 12n; n += 1n) {
      await chain.strangerPays(address, n * COIN);
      chain.mine();
    }
    const seen: bigint[] = [];
    let after: string | undefined;
    do {
      const page = await wallet.history({ scope: 'wallet', limit: 5, after });
      seen.push(...page.rows.map(({ amount }) => amount / COIN));
      assert.equal(page.total, 12);
      after = page.next;
      await chain.strangerPays(address, 100n * COIN);
      chain.mine();
    } while (after !== undefined);
    assert.deepEqual(seen, [12n, 11n, 10n, 9n, 8n, 7n, 6n, 5n, 4n, 3n, 2n, 1n]);
  });

  test('after a row that is gone begin again', async () => {
    const { wallet } = await fundedWallet(COIN);
    await assert.rejects(wallet.history({ limit: 5, after: 'f'.repeat(64) }), refusal('history-changed'));
  });

  test('of nothing are empty', async () => {
    const chain = devWallet().chain;
    const { wallet } = walletOf(`${'abandon '.repeat(11)}about`, chain);
    assert.deepEqual(await wallet.history({ limit: 5 }), { rows: [], total: 0, next: undefined });
    assert.deepEqual(await wallet.balanceChart(), []);
    assert.equal((await wallet.historyCsv()).split('\r\n').length, 2);
  });
});
