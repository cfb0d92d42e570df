import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { COIN } from '../../../protocol/amount.ts';
import type { Nits } from '../../../protocol/units.ts';
import { totalOf } from '../../../wallet/chain/balance.ts';
import { devWallet, fundedWallet, refusal, STRANGER } from '../../kit/wallet-kit.ts';

describe('history', () => {
  test('adds up to the balance of each label, whatever happened', async () => {
    const { chain, wallet } = devWallet();
    const rent = await wallet.newAddress('rent');
    await wallet.pay({ from: 'alice', to: [{ address: rent.address, amount: 300n * COIN }] });
    await chain.strangerPays(rent.address, 11n * COIN);
    chain.mine(2, rent.address);
    const own = await wallet.newAddress('rent');
    await wallet.pay({
      from: 'rent',
      to: [
        { address: own.address, amount: 20n * COIN },
        { address: STRANGER, amount: COIN },
      ],
    });
    await wallet.pay({ from: 'rent', to: [{ address: own.address, amount: 5n * COIN }] });
    await wallet.pay({ from: 'bob', to: [{ address: rent.address, amount: COIN }], change: 'reuse' });
    const entries = (await wallet.history({ limit: 1_000 })).rows;
    const sums = new Map<string, Nits>();
    for (const { label = '', net } of entries) sums.set(label, (sums.get(label) ?? 0n) + net);
    const { labels } = await wallet.balance();
    for (const balance of labels)
      assert.equal(sums.get(balance.label) ?? 0n, totalOf(balance), balance.label);
    const kinds = entries
      .filter(({ label }) => label === 'rent')
      .map(({ direction, status }) => `${direction} ${status}`);
    assert.deepEqual(kinds, [
      'received pending',
      'moved pending',
      'sent pending',
      'mined immature',
      'received confirmed',
      'received confirmed',
      'mined immature',
    ]);
    const sent = entries.find(({ label, direction }) => label === 'rent' && direction === 'sent');
    assert.deepEqual([sent?.amount, sent?.paid.length], [COIN, 1], 'what returned to the label was not paid');
    const moved = entries.find(({ direction }) => direction === 'moved');
    assert.deepEqual([moved?.amount, moved?.net], [5n * COIN, -(moved?.fee ?? 0n)]);
  });

  test('shows the newest first, and no more than asked for', async () => {
    const { chain, wallet } = devWallet();
    const { address } = await wallet.addressOf('bob');
    for (let round = 1n; round <= 5n; round++) {
      await chain.strangerPays(address, round * COIN);
      chain.mine();
    }
    const entries = (await wallet.history({ label: 'bob', limit: 3 })).rows;
    assert.deepEqual(
      entries.map(({ amount, confirmations }) => [amount / COIN, confirmations]),
      [
        [5n, 1],
        [4n, 2],
        [3n, 3],
      ],
    );
    const all = (await wallet.history({ label: 'bob', limit: 10 })).rows;
    const genesis = all.at(-1);
    assert.deepEqual(
      [genesis?.direction, genesis?.status, genesis?.amount],
      ['mined', 'confirmed', 10_000n * COIN],
    );
    await assert.rejects(wallet.history({ label: 'dave', limit: 3 }), refusal('unknown-label'));
  });

  test('does not know the fee of what a stranger paid', async () => {
    const { wallet } = await fundedWallet(COIN);
    const [entry] = (await wallet.history({ limit: 1 })).rows;
    assert.deepEqual([entry?.direction, entry?.fee, entry?.from], ['received', undefined, undefined]);
  });
});
