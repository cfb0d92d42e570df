import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { COIN } from '../../../protocol/amount.ts';
import { displayHash } from '../../../protocol/bytes.ts';
import { txid } from '../../../protocol/transaction.ts';
import { UnreachableError } from '../../../service/unreachable-error.ts';
import { syncBook } from '../../../wallet/history/book-sync.ts';
import { EMPTY_BOOK, type TransactionBook } from '../../../wallet/history/transaction-book.ts';
import { hashOf, transactionText } from '../../../wallet/history/transaction-text.ts';
import { wordKeys } from '../../../wallet/keys/contents.ts';
import { type KeyPlace, KeyRing, RECEIVE } from '../../../wallet/keys/key-ring.ts';
import { freshMnemonic } from '../../../wallet/open-wallet.ts';
import { FakeChain } from '../../kit/fake-chain.ts';
import { PROFILE, refusal, shownId } from '../../kit/wallet-kit.ts';

/** A chain, keys, and the questions that were asked. */
function scene(keyCount = 2) {
  const chain = new FakeChain(PROFILE);
  const ring = new KeyRing(wordKeys(freshMnemonic()), PROFILE);
  const places = (count: number): KeyPlace[] =>
    Array.from({ length: count }, (_, index) => ({ chain: RECEIVE, index }));
  const asked: { readonly addresses: number; readonly fromHeight: number }[] = [];
  let read = 0;
  const backend = {
    chain: () => chain.chain(),
    blockHash: (height: number) => chain.blockHash(height),
    transactionIds: (addresses: readonly string[], fromHeight = 0) => {
      asked.push({ addresses: addresses.length, fromHeight });
      return chain.transactionIds(addresses, fromHeight);
    },
    transactions: (txids: readonly Uint8Array[]) => {
      read += txids.length;
      return chain.transactions(txids);
    },
  };
  const sync = (book: TransactionBook, count = keyCount) =>
    syncBook(book, { backend, profile: PROFILE, ring, places: places(count) });
  const pay = (index: number) => chain.strangerPays(ring.address({ chain: RECEIVE, index }), COIN);
  return { chain, ring, backend, sync, pay, asked, read: () => read };
}

test('the first reading brings everything, with its blocks and times; what waits is told apart', async () => {
  const { chain, sync, pay } = scene();
  const first = await pay(0);
  chain.mine(3);
  const second = await pay(1);
  const { book, recent } = await sync(EMPTY_BOOK);
  const known = book.transactions.get(shownId(first));
  assert.deepEqual([known?.height, known?.text], [1, transactionText(first)]);
  assert.deepEqual(known && hashOf(known.name), txid(first));
  assert.equal(known?.time, PROFILE.genesis.header.time + PROFILE.blockTimeSeconds);
  assert.deepEqual(
    recent.map(({ id, height }) => [id, height]),
    [[shownId(second), undefined]],
  );
  const tip = { height: 3, hash: displayHash((await chain.chain()).tip) };
  assert.deepEqual(book.anchors, [tip]);
});

test('a later reading asks only for the blocks since, and for no transaction twice', async () => {
  const { chain, sync, pay, asked, read } = scene();
  for (let n = 0; n < 5; n += 1) await pay(0);
  chain.mine(2);
  const { book } = await sync(EMPTY_BOOK);
  assert.equal(read(), 5);
  const late = await pay(1);
  chain.mine();
  asked.length = 0;
  const next = await sync(book);
  assert.deepEqual(asked, [{ addresses: 2, fromHeight: 3 }]);
  assert.equal(read(), 6);
  assert.equal(next.book.transactions.get(shownId(late))?.height, 3);
  assert.equal((await sync(next.book)).book.transactions, next.book.transactions);
});

test('keys that were not asked about before are asked about from the first block on', async () => {
  const { chain, sync, pay, asked } = scene();
  const old = await pay(2);
  chain.mine(4);
  const { book } = await sync(EMPTY_BOOK, 2);
  assert.equal(book.transactions.size, 0);
  asked.length = 0;
  const wider = await sync(book, 3);
  assert.deepEqual(asked, [
    { addresses: 2, fromHeight: 5 },
    { addresses: 1, fromHeight: 0 },
  ]);
  assert.ok(wider.book.transactions.has(shownId(old)));
});

describe('a reorganisation', () => {
  test('takes back what its blocks held, and no more', async () => {
    const { chain, sync, pay, asked } = scene();
    const buried = await pay(0);
    chain.mine(2);
    const { book: before } = await sync(EMPTY_BOOK);
    const lost = await pay(0);
    chain.mine();
    const { book } = await sync(before);
    assert.equal(book.transactions.size, 2);
    chain.unmine();
    chain.mempool = [];
    chain.mine(2);
    asked.length = 0;
    const after = await sync(book);
    assert.deepEqual([...after.book.transactions.keys()], [shownId(buried)]);
    assert.deepEqual(asked, [{ addresses: 2, fromHeight: 3 }], 'from the block that both branches have');
    assert.ok(!after.recent.some(({ id }) => id === shownId(lost)));
  });

  test('moves a transaction to its new block', async () => {
    const { chain, sync, pay } = scene();
    const payment = await pay(0);
    chain.mine();
    const { book } = await sync(EMPTY_BOOK);
    chain.unmine();
    assert.equal((await sync(book)).recent[0]?.height, undefined, 'it waits again');
    const { mempool } = chain;
    chain.mempool = [];
    chain.mine();
    chain.mempool = mempool;
    chain.mine();
    assert.equal((await sync(book)).book.transactions.get(shownId(payment))?.height, 2);
  });

  test('of everything that is remembered begins anew', async () => {
    const { chain, sync, pay, asked } = scene();
    await pay(0);
    chain.mine(3);
    const { book } = await sync(EMPTY_BOOK);
    for (let n = 0; n < 3; n += 1) chain.unmine();
    chain.mine(4);
    asked.length = 0;
    assert.equal((await sync(book)).book.transactions.size, 1);
    assert.deepEqual(asked, [{ addresses: 2, fromHeight: 0 }]);
  });

  test('in the middle of a reading is noticed, and it is read again', async () => {
    const { chain, sync, pay, backend } = scene();
    const payment = await pay(0);
    chain.mine(2);
    const honest = backend.transactions;
    backend.transactions = async (txids) => {
      const found = await honest(txids);
      backend.transactions = honest;
      chain.unmine();
      chain.unmine();
      chain.mempool = [];
      chain.mine(3);
      return found;
    };
    const { book, recent } = await sync(EMPTY_BOOK);
    assert.equal(book.transactions.has(shownId(payment)), false);
    assert.deepEqual(recent, []);
  });
});

test('a block that arrives during a reading spoils nothing: what it holds is told and kept the next time', async () => {
  const { chain, sync, pay, backend } = scene();
  const early = await pay(0);
  chain.mine();
  const late = await pay(1);
  const honest = backend.transactionIds;
  backend.transactionIds = async (addresses, fromHeight) => {
    const listed = await honest(addresses, fromHeight);
    backend.transactionIds = honest;
    chain.mine();
    return listed;
  };
  const first = await sync(EMPTY_BOOK);
  assert.deepEqual([...first.book.transactions.keys()], [shownId(early)]);
  assert.deepEqual(
    first.recent.map(({ id, height }) => [id, height]),
    [[shownId(late), 2]],
  );
  const second = await sync(first.book);
  assert.equal(second.book.transactions.get(shownId(late))?.height, 2);
  assert.deepEqual(second.recent, []);
});

test('a payment that vanishes from the mempool during a reading is left out', async () => {
  const { chain, sync, pay, backend } = scene();
  await pay(0);
  const honest = backend.transactionIds;
  backend.transactionIds = async (addresses, fromHeight) => {
    const listed = await honest(addresses, fromHeight);
    chain.mempool = [];
    return listed;
  };
  assert.deepEqual((await sync(EMPTY_BOOK)).recent, []);
});

test('a confirmed transaction that is listed and not there is a lie', async () => {
  const { chain, sync, pay, backend } = scene();
  await pay(0);
  chain.mine();
  backend.transactions = async (txids) => txids.map(() => undefined);
  await assert.rejects(sync(EMPTY_BOOK), refusal('bad-backend', /does not have it/));
});

test('a place that no block can have is a lie', async () => {
  for (const lie of [{ confirmations: 5 }, { time: undefined }, { time: 2 ** 32 }, { time: -1 }]) {
    const { chain, sync, pay, backend } = scene();
    await pay(0);
    chain.mine(2);
    const honest = backend.transactions;
    backend.transactions = async (txids) =>
      (await honest(txids)).map((standing) => standing && { ...standing, ...lie });
    await assert.rejects(sync(EMPTY_BOOK), refusal('bad-backend', /confirmations/), JSON.stringify(lie));
  }
});

test('a chain that never rests is given up', async () => {
  const { chain, sync, pay, backend } = scene();
  await pay(0);
  chain.mine();
  const honest = backend.chain;
  let questions = 0;
  backend.chain = () => {
    questions += 1;
    chain.mine();
    return honest();
  };
  await assert.rejects(
    sync(EMPTY_BOOK),
    (error) => error instanceof UnreachableError && error.reason === 'busy',
  );
  assert.ok(questions < 30, `${questions} questions`);
});
