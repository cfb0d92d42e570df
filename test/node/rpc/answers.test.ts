/** Real answers of every method against what its help says of them. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { NO_PEERS } from '../../../node/peers/open-peers.ts';
import { encodeBlock } from '../../../protocol/block.ts';
import { bytesToHex, displayHash } from '../../../protocol/bytes.ts';
import { encodeHeader } from '../../../protocol/header.ts';
import { encodeTransaction, type Transaction, txid } from '../../../protocol/transaction.ts';
import { allFields, departures, pathsIn, type ReadHelp, readHelp } from '../../kit/rpc-help-fields.ts';
import { addressOf, alice, bob, carol, genesisFunds, outputOf, pay, payOn } from '../payment-kit.ts';
import { startPeer } from '../sync/peer-kit.ts';
import { METHODS } from './method-table.ts';

type Call = readonly [method: string, ...params: unknown[]];

const hexOf = (transaction: Transaction) => bytesToHex(encodeTransaction(transaction));
const idOf = (transaction: Transaction) => displayHash(txid(transaction));

/** Fields that are there only in moments which a test cannot bring about, or of lists that stay empty on this node. */
const RARE: readonly string[] = [
  'estimatesmartfee: feerate',
  'getaddednodeinfo: [].addresses[]',
  'getaddednodeinfo: [].addresses[].address',
  'getaddednodeinfo: [].addresses[].connected',
  'getblockchaininfo: warnings[]',
  'getblocktemplate: coinbaseaux.*',
  'getblocktemplate: vbavailable.*',
  'getmininginfo: warnings[]',
  'getnetworkinfo: warnings[]',
  'getpeerinfo: [].inflight[]',
  'getpeerinfo: [].permissions[]',
  'getpeerinfo: [].pingtime',
  'getpeerinfo: [].pingwait',
  'getpeerinfo: [].minping',
  'validateaddress: error_locations[]',
];

/** A node with something of everything: a peer, a branch, mined and waiting payments, data, coins of all ages. */
async function furnishedNode(t: TestContext) {
  const externalAddresses = [{ host: '198.51.100.9', port: 5001 }];
  const listen = { ip: '127.0.0.1', port: 0 };
  const node = await startPeer(t, [], { peers: { ...NO_PEERS, listen, externalAddresses } });
  await startPeer(t, [node]);
  while ((await node.call('getpeerinfo')).length === 0) await node.call('ping');
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
  const child = payOn(outputOf(parent, 0, alice), bob, 900n);
  await node.send(child);
  const grandchild = payOn(outputOf(child, 0, bob), carol, 800n);
  await node.send(grandchild);
  const side = await node.blockOn(await node.call('getblockhash', 0), [], 7);
  await node.call('submitblock', bytesToHex(encodeBlock(side)));
  const next = await node.blockOn(await node.call('getbestblockhash'), [], 3);
  return { node, first: first!, block: block!, mined, parent, child, grandchild, next, side };
}

/** Calls that together show every case of every method's result; in this order, since some change the chain. */
async function callsOn(furnished: Awaited<ReturnType<typeof furnishedNode>>): Promise<readonly Call[]> {
  const { node, first, block, mined, parent, child, grandchild, next, side } = furnished;
  const address = addressOf(bob);
  const proof = await node.call('gettxoutproof', [idOf(mined)]);
  const [rewardId] = (await node.call('getblock', block)).tx;
  const good = { mode: 'proposal', data: bytesToHex(encodeBlock(next)) };
  const bad = { mode: 'proposal', data: bytesToHex(encodeBlock(side)) };
  const dust = pay([genesisFunds(carol)], [{ value: 1n, script: alice.script }]);
  const coinbase = next.transactions[0]!;
  return [
    ...['getbestblockhash', 'getblockchaininfo', 'getblockcount', 'getchaintips', 'getdifficulty'].map(
      (name): Call => [name],
    ),
    ...[0, 1, 2, 3].flatMap((verbosity): Call[] => [
      ['getblock', first, verbosity],
      ['getblock', block, verbosity],
    ]),
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
    ['getmempoolentry', idOf(child)],
    ...['getmempoolancestors', 'getmempooldescendants'].flatMap((name): Call[] =>
      [parent, grandchild].flatMap((each): Call[] => [
        [name, idOf(each)],
        [name, idOf(each), true],
      ]),
    ),
    ...[0, 1, 2].flatMap((verbosity): Call[] => [
      ['getrawtransaction', idOf(mined), verbosity],
      ['getrawtransaction', idOf(mined), verbosity, block],
      ['getrawtransaction', idOf(parent), verbosity],
    ]),
    ...[1, 2].map((verbosity): Call => ['getrawtransaction', rewardId, verbosity]),
    ['decoderawtransaction', hexOf(mined)],
    ['decoderawtransaction', hexOf(coinbase)],
    ['testmempoolaccept', [hexOf(payOn(genesisFunds(carol), bob, 500n)), hexOf(mined), hexOf(dust)]],
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
    ['disconnectnode', '', 1],
    ['setnetworkactive', false],
    ['getaddressbalance', address],
    ['getaddressused', { addresses: [address, addressOf(bob)] }],
    ['getaddressutxos', address],
    ['getaddresstxids', address],
    ['getaddressutxos', { addresses: [alice, bob, carol].map((who) => addressOf(who)), limit: 1 }],
    ['getaddresstxids', { addresses: [address], limit: 1 }],
    ['getaddresshistory', { addresses: [address], limit: 1 }],
    ['getspentinfo', { txid: idOf(parent), index: 0 }],
    ['getspentinfo', { txid: idOf(parent), index: [0] }],
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

test('every method answers as its help says, and shows each case and each field that it tells', async (t) => {
  const furnished = await furnishedNode(t);
  const { node } = furnished;
  const calls = await callsOn(furnished);
  assert.deepEqual([...new Set(calls.map(([method]) => method))].sort(), METHODS);
  /** What helps tell and no answer has shown yet: cases and fields. */
  const unseen = new Set<string>();
  const helps = new Map<string, ReadHelp>();
  for (const name of METHODS) {
    const help = readHelp(await node.call('help', name));
    helps.set(name, help);
    for (const when of help.cases.keys()) unseen.add(`${name}${when && ` ${when}`}`);
    for (const path of allFields(help).keys()) if (path !== '') unseen.add(`${name}: ${path}`);
  }
  for (const [method, ...params] of calls) {
    const { cases } = helps.get(method)!;
    const answer = await node.call(method, ...params);
    const told = [...cases].map(([when, fields]) => [when, departures(fields, answer)] as const);
    const fitting = told.filter(([, wrong]) => wrong.length === 0);
    assert.ok(fitting.length > 0, `${method} ${JSON.stringify(params)}: ${JSON.stringify(told)}`);
    for (const [when] of fitting) {
      unseen.delete(`${method}${when && ` ${when}`}`);
      for (const path of pathsIn(answer, cases.get(when)!)) unseen.delete(`${method}: ${path}`);
    }
  }
  const left = [...unseen].filter((each) => !RARE.includes(each));
  assert.deepEqual(left, [], 'no call has shown these');
});
