import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { COIN } from '../../../protocol/amount.ts';
import { displayHash } from '../../../protocol/bytes.ts';
import type { Nits } from '../../../protocol/units.ts';
import type { ChainCoin } from '../../../wallet/chain/backend.ts';
import { totalOf } from '../../../wallet/chain/balance.ts';
import { freshMnemonic } from '../../../wallet/open-wallet.ts';
import type { Wallet } from '../../../wallet/wallet.ts';
import { FakeChain } from '../../kit/fake-chain.ts';
import { fundedWallet, PROFILE, STRANGER, walletOf } from '../../kit/wallet-kit.ts';
import { happen, LABELS, lifeStep } from '../../kit/wallet-life.ts';

/** For each label, and for all together, the sum of what its rows did is what it has. */
async function requireSums(wallet: Wallet): Promise<void> {
  const { labels, total } = await wallet.balance();
  const { rows } = await wallet.history({ limit: 10_000 });
  const sums = new Map<string, Nits>();
  for (const { label: teller = '', net } of rows) sums.set(teller, (sums.get(teller) ?? 0n) + net);
  for (const balance of labels) assert.equal(sums.get(balance.label) ?? 0n, totalOf(balance), balance.label);
  const whole = await wallet.history({ scope: 'wallet', limit: 10_000 });
  assert.equal(
    whole.rows.reduce((sum, { net }) => sum + net, 0n),
    totalOf(total),
  );
  const ids = whole.rows.map(({ txid }) => displayHash(txid));
  assert.equal(new Set(ids).size, ids.length, 'no transaction is told twice');
  const { sound, findings } = await wallet.check();
  assert.ok(sound, JSON.stringify(findings));
  const confirmed = whole.rows.filter(({ height }) => height !== undefined);
  assert.equal(
    (await wallet.balanceChart()).at(-1)?.balance ?? 0n,
    confirmed.reduce((sum, { net }) => sum + net, 0n),
  );
}

test('a history adds up to the balance after whatever may happen, read step by step or all at once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(lifeStep, { minLength: 5, maxLength: 25 }), async (steps) => {
      const chain = new FakeChain(PROFILE);
      const words = freshMnemonic();
      const { wallet } = walletOf(words, chain);
      for (const each of LABELS.slice(1)) await wallet.newAddress(each);
      for (const what of steps) {
        await happen(wallet, chain, what);
        if (what.do !== 'address') await requireSums(wallet);
      }
      const twin = walletOf(words, chain).wallet;
      await requireSums(twin);
      const tell = async (each: Wallet) =>
        (await each.history({ scope: 'wallet', limit: 10_000 })).rows
          .map(({ txid, direction, amount, fee, net, height }) =>
            [displayHash(txid), direction, amount, fee, net, height].join(' '),
          )
          .sort();
      assert.deepEqual(await tell(twin), await tell(wallet), 'a restore tells the same');
    }),
    { numRuns: 12 },
  );
});

describe('the check of a wallet finds out a backend', () => {
  async function scene() {
    const { wallet, chain, address } = await fundedWallet(10n * COIN);
    await chain.strangerPays(address, 3n * COIN);
    chain.mine();
    assert.ok((await wallet.check()).sound);
    const honest = chain.coins.bind(chain);
    const lie = (change: (coins: readonly ChainCoin[]) => readonly ChainCoin[]) => {
      chain.coins = async (addresses) => change(await honest(addresses));
    };
    const failed = async () => {
      const { sound, findings } = await wallet.check();
      assert.equal(sound, false);
      return findings
        .filter(({ ok, name }) => !ok && (name === 'sums' || name === 'coins'))
        .map(({ detail }) => detail);
    };
    return { wallet, chain, address, lie, failed };
  }

  test('that hides a coin', async () => {
    const { lie, failed } = await scene();
    lie(([, ...rest]) => rest);
    assert.match((await failed())[0] ?? '', /coins of "default" worth \d+\.0{8} NILZ less than/);
  });

  test('that makes a coin larger than its transaction', async () => {
    const { lie, failed } = await scene();
    lie((all) => all.map((coin) => ({ ...coin, value: coin.value + 1n })));
    const [sums, coin] = await failed();
    assert.match(sums ?? '', /worth 0\.00000002 NILZ more than/);
    assert.match(coin ?? '', /is none of the wallet’s transactions’/);
  });

  test('that invents a coin', async () => {
    const { lie, failed } = await scene();
    lie(([first, ...rest]) =>
      first === undefined
        ? []
        : [first, { ...first, outPoint: { txid: new Uint8Array(32).fill(1), index: 0 } }, ...rest],
    );
    assert.equal((await failed()).length, 2);
  });

  test('that still lists a coin which a payment has spent', async () => {
    const { wallet, chain, lie, failed } = await scene();
    const spent = await chain.coins([(await wallet.addressOf('default')).address]);
    await wallet.pay({ from: 'default', to: [{ address: STRANGER, amount: 12n * COIN }] });
    chain.mine(7);
    await wallet.balance();
    lie((all) => [...all, ...spent]);
    const [, coin] = await failed();
    assert.match(coin ?? '', /is spent already/);
  });

  test('that leaves a transaction out of the history', async () => {
    const { chain, failed, address } = await scene();
    await chain.strangerPays(address, 5n * COIN);
    chain.mine();
    const honest = chain.transactionIds.bind(chain);
    chain.transactionIds = async (addresses, fromHeight) => {
      const { confirmed, pending } = await honest(addresses, fromHeight);
      return { confirmed: confirmed.slice(0, -1), pending };
    };
    assert.equal((await failed()).length, 2);
  });
});

test('the check says what an owner should know, without calling it unsound', async () => {
  const { wallet, words } = await fundedWallet(COIN);
  const finding = async (name: string) => (await wallet.check()).findings.find((each) => each.name === name);
  assert.equal((await finding('backup'))?.ok, false);
  await wallet.checkWords(words);
  assert.equal((await finding('backup'))?.ok, true);
  for (let n = 0; n < 25; n += 1) await wallet.newAddress('default');
  assert.equal((await finding('gap'))?.ok, false);
  assert.match((await finding('gap'))?.detail ?? '', /^25 addresses/);
  await wallet.setNote({ address: STRANGER }, 'a shop');
  assert.match((await finding('beyond-words'))?.detail ?? '', /notes/);
  assert.ok((await wallet.check()).sound);
});
