import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { COIN } from '../../../protocol/amount.ts';
import { bytesToHex, displayHash } from '../../../protocol/bytes.ts';
import { PROFILES } from '../../../protocol/network.ts';
import { AddressBalance, AddressMempoolEntry, AddressUtxo } from '../../../protocol/rpc.ts';
import { txid } from '../../../protocol/transaction.ts';
import { startTestNode } from '../node-kit.ts';
import { addressOf, alice, bob, genesisFunds, outputOf, pay, payOn, stranger } from '../payment-kit.ts';

describe('the balance of addresses', () => {
  test('tells spendable, pending and immature apart, exactly', async (t) => {
    const node = await startTestNode(t);
    await node.mine(1, bob);
    const payment = pay(
      [genesisFunds(alice)],
      [
        { value: 3n * COIN, script: bob.script },
        { value: 9_997n * COIN - 777n, script: alice.script },
      ],
    );
    await node.send(payment);
    const before = await node.call('getaddressbalance', addressOf(bob));
    assert.ok(AddressBalance.safeParse(before).success);
    assert.deepEqual(before, {
      balance: 10_050,
      balance_nits: '1005000000000',
      spendable: 10_000,
      spendable_nits: '1000000000000',
      immature: 50,
      immature_nits: '5000000000',
      pending: 3,
      pending_nits: '300000000',
      received: 10_050,
      received_nits: '1005000000000',
    });
    const payer = await node.call('getaddressbalance', { addresses: [addressOf(alice)] });
    assert.equal(payer.balance, 10_000);
    assert.equal(payer.pending_nits, String(-3n * COIN - 777n));

    await node.mine(1);
    const after = await node.call('getaddressbalance', { addresses: [addressOf(alice), addressOf(bob)] });
    assert.equal(after.balance_nits, String(20_050n * COIN - 777n));
    assert.equal(after.pending, 0);
    assert.equal(after.received_nits, String(30_050n * COIN - 777n));
  });

  test('counts what is pending as transactions come and go', async (t) => {
    const node = await startTestNode(t);
    const pending = async (): Promise<string[]> => {
      const answers = [alice, bob].map((who) => node.call('getaddressbalance', addressOf(who)));
      return (await Promise.all(answers)).map((answer) => answer.pending_nits);
    };
    const ids: string[] = [];
    let from = genesisFunds(alice);
    for (let sent = 1n; sent <= 5n; sent++) {
      const change = from.value - COIN - 500n;
      const payment = pay(
        [from],
        [
          { value: COIN, script: bob.script },
          { value: change, script: alice.script },
        ],
      );
      ids.push(await node.send(payment));
      from = outputOf(payment, 1, alice);
      assert.deepEqual(await pending(), [String(-sent * (COIN + 500n)), String(sent * COIN)]);
    }
    await node.call('generateblock', addressOf(stranger), ids.slice(0, 2));
    assert.deepEqual(await pending(), [String(-3n * (COIN + 500n)), String(3n * COIN)]);
    await node.mine(1);
    assert.deepEqual(await pending(), ['0', '0']);
  });

  test('every coming and going is told with its place, within the heights that are asked for', async (t) => {
    const node = await startTestNode(t);
    const funds = genesisFunds(alice);
    const payment = payOn(funds, bob, 700n);
    const id = await node.send(payment);
    await node.mine(2);
    const address = addressOf(alice);
    const [received, spent, ...rest] = await node.call('getaddressdeltas', address);
    assert.deepEqual(rest, []);
    assert.deepEqual(received, {
      satoshis: Number(funds.value),
      txid: displayHash(funds.txid),
      index: funds.index,
      blockindex: 0,
      height: 0,
      address,
    });
    assert.deepEqual(spent, {
      satoshis: -Number(funds.value),
      txid: id,
      index: 0,
      blockindex: 1,
      height: 1,
      address,
    });
    const within = (start: number, end: number) =>
      node.call('getaddressdeltas', { addresses: [address], start, end });
    assert.deepEqual(await within(1, 2), [spent]);
    assert.deepEqual(await within(0, 0), [received]);
    assert.deepEqual(await within(2, 9), []);
  });

  test('counts an address once however often it is named', async (t) => {
    const node = await startTestNode(t);
    const address = addressOf(alice);
    const balance = await node.call('getaddressbalance', {
      addresses: [address, address.toUpperCase(), address],
    });
    assert.equal(balance.balance, 10_000);
  });

  test('knows of each address whether it was ever paid, also while it waits, and after all was spent', async (t) => {
    const node = await startTestNode(t);
    const asked = { addresses: [alice, stranger, bob, alice].map((who) => addressOf(who)) };
    const used = () => node.call('getaddressused', asked);
    assert.deepEqual(await used(), [true, false, true, true]);
    await node.send(payOn(genesisFunds(alice), stranger, 500n));
    assert.deepEqual(await used(), [true, true, true, true]);
    await node.mine(1, bob);
    assert.deepEqual(await used(), [true, true, true, true]);
    assert.deepEqual(await node.call('getaddressused', addressOf(stranger)), [true]);
  });

  test('moves an immature reward to spendable in time', async (t) => {
    const node = await startTestNode(t);
    await node.mine(1, stranger);
    await node.mine(98, bob);
    assert.equal((await node.call('getaddressbalance', addressOf(stranger))).spendable, 0);
    const [young] = await node.call('getaddressutxos', addressOf(stranger));
    assert.deepEqual([young.spendable, young.coinbase, young.confirmations], [false, true, 99]);
    await node.mine(1, bob);
    assert.equal((await node.call('getaddressbalance', addressOf(stranger))).spendable, 50);
    const [ripe] = await node.call('getaddressutxos', addressOf(stranger));
    assert.equal(ripe.spendable, true);
  });
});

describe('the coins and transactions of addresses', () => {
  test('have the fields of the address-index family', async (t) => {
    const node = await startTestNode(t);
    const payment = payOn(genesisFunds(alice), stranger, 500n);
    const id = await node.send(payment);

    const waiting = await node.call('getaddressmempool', {
      addresses: [addressOf(alice), addressOf(stranger)],
    });
    for (const row of waiting) assert.ok(AddressMempoolEntry.safeParse(row).success);
    const [spent, received] = waiting;
    const funds = genesisFunds(alice);
    assert.deepEqual(
      [spent.address, spent.txid, spent.index, spent.satoshis, spent.prevtxid, spent.prevout],
      [addressOf(alice), id, 0, -1e12, displayHash(funds.txid), funds.index],
    );
    assert.deepEqual([received.address, received.satoshis], [addressOf(stranger), 1e12 - 500]);
    assert.equal('prevtxid' in received, false);
    assert.deepEqual(await node.call('getaddressutxos', addressOf(stranger)), [], 'confirmed coins only');

    await node.mine(1, bob);
    assert.deepEqual(await node.call('getaddressmempool', addressOf(alice)), []);
    const [coin] = await node.call('getaddressutxos', addressOf(stranger));
    assert.ok(AddressUtxo.safeParse(coin).success);
    assert.deepEqual(coin, {
      address: addressOf(stranger),
      txid: id,
      outputIndex: 0,
      script: bytesToHex(stranger.script),
      satoshis: 1e12 - 500,
      height: 1,
      coinbase: false,
      confirmations: 1,
      spendable: true,
    });
  });

  test('come in the order of the chain and within a range of heights', async (t) => {
    const node = await startTestNode(t);
    const genesis = displayHash(txid(PROFILES.regtest.genesis.transactions[0]!));
    const first = payOn(genesisFunds(alice), bob, 500n);
    await node.send(first);
    await node.mine(1);
    const second = payOn(outputOf(first, 0, bob), alice, 500n);
    await node.send(second);
    await node.mine(1);
    const ids = [first, second].map((each) => displayHash(txid(each)));
    assert.deepEqual(await node.call('getaddresstxids', addressOf(alice)), [genesis, ...ids]);
    const range = { addresses: [addressOf(alice), addressOf(bob)], start: 2, end: 2 };
    assert.deepEqual(await node.call('getaddresstxids', range), [ids[1]]);
  });
});

test('wrong addresses and arguments are answered with an error', async (t) => {
  const node = await startTestNode(t);
  for (const what of ['balance', 'utxos', 'txids', 'deltas', 'mempool', 'history']) {
    const method = `getaddress${what}`;
    const foreign = await node.failure(method, addressOf(alice, PROFILES.dev));
    assert.equal(foreign.code, -5);
    assert.match(foreign.message, /^Invalid address: .*dnilz/);
    assert.equal((await node.failure(method, { addresses: [] })).code, -8);
    assert.equal((await node.failure(method, { addresses: [7] })).code, -3);
    assert.equal((await node.failure(method, 7)).code, -3);
    assert.equal((await node.failure(method)).code, -1);
  }
});

describe('lists of addresses page by page', () => {
  test('tell what is on each page, as of which block, and where the next one begins', async (t) => {
    const node = await startTestNode(t);
    const id = await node.send(payOn(genesisFunds(alice), bob, 700n));
    const [hash] = await node.mine(1, bob);
    const addresses = [addressOf(bob)];
    const newest = await node.call('getaddresshistory', { addresses, limit: 2 });
    const { time } = await node.call('getblockheader', hash);
    assert.deepEqual(newest, {
      transactions: [
        { txid: id, height: 1, blockindex: 1, time, satoshis: 1e12 - 700, coinbase: false },
        {
          txid: (await node.call('getblock', hash)).tx[0],
          height: 1,
          blockindex: 0,
          time,
          satoshis: 5e9 + 700,
          coinbase: true,
        },
      ],
      total: 3,
      next: newest.next,
      height: 1,
      hash,
    });
    const last = await node.call('getaddresshistory', { addresses, limit: 2, before: newest.next });
    assert.deepEqual(
      last.transactions.map(({ height, satoshis }: { height: number; satoshis: number }) => [
        height,
        satoshis,
      ]),
      [[0, 1e12]],
    );
    assert.equal('next' in last, false);

    const whole = await node.call('getaddressutxos', { addresses });
    const first = await node.call('getaddressutxos', { addresses, limit: 2 });
    const second = await node.call('getaddressutxos', { addresses, limit: 2, after: first.next });
    assert.deepEqual([...first.utxos, ...second.utxos], whole);
    const ids = await node.call('getaddresstxids', { addresses });
    const page = await node.call('getaddresstxids', { addresses, limit: 1 });
    const rest = await node.call('getaddresstxids', { addresses, after: page.next });
    assert.deepEqual([...page.txids, ...rest.txids], ids);

    await node.call('invalidateblock', hash);
    const voided = await node.failure('getaddresshistory', { addresses, before: newest.next });
    assert.equal(voided.code, -8);
    assert.match(voided.message, /^the mark is void: block …/);
  });

  test('refuse marks and limits that are none', async (t) => {
    const node = await startTestNode(t);
    const addresses = [addressOf(bob)];
    for (const [method, mark] of [
      ['getaddresshistory', 'before'],
      ['getaddressutxos', 'after'],
      ['getaddresstxids', 'after'],
    ] as const) {
      for (const limit of [0, -1, 1_001]) {
        assert.equal((await node.failure(method, { addresses, limit })).code, -8);
      }
      assert.equal((await node.failure(method, { addresses, limit: 'x' })).code, -3);
      const wrong = await node.failure(method, { addresses, limit: 1, [mark]: '7' });
      assert.equal(wrong.code, -8);
      assert.match(wrong.message, new RegExp(`^Invalid addresses.${mark}: "7" is not the "next" of a page$`));
      const beyond = await node.failure(method, { addresses, limit: 1, [mark]: '7.0.0.0011223344556677' });
      assert.match(beyond.message, /^the mark is void/);
    }
  });
});
