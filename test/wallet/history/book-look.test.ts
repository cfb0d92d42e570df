import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { p2wpkhAddress } from '../../../protocol/address.ts';
import { COIN } from '../../../protocol/amount.ts';
import { displayHash } from '../../../protocol/bytes.ts';
import { hash160 } from '../../../protocol/hash.ts';
import { publicKeyOf } from '../../../protocol/signature.ts';
import { type Transaction, txid } from '../../../protocol/transaction.ts';
import { encodeWif } from '../../../protocol/wif.ts';
import { PaymentRejectedError } from '../../../wallet/chain/backend.ts';
import type { WalletCoin } from '../../../wallet/chain/chain-view.ts';
import { newContents, withReceive } from '../../../wallet/keys/contents.ts';
import { IMPORTED } from '../../../wallet/keys/key-ring.ts';
import { MemoryStore, type WalletStore } from '../../../wallet/keys/wallet-store.ts';
import { readWatchKey } from '../../../wallet/keys/watch-key.ts';
import { freshMnemonic } from '../../../wallet/open-wallet.ts';
import { Wallet } from '../../../wallet/wallet.ts';
import { WalletError } from '../../../wallet/wallet-error.ts';
import { FakeChain } from '../../kit/fake-chain.ts';
import { fundedWallet, PROFILE, STRANGER, walletOf } from '../../kit/wallet-kit.ts';
import { happen, LABELS, lifeStep } from '../../kit/wallet-life.ts';

const KEY = new Uint8Array(32).fill(7);
const WIF = encodeWif(KEY, PROFILE.coinType);
const IMPORTED_ADDRESS = p2wpkhAddress(hash160(publicKeyOf(KEY)), PROFILE.address.hrp);

/** The wallet of a store that reckons its coins; the comparison never comes to it here. */
function reckoning(store: WalletStore, chain: FakeChain) {
  const corrections: string[] = [];
  const wallet = new Wallet({
    ...{ store, profile: PROFILE, backend: chain },
    reckoning: {
      onCorrection: (difference) => corrections.push(difference),
      onFailure: assert.ifError,
      compareAfterMs: 2 ** 30,
    },
  });
  return { wallet, corrections };
}

function told(coins: readonly WalletCoin[]): Map<string, object> {
  return new Map(
    coins
      .map((coin) => {
        const { outPoint, own, ...facts } = coin;
        // Who paid for a coin that is confirmed matters to nobody: only pending ones are asked.
        const ownPending = own && !coin.confirmed;
        return [`${displayHash(outPoint.txid)}:${outPoint.index}`, { ...facts, ownPending }] as const;
      })
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

async function requireSame(reckoned: Wallet, asked: Wallet): Promise<void> {
  assert.deepEqual(told(await reckoned.coins()), told(await asked.coins()));
  const [mine, theirs] = [await reckoned.balance(), await asked.balance()];
  const byLabel = (balance: typeof mine) =>
    new Map(balance.labels.map(({ label, ...rest }) => [label, rest]));
  assert.deepEqual(byLabel(mine), byLabel(theirs));
  assert.deepEqual(mine.total, theirs.total);
  assert.deepEqual(mine.refused, theirs.refused);
  assert.deepEqual(await reckoned.addresses(), await asked.addresses());
}

/** For two copies of a wallet: they need not agree on labels, nor on payments that only one of them knows. */
async function requireSameChain(observer: Wallet, asked: Wallet): Promise<void> {
  if ((await asked.balance()).refused.length > 0) return;
  const facts = (all: readonly WalletCoin[]) =>
    all
      .filter(({ place }) => place.chain !== IMPORTED)
      .map(({ outPoint, value, status, confirmations, address }) =>
        [displayHash(outPoint.txid), outPoint.index, value, status, confirmations, address].join(' '),
      )
      .sort();
  assert.deepEqual(facts(await observer.coins()), facts(await asked.coins()));
}

const coins = fc.integer({ min: 1, max: 9 }).map(BigInt);
const label = fc.constantFrom(...LABELS);
const step = fc.oneof(
  { weight: 10, arbitrary: lifeStep },
  { weight: 3, arbitrary: fc.constant({ do: 'mine' as const, label: null }) },
  /** Among the labels, so that coins made side by side are spent apart. */
  { weight: 5, arbitrary: fc.record({ do: fc.constant('pay' as const), from: label, to: label, coins }) },
  /** Another copy of the wallet pays, and what waited before is forgotten by everybody. */
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rival' as const), coins }) },
  /** Nothing new is taken from now on, or is again; what waited may be forgotten as well. */
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('refuse' as const), on: fc.boolean(), lose: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'import' as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pay imported' as const), coins }) },
  { weight: 1, arbitrary: fc.constant({ do: 'freeze' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'cancel' as const }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** A chain that takes nothing new while it is closed. */
class ClosableChain extends FakeChain {
  isClosed = false;

  override async broadcast(transaction: Transaction): Promise<void> {
    const [known] = await this.transactions([txid(transaction)]);
    if (this.isClosed && known === undefined) throw new PaymentRejectedError('too-long-mempool-chain');
    await super.broadcast(transaction);
  }
}

async function happenMore(wallet: Wallet, chain: ClosableChain, words: string, what: Step): Promise<void> {
  if (what.do === 'rival') {
    chain.mempool = [];
    const twin = walletOf(words, chain).wallet;
    await twin.scan();
    await quietly(twin.pay({ to: [{ address: STRANGER, amount: what.coins * COIN }] }));
    chain.mine();
  } else if (what.do === 'refuse') {
    chain.isClosed = what.on;
    if (what.lose) chain.mempool = [];
  } else if (what.do === 'import') await quietly(wallet.importKey(WIF, 'paper'));
  else if (what.do === 'pay imported') await quietly(chain.strangerPays(IMPORTED_ADDRESS, what.coins * COIN));
  else if (what.do === 'freeze') {
    const [coin] = await wallet.coins();
    if (coin !== undefined) await wallet.setFrozen([coin.outPoint], !coin.frozen);
  } else if (what.do === 'cancel') {
    const { rows } = await wallet.history({ limit: 1, filter: { status: 'pending', direction: 'sent' } });
    if (rows[0] !== undefined) await quietly(wallet.cancel(rows[0].txid));
  } else await quietly(happen(wallet, chain, what));
}

/** A payment that cannot be made, or that the chain does not take, is part of life. */
async function quietly(deed: Promise<unknown>): Promise<void> {
  await deed.catch((error: unknown) => {
    if (!(error instanceof WalletError)) throw error;
  });
}

describe('coins reckoned from the book', () => {
  test('are those that the chain lists, whatever happened', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 30 }), async (steps) => {
        const chain = new ClosableChain(PROFILE);
        const words = freshMnemonic();
        const { wallet: asked, store } = walletOf(words, chain);
        const { wallet: reckoned } = reckoning(store, chain);
        // A copy that knows nothing but its book, and so has to find every address by itself.
        const { wallet: observer } = reckoning(walletOf(words, chain).store, chain);
        for (const label of LABELS) {
          if (label !== 'default') await asked.newAddress(label);
          for (const coin of [7n, 2n])
            await chain.strangerPays((await asked.addressOf(label)).address, coin * COIN);
        }
        chain.mine();
        await Promise.all([reckoned.sync(), observer.sync()]);
        for (const what of steps) {
          await happenMore(asked, chain, words, what);
          await requireSame(reckoned, asked);
          await requireSameChain(observer, asked);
        }
      }),
      { numRuns: 20 },
    );
  });

  test('of a reward can be spent from the same block on', async () => {
    const { chain, store, address } = await fundedWallet(5n * COIN);
    const { wallet } = reckoning(store, chain);
    const asked = new Wallet({ store, profile: PROFILE, backend: chain });
    chain.mine(1, address);
    await wallet.sync();
    chain.mine(PROFILE.maturity - 3);
    const states: string[] = [];
    for (let block = 0; block < 4; block += 1) {
      await requireSame(wallet, asked);
      const { total } = await wallet.balance();
      states.push(total.immature > 0n ? 'immature' : 'spendable');
      chain.mine();
    }
    assert.deepEqual(new Set(states), new Set(['immature', 'spendable']));
  });

  test('of a payment that the chain does not take any more are the same, and it takes no address', async () => {
    const chain = new ClosableChain(PROFILE);
    const { wallet: asked, store } = walletOf(freshMnemonic(), chain);
    const { wallet: reckoned } = reckoning(store, chain);
    await chain.strangerPays((await asked.addressOf('default')).address, 9n * COIN);
    chain.mine();
    await reckoned.sync();
    await asked.pay({ from: 'default', to: [{ address: STRANGER, amount: 2n * COIN }] });
    chain.mempool = [];
    chain.isClosed = true;
    const { used } = await store.read();
    const { total, refused } = await reckoned.balance();
    assert.equal(refused.length, 1);
    assert.ok(total.pending > 6n * COIN && total.spendable === 0n, 'the change is counted once');
    assert.deepEqual((await reckoned.coins()).length, 0);
    assert.deepEqual((await store.read()).used, used);
    await requireSame(reckoned, asked);
  });

  test('are not asked for again once the history was read', async () => {
    const { chain, store, address } = await fundedWallet(5n * COIN);
    const { wallet } = reckoning(store, chain);
    await wallet.balance();
    await wallet.sync();
    let asked = 0;
    const honest = chain.coins.bind(chain);
    chain.coins = (addresses) => {
      asked += 1;
      return honest(addresses);
    };
    await chain.strangerPays(address, COIN);
    chain.mine();
    await chain.strangerPays(address, 2n * COIN);
    const { total } = await wallet.balance();
    assert.deepEqual([total.spendable, total.pending], [6n * COIN, 2n * COIN]);
    assert.equal(asked, 0);
    await wallet.pay({ from: 'default', to: [{ address: STRANGER, amount: COIN }] });
    assert.ok(asked > 0, 'a payment is made from what the chain lists');
  });

  test('include those of addresses that another copy of the wallet gave out, far ahead', async () => {
    const { chain, store, words } = await fundedWallet(5n * COIN);
    const { wallet } = reckoning(store, chain);
    await wallet.sync();
    const copy = walletOf(words, chain).wallet;
    for (let far = 0; far < 3; far += 1) {
      for (let n = 0; n < 18; n += 1) await copy.newAddress('default');
      await chain.strangerPays((await copy.addressOf('default')).address, COIN);
    }
    const asked = new Wallet({ store, profile: PROFILE, backend: chain });
    assert.equal((await wallet.balance()).total.pending, 3n * COIN);
    await requireSame(wallet, asked);
    chain.mine();
    await requireSame(wallet, asked);
  });

  test('include the change of more payments of another copy than it looks ahead', async () => {
    const { chain, wallet: payer, words } = await fundedWallet(5n * COIN);
    const { wallet } = reckoning(walletOf(words, chain).store, chain);
    await wallet.sync();
    for (let n = 0; n < 24; n += 1) {
      await payer.pay({ from: 'default', to: [{ address: STRANGER, amount: COIN / 100n }] });
      chain.mine();
    }
    assert.deepEqual((await wallet.balance()).total, (await payer.balance()).total);
    await requireSameChain(wallet, payer);
  });

  test('of a wallet that only watches are the same', async () => {
    const { chain, wallet: owner } = await fundedWallet(5n * COIN);
    const { xpub } = await owner.exportXpub();
    const store = new MemoryStore(withReceive(newContents(readWatchKey(xpub, PROFILE)), 'default', 0));
    const asked = new Wallet({ store, profile: PROFILE, backend: chain });
    const { wallet: reckoned } = reckoning(store, chain);
    await reckoned.sync();
    await requireSame(reckoned, asked);
    await owner.pay({ from: 'default', to: [{ address: STRANGER, amount: COIN }] });
    await requireSame(reckoned, asked);
    chain.mine();
    await requireSame(reckoned, asked);
  });

  test('of a key that is imported later are found, with all that happened to it before', async () => {
    const { chain, store } = await fundedWallet(5n * COIN);
    await chain.strangerPays(IMPORTED_ADDRESS, 3n * COIN);
    chain.mine(3);
    const { wallet } = reckoning(store, chain);
    await wallet.sync();
    await wallet.importKey(WIF, 'paper');
    await requireSame(wallet, new Wallet({ store, profile: PROFILE, backend: chain }));
    assert.equal((await wallet.balance()).total.spendable, 8n * COIN);
  });

  test('of a block that the chain left are gone, also where the same payments come again elsewhere', async () => {
    const { chain, store, address } = await fundedWallet(5n * COIN);
    const { wallet } = reckoning(store, chain);
    const asked = new Wallet({ store, profile: PROFILE, backend: chain });
    chain.mine(2, address);
    await wallet.sync();
    for (let n = 0; n < 2; n += 1) chain.unmine();
    chain.mine(3);
    await requireSame(wallet, asked);
    assert.equal((await wallet.balance()).total.immature, 0n);
    for (let n = 0; n < 4; n += 1) chain.unmine();
    await requireSame(wallet, asked);
    chain.mine();
    await requireSame(wallet, asked);
  });
});
