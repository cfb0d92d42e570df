import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, type TestContext, test } from 'node:test';
import { paceOf } from '../../../miner/solo/payee.ts';
import { bytesToHex, displayHash } from '../../../protocol/bytes.ts';
import { PROFILES } from '../../../protocol/network.ts';
import type { NodeNetwork } from '../../../protocol/node-network.ts';
import { makeAuthority, makeCertificate } from '../../kit/certificate.ts';
import { FakeNode, type Interference } from '../../kit/fake-node.ts';
import { miss, PAYEE_SCRIPT, payeeAddress, type SoloRig, solve, startSolo } from '../../kit/solo-kit.ts';
import { someTransaction } from '../../kit/some-transaction.ts';
import { temporaryDirectory } from '../../service/temporary-directory.ts';

/** Something that stands before a fake node and looks at who logs in. */
function before(node: FakeNode, isWelcome: (login: string) => boolean): RequestListener {
  return async (request, response) => {
    const login = Buffer.from((request.headers.authorization ?? '').slice(6), 'base64').toString();
    const body = await text(request);
    if (!isWelcome(login)) {
      response.writeHead(401).end();
      return;
    }
    const answer = await fetch(`http://127.0.0.1:${node.port}`, { method: 'POST', body }).catch(
      () => undefined,
    );
    if (answer === undefined) response.destroy();
    else response.end(await answer.text());
  };
}

/** @returns where it listens, as `//127.0.0.1:PORT` */
async function serve(t: TestContext, server: Server): Promise<string> {
  await new Promise<void>((accept) => server.listen(0, '127.0.0.1', accept));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `//127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('mining on a node', () => {
  test('begins with its network, then work, then blocks one after the other', async (t) => {
    const { node, listener, source } = await startSolo(t);
    for (let height = 1, work = await listener.nextWork(); height <= 5; height++) {
      assert.equal(displayHash(work.job.previousHash), node.tip);
      source.submit(solve(work, { thread: height }));
      await listener.event('share-accepted', height);
      assert.equal(node.height, height);
      work = await listener.nextWork(work);
    }
    assert.deepEqual(
      listener.events.slice(0, 4).map(({ type }) => type),
      ['connecting', 'connected', 'authorized', 'job'],
    );
    assert.deepEqual(listener.settled, [1, 2, 3, 4, 5]);
    assert.deepEqual(
      listener.of('share-accepted').map(({ isBlock }) => isBlock),
      [true, true, true, true, true],
    );
    assert.ok(node.blockAt(5)?.raw.includes(bytesToHex(PAYEE_SCRIPT)));
    assert.deepEqual(listener.of('disconnected'), []);
  });

  test('hands a block in with the name that the node gave its template, and with none where it gave none', async (t) => {
    const node = await FakeNode.start();
    const handedIn: unknown[] = [];
    node.interfere = (method, params) => {
      if (method === 'submitblock') handedIn.push(params.slice(1));
      if (method !== 'getblocktemplate') return undefined;
      const workid = node.height === 1 ? 'work 2' : undefined;
      return { result: { ...node.template(), workid, longpollid: undefined } };
    };
    const { listener, source } = await startSolo(t, { node });
    const first = await listener.nextWork();
    source.submit(solve(first));
    await listener.event('share-accepted', 1);
    source.submit(solve(await listener.nextWork(first)));
    await listener.event('share-accepted', 2);
    assert.deepEqual(handedIn, [[], [{ workid: 'work 2' }]]);
  });

  test('hears of a block of others by the long poll, and gives up the work on the tip before', async (t) => {
    const { node, listener, source } = await startSolo(t);
    const work = await listener.nextWork();
    while (node.longPolls === 0) await node.nextCall();
    node.advance();
    const next = await listener.nextWork(work);
    assert.equal(displayHash(next.job.previousHash), node.tip);
    assert.equal(next.job.cleanJobs, true);
    source.submit(solve(work, { thread: 3 }));
    assert.equal(listener.of('share-discarded').length, 1);
    assert.deepEqual(listener.settled, [3]);
    assert.equal(node.calls.includes('submitblock'), false);
  });

  test('hears of it by looks at the tip where a node has no long poll', async (t) => {
    const node = await FakeNode.start();
    const template = node.template.bind(node);
    node.interfere = (method): Interference | undefined =>
      method === 'getblocktemplate' ? { result: { ...template(), longpollid: undefined } } : undefined;
    const { listener } = await startSolo(t, { node, times: { lookMs: 20 } });
    const work = await listener.nextWork();
    node.advance();
    const next = await listener.nextWork(work);
    assert.equal(displayHash(next.job.previousHash), node.tip);
  });

  test('takes payments in when they come, on the same tip', async (t) => {
    const { node, listener, source } = await startSolo(t, { times: { lookMs: 20, templateMs: 40 } });
    const work = await listener.nextWork();
    node.transactions = [someTransaction(1), someTransaction(2)];
    node.fees = 500n;
    const next = await listener.until(() =>
      listener.work?.job.merkleBranch.length === 2 ? listener.work : undefined,
    );
    assert.equal(next.job.cleanJobs, false);
    assert.notDeepEqual(next.extranonce1, work.extranonce1);
    source.submit(solve(next));
    await listener.event('share-accepted');
    assert.equal(node.height, 1);
  });

  test('hands in one block for a tip, whatever other hits there are', async (t) => {
    const { node, listener, source } = await startSolo(t);
    const work = await listener.nextWork();
    const hit = solve(work);
    source.submit(hit);
    assert.equal(listener.work, undefined, 'nothing is hashed meanwhile');
    for (let from = hit.nonce + 1, more = 0; more < 20; more++) {
      const other = solve(work, { from, thread: 1 });
      source.submit(other);
      from = other.nonce + 1;
    }
    await listener.event('share-accepted');
    await listener.nextWork();
    source.submit(solve(work, { from: hit.nonce + 1 }));
    assert.equal(listener.of('share-discarded').length, 21);
    assert.equal(node.calls.filter((method) => method === 'submitblock').length, 1);
    assert.equal(listener.settled.length, 22);
  });

  test('takes no hit that comes late, between the answer to a block and the next template', async (t) => {
    const { node, listener, source } = await startSolo(t);
    const work = await listener.nextWork();
    const hit = solve(work);
    source.submit(hit);
    const late = solve(work, { from: hit.nonce + 1 });
    listener.alsoTell = (event) => {
      if (event.type === 'share-accepted') source.submit(late);
    };
    await listener.event('share-discarded');
    assert.equal(node.calls.filter((method) => method === 'submitblock').length, 1);
  });

  test('does not hand in what the kernel miscounted', async (t) => {
    const { node, listener, source } = await startSolo(t);
    source.submit(miss(await listener.nextWork()));
    const { problem } = await listener.event('problem');
    assert.equal(problem.code, 'wrong-hit');
    assert.equal(node.calls.includes('submitblock'), false);
    assert.deepEqual(listener.settled, [0]);
  });

  test('rests after a block as long as it is told, whatever the node says meanwhile', async (t) => {
    const { node, listener, source } = await startSolo(t, { paceMs: 150 });
    source.submit(solve(await listener.nextWork()));
    await listener.event('share-accepted');
    const startMs = performance.now();
    node.news();
    const next = await listener.until(() => listener.work);
    assert.ok(performance.now() - startMs >= 140);
    assert.equal(displayHash(next.job.previousHash), node.tip);
  });

  test('tells a stale block from a refused one, and goes on after both', async (t) => {
    const { node, listener, source } = await startSolo(t);
    const answers: Interference[] = [{ result: 'stale-prevblk' }, { result: 'bad-cb-\u001b[2Jamount' }];
    node.interfere = (method) => (method === 'submitblock' ? answers.shift() : undefined);
    source.submit(solve(await listener.nextWork()));
    assert.deepEqual(await listener.event('share-refused'), {
      type: 'share-refused',
      refusal: 'stale',
      text: 'stale: stale-prevblk',
      isBlock: true,
    });
    source.submit(solve(await listener.until(() => listener.work)));
    const { refusal, text } = await listener.event('share-refused', 2);
    assert.equal(refusal, 'other');
    assert.equal(text, 'refused by the node: bad-cb- [2Jamount');
    source.submit(solve(await listener.until(() => listener.work)));
    await listener.event('share-accepted');
    assert.equal(node.height, 1);
  });

  test('brings a block to a node that went away with it', async (t) => {
    const { node, listener, source } = await startSolo(t);
    const work = await listener.nextWork();
    const { port } = node;
    await node.stop();
    source.submit(solve(work));
    await listener.event('disconnected');
    assert.equal(listener.work, undefined);
    await node.listen(port);
    await listener.event('share-accepted');
    assert.equal(node.height, 1);
    assert.equal(displayHash((await listener.until(() => listener.work)).job.previousHash), node.tip);
  });

  test('stops within its time though the node says nothing of the last block', async (t) => {
    const { node, listener, source } = await startSolo(t);
    const work = await listener.nextWork();
    node.interfere = () => 'silence';
    source.submit(solve(work));
    await node.nextCall();
    const startMs = performance.now();
    await source.stop();
    // One second for the answer; what else the machine does is allowed for. Without an end it would be minutes.
    assert.ok(performance.now() - startMs < 10_000);
    assert.equal(listener.of('share-unanswered').length, 1);
    assert.equal(listener.events.at(-1)?.type, 'stopped');
    assert.equal(listener.work, undefined);
    assert.deepEqual(listener.settled, [0]);
  });

  test('waits for the answer to the last block when there is one', async (t) => {
    const { listener, source } = await startSolo(t);
    source.submit(solve(await listener.nextWork()));
    await source.stop();
    assert.equal(listener.of('share-accepted').length, 1);
  });
});

describe('logging in', () => {
  test('is refused in words that say what to do, and tried again', async (t) => {
    const node = await FakeNode.start();
    const url = await serve(t, createServer(before(node, () => false)));
    const credentials = { user: 'me', password: 'hush-hush' };
    const place = { url: `http:${url}`, shown: `gbt+http:${url}`, credentials };
    const { listener } = await startSolo(t, { node, place });
    const { problem } = await listener.event('disconnected', 2);
    assert.equal(problem.code, 'unauthorized');
    assert.match(problem.text, /refuses the login: give it as gbt\+http:\/\/USER:PASSWORD@HOST:PORT/);
    assert.ok(!JSON.stringify(listener.events).includes('hush'));
  });

  test('by a cookie file works as soon as the file is there, and with the next one', async (t) => {
    const wanted = { now: 'one' };
    const node = await FakeNode.start();
    const url = await serve(t, createServer(before(node, (login) => login === `__cookie__:${wanted.now}`)));
    const cookieFile = join(await temporaryDirectory(t), '.cookie');
    const place = { url: `http:${url}`, shown: 'the node', cookieFile };
    const { listener, source } = await startSolo(t, { node, place });
    const { problem } = await listener.event('disconnected');
    assert.equal(problem.code, 'unauthorized');
    assert.match(problem.text, /cannot read the cookie file .*is the server running/);
    await writeFile(cookieFile, '__cookie__:one\n');
    const work = await listener.nextWork();
    wanted.now = 'two';
    await writeFile(cookieFile, '__cookie__:two\n');
    source.submit(solve(work));
    await listener.event('share-accepted');
  });
});

describe('whom a block pays', () => {
  for (const [user, words] of [
    [payeeAddress('nilz'), /on the network dev: address has the prefix "nilz1", this network's is "dnilz1"/],
    ['bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4', /prefix "bc1"/],
    [`${payeeAddress().slice(0, -1)}q.rig`, /dnilz1.*checksum|checksum/],
    ['carol', /this is no address/],
    ['', /address is empty/],
  ] as const) {
    test(`is asked before any hashing: "${user}"`, async (t) => {
      const { listener, node } = await startSolo(t, { user });
      const { problem } = await listener.event('disconnected');
      assert.equal(problem.code, 'unauthorized');
      assert.match(problem.text, words);
      assert.deepEqual(listener.works, []);
      assert.equal(node.calls.includes('getblocktemplate'), false);
    });
  }

  test('on a Bitcoin node may be any kind of address of its network', async (t) => {
    const node = await FakeNode.start();
    node.chain = 'main';
    node.nilzcoin = undefined;
    const { listener } = await startSolo(t, { node, user: '1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2' });
    const work = await listener.nextWork();
    assert.match(bytesToHex(work.job.coinbase2), /76a914.{40}88ac/);
  });

  test('is read on a regtest as its node writes addresses, Bitcoin Core’s way unless it cannot tell', async (t) => {
    for (const [hrp, validation] of [
      ['rb', { result: { isvalid: false } }],
      ['bcrt', { result: { isvalid: true } }],
      ['bcrt', { error: { code: -32601, message: 'Method not found' } }],
    ] as const) {
      const node = await FakeNode.start();
      node.chain = 'regtest';
      node.nilzcoin = undefined;
      node.interfere = (method) => (method === 'validateaddress' ? validation : undefined);
      const { listener } = await startSolo(t, { node, user: payeeAddress(hrp) });
      const work = await listener.nextWork();
      assert.ok(bytesToHex(work.job.coinbase2).includes(bytesToHex(PAYEE_SCRIPT)));
    }
  });

  test('is paid at a pace only where blocks cost nothing', () => {
    const network = (name: string) => ({ name }) as NodeNetwork;
    assert.equal(paceOf(network('regtest')), PROFILES.regtest.blockTimeSeconds * 1000);
    assert.ok(paceOf(network('bitcoin-regtest')) > 0);
    for (const name of ['main', 'test', 'dev', 'bitcoin-main', 'classroom'])
      assert.equal(paceOf(network(name)), 0);
  });

  test('on an unknown chain is nobody', async (t) => {
    const node = await FakeNode.start();
    node.chain = 'sidechain';
    node.nilzcoin = undefined;
    const { listener } = await startSolo(t, { node });
    const { problem } = await listener.event('disconnected');
    assert.equal(problem.code, 'unknown-network');
    assert.match(problem.text, /"sidechain", which is unknown here/);
  });
});

describe('a node behind TLS', () => {
  async function startBehind(t: TestContext, trust: (ca: string) => object): Promise<SoloRig> {
    const node = await FakeNode.start();
    const issuer = await makeAuthority();
    const certificate = await makeCertificate({ addresses: ['127.0.0.1'], issuer });
    const url = await serve(
      t,
      createTlsServer(
        certificate,
        before(node, () => true),
      ),
    );
    const place = { url: `https:${url}`, shown: `gbt+https:${url}`, tls: trust(issuer.cert) };
    return startSolo(t, { node, place });
  }

  test('is believed by the authority we were told of, or without looking', async (t) => {
    for (const trust of [(ca: string) => ({ ca }), () => ({ isUnchecked: true })]) {
      const { listener, source } = await startBehind(t, trust);
      source.submit(solve(await listener.nextWork()));
      await listener.event('share-accepted');
    }
  });

  test('is not believed otherwise', async (t) => {
    const { listener } = await startBehind(t, () => ({}));
    const { problem } = await listener.event('disconnected');
    assert.equal(problem.code, 'certificate');
    assert.match(problem.text, /signed by nobody known here.*--tls-ca FILE/);
    assert.deepEqual(listener.works, []);
  });

  test('that speaks no TLS is named as such', async (t) => {
    const node = await FakeNode.start();
    const url = await serve(t, createServer(before(node, () => true)));
    const place = { url: `https:${url}`, shown: `gbt+https:${url}` };
    const { problem } = await (await startSolo(t, { node, place })).listener.event('disconnected');
    assert.equal(problem.code, 'no-tls');
    assert.match(problem.text, /does not speak TLS: .* or write gbt\+http:/);
  });
});
