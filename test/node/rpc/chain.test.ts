import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeBlock } from '../../../protocol/block.ts';
import { bytesToHex, displayHash } from '../../../protocol/bytes.ts';
import { blockHash, encodeHeader } from '../../../protocol/header.ts';
import { PROFILES } from '../../../protocol/network.ts';
import { BlockchainInfo, BlockHeaderInfo } from '../../../protocol/rpc.ts';
import { txid } from '../../../protocol/transaction.ts';
import { startTestNode } from '../node-kit.ts';
import { addressOf, alice, bob, carol, genesisFunds, outputOf, payOn } from '../payment-kit.ts';

const { regtest } = PROFILES;

describe('the chain over RPC', () => {
  test('begins with the genesis block of its network', async (t) => {
    const node = await startTestNode(t);
    const info = await node.call('getblockchaininfo');
    assert.deepEqual(info.nilzcoin, {
      network: 'regtest',
      address_prefix: 'rnilz',
      magic: 'e3726e69',
      maturity: 100,
      block_time: regtest.blockTimeSeconds,
      coin_type: 1,
    });
    assert.equal(info.chain, 'regtest');
    assert.equal(info.blocks, 0);
    assert.ok(BlockchainInfo.safeParse(info).success);
    const genesis = displayHash(regtest.genesisHash);
    assert.equal(await node.call('getbestblockhash'), genesis);
    assert.equal(await node.call('getblockhash', 0), genesis);
    assert.equal(await node.call('getblock', genesis, 0), bytesToHex(encodeBlock(regtest.genesis)));
  });

  test('shows headers and blocks as Bitcoin Core does', async (t) => {
    const node = await startTestNode(t);
    const [first, second] = (await node.mine(2)) as [string, string];
    const header = await node.call('getblockheader', first);
    assert.ok(BlockHeaderInfo.safeParse(header).success);
    assert.equal(header.height, 1);
    assert.equal(header.confirmations, 2);
    assert.equal(header.nextblockhash, second);
    assert.equal(header.previousblockhash, displayHash(regtest.genesisHash));
    assert.equal(header.versionHex, '20000000');
    assert.equal(header.bits, '207fffff');
    assert.equal(header.chainwork, '4'.padStart(64, '0'));
    assert.equal(await node.call('getblockcount'), 2);
    assert.equal(await node.call('getdifficulty'), header.difficulty);

    const block = await node.block(second);
    assert.equal(await node.call('getblockheader', second, false), bytesToHex(encodeHeader(block.header)));
    assert.equal(displayHash(blockHash(block.header)), second);
    const shown = await node.call('getblock', second);
    assert.deepEqual(
      shown.tx,
      block.transactions.map((each) => displayHash(txid(each))),
    );
    assert.equal(shown.nTx, 1);
    assert.equal(shown.size, encodeBlock(block).length);
    assert.equal(shown.weight, 3 * shown.strippedsize + shown.size);
    assert.equal('nextblockhash' in shown, false);
  });

  test('shows a block with whole transactions and their fees at verbosity 2', async (t) => {
    const node = await startTestNode(t);
    const payment = payOn(genesisFunds(alice), bob, 777n);
    await node.send(payment);
    const [hash] = await node.mine(1);
    const { tx } = await node.call('getblock', hash, 2);
    assert.equal(tx[0].vin[0].coinbase, '5100');
    assert.equal('fee' in tx[0], false);
    assert.equal(tx[1].txid, displayHash(txid(payment)));
    assert.equal(tx[1].fee, 0.00000777);
    assert.equal(tx[1].vout[0].scriptPubKey.address, addressOf(bob));
  });

  test('shows the coins that were spent at verbosity 3', async (t) => {
    const node = await startTestNode(t);
    const id = await node.send(payOn(genesisFunds(alice), bob, 777n));
    const [hash] = await node.mine(1);
    const { tx } = await node.call('getblock', hash, 3);
    assert.equal(tx[1].txid, id);
    assert.equal('prevout' in tx[0].vin[0], false);
    const { scriptPubKey, ...prevout } = tx[1].vin[0].prevout;
    assert.deepEqual(prevout, { generated: true, height: 0, value: 10_000 });
    assert.equal(scriptPubKey.address, addressOf(alice));
    assert.deepEqual(await node.call('getblock', hash, 9), await node.call('getblock', hash, 3));
    assert.equal((await node.call('getblock', hash, 2)).tx[1].vin[0].prevout, undefined);
  });

  test('tells branches apart and counts no confirmations off the best chain', async (t) => {
    const node = await startTestNode(t);
    const [first] = await node.mine(2);
    const rival = await node.blockOn(await node.call('getblockhash', 0), [], 9);
    const rivalHash = displayHash(blockHash(rival.header));
    assert.equal(await node.call('submitblock', bytesToHex(encodeBlock(rival))), 'inconclusive');
    const tips = await node.call('getchaintips');
    assert.deepEqual(
      tips.map(({ height, branchlen, status }: Record<string, unknown>) => [height, branchlen, status]),
      [
        [2, 0, 'active'],
        [1, 1, 'valid-headers'],
      ],
    );
    assert.equal(tips[1].hash, rivalHash);
    assert.equal((await node.call('getblockheader', rivalHash)).confirmations, -1);
    assert.equal((await node.call('getblockheader', first)).confirmations, 2);
  });

  test('finds coins on the chain and in the mempool', async (t) => {
    const node = await startTestNode(t);
    const funds = genesisFunds(alice);
    const shown = displayHash(funds.txid);
    assert.equal((await node.call('gettxout', shown, funds.index)).value, 10_000);
    const payment = payOn(funds, bob, 500n);
    const id = await node.send(payment);
    assert.equal(await node.call('gettxout', shown, funds.index), null);
    assert.equal((await node.call('gettxout', shown, funds.index, false)).confirmations, 1);
    const unconfirmed = await node.call('gettxout', id, 0);
    assert.equal(unconfirmed.confirmations, 0);
    assert.equal(unconfirmed.value, 9_999.999995);
    await node.send(payOn(outputOf(payment, 0, bob), carol, 500n));
    assert.equal(await node.call('gettxout', id, 0), null);
    assert.equal(await node.call('gettxout', id, 7), null);
    await node.mine(1);
    assert.equal(await node.call('gettxout', shown, funds.index, false), null);
  });

  test('answers what does not exist with Bitcoin Core’s codes', async (t) => {
    const node = await startTestNode(t);
    const nowhere = '00'.repeat(32);
    assert.deepEqual(await node.failure('getblock', nowhere), { code: -5, message: 'Block not found' });
    assert.equal((await node.failure('getblockheader', nowhere)).code, -5);
    assert.deepEqual(await node.failure('getblockhash', 1), {
      code: -8,
      message: 'Block height out of range',
    });
    assert.equal((await node.failure('getblockhash', -1)).code, -8);
    assert.equal((await node.failure('getblockhash', 'one')).code, -3);
    assert.equal((await node.failure('getblock', 'abc')).code, -8);
    assert.equal((await node.failure('getblock', 'zz'.repeat(32))).code, -8);
    assert.equal((await node.failure('getblock', 7)).code, -3);
    assert.equal((await node.failure('gettxout', nowhere, -1)).code, -8);
    assert.equal((await node.failure('gettxout', nowhere, 'x')).code, -3);
    assert.equal(await node.call('gettxout', nowhere, 0), null);
  });
});
