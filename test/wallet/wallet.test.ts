import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeAddress } from '../../protocol/address.ts';
import { COIN } from '../../protocol/amount.ts';
import { displayHash } from '../../protocol/bytes.ts';
import { DEV_MNEMONIC, PROFILES } from '../../protocol/network.ts';
import { txid as txidOf, vsize } from '../../protocol/transaction.ts';
import type { Nits } from '../../protocol/units.ts';
import { type ChainCoin, PaymentRejectedError } from '../../wallet/chain/backend.ts';
import { totalOf } from '../../wallet/chain/balance.ts';
import { MemoryStore } from '../../wallet/keys/wallet-store.ts';
import { firstContents, freshMnemonic } from '../../wallet/open-wallet.ts';
import { InsufficientFundsError } from '../../wallet/payments/coins.ts';
import { UndeliveredPaymentError, Wallet } from '../../wallet/wallet.ts';
import { WalletError, type WalletErrorCode } from '../../wallet/wallet-error.ts';
import { FakeChain, STRANGER_SCRIPT } from '../kit/fake-chain.ts';

const PROFILE = PROFILES.regtest;
const STRANGER = encodeAddress(STRANGER_SCRIPT, PROFILE.address) ?? '';

function walletOf(mnemonic: string, chain: FakeChain) {
  const store = new MemoryStore(firstContents(mnemonic, PROFILE));
  return { store, wallet: new Wallet({ store, profile: PROFILE, backend: chain, now: () => 1_800_000_000 }) };
}

/** A wallet of fresh words with one confirmed coin. */
async function fundedWallet(amount: Nits) {
  const chain = new FakeChain(PROFILE);
  const words = freshMnemonic();
  const { wallet, store } = walletOf(words, chain);
  const { address } = await wallet.addressOf('default');
  await chain.strangerPays(address, amount);
  chain.mine();
  return { chain, wallet, store, words, address };
}

/** The wallet of the funded accounts. */
function devWallet() {
  const chain = new FakeChain(PROFILE);
  return { chain, ...walletOf(DEV_MNEMONIC, chain) };
}

async function balances(wallet: Wallet): Promise<Record<string, [Nits, Nits, Nits]>> {
  const { labels } = await wallet.balance();
  return Object.fromEntries(
    labels.map(({ label, spendable, pending, immature }) => [label, [spendable, pending, immature]]),
  );
}

function refusal(code: WalletErrorCode, text = /./) {
  return (error: unknown) => error instanceof WalletError && error.code === code && text.test(error.message);
}

describe('balances', () => {
  test('tell spendable, pending and immature apart, for each label', async () => {
    const chain = new FakeChain(PROFILE);
    const { wallet } = walletOf(freshMnemonic(), chain);
    const rent = await wallet.newAddress('rent');
    const mined = await wallet.newAddress('mined');
    await chain.strangerPays(rent.address, 3n * COIN);
    chain.mine(1, mined.address);
    await chain.strangerPays(rent.address, 2n * COIN);
    assert.deepEqual(await balances(wallet), {
      default: [0n, 0n, 0n],
      rent: [3n * COIN, 2n * COIN, 0n],
      mined: [0n, 0n, 50n * COIN],
    });
    chain.mine(PROFILE.maturity - 1);
    assert.deepEqual((await balances(wallet)).mined, [50n * COIN, 0n, 0n]);
    const { total } = await wallet.balance();
    assert.equal(totalOf(total), 55n * COIN);
  });

  test('of the funded accounts are there without mining', async () => {
    const { wallet } = devWallet();
    const labels = ['alice', 'bob', 'carol', 'pool', 'faucet'];
    assert.deepEqual(
      (await wallet.labels()).map(({ label }) => label),
      labels,
    );
    assert.deepEqual(
      await balances(wallet),
      Object.fromEntries(labels.map((label) => [label, [10_000n * COIN, 0n, 0n]])),
    );
  });
});

describe('a payment', () => {
  test('from alice to bob is pending at once, then confirmed, with the fee accounted for', async () => {
    const { chain, wallet } = devWallet();
    const bob = await wallet.addressOf('bob');
    const payment = await wallet.pay({ from: 'alice', to: [{ address: bob.address, amount: 5n * COIN }] });
    assert.equal(payment.fee, 141n);
    const left = 9_995n * COIN - 141n;
    assert.deepEqual((await balances(wallet)).alice, [0n, left, 0n]);
    assert.deepEqual((await balances(wallet)).bob, [10_000n * COIN, 5n * COIN, 0n]);
    const [sent, received] = (await wallet.history({ limit: 2 })).rows;
    assert.deepEqual(
      [sent?.label, sent?.direction, sent?.status, sent?.amount, sent?.fee, sent?.net, sent?.paid[0]?.label],
      ['alice', 'sent', 'pending', 5n * COIN, 141n, -5n * COIN - 141n, 'bob'],
    );
    assert.deepEqual(
      [
        received?.label,
        received?.direction,
        received?.status,
        received?.amount,
        received?.fee,
        received?.from,
      ],
      ['bob', 'received', 'pending', 5n * COIN, undefined, 'alice'],
    );
    chain.mine();
    assert.deepEqual((await balances(wallet)).alice, [left, 0n, 0n]);
    assert.deepEqual((await balances(wallet)).bob, [10_005n * COIN, 0n, 0n]);
    const [confirmed] = (await wallet.history({ label: 'alice', limit: 1 })).rows;
    assert.deepEqual([confirmed?.status, confirmed?.confirmations], ['confirmed', 1]);
    assert.ok(confirmed?.time !== undefined && confirmed.time > PROFILE.genesis.header.time);
  });

  test('pays many at once, in their order, with change at a drawn place', async () => {
    const { wallet } = devWallet();
    const to = await Promise.all(
      ['bob', 'carol', 'faucet'].map(async (label, n) => ({
        ...(await wallet.addressOf(label)),
        amount: BigInt(n + 1) * COIN,
      })),
    );
    const { transaction, change, fee } = await wallet.pay({ from: 'pool', to, feeRate: 2_500n });
    const values = transaction.outputs.map(({ value }) => value);
    assert.deepEqual(
      values.filter((value) => value !== change?.value),
      [COIN, 2n * COIN, 3n * COIN],
    );
    assert.ok(fee >= (BigInt(vsize(transaction)) * 2_500n) / 1_000n);
    assert.equal(
      values.reduce((a, b) => a + b),
      10_000n * COIN - fee,
    );
  });

  test('sends change to fresh addresses of the change chain, or back to the label when asked', async () => {
    const { wallet, chain, store } = devWallet();
    const { address } = await wallet.addressOf('bob');
    const to = [{ address, amount: COIN }];
    const places = [];
    for (const change of ['fresh', 'fresh', 'reuse'] as const) {
      const payment = await wallet.pay({ from: 'alice', to, change });
      places.push(payment.change?.place);
      chain.mine();
    }
    assert.deepEqual(places, [
      { chain: 1, index: 0 },
      { chain: 1, index: 1 },
      { chain: 0, index: 0 },
    ]);
    assert.equal((await store.read()).used.change, 2);
    assert.deepEqual(await balances(wallet).then(({ alice }) => alice), [9_997n * COIN - 3n * 141n, 0n, 0n]);
  });

  test('spends own change while it is pending, but only as a last resort, and never a stranger’s pending coin', async () => {
    const { chain, wallet, address } = await fundedWallet(10n * COIN);
    await wallet.pay({ from: 'default', to: [{ address: STRANGER, amount: COIN }] });
    await chain.strangerPays(address, 100n * COIN);
    const next = await wallet.pay({ from: 'default', to: [{ address: STRANGER, amount: COIN }] });
    assert.deepEqual(
      next.coins.map(({ status, own }) => [status, own]),
      [['pending', true]],
    );
    await assert.rejects(
      wallet.plan({ from: 'default', to: [{ address: STRANGER, amount: 50n * COIN }] }),
      InsufficientFundsError,
    );
    chain.mine();
    await assert.doesNotReject(
      wallet.plan({ from: 'default', to: [{ address: STRANGER, amount: 50n * COIN }] }),
    );
  });

  test('says how much more is needed for the fee, and what is still to come', async () => {
    const { chain, wallet, address } = await fundedWallet(10n * COIN);
    const plan = (amount: Nits) => wallet.plan({ from: 'default', to: [{ address: STRANGER, amount }] });
    const { fee, change } = await plan(10n * COIN - 110n);
    assert.deepEqual([fee, change], [110n, undefined]);
    await assert.rejects(
      plan(10n * COIN - 109n),
      refusal(
        'insufficient-funds',
        /^need 0\.00000001 NILZ more for the fee: "default" has 10\.00000000 to spend/,
      ),
    );
    await chain.strangerPays(address, 7n * COIN);
    await assert.rejects(
      plan(12n * COIN),
      refusal(
        'insufficient-funds',
        /^need 2\.00000110 NILZ more: .*its fee 0\.00000110 \(7\.00000000 is pending\)$/,
      ),
    );
  });

  test('is refused for a label, address, amount or fee rate that cannot be', async () => {
    const { wallet, chain } = await fundedWallet(COIN);
    const plan = (change: object) =>
      wallet.plan({ from: 'default', to: [{ address: STRANGER, amount: 1_000n }], ...change });
    await assert.rejects(plan({ from: 'nobody' }), refusal('unknown-label', /"nobody"; there are: default/));
    await assert.rejects(plan({ to: [{ address: 'nonsense', amount: 1_000n }] }), refusal('bad-address'));
    await assert.rejects(plan({ to: [{ address: STRANGER, amount: 293n }] }), refusal('bad-amount'));
    await assert.rejects(plan({ to: [{ address: STRANGER, amount: -1n }] }), refusal('bad-amount'));
    chain.feeRate = 3_000n;
    await assert.rejects(
      plan({ feeRate: 2_999n }),
      refusal('bad-fee-rate', /2\.999 nits\/vB is below the 3/),
    );
    assert.equal((await plan({})).feeRate, 3_000n);
  });

  test('of exactly the coins that were planned fails when one is gone', async () => {
    const { chain, wallet, address } = await fundedWallet(COIN);
    const request = { from: 'default', to: [{ address: STRANGER, amount: 1_000n }] };
    await chain.strangerPays(address, 2n * COIN);
    chain.mine();
    const plan = await wallet.plan(request);
    const coins = plan.coins.map(({ outPoint }) => outPoint);
    const payment = await wallet.pay({ ...request, coins });
    assert.deepEqual(
      payment.coins.map(({ value }) => value),
      [COIN],
    );
    await assert.rejects(wallet.pay({ ...request, coins }), refusal('coins-gone'));
  });
});

describe('a payment that cannot be handed in', () => {
  const to = [{ address: STRANGER, amount: COIN }];

  test('is kept when the node goes away in the middle, and handed in by the next look', async () => {
    const { chain, wallet, store } = await fundedWallet(10n * COIN);
    const goAway = async () => {
      chain.away = true;
    };
    const failure = await wallet
      .pay({ from: 'default', to }, { beforeBroadcast: goAway })
      .catch((error) => error);
    assert.ok(failure instanceof UndeliveredPaymentError);
    assert.match(failure.message, /do not send it a second time/);
    assert.equal(chain.mempool.length, 0);
    chain.away = false;
    await balances(wallet);
    assert.deepEqual(chain.mempool.map(displayed), [displayHash(failure.payment.txid)]);
    assert.deepEqual(await balances(wallet), { default: [0n, 9n * COIN - 141n, 0n] });
    chain.mine(6);
    await balances(wallet);
    assert.deepEqual((await store.read()).outgoing, [], 'settled');
  });

  test('is forgotten when the node refuses it at once, and takes no change address with it', async () => {
    const { chain, wallet, store } = await fundedWallet(10n * COIN);
    for (let round = 0; round < 3; round++) {
      chain.refusals = ['too-long-mempool-chain'];
      await assert.rejects(
        wallet.pay({ from: 'default', to }),
        (error) => error instanceof PaymentRejectedError && error.isPassing,
      );
      assert.deepEqual((await store.read()).outgoing, []);
    }
    chain.refusals = [];
    assert.deepEqual((await wallet.pay({ from: 'default', to })).change?.place, { chain: 1, index: 0 });
  });

  test('keeps its coins reserved while the node will not take it back', async () => {
    const { chain, wallet, address } = await fundedWallet(10n * COIN);
    await chain.strangerPays(address, 3n * COIN);
    chain.mine();
    const payment = await wallet.pay({ from: 'default', to: [{ address: STRANGER, amount: 5n * COIN }] });
    chain.mempool = [];
    chain.refusals = ['mempool full'];
    const { labels, refused } = await wallet.balance();
    assert.deepEqual(refused, [
      { txid: displayHash(payment.txid), label: 'default', reason: 'mempool full', givenUp: false },
    ]);
    assert.equal(labels[0]?.spendable, 3n * COIN, 'the coin of the payment is not counted');
    chain.refusals = [];
    assert.deepEqual((await wallet.balance()).refused, []);
    assert.equal(chain.mempool.length, 1);
  });

  test('is not given up because an earlier one, whose change it spends, has to wait', async () => {
    const { chain, wallet } = await fundedWallet(10n * COIN);
    await wallet.pay({ from: 'default', to });
    await wallet.pay({ from: 'default', to });
    chain.mempool = [];
    chain.refusals = ['mempool full'];
    const { refused } = await wallet.balance();
    assert.deepEqual(
      refused.map(({ givenUp, reason }) => [givenUp, reason]),
      [
        [false, 'mempool full'],
        [false, 'bad-txns-inputs-missingorspent'],
      ],
    );
    assert.deepEqual((await wallet.balance()).refused, []);
    assert.equal(chain.mempool.length, 2);
  });

  test('is given up when its coin was spent by another transaction', async () => {
    const { chain, wallet, store, words } = await fundedWallet(10n * COIN);
    await wallet.pay({ from: 'default', to });
    chain.mempool = [];
    const twin = walletOf(words, chain).wallet;
    await twin.pay({ from: 'default', to: [{ address: STRANGER, amount: 2n * COIN }] });
    const { refused, total } = await wallet.balance();
    assert.deepEqual(
      refused.map(({ givenUp, reason }) => [givenUp, reason]),
      [[true, 'txn-mempool-conflict']],
    );
    assert.equal(total.pending, 8n * COIN - 141n);
    assert.deepEqual((await store.read()).outgoing, []);
  });

  test('returns by itself after its block was taken off the chain', async () => {
    const { chain, wallet } = await fundedWallet(10n * COIN);
    await wallet.pay({ from: 'default', to });
    chain.mine();
    await balances(wallet);
    chain.unmine();
    chain.mempool = [];
    assert.deepEqual(await balances(wallet), { default: [0n, 9n * COIN - 141n, 0n] });
  });

  test('is never made when whoever asked for it could not write it down', async () => {
    const { chain, wallet, store } = await fundedWallet(10n * COIN);
    const before = await store.read();
    let seen: string | undefined;
    const hook = async (payment: { txid: Uint8Array }) => {
      seen = displayHash(payment.txid);
      throw new Error('disk full');
    };
    await assert.rejects(wallet.pay({ from: 'default', to }, { beforeBroadcast: hook }), /disk full/);
    assert.ok(seen);
    assert.equal(chain.handedIn.length, 1, 'only the gift of the stranger');
    assert.deepEqual((await store.read()).outgoing, before.outgoing);
  });
});

describe('change', () => {
  test('belongs to the label whose coins paid, also after a restore from the words alone', async () => {
    const { chain, wallet } = devWallet();
    const { address } = await wallet.addressOf('carol');
    const to = [{ address, amount: COIN }];
    for (const from of ['alice', 'bob', 'alice', 'alice', 'bob']) {
      await wallet.pay({ from, to });
      if (from === 'bob') chain.mine();
    }
    const known = await balances(wallet);
    assert.deepEqual(known.alice, [9_997n * COIN - 3n * 141n, 0n, 0n]);
    assert.deepEqual(known.bob, [9_998n * COIN - 2n * 141n, 0n, 0n]);
    assert.deepEqual(await balances(walletOf(DEV_MNEMONIC, chain).wallet), known);
  });

  test('of two wallets with the same words stays apart even on one address', async () => {
    const { chain, wallet } = devWallet();
    const twin = walletOf(DEV_MNEMONIC, chain).wallet;
    const { address } = await wallet.addressOf('carol');
    // Both choose their change address before either knows of the other's payment.
    const takeTurns = async () => {
      await twin.pay({ from: 'bob', to: [{ address, amount: 2n * COIN }] });
    };
    await wallet.pay({ from: 'alice', to: [{ address, amount: COIN }] }, { beforeBroadcast: takeTurns });
    chain.mine();
    for (const each of [wallet, twin]) {
      const { alice, bob } = await balances(each);
      assert.deepEqual(alice, [9_999n * COIN - 141n, 0n, 0n]);
      assert.deepEqual(bob, [9_998n * COIN - 141n, 0n, 0n]);
    }
  });

  test('on a change address that a stranger paid to goes to the default label', async () => {
    const { chain, wallet } = devWallet();
    const { change, transaction } = await wallet.pay({
      from: 'alice',
      to: [{ address: STRANGER, amount: COIN }],
    });
    const script =
      transaction.outputs.find(({ value }) => value === change?.value)?.script ?? new Uint8Array();
    chain.mine();
    await chain.strangerPays(encodeAddress(script, PROFILE.address) ?? '', 7n * COIN);
    assert.deepEqual((await balances(wallet)).default, [0n, 7n * COIN, 0n]);
    chain.mine();
    await wallet.pay({ from: 'default', to: [{ address: STRANGER, amount: COIN }] });
  });
});

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
    for (const { label, net } of entries) sums.set(label ?? '', (sums.get(label ?? '') ?? 0n) + net);
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

describe('addresses', () => {
  test('of another copy of the wallet are found when they are used', async () => {
    const { chain, wallet, words } = await fundedWallet(COIN);
    const twin = walletOf(words, chain).wallet;
    for (let n = 0; n < 3; n++) await twin.newAddress('other');
    const { address } = await twin.newAddress('other');
    await chain.strangerPays(address, 4n * COIN);
    assert.deepEqual(await balances(wallet), { default: [COIN, 4n * COIN, 0n] });
    const fresh = await wallet.newAddress('default');
    assert.equal(fresh.path, `m/84'/1'/0'/0/5`, 'no address is given out that is in use');
  });

  test('are counted from the last used one, so that the owner can be warned of the gap', async () => {
    const { chain, wallet } = await fundedWallet(COIN);
    await wallet.balance();
    let last = await wallet.newAddress('default');
    assert.equal(last.unusedBefore, 0);
    for (let n = 0; n < 25; n++) last = await wallet.newAddress('default');
    assert.equal(last.unusedBefore, 25);
    await chain.strangerPays(last.address, COIN);
    assert.equal((await wallet.balance()).total.pending, COIN, 'those given out are watched beyond the gap');
    assert.equal((await wallet.newAddress('default')).unusedBefore, 0);
  });

  test('are known as own, of one label too', async () => {
    const { wallet } = await fundedWallet(COIN);
    const { address: spare } = await wallet.newAddress('spare');
    assert.deepEqual([await wallet.owns(spare), await wallet.owns(spare, 'spare')], [true, true]);
    assert.equal(await wallet.owns(spare, 'default'), false, 'it was given out for another label');
    assert.equal(await wallet.owns(STRANGER), false);
    const { transaction } = await wallet.pay({
      from: 'default',
      to: [{ address: spare, amount: COIN / 2n }],
    });
    for (const { script } of transaction.outputs) {
      const shown = encodeAddress(script, PROFILE.address) ?? '';
      assert.equal(
        await wallet.owns(shown, 'spare'),
        true,
        'the payee, and the change, which is nobody else’s',
      );
    }
    await assert.rejects(wallet.owns('nobody'), refusal('bad-address'));
  });

  test('have labels of visible characters', async () => {
    const { wallet } = await fundedWallet(COIN);
    for (const label of ['', '  ', 'a\nb', 'x'.repeat(65), '\u202Etxt', 'a\u0000']) {
      await assert.rejects(wallet.newAddress(label), refusal('bad-label'), JSON.stringify(label));
    }
    await assert.rejects(wallet.newAddress(STRANGER), refusal('bad-label', /is an address/));
    assert.equal((await wallet.newAddress('  Miete März ')).label, 'Miete März');
    assert.equal((await wallet.newAddress('Miete Ma\u0308rz')).label, 'Miete März');
    assert.equal((await wallet.labels()).at(-1)?.addresses.length, 2);
  });
});

describe('a backend that lies', () => {
  const to = [{ address: STRANGER, amount: 1_000n }];

  function lyingCoins(chain: FakeChain, lie: (coin: ChainCoin) => ChainCoin) {
    const honest = chain.coins.bind(chain);
    chain.coins = async (addresses) => (await honest(addresses)).map(lie);
  }

  test('about the value of a coin gets no signature', async () => {
    const { chain, wallet } = await fundedWallet(COIN);
    lyingCoins(chain, (coin) => ({ ...coin, value: coin.value / 2n }));
    await assert.rejects(wallet.pay({ from: 'default', to }), refusal('bad-backend', /nothing was signed/));
    assert.equal(chain.handedIn.length, 1);
  });

  test('about whose a coin is gets no signature', async () => {
    const { chain, wallet } = await fundedWallet(COIN);
    lyingCoins(chain, (coin) => ({
      ...coin,
      outPoint: { ...coin.outPoint, index: 1 - coin.outPoint.index },
    }));
    await assert.rejects(wallet.pay({ from: 'default', to }), refusal('bad-backend'));
    lyingCoins(chain, (coin) => ({ ...coin, address: STRANGER }));
    await assert.rejects(wallet.pay({ from: 'default', to }), refusal('bad-backend', /not ours/));
  });

  test('about transactions that it does not have is found out', async () => {
    const { chain, wallet } = await fundedWallet(COIN);
    chain.transactions = async (txids) => txids.map(() => undefined);
    await assert.rejects(wallet.pay({ from: 'default', to }), refusal('bad-backend', /does not have it/));
    await assert.rejects(wallet.history({ limit: 5 }), refusal('bad-backend'));
  });

  test('or simply is on another network is not used', async () => {
    const chain = new FakeChain(PROFILES.dev);
    const { wallet } = walletOf(DEV_MNEMONIC, chain);
    await assert.rejects(
      wallet.balance(),
      refusal('wrong-network', /node is on the network dev .*wallet on regtest/),
    );
  });
});

function displayed(transaction: Parameters<typeof vsize>[0]): string {
  return displayHash(txidOf(transaction));
}
