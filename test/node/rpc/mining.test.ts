import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { solveBlock } from '../../../node/generate.ts';
import { assembleBlock } from '../../../node/template.ts';
import { type Block, encodeBlock } from '../../../protocol/block.ts';
import { bytesToHex, displayHash, parseDisplayHash } from '../../../protocol/bytes.ts';
import { buildCoinbase } from '../../../protocol/coinbase.ts';
import { blockHash, encodeHeader, type Header } from '../../../protocol/header.ts';
import { merkleRoot } from '../../../protocol/merkle.ts';
import { PROFILES } from '../../../protocol/network.ts';
import { BlockTemplate } from '../../../protocol/rpc.ts';
import { encodeTransaction, txid } from '../../../protocol/transaction.ts';
import { mine } from '../../kit/chain-kit.ts';
import { startTestNode, type TestNode, testClock } from '../node-kit.ts';
import { addressOf, alice, bob, carol, genesisFunds, outputOf, payOn, stranger } from '../payment-kit.ts';
import { getWork, longPollRequest, sendAsCpuminer, submitWork } from './cpuminer.ts';

const { regtest, dev } = PROFILES;
const hexOf = (block: Block) => bytesToHex(encodeBlock(block));

async function tipBlock(node: TestNode, tag = 1): Promise<Block> {
  return node.blockOn(await node.call('getbestblockhash'), [], tag);
}

/** The same block with other payouts, solved again. */
async function paying(block: Block, value: bigint, height: number): Promise<Block> {
  const coinbase = buildCoinbase({ height, outputs: [{ value, script: stranger.script }] });
  const header = { ...block.header, merkleRoot: merkleRoot([txid(coinbase)]).root };
  const solved = await solveBlock({ header, transactions: [coinbase] }, 1_000_000);
  assert.ok(solved);
  return solved;
}

describe('getblocktemplate', () => {
  test('has every field of BIP 22, 23 and 145 that miners read', async (t) => {
    const node = await startTestNode(t);
    const payment = payOn(genesisFunds(alice), bob, 500n);
    const child = payOn(outputOf(payment, 0, bob), carol, 700n);
    await node.send(payment);
    await node.send(child);
    const template = await node.call('getblocktemplate', { rules: ['segwit'] });
    assert.ok(BlockTemplate.safeParse(template).success);
    assert.deepEqual(
      template.transactions.map((each: { depends: number[] }) => each.depends),
      [[], [1]],
    );
    assert.equal(template.transactions[1].fee, 700);
    assert.equal(template.transactions[1].sigops, 1);
    assert.equal(template.coinbasevalue, 5_000_001_200);
    assert.equal(template.version, 0x20000000);
    assert.equal(template.height, 1);
    assert.equal(template.previousblockhash, displayHash(regtest.genesisHash));
    assert.equal(template.bits, '207fffff');
    assert.equal(template.target, `7fffff${'0'.repeat(58)}`);
    assert.deepEqual(template.coinbaseaux, {});
    assert.ok(template.rules.includes('segwit'));
    assert.ok(template.capabilities.includes('proposal'));
    assert.equal('coinbasetxn' in template, false);
    assert.match(template.default_witness_commitment, /^6a24aa21a9ed[0-9a-f]{64}$/);
    assert.equal(template.mintime, regtest.genesis.header.time + 1);
    assert.deepEqual([template.sigoplimit, template.sizelimit, template.weightlimit], [80_000, 4e6, 4e6]);
  });

  test('names segwit as voted on, and gives no commitment, where it is not active yet', async (t) => {
    const profile = PROFILES['bitcoin-regtest'];
    const node = await startTestNode(t, { profile });
    const before = await node.call('getblocktemplate', { rules: ['segwit'] });
    assert.deepEqual([before.version, before.rules, before.vbavailable], [0x20000002, [], { segwit: 1 }]);
    assert.equal('default_witness_commitment' in before, false);
    await node.call('generatetoaddress', 431, addressOf(stranger, profile));
    const after = await node.call('getblocktemplate', { rules: ['segwit'] });
    assert.deepEqual([after.version, after.rules, after.vbavailable], [0x20000000, ['segwit'], {}]);
    assert.match(after.default_witness_commitment, /^6a24aa21a9ed/);
  });

  test('is served without rules, without arguments and by name', async (t) => {
    const node = await startTestNode(t);
    const plain = await node.call('getblocktemplate');
    assert.deepEqual(await node.call('getblocktemplate', {}), plain);
    const named = { method: 'getblocktemplate', params: { template_request: { rules: ['segwit'] } } };
    assert.deepEqual(JSON.parse((await node.post(JSON.stringify(named))).body), {
      result: plain,
      error: null,
      id: null,
    });
  });

  test('answers a wrong request with an error', async (t) => {
    const node = await startTestNode(t);
    assert.deepEqual(await node.failure('getblocktemplate', { mode: 'guess' }), {
      code: -8,
      message: 'Invalid mode',
    });
    assert.equal((await node.failure('getblocktemplate', { mode: 5 })).code, -3);
    assert.equal((await node.failure('getblocktemplate', 'template')).code, -3);
    assert.equal((await node.failure('getblocktemplate', { mode: 'proposal' })).code, -3);
    assert.equal((await node.failure('getblocktemplate', { mode: 'proposal', data: 'ff' })).code, -22);
  });

  test('judges proposals, which need no proof of work', async (t) => {
    const node = await startTestNode(t);
    const propose = (block: Block) => node.call('getblocktemplate', { mode: 'proposal', data: hexOf(block) });
    const block = await tipBlock(node);
    assert.equal(await propose({ ...block, header: { ...block.header, nonce: 12_345 } }), null);
    assert.equal(await node.call('getblockcount'), 0);
    const [coinbase] = block.transactions;
    const other = { ...block, transactions: [coinbase!, payOn(genesisFunds(alice), bob, 500n)] };
    assert.equal(await propose(other), 'bad-txnmrklroot');
    assert.equal(await propose(await paying(block, 5_000_000_001n, 1)), 'bad-cb-amount');
    await node.call('submitblock', hexOf(block));
    assert.equal(await propose(block), 'duplicate');
    const late = await node.blockOn(displayHash(regtest.genesisHash), [], 7);
    assert.equal(await propose(late), 'inconclusive-not-best-prevblk');
  });
});

describe('cpuminer in getblocktemplate mode', () => {
  test('mines blocks with payments, its coinbase without witness', async (t) => {
    const node = await startTestNode(t);
    await node.send(payOn(genesisFunds(alice), bob, 500n));
    for (let height = 1; height <= 18; height++) {
      const work = await getWork(node);
      assert.equal(work.height, height);
      assert.deepEqual(await submitWork(node, work, stranger.script), { result: null, error: null, id: 1 });
    }
    assert.equal(await node.call('getblockcount'), 18);
    const first = await node.call('getblock', await node.call('getblockhash', 1), 2);
    assert.equal(first.tx.length, 2);
    assert.deepEqual(first.tx[0].vin[0].txinwitness, ['00'.repeat(32)]);
    assert.equal(first.tx[0].vout[0].value, 50.000005);
  });

  test('gets its long poll answered at once on a new tip, with the whole new work', async (t) => {
    const node = await startTestNode(t);
    const work = await getWork(node);
    const polled = sendAsCpuminer(node, longPollRequest(work.longpollid));
    await node.mine(1);
    const { head, body } = await polled;
    assert.match(head, /^HTTP\/1\.1 200/);
    assert.equal(JSON.parse(body).result.height, 2);
    assert.ok(body.endsWith('\n'));
  });

  test('is never answered 200 with an error, which would end its use of getblocktemplate', async (t) => {
    const node = await startTestNode(t);
    const { head, body } = await sendAsCpuminer(node, '{"method": "submitblock", "params": [], "id":1}\r\n');
    assert.match(head, /^HTTP\/1\.1 500/);
    assert.equal(JSON.parse(body).error.code, -1);
  });
});

describe('the long poll over RPC', () => {
  test('is answered at once when a payment adds fees', async (t) => {
    const node = await startTestNode(t);
    const { longpollid } = await node.call('getblocktemplate');
    const polled = node.call('getblocktemplate', { longpollid });
    await node.send(payOn(genesisFunds(alice), bob, 500n));
    assert.equal((await polled).transactions.length, 1);
  });

  test('is answered at once to work on an old tip', async (t) => {
    const node = await startTestNode(t);
    const { longpollid } = await node.call('getblocktemplate');
    await node.mine(1);
    assert.equal((await node.call('getblocktemplate', { longpollid })).height, 2);
  });

  test('ends when the node stops', async (t) => {
    const node = await startTestNode(t);
    const { longpollid } = await node.call('getblocktemplate');
    const polled = node.answer('getblocktemplate', { longpollid });
    // The poll is under way once a later call on another connection is answered.
    await node.call('getblockcount');
    const started = performance.now();
    await node.node.stop();
    const { error } = await polled;
    assert.equal(error?.code, -9);
    assert.ok(performance.now() - started < 2_000);
  });
});

describe('submitheader', () => {
  test('takes a header whose block may follow', async (t) => {
    const node = await startTestNode(t);
    const block = await node.blockOn(await node.call('getbestblockhash'));
    const header = bytesToHex(encodeHeader(block.header));
    assert.equal(await node.call('submitheader', header), null);
    assert.equal(await node.call('submitheader', header), null);
    const { blocks, headers } = await node.call('getblockchaininfo');
    assert.deepEqual([blocks, headers], [0, 1]);
    const tips = await node.call('getchaintips');
    assert.deepEqual(
      tips.map(({ status }: { status: string }) => status),
      ['headers-only', 'active'],
    );
    assert.equal(await node.call('submitblock', hexOf(block)), null);
    assert.equal(await node.call('getblockcount'), 1);
  });

  test('says what is wrong with one, in Bitcoin Core’s words', async (t) => {
    const node = await startTestNode(t);
    const block = await node.blockOn(await node.call('getbestblockhash'));
    /** Hands in the header with a change, which keeps to the target of regtest. */
    const submit = (change: Partial<Header>) => {
      const header = mine({ ...block.header, nonce: 0, ...change });
      return node.failure('submitheader', bytesToHex(encodeHeader(header)));
    };
    const previous = new Uint8Array(32).fill(7);
    assert.deepEqual(await submit({ previous }), {
      code: -25,
      message: `Must submit previous header (${'07'.repeat(32)}) first`,
    });
    const time = 1;
    assert.deepEqual(await submit({ time }), {
      code: -25,
      message: 'time-too-old',
    });
    for (const hex of ['', '00', 'xy', bytesToHex(new Uint8Array(81))]) {
      assert.equal((await node.failure('submitheader', hex)).code, -22);
    }
  });
});

describe('submitblock', () => {
  test('answers null or why not in one word', async (t) => {
    const node = await startTestNode(t);
    const submit = (block: Block) => node.call('submitblock', hexOf(block));
    const block = await tipBlock(node);
    assert.equal(await submit(block), null);
    assert.equal(await submit(block), 'duplicate');

    const rival = await node.blockOn(displayHash(regtest.genesisHash), [], 9);
    assert.equal(await submit(rival), 'inconclusive');

    const greedy = await paying(await tipBlock(node), 5_000_000_001n, 2);
    assert.equal(await submit(greedy), 'bad-cb-amount');
    assert.equal(await submit(greedy), 'duplicate-invalid');

    const elsewhere = { ...block.header, previous: new Uint8Array(32).fill(3) };
    const orphan = await solveBlock({ ...block, header: elsewhere }, 1_000_000);
    assert.ok(orphan);
    assert.equal(await submit(orphan), 'prev-blk-not-found');

    const unsolved = await tipBlock(node, 3);
    for (let nonce = 0; ; nonce++) {
      const header = { ...unsolved.header, nonce };
      if ((blockHash(header)[31] ?? 0) < 0x80) continue;
      assert.equal(await submit({ ...unsolved, header }), 'high-hash');
      break;
    }
  });

  test('does not hold a tampered delivery against the block', async (t) => {
    const node = await startTestNode(t);
    const payment = payOn(genesisFunds(alice), bob, 500n);
    const block = await node.blockOn(await node.call('getbestblockhash'), [payment]);
    const [coinbase] = block.transactions;
    assert.equal(
      await node.call('submitblock', hexOf({ ...block, transactions: [coinbase!] })),
      'bad-txnmrklroot',
    );
    assert.equal(await node.call('submitblock', hexOf(block)), null);
  });

  test('answers −1 without a block and −22 to what is none', async (t) => {
    const node = await startTestNode(t);
    const good = hexOf(await tipBlock(node));
    assert.equal((await node.failure('submitblock')).code, -1);
    for (const bad of ['', 'xyz', good.slice(0, -2), `${good}00`, good.slice(0, 160)]) {
      const { code, message } = await node.failure('submitblock', bad);
      assert.deepEqual([code, message], [-22, 'Block decode failed']);
    }
    assert.equal((await node.failure('submitblock', 12)).code, -3);
    assert.equal(await node.call('submitblock', good, { workid: 'x' }), null);
  });

  test('holds a block from the future and takes it once the clock allows', async (t) => {
    const clock = testClock();
    const node = await startTestNode(t, { clock });
    const tip = await tipBlock(node);
    const early = await solveBlock(
      { ...tip, header: { ...tip.header, time: clock.nowSeconds() + regtest.futureLimitSeconds + 10 } },
      1_000_000,
    );
    assert.equal(await node.call('submitblock', hexOf(early!)), 'time-too-new');
    assert.equal(await node.call('getblockcount'), 0);
    await node.call('setmocktime', clock.nowSeconds() + 10);
    assert.equal(await node.call('getbestblockhash'), displayHash(blockHash(early!.header)));
  });

  test('makes a better branch the best chain and brings its payments back', async (t) => {
    const node = await startTestNode(t);
    const payment = payOn(genesisFunds(alice), bob, 500n);
    const child = payOn(outputOf(payment, 0, bob), carol, 500n);
    await node.send(payment);
    await node.mine(1);
    await node.send(child);
    const rival = await node.blockOn(displayHash(regtest.genesisHash), [], 5);
    await node.call('submitblock', hexOf(rival));
    const longer = await node.blockOn(displayHash(blockHash(rival.header)), [], 6);
    assert.equal(await node.call('submitblock', hexOf(longer)), null);
    const ids = [payment, child].map((each) => displayHash(txid(each)));
    assert.deepEqual(new Set(await node.call('getrawmempool')), new Set(ids));
    const { transactions } = await node.call('getblocktemplate');
    assert.deepEqual(
      transactions.map((each: { txid: string }) => each.txid),
      ids,
    );
  });

  test('goes back to the best valid branch when the longer one breaks a rule, and goes on', async (t) => {
    const node = await startTestNode(t);
    await node.send(payOn(genesisFunds(alice), bob, 500n));
    const [tip] = await node.mine(1);
    const rival = await node.blockOn(displayHash(regtest.genesisHash), [], 5);
    await node.call('submitblock', hexOf(rival));
    const above = await node.blockOn(displayHash(blockHash(rival.header)), [], 6);
    assert.equal(
      await node.call('submitblock', hexOf(await paying(above, 5_000_000_001n, 2))),
      'bad-cb-amount',
    );
    assert.equal(await node.call('getbestblockhash'), tip);
    assert.deepEqual(await node.call('getrawmempool'), []);
    await node.send(payOn(genesisFunds(bob), carol, 500n));
    assert.equal((await node.call('getrawmempool')).length, 1);
  });
});

describe('mining facts', () => {
  test('estimate the hash rate from work and times', async (t) => {
    const clock = testClock();
    const node = await startTestNode(t, { clock });
    assert.equal(await node.call('getnetworkhashps'), 0);
    for (let block = 0; block < 5; block++) {
      clock.setMockTime(clock.nowSeconds() + 10);
      await node.mine(1);
    }
    // Two hashes a block on average, one block every ten seconds.
    assert.equal(await node.call('getnetworkhashps', 4), 0.2);
    assert.equal(await node.call('getnetworkhashps', 2, 4), 0.2);
    assert.equal((await node.failure('getnetworkhashps', 0)).code, -8);
    assert.equal((await node.failure('getnetworkhashps', 1, 99)).code, -8);
    const info = await node.call('getmininginfo');
    assert.equal(info.blocks, 5);
    assert.equal(info.pooledtx, 0);
    assert.equal(info.next.height, 6);
  });
});

describe('mining at a word', () => {
  test('exists on the regtests only', async (t) => {
    const node = await startTestNode(t, { profile: dev, clock: testClock(dev.genesis.header.time + 100) });
    for (const method of ['generatetoaddress', 'generateblock', 'setmocktime']) {
      const { status, error } = await node.answer(method, 1, addressOf(alice, dev));
      assert.equal(status, 404);
      assert.equal(error?.code, -32601);
    }
  });

  test('answers wrong arguments with an error', async (t) => {
    const node = await startTestNode(t);
    assert.equal((await node.failure('generatetoaddress', 1, addressOf(alice, dev))).code, -5);
    assert.equal((await node.failure('generatetoaddress', -1, addressOf(alice))).code, -8);
    assert.equal((await node.failure('generatetoaddress', 1)).code, -1);
    assert.equal((await node.failure('setmocktime', -1)).code, -8);
    assert.equal((await node.failure('setmocktime', 'noon')).code, -3);
    assert.deepEqual(await node.call('generatetoaddress', 0, addressOf(alice)), []);
  });

  test('makes as many blocks as are asked for by callers at the same time', async (t) => {
    const node = await startTestNode(t);
    const address = addressOf(stranger);
    const made = await Promise.all([
      ...[5, 5].map((count): Promise<string[]> => node.call('generatetoaddress', count, address)),
      ...[1, 2, 3].map(async () => [(await node.call('generateblock', address, [])).hash]),
    ]);
    assert.equal(new Set(made.flat()).size, 13);
    assert.equal(await node.call('getblockcount'), 13);
  });

  test('goes on another way after invalidateblock, also within the same second', async (t) => {
    const node = await startTestNode(t);
    const address = addressOf(stranger);
    const [first] = await node.call('generatetoaddress', 1, address);
    await node.call('invalidateblock', first);
    const [second] = await node.call('generatetoaddress', 1, address);
    assert.equal(await node.call('getbestblockhash'), second);
    await node.call('invalidateblock', second);
    const { hash } = await node.call('generateblock', address, []);
    assert.equal(new Set([first, second, hash]).size, 3);
  });

  test('answers the blocks it has when the tries are used up', async (t) => {
    const node = await startTestNode(t);
    const made: string[] = await node.call('generatetoaddress', 1_000, addressOf(stranger), 20);
    assert.ok(made.length > 0 && made.length <= 20, `${made.length} blocks in 20 tries`);
    assert.equal(await node.call('getbestblockhash'), made.at(-1));
    assert.deepEqual(await node.call('generatetoaddress', 1, addressOf(stranger), 0), []);
  });

  test('makes a block of given transactions, from hex or the mempool, and no others', async (t) => {
    const node = await startTestNode(t);
    const waiting = payOn(genesisFunds(alice), bob, 500n);
    const given = payOn(genesisFunds(bob), carol, 500n);
    const left = payOn(genesisFunds(carol), bob, 500n);
    const id = await node.send(waiting);
    await node.send(left);
    const hex = bytesToHex(encodeTransaction(given));
    const { hash } = await node.call('generateblock', addressOf(stranger), [id, hex]);
    const { tx } = await node.call('getblock', hash);
    assert.deepEqual(tx.slice(1), [id, displayHash(txid(given))]);
    assert.deepEqual(await node.call('getrawmempool'), [displayHash(txid(left))]);

    const offered = await node.call('generateblock', addressOf(stranger), [], false);
    assert.equal(await node.call('getblockcount'), 1);
    assert.equal(await node.call('submitblock', offered.hex), null);
    assert.equal(await node.call('getbestblockhash'), offered.hash);

    const { code, message } = await node.failure('generateblock', addressOf(stranger), [hex]);
    assert.equal(code, -25);
    assert.match(message, /^TestBlockValidity failed: bad-txns-inputs-missingorspent/);
    assert.equal((await node.failure('generateblock', addressOf(stranger), ['11'.repeat(32)])).code, -5);
    assert.equal((await node.failure('generateblock', addressOf(stranger), ['ff'])).code, -22);
  });
});

test('a template built elsewhere is accepted in whatever form the height is pushed', async (t) => {
  const node = await startTestNode(t);
  const { previousblockhash, curtime } = await node.call('getblocktemplate');
  const draft = assembleBlock({
    previous: parseDisplayHash(previousblockhash),
    height: 1,
    timeSeconds: curtime,
    bits: regtest.powLimitBits,
    payouts: [{ value: 5_000_000_000n, script: stranger.script }],
    transactions: [],
  });
  const [coinbase] = draft.transactions;
  const pushed = {
    ...coinbase!,
    inputs: [{ ...coinbase!.inputs[0]!, scriptSig: Uint8Array.of(1, 1) }],
  };
  const header = { ...draft.header, merkleRoot: merkleRoot([txid(pushed)]).root };
  const block = await solveBlock({ header, transactions: [pushed] }, 1_000_000);
  assert.equal(await node.call('submitblock', hexOf(block!)), null);
});
