import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeBlock } from '../../../protocol/block.ts';
import { bytesToHex, displayHash } from '../../../protocol/bytes.ts';
import { encodeTransaction, txid } from '../../../protocol/transaction.ts';
import {
  addressOf,
  alice,
  bob,
  carol,
  genesisFunds,
  outputOf,
  pay,
  payOn,
  stranger,
} from '../payment-kit.ts';
import { startTestRelay } from './relay-kit.ts';

const LIMITED = { timeout: 60_000 };

describe('the relay tells of blocks', () => {
  test('by height, by hash in any case, page by page down to the genesis block', LIMITED, async (t) => {
    const { relay, node } = await startTestRelay(t);
    const hashes = await node.mine(5, alice);
    const first = await relay.askUntil('/chain?limit=4', ({ tip }) => tip.height === 5);
    assert.deepEqual(
      first.blocks.map(({ height }: { height: number }) => height),
      [5, 4, 3, 2],
    );
    const last = await relay.ask(`/chain?limit=4&before=${first.next}`);
    assert.deepEqual(
      last.blocks.map(({ height }: { height: number }) => height),
      [1, 0],
    );
    assert.equal(last.next, null);
    const byHeight = await relay.ask('/block/3');
    assert.equal(byHeight.hash, hashes[2]);
    assert.deepEqual(await relay.ask(`/block/${byHeight.hash.toUpperCase()}`), byHeight);
    assert.equal(byHeight.previous, hashes[1]);
    assert.equal(byHeight.following, hashes[3]);
    assert.equal(byHeight.confirmations, 3);
    assert.equal((await relay.ask('/block/5')).following, null);
  });

  test('with the fees beyond the subsidy, its finder and a page of transactions', LIMITED, async (t) => {
    const { relay, node } = await startTestRelay(t);
    const payments = [alice, bob, carol].map((owner) => payOn(genesisFunds(owner), stranger, 700n));
    for (const payment of payments) await node.send(payment);
    await node.mine(1, alice);
    await relay.askUntil('/chain', ({ tip }) => tip.height === 1);
    const block = await relay.ask('/block/1?limit=2');
    assert.equal(block.fees_nits, '2100');
    assert.equal(block.reward_nits, '5000002100');
    assert.equal(block.finder, addressOf(alice));
    assert.deepEqual([block.transactions, block.rows.length, block.next], [4, 2, 2]);
    assert.equal(block.rows[0].is_coinbase, true);
    assert.equal(block.rows[1].fee_nits, '700');
    const rest = await relay.ask('/block/1?limit=2&after=2');
    assert.equal(rest.next, null);
    const all = [...block.rows, ...rest.rows].map((row: { txid: string }) => row.txid);
    assert.deepEqual(all, (await node.call('getblock', block.hash)).tx);
  });

  test('of any branch, and says which one is best', LIMITED, async (t) => {
    const { relay, node } = await startTestRelay(t);
    const [stale = ''] = await node.mine(1, carol);
    await relay.askUntil('/block/1', ({ hash }) => hash === stale);
    const genesis = await node.call('getblockhash', 0);
    const rival = await node.blockOn(genesis, [], 1);
    await node.call('submitblock', bytesToHex(encodeBlock(rival)));
    const rivalHash = (await node.call('getchaintips')).find(
      (tip: { hash: string }) => tip.hash !== stale,
    ).hash;
    const next = await node.blockOn(rivalHash, [], 2);
    await node.call('submitblock', bytesToHex(encodeBlock(next)));
    const best = await relay.askUntil('/block/1', ({ hash }) => hash === rivalHash);
    assert.equal(best.on_best_chain, true);
    const left = await relay.ask(`/block/${stale}`);
    assert.deepEqual([left.on_best_chain, left.confirmations, left.following], [false, 0, null]);
    const { tips } = await relay.ask('/tips');
    assert.deepEqual(
      tips.map((tip: { hash: string; status: string; fork_height: number }) => [tip.status, tip.fork_height]),
      [
        ['active', 2],
        ['valid-fork', 0],
      ],
    );
    assert.equal(tips[1].hash, stale);
  });

  test('byte for byte', LIMITED, async (t) => {
    const { relay, node } = await startTestRelay(t);
    const [hash = ''] = await node.mine(1);
    await relay.askUntil('/chain', ({ tip }) => tip.height === 1);
    assert.equal((await relay.ask('/block/1/hex')).hex, await node.call('getblock', hash, 0));
    assert.equal(
      (await relay.ask(`/block/${hash}/header`)).hex,
      await node.call('getblockheader', hash, false),
    );
    const { headers } = await relay.get(`/block/${hash}/hex`);
    assert.equal(headers.get('cache-control'), 'public, max-age=31536000, immutable');
    assert.equal(
      (await relay.get('/block/1/hex')).headers.get('cache-control'),
      'no-store',
      'a height may change',
    );
  });
});

describe('the relay tells of transactions', () => {
  test(
    'with the coins they spend, where they stand and whether their outputs are spent',
    LIMITED,
    async (t) => {
      const { relay, node } = await startTestRelay(t);
      const first = payOn(genesisFunds(alice), bob, 700n);
      const second = payOn(outputOf(first, 0, bob), carol, 900n);
      await node.send(first);
      await node.mine(1);
      await node.send(second);
      const id = displayHash(txid(second));
      await relay.askUntil('/mempool', ({ rows }) => rows[0]?.txid === id);
      const waiting = await relay.ask(`/tx/${id}`);
      assert.equal(waiting.block, null);
      assert.equal(waiting.confirmations, 0);
      assert.equal(waiting.fee_nits, '900');
      assert.equal(waiting.inputs[0].address, addressOf(bob));
      assert.equal(waiting.inputs[0].value_nits, '999999999300');
      assert.equal(waiting.outputs[0].address, addressOf(carol));
      assert.equal(waiting.outputs[0].spent, false);
      assert.equal(waiting.hex, bytesToHex(encodeTransaction(second)));
      const mined = await relay.ask(`/tx/${displayHash(txid(first))}`);
      assert.deepEqual([mined.block.height, mined.block.index, mined.confirmations], [1, 1, 1]);
      assert.deepEqual([mined.outputs[0].spent, mined.outputs[0].spent_by], [true, { txid: id, input: 0 }]);
      await node.mine(1);
      const confirmed = await relay.askUntil(`/tx/${id}`, ({ confirmations }) => confirmations === 1);
      assert.equal(confirmed.block.height, 2);
      assert.equal(confirmed.first_seen, null);
    },
  );

  test('with what they wait for', LIMITED, async (t) => {
    const { relay, node } = await startTestRelay(t);
    const parent = payOn(genesisFunds(alice), bob, 700n);
    const child = payOn(outputOf(parent, 0, bob), carol, 900n);
    await node.send(parent);
    await node.send(child);
    const answer = await relay.askUntil(`/tx/${displayHash(txid(child))}`, () => true);
    assert.deepEqual(answer.waits_for, [displayHash(txid(parent))]);
  });

  test('that are handed in, as JSON or as bare hex, and says why one is refused', LIMITED, async (t) => {
    const { relay, node } = await startTestRelay(t);
    const payment = payOn(genesisFunds(alice), bob, 700n);
    const hex = bytesToHex(encodeTransaction(payment));
    const id = displayHash(txid(payment));
    const taken = await relay.post('/tx', `${hex.toUpperCase()}\n`, 'text/plain');
    assert.deepEqual([taken.status, taken.body], [200, { txid: id }]);
    assert.deepEqual((await relay.post('/tx', { hex })).body, { txid: id }, 'again is no error');
    assert.deepEqual(await node.call('getrawmempool'), [id]);
    const rival = pay([genesisFunds(alice)], [{ value: 1_000_000_000_000n - 701n, script: carol.script }]);
    const refused = await relay.post('/tx', { hex: bytesToHex(encodeTransaction(rival)) });
    assert.equal(refused.status, 422);
    assert.equal(refused.body.error.code, 'rejected');
    assert.match(refused.body.error.reason, /^insufficient fee/);
    const nonsense = await relay.post('/tx', { hex: '00' });
    assert.deepEqual([nonsense.status, nonsense.body.error.field], [400, 'hex']);
  });
});

describe('the relay tells of addresses', () => {
  test('what they own and what happened to it, unconfirmed on top', LIMITED, async (t) => {
    const { relay, node } = await startTestRelay(t);
    await node.mine(1, alice);
    const payment = pay(
      [genesisFunds(alice)],
      [
        { value: 600_000_000_000n, script: bob.script },
        { value: 399_999_999_300n, script: alice.script },
      ],
    );
    await node.send(payment);
    const address = addressOf(alice);
    await relay.askUntil('/mempool', ({ size }) => size === 1);
    const answer = await relay.askUntil(`/address/${address}`, ({ history }) => history.length === 3);
    assert.deepEqual(
      [
        answer.spendable_nits,
        answer.immature_nits,
        answer.pending_nits,
        answer.received_nits,
        answer.sent_nits,
      ],
      ['1000000000000', '5000000000', '-600000000700', '1005000000000', '0'],
    );
    assert.deepEqual([answer.pending_in_nits, answer.pending_out_nits], ['399999999300', '1000000000000']);
    assert.equal(answer.history[0].txid, displayHash(txid(payment)));
    assert.deepEqual(
      answer.history.map((row: { height: number; delta_nits: string; is_coinbase: boolean }) => [
        row.height,
        row.delta_nits,
        row.is_coinbase,
      ]),
      [
        [null, '-600000000700', false],
        [1, '5000000000', true],
        [0, '1000000000000', true],
      ],
    );
    const { coins } = await relay.ask(`/address/${address}/utxos`);
    assert.deepEqual(
      coins.map((coin: { state: string; value_nits: string; matures_in: number }) => [
        coin.state,
        coin.value_nits,
        coin.matures_in,
      ]),
      [
        ['immature', '5000000000', 99],
        ['pending', '399999999300', 0],
      ],
      'what a waiting transaction spends is gone',
    );
  });

  test('page by page, each row once', LIMITED, async (t) => {
    const { relay, node } = await startTestRelay(t);
    await node.mine(12, carol);
    await relay.askUntil('/chain', ({ tip }) => tip.height === 12);
    const path = `/address/${addressOf(carol)}`;
    const heights: number[] = [];
    let next = '';
    do {
      const page = await relay.ask(`${path}?limit=5${next === '' ? '' : `&before=${next}`}`);
      heights.push(...page.history.map((row: { height: number }) => row.height));
      next = page.next ?? '';
    } while (next !== '');
    assert.deepEqual(
      heights,
      Array.from({ length: 13 }, (_, index) => 12 - index),
    );
    const coins: number[] = [];
    do {
      const page = await relay.ask(`${path}/utxos?limit=5${next === '' ? '' : `&after=${next}`}`);
      coins.push(...page.coins.map((coin: { height: number }) => coin.height));
      next = page.next ?? '';
    } while (next !== '');
    assert.deepEqual(coins, heights.toReversed());
  });

  test('and when a reorganisation took back what was told, that one must begin again', LIMITED, async (t) => {
    const { relay, node } = await startTestRelay(t);
    const hashes = await node.mine(4, carol);
    await relay.askUntil('/chain', ({ tip }) => tip.height === 4);
    const path = `/address/${addressOf(carol)}`;
    const { next } = await relay.ask(`${path}?limit=2`);
    await node.call('invalidateblock', hashes[0]);
    const { status, body } = await relay.get(`${path}?limit=2&before=${next}`);
    assert.deepEqual([status, body.error.code, body.error.field], [409, 'mark-void', 'before']);
    const wrong = await relay.get(`${path}?before=nonsense`);
    assert.deepEqual([wrong.status, wrong.body.error.field], [400, 'before']);
  });

  test('several at once, in their order, and whether they were ever used', LIMITED, async (t) => {
    const { relay, node } = await startTestRelay(t);
    const payment = payOn(genesisFunds(alice), bob, 700n);
    await node.send(payment);
    const addresses = [stranger, bob, alice].map((each) => addressOf(each));
    const { body } = await relay.post('/addresses', { addresses });
    assert.deepEqual(
      body.addresses.map((each: { address: string; used: boolean; pending_nits: string }) => [
        each.address,
        each.used,
        each.pending_nits,
      ]),
      [
        [addresses[0], false, '0'],
        [addresses[1], true, '999999999300'],
        [addresses[2], true, '-1000000000000'],
      ],
    );
    const { used } = (await relay.post('/addresses/used', { addresses: [...addresses, addresses[1]] })).body;
    assert.deepEqual(used, [false, true, true, true]);
    const ids = (await relay.post('/addresses/txids', { addresses })).body;
    assert.equal(ids.confirmed.length, 1);
    assert.deepEqual(ids.pending, [displayHash(txid(payment))]);
    const later = (await relay.post('/addresses/txids', { addresses, from_height: 1 })).body;
    assert.deepEqual([later.confirmed, later.pending], [[], ids.pending], 'the genesis block is below');
    const { status, body: refusal } = await relay.post('/addresses/txids', { addresses, from_height: -1 });
    assert.deepEqual([status, refusal.error.field], [400, 'from_height']);
    const found = (await relay.post('/txs', { txids: [...ids.pending, '00'.repeat(32)] })).body.transactions;
    assert.equal(found[0].hex, bytesToHex(encodeTransaction(payment)));
    assert.equal(found[1], null);
  });

  test('in their one spelling, and of this network only', LIMITED, async (t) => {
    const { relay } = await startTestRelay(t);
    const address = addressOf(alice);
    assert.equal((await relay.ask(`/address/${address.toUpperCase()}`)).address, address);
    for (const wrong of ['bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4', `${address}x`, '<script>', '%00']) {
      const { status, body } = await relay.get(`/address/${encodeURIComponent(wrong)}`);
      assert.deepEqual([status, body.error.field], [400, 'address'], wrong);
    }
  });
});

describe('the relay tells of the rest', () => {
  test('what waits by fee rate, and what the next block would be made of', LIMITED, async (t) => {
    const { relay, node } = await startTestRelay(t);
    for (const [owner, fee] of [
      [alice, 110n],
      [bob, 1_100n],
      [carol, 11_000n],
    ] as const) {
      await node.send(payOn(genesisFunds(owner), stranger, fee));
    }
    const mempool = await relay.askUntil('/mempool?limit=2', ({ size }) => size === 3);
    assert.equal(mempool.fees_nits, '12210');
    const bins = mempool.histogram.filter(({ transactions }: { transactions: number }) => transactions > 0);
    assert.deepEqual(
      bins.map(({ from, to }: { from: number; to: number }) => [from, to]),
      [
        [89, 144],
        [8, 13],
        [1, 2],
      ],
    );
    assert.equal(mempool.rows.length, 2);
    const rest = await relay.ask(`/mempool?limit=2&before=${mempool.next}`);
    assert.deepEqual([rest.rows.length, rest.next], [1, null]);
    const { template } = await relay.askUntil('/template', (body) => body.template?.transactions === 3);
    assert.deepEqual([template.height, template.fees_nits, template.reward_nits], [1, '12210', '5000012210']);
    assert.deepEqual(template.fee_rates, { min: 1, median: 10, max: 100 });
  });

  test('what a text stands for, and for a miss what can be searched', LIMITED, async (t) => {
    const { relay, node } = await startTestRelay(t);
    const [hash = ''] = await node.mine(1, alice);
    await relay.askUntil('/chain', ({ tip }) => tip.height === 1);
    const { rows } = await relay.ask('/block/1');
    const address = addressOf(alice);
    const hits: readonly (readonly [string, string, string])[] = [
      ['1', 'block', hash],
      [` ${hash.toUpperCase()} `, 'block', hash],
      [rows[0].txid, 'tx', rows[0].txid],
      [address.toUpperCase(), 'address', address],
    ];
    for (const [text, kind, id] of hits) {
      assert.deepEqual(
        await relay.ask(`/search/${encodeURIComponent(text)}`),
        { kind, id, hint: null },
        text,
      );
    }
    for (const [text, hint] of [
      ['7', /no block 7 yet: the tip is at 1/],
      ['00'.repeat(32), /No block and no transaction/],
      ['abcdef0', /64 hex digits; these are 7/],
      ['../../etc', /begin with rnilz1/],
    ] as const) {
      const answer = await relay.ask(`/search/${encodeURIComponent(text)}`);
      assert.equal(answer.kind, 'none', text);
      assert.match(answer.hint, hint);
    }
  });

  test('the hash rate from blocks that were mined one after the other', LIMITED, async (t) => {
    const { relay, node } = await startTestRelay(t);
    const rate = async (height: number) =>
      (await relay.askUntil('/chain', ({ tip }) => tip.height === height)).hash_rate;
    assert.equal(await rate(0), null);
    await node.mine(1);
    assert.equal(await rate(1), null, 'the genesis block is older than mining');
    await node.mine(60);
    const measured = await rate(61);
    const [first, last] = await Promise.all([1, 61].map((height) => relay.ask(`/block/${height}`)));
    assert.equal(measured, 120 / (last.time - first.time), 'two hashes a block');
  });

  test('charts whose points are as many blocks apart as the others', LIMITED, async (t) => {
    const { relay, node } = await startTestRelay(t);
    await node.mine(450);
    await relay.askUntil('/chain', ({ tip }) => tip.height === 450);
    const charts = await relay.ask('/charts?blocks=400');
    assert.deepEqual([charts.blocks, charts.step, charts.points.length], [400, 2, 201]);
    const heights = charts.points.map(({ height }: { height: number }) => height);
    assert.deepEqual([heights[0], heights.at(-1)], [50, 450]);
    assert.equal(charts.points[0].hash_rate, null);
    assert.equal(typeof charts.points[200].block_seconds, 'number');
  });
});
