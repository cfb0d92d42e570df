import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeBlock } from '../../../protocol/block.ts';
import { bytesToHex, displayHash, hexToBytes } from '../../../protocol/bytes.ts';
import { blockHash } from '../../../protocol/header.ts';
import { followProof, merkleBlockCodec } from '../../../protocol/merkle-block.ts';
import { txid } from '../../../protocol/transaction.ts';
import { startTestNode } from '../node-kit.ts';
import { alice, bob, carol, genesisFunds, payOn } from '../payment-kit.ts';

describe('proofs that transactions are in the chain', () => {
  test('are made for any transactions of one block and checked against the best chain', async (t) => {
    const node = await startTestNode(t);
    const ids: string[] = [];
    for (const payer of [alice, bob, carol]) ids.push(await node.send(payOn(genesisFunds(payer), bob, 700n)));
    const [hash] = await node.mine(1);
    const { tx, merkleroot } = await node.call('getblock', hash);
    for (const wanted of [[tx[0]], [ids[1]], [ids[2], ids[0]], tx]) {
      const proof: string = await node.call('gettxoutproof', wanted);
      assert.equal(await node.call('gettxoutproof', wanted, hash), proof);
      // In the order of the block, whatever the order of the question.
      const inOrder = tx.filter((id: string) => wanted.includes(id));
      assert.deepEqual(await node.call('verifytxoutproof', proof), inOrder);
      const { header, ...rest } = merkleBlockCodec.decode(hexToBytes(proof));
      assert.equal(displayHash(blockHash(header)), hash);
      assert.equal(displayHash(followProof({ header, ...rest })!.root), merkleroot);
    }
  });

  test('are asked for with transactions of the block, each once', async (t) => {
    const node = await startTestNode(t);
    const id = await node.send(payOn(genesisFunds(alice), bob, 700n));
    assert.deepEqual(await node.failure('gettxoutproof', [id]), {
      code: -5,
      message: 'Transaction not yet in block',
    });
    const [hash, next] = await node.mine(2);
    const { tx } = await node.call('getblock', next);
    assert.equal((await node.failure('gettxoutproof', [id], '00'.repeat(32))).code, -5);
    assert.deepEqual(await node.failure('gettxoutproof', []), {
      code: -8,
      message: "Parameter 'txids' cannot be empty",
    });
    assert.deepEqual(await node.failure('gettxoutproof', [id, id]), {
      code: -8,
      message: `Invalid parameter, duplicated txid: ${id}`,
    });
    const missing = {
      code: -5,
      message: 'Not all transactions found in specified or retrieved block',
    };
    assert.deepEqual(await node.failure('gettxoutproof', [id], next), missing);
    assert.deepEqual(await node.failure('gettxoutproof', [id, tx[0]]), missing);
    assert.equal((await node.failure('gettxoutproof', ['zz'])).code, -8);
    assert.equal((await node.failure('gettxoutproof', id)).code, -3);
    assert.deepEqual(await node.call('verifytxoutproof', await node.call('gettxoutproof', [id], hash)), [id]);
  });

  test('do not hold when they were changed, and are an error off the best chain', async (t) => {
    const node = await startTestNode(t);
    const id = await node.send(payOn(genesisFunds(alice), bob, 700n));
    await node.mine(1);
    const proof: string = await node.call('gettxoutproof', [id]);
    const decoded = merkleBlockCodec.decode(hexToBytes(proof));
    const encode = (change: object) => bytesToHex(merkleBlockCodec.encode({ ...decoded, ...change }));
    const [first, ...others] = decoded.hashes;
    assert.deepEqual(await node.call('verifytxoutproof', encode({ hashes: [...others, first] })), []);
    // A coinbase and a payment: with half the leaves the root would pass for a transaction.
    const root = { hashes: [decoded.header.merkleRoot], flags: Uint8Array.of(1), transactionCount: 1 };
    assert.equal(followProof({ ...decoded, ...root })?.leaves.length, 1);
    assert.deepEqual(await node.call('verifytxoutproof', encode(root)), []);
    assert.equal((await node.failure('verifytxoutproof', proof.slice(2))).code, -22);
    assert.equal((await node.failure('verifytxoutproof', `${proof}00`)).code, -22);
    assert.equal((await node.failure('verifytxoutproof', 'proof')).code, -22);
    const rival = await node.blockOn(await node.call('getblockhash', 0), [], 5);
    await node.call('submitblock', bytesToHex(encodeBlock(rival)));
    const rivalProof = await node.call(
      'gettxoutproof',
      rival.transactions.map((each) => displayHash(txid(each))),
      displayHash(blockHash(rival.header)),
    );
    assert.deepEqual(await node.failure('verifytxoutproof', rivalProof), {
      code: -5,
      message: 'Block not found in chain',
    });
  });
});
