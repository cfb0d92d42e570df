import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type * as z from 'zod';
import { displayHash, hexToBytes } from '../../../protocol/bytes.ts';
import { PROFILES } from '../../../protocol/network.ts';
import { encodeTransaction, txid } from '../../../protocol/transaction.ts';
import { type AskOptions, RefusedRequestError, type RestClient } from '../../../service/rest-client.ts';
import { UnreachableError } from '../../../service/unreachable-error.ts';
import { PaymentRejectedError } from '../../../wallet/chain/backend.ts';
import { RelayBackend } from '../../../wallet/chain/backend-relay.ts';
import { WalletError } from '../../../wallet/wallet-error.ts';

const [GENESIS] = PROFILES.regtest.genesis.transactions;
const GENESIS_ID = txid(GENESIS!);
const GENESIS_HEX = Buffer.from(encodeTransaction(GENESIS!)).toString('hex');
const hash = (digit: string): string => digit.repeat(64);
const tip = (digit = 'a') => ({ height: 5, hash: hash(digit), time: 1 });

interface Request {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A relay that answers as the function says; the answers pass the schemas of the real one. */
function relayOf(answer: (request: Request) => unknown): { backend: RelayBackend; requests: Request[] } {
  const requests: Request[] = [];
  async function ask<S extends z.ZodType>(path: string, body: object, { schema }: AskOptions<S>) {
    const request = { path, body: body as Request['body'] };
    requests.push(request);
    return schema.parse(answer(request));
  }
  const relay: RestClient = {
    url: 'http://fake',
    get: (path, options) => ask(path, {}, options),
    post: ask,
    close: () => undefined,
  };
  return { backend: new RelayBackend(relay), requests };
}

function coin(fields: object = {}) {
  return {
    ...{ address: 'x', txid: hash('1'), vout: 0, value: 1, value_nits: '100000000', height: 5 },
    ...{ confirmations: 1, is_coinbase: false, state: 'spendable', matures_in: 0 },
    ...fields,
  };
}

function standing(fields: object = {}) {
  const block = { hash: hash('b'), height: 0, time: 9, index: 0 };
  return { txid: displayHash(GENESIS_ID), hex: GENESIS_HEX, block, confirmations: 6, ...fields };
}

const addressesOf = ({ body }: Request): string[] => body.addresses as string[];
const isLie = (error: unknown): boolean =>
  error instanceof WalletError && error.code === 'bad-backend' && /the relay's answer/.test(error.message);

describe('long questions', () => {
  test('go out in parts, and come back in their order', async () => {
    const { backend, requests } = relayOf((request) => ({
      tip: tip(),
      used: addressesOf(request).map((address) => address.endsWith('7')),
    }));
    const addresses = Array.from({ length: 2_500 }, (_, n) => `address ${n}`);
    const used = await backend.usedAddresses([...addresses, 'address 7']);
    assert.deepEqual(
      requests.map((request) => addressesOf(request).length),
      [1_000, 1_000, 501],
    );
    assert.equal(used.length, 2_501);
    assert.deepEqual([used[7], used[8], used[2_397], used[2_500]], [true, false, true, true]);
  });

  test('about nothing are not asked', async () => {
    const { backend, requests } = relayOf(() => assert.fail());
    assert.deepEqual(await backend.usedAddresses([]), []);
    assert.deepEqual(await backend.coins([]), []);
    assert.deepEqual(await backend.transactions([]), []);
    assert.deepEqual(await backend.transactionIds([]), { confirmed: [], pending: [] });
    assert.equal(requests.length, 0);
  });
});

describe('a list of several pages', () => {
  test('is read to its end, by the marks that the relay gives', async () => {
    const { backend, requests } = relayOf(({ body: { after } }) => ({
      tip: tip(),
      coins: [coin({ vout: after === undefined ? 0 : 1 })],
      next: after === undefined ? 'mark' : null,
    }));
    const coins = await backend.coins(['x']);
    assert.deepEqual(
      coins.map(({ outPoint }) => outPoint.index),
      [0, 1],
    );
    assert.deepEqual(
      requests.map(({ body }) => body),
      [{ addresses: ['x'] }, { addresses: ['x'], after: 'mark' }],
    );
  });

  test('is read again when the tip has changed in between', async () => {
    const tips = ['a', 'b', 'b', 'b'];
    const { backend, requests } = relayOf(({ body: { after } }) => ({
      tip: tip(tips.shift()),
      confirmed: after === undefined ? [hash('1')] : [hash('2')],
      pending: [],
      next: after === undefined ? 'mark' : null,
    }));
    const { confirmed } = await backend.transactionIds(['x']);
    assert.deepEqual(confirmed.map(displayHash), [hash('1'), hash('2')]);
    assert.equal(requests.length, 4);
  });

  test('is read again when a reorganisation has made the mark void', async () => {
    let isVoid = true;
    const { backend, requests } = relayOf(({ body: { after } }) => {
      if (after !== undefined && isVoid) {
        isVoid = false;
        throw new RefusedRequestError('gone', 409, { code: 'mark-void' });
      }
      return { tip: tip(), coins: [coin()], next: after === undefined ? 'mark' : null };
    });
    assert.equal((await backend.coins(['x'])).length, 1);
    assert.equal(requests.length, 4);
  });

  test('of a relay whose tip never rests is given up', async () => {
    let count = 0;
    const { backend } = relayOf(() => {
      count += 1;
      return { tip: tip(count % 2 === 0 ? 'a' : 'b'), coins: [], next: `mark${count}` };
    });
    await assert.rejects(
      backend.coins(['x']),
      (error) => error instanceof UnreachableError && error.reason === 'busy',
    );
    assert.ok(count <= 20, `${count} requests`);
  });

  test('that goes round in a circle is a lie', async () => {
    const { backend, requests } = relayOf(() => ({ tip: tip(), coins: [coin()], next: 'mark' }));
    await assert.rejects(backend.coins(['x']), isLie);
    assert.equal(requests.length, 2);
  });
});

describe('a relay that lies', () => {
  const lies: readonly [name: string, answer: unknown][] = [
    ['gives another transaction', [standing({ hex: GENESIS_HEX.replace(/^01/, '02') })]],
    ['gives bytes that are none', [standing({ hex: 'ff00' })]],
    ['gives confirmations without a block', [standing({ block: null })]],
    ['gives a block without confirmations', [standing({ confirmations: 0 })]],
    ['leaves out an answer', []],
  ];
  for (const [name, transactions] of lies) {
    test(`${name}: it is found out`, async () => {
      await assert.rejects(relayOf(() => ({ transactions })).backend.transactions([GENESIS_ID]), isLie);
    });
  }

  test('says nothing about an address it was asked for: it is found out', async () => {
    const { backend } = relayOf(() => ({ tip: tip(), used: [true] }));
    await assert.rejects(backend.usedAddresses(['x', 'y']), isLie);
  });

  for (const fields of [
    { value_nits: '-1' },
    { state: 'pending' },
    { confirmations: 0 },
    { height: null },
    { state: 'pending', confirmations: 0 },
  ]) {
    test(`tells of a coin with ${JSON.stringify(fields)}: it is found out`, async () => {
      const { backend } = relayOf(() => ({ tip: tip(), coins: [coin(fields)], next: null }));
      await assert.rejects(backend.coins(['x']), isLie);
    });
  }

  test('wants a giant fee: nothing is paid', async () => {
    const fees = (rate: number) => relayOf(() => ({ min_fee_rate: rate, estimates: [] })).backend;
    await assert.rejects(fees(10_000.001).minimumFeeRate(), isLie);
    assert.equal(await fees(10_000).minimumFeeRate(), 10_000_000n);
    assert.equal(await fees(1.001).minimumFeeRate(), 1_001n);
  });

  test('estimates a giant fee: nothing is paid; of true ones the slowest that is quick enough counts', async () => {
    const estimates = (rows: readonly (readonly [number, number | null])[]) =>
      relayOf(() => ({
        min_fee_rate: 1,
        estimates: rows.map(([blocks, fee_rate]) => ({ blocks, fee_rate })),
      })).backend;
    await assert.rejects(estimates([[2, 10_000.001]]).feeEstimates([2]), isLie);
    const told = estimates([
      [12, 1.5],
      [2, 9.001],
      [3, null],
      [48, 1],
    ]);
    assert.deepEqual(await told.feeEstimates([1, 2, 6, 24]), [undefined, 9_001n, 9_001n, 1_500n]);
  });
});

test('a transaction that is there is told with its block and time, one that is not is undefined', async () => {
  const { backend } = relayOf(({ body }) => ({
    transactions: (body.txids as string[]).map((id) => (id === displayHash(GENESIS_ID) ? standing() : null)),
  }));
  const [found, missing] = await backend.transactions([GENESIS_ID, hexToBytes(hash('7'))]);
  assert.deepEqual(
    [found && displayHash(txid(found.transaction)), found?.confirmations, found?.time],
    [displayHash(GENESIS_ID), 6, 9],
  );
  assert.equal(missing, undefined);
});

describe('handing a transaction in', () => {
  const refusing = (status: number, facts: object): RelayBackend =>
    relayOf(() => {
      throw new RefusedRequestError('no', status, { ...facts });
    }).backend;

  test('that is there already is done', async () => {
    for (const reason of [
      'txn-already-known',
      'txn-already-in-mempool',
      'Transaction already in block chain',
    ]) {
      await refusing(422, { code: 'rejected', reason }).broadcast(GENESIS!);
    }
  });

  test("that breaks a rule tells the node's word for it", async () => {
    const reason = 'bad-txns-inputs-missingorspent';
    await assert.rejects(
      refusing(422, { code: 'rejected', reason }).broadcast(GENESIS!),
      (error) => error instanceof PaymentRejectedError && error.reason === reason && error.conflicts,
    );
  });

  test('that the relay does not understand is no refusal by the chain', async () => {
    await assert.rejects(refusing(400, { code: 'bad-request' }).broadcast(GENESIS!), RefusedRequestError);
  });
});
