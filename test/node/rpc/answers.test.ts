/** Real answers of every method against what its help says of them. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { encodeBlock } from '../../../protocol/block.ts';
import { bytesToHex, displayHash } from '../../../protocol/bytes.ts';
import { encodeHeader } from '../../../protocol/header.ts';
import { encodeTransaction, type Transaction, txid } from '../../../protocol/transaction.ts';
import { departures, readHelp } from '../../kit/rpc-help-fields.ts';
import { startTestNode } from '../node-kit.ts';
import { addressOf, alice, bob, carol, genesisFunds, outputOf, pay, payOn } from '../payment-kit.ts';
import { METHODS, PENDING } from './method-table.ts';

type Call = readonly [method: string, ...params: unknown[]];

const hexOf = (transaction: Transaction) => bytesToHex(encodeTransaction(transaction));
const idOf = (transaction: Transaction) => displayHash(txid(transaction));

/** A node with something of everything: a branch, mined and waiting payments, data, coins of all ages. */
async function furnishedNode(t: TestContext) {
  const node = await startTestNode(t);
  const [first] = await node.mine(2);
  const mined = payOn(genesisFunds(alice), bob, 700n);
  await node.send(mined);
  const withData = pay(
    [genesisFunds(bob)],
    [
      { value: genesisFunds(bob).value - 900n, script: carol.script },
      { value: 0n, script: Uint8Array.of(0x6a, 2, 0xab, 0xcd) },
    ],
  );
  await node.send(withData);
  const [block] = await node.mine(1);
  const parent = payOn(outputOf(mined, 0, bob), alice, 500n);
  await node.send(parent);
  await node.send(payOn(outputOf(parent, 0, alice), bob, 900n));
  const side = await node.blockOn(await node.call('getblockhash', 0), [], 7);
  await node.call('submitblock', bytesToHex(encodeBlock(side)));
  const next = await node.blockOn(await node.call('getbestblockhash'), [], 3);
  return { node, first: first!, block: block!, mined, parent, next, side };
}

/** Calls that together show every case of every method's result; in this order, since some change the chain. */
async function callsOn(furnished: Awaited<ReturnType<typeof furnishedNode>>): Promise<readonly Call[]> {
  const { node, first, block, mined, parent, next, side } = furnished;
  const address = addressOf(bob);
  const proof = await node.call('gettxoutproof', [idOf(mined)]);
  const good = { mode: 'proposal', data: bytesToHex(encodeBlock(next)) };
  const bad = { mode: 'proposal', data: bytesToHex(encodeBlock(side)) };
  const child = pay([genesisFunds(carol)], [{ value: 1n, script: alice.script }]);
  return [
    ...['getbestblockhash', 'getblockchaininfo', 'getblockcount', 'getchaintips', 'getdifficulty'].map(
      (name): Call => [name],
    ),
    ...[0, 1, 2, 3].map((verbosity): Call => ['getblock', block, verbosity]),
    ['getblockhash', 1],
    ['getblockheader', first],
    ['getblockheader', await node.call('getblockhash', 0)],
    ['getblockheader', first, false],
    ['getchaintxstats'],
    ['getchaintxstats', 2],
    ['getchaintxstats', 0, block],
    ['gettxout', idOf(mined), 0, false],
    ['gettxout', idOf(parent), 0],
    ['gettxoutsetinfo'],
    ['gettxoutsetinfo', 'none'],
    ['gettxoutproof', [idOf(mined)], block],
    ['verifytxoutproof', proof],
    ['verifychain'],
    ['waitfornewblock', 1],
    ['waitforblockheight', 1],
    ['getrawmempool'],
    ['getrawmempool', true],
    ['getrawmempool', false, true],
    ['getmempoolinfo'],
    ['getmempoolentry', idOf(parent)],
    ...['getmempoolancestors', 'getmempooldescendants'].flatMap((name): Call[] => [
      [name, idOf(parent)],
      [name, idOf(parent), true],
    ]),
    ...[0, 1, 2].flatMap((verbosity): Call[] => [
      ['getrawtransaction', idOf(mined), verbosity],
      ['getrawtransaction', idOf(mined), verbosity, block],
      ['getrawtransaction', idOf(parent), verbosity],
    ]),
    ['decoderawtransaction', hexOf(mined)],
    ['testmempoolaccept', [hexOf(payOn(genesisFunds(carol), bob, 500n)), hexOf(mined), hexOf(child)]],
    ['sendrawtransaction', hexOf(payOn(genesisFunds(carol), bob, 600n))],
    ['savemempool'],
    ['prioritisetransaction', idOf(parent), null, 5],
    ['estimatesmartfee', 6],
    ['getblocktemplate'],
    ['getblocktemplate', good],
    ['getblocktemplate', bad],
    ['getmininginfo'],
    ['getnetworkhashps'],
    ['getnetworkinfo'],
    ['getpeerinfo'],
    ['getconnectioncount'],
    ['getnettotals'],
    ['addnode', '127.0.0.1:1', 'add'],
    ['getaddednodeinfo'],
    ['getnodeaddresses'],
    ['setban', '198.51.100.7', 'add'],
    ['listbanned'],
    ['clearbanned'],
    ['ping'],
    ['setnetworkactive', false],
    ['getaddressbalance', address],
    ['getaddressutxos', address],
    ['getaddresstxids', address],
    ['getaddressdeltas', address],
    ['getaddressmempool', address],
    ['validateaddress', address],
    ['validateaddress', 'nobody'],
    ['verifymessage', address, 'IA==', 'text'],
    ['uptime'],
    ['getrpcinfo'],
    ['getindexinfo'],
    ['getindexinfo', 'txindex'],
    ['help'],
    ['submitheader', bytesToHex(encodeHeader(next.header))],
    ['submitblock', bytesToHex(encodeBlock(next))],
    ['submitblock', bytesToHex(encodeBlock(next))],
    ['preciousblock', block],
    ['invalidateblock', block],
    ['reconsiderblock', block],
    ['gettxout', idOf(parent), 5],
    ['setmocktime', 2_000_000_000],
    ['generateblock', address, []],
    ['generateblock', address, [], false],
    ['generatetoaddress', 2, address],
    ['stop'],
  ];
}

/** Methods that need a peer to answer anything but an error. */
const WITH_PEERS: readonly string[] = ['disconnectnode'];

test('every method answers as its help says, in each of the cases that it tells', async (t) => {
  const furnished = await furnishedNode(t);
  const { node } = furnished;
  const calls = (await callsOn(furnished)).filter(([method]) => !PENDING.includes(method));
  const tested = METHODS.filter((name) => !PENDING.includes(name) && !WITH_PEERS.includes(name));
  assert.deepEqual([...new Set(calls.map(([method]) => method))].sort(), tested);
  const unseen = new Map<string, Set<string>>();
  for (const name of tested) {
    const { cases } = readHelp(await node.call('help', name));
    unseen.set(name, new Set(cases.keys()));
  }
  for (const [method, ...params] of calls) {
    const { cases } = readHelp(await node.call('help', method));
    const answer = await node.call(method, ...params);
    const told = [...cases].map(([when, fields]) => [when, departures(fields, answer)] as const);
    const fitting = told.filter(([, wrong]) => wrong.length === 0);
    assert.ok(fitting.length > 0, `${method} ${JSON.stringify(params)}: ${JSON.stringify(told)}`);
    for (const [when] of fitting) unseen.get(method)?.delete(when);
  }
  const left = [...unseen].filter(([, cases]) => cases.size > 0);
  assert.deepEqual(left, [], 'cases that no call has shown');
});
