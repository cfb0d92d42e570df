import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { sign } from '@noble/secp256k1';
import { WebSocket } from 'ws';
import { startNode } from '../../../node/node.ts';
import { openNodeDatabase } from '../../../node/storage/node-database.ts';
import { encodeAddress } from '../../../protocol/address.ts';
import { PROFILES } from '../../../protocol/network.ts';
import { AddressValidation, RPC_ERRORS } from '../../../protocol/rpc.ts';
import { messageHash } from '../../../protocol/signed-message.ts';
import { DirectoryInUseError } from '../../../service/files.ts';
import { ListenError } from '../../../service/http.ts';
import { createLogger } from '../../../service/log.ts';
import { basic, openSocket, readUntilClosed, send } from '../../service/raw-http.ts';
import { temporaryDirectory } from '../../service/temporary-directory.ts';
import { startTestNode, type TestNode } from '../node-kit.ts';
import { addressOf, alice, bob } from '../payment-kit.ts';

const { regtest } = PROFILES;
const PROBE = '{"id":1,"method":"getblockcount","params":[]}';

describe('access', () => {
  test('is by a cookie that is new at every start, for this user only, and gone after the stop', async (t) => {
    const node = await startTestNode(t, { credentials: undefined });
    const file = join(node.dataDirectory, 'regtest', '.cookie');
    assert.equal(node.node.cookieFile, file);
    const cookie = readFileSync(file, 'utf8');
    assert.match(cookie, /^__cookie__:[0-9a-f]{64}$/);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const [user, password] = cookie.split(':') as [string, string];
    const { status } = await send({ url: node.node.rpcUrl, body: PROBE, headers: basic(user, password) });
    assert.equal(status, 200);
    await node.node.stop();
    assert.equal(existsSync(file), false);
    const again = await startTestNode(t, { credentials: undefined, dataDirectory: node.dataDirectory });
    assert.notEqual(readFileSync(file, 'utf8'), cookie);
    await again.node.stop();
  });

  test('is by user and password if given, and then there is no cookie', async (t) => {
    const node = await startTestNode(t);
    assert.equal(node.node.cookieFile, undefined);
    assert.equal(existsSync(join(node.dataDirectory, 'regtest', '.cookie')), false);
    const attempt = async (headers: Record<string, string>) =>
      (await send({ url: node.node.rpcUrl, body: PROBE, headers })).status;
    assert.equal(await attempt(basic('tester', 'secret')), 200);
    assert.equal(await attempt(basic('tester', 'wrong')), 401);
    assert.equal(await attempt(basic('other', 'secret')), 401);
    assert.equal(await attempt({}), 401);
  });
});

describe('header lines that end in a bare LF', () => {
  const attempt = async (t: TestContext, lenientHttp: boolean) => {
    const { node } = await startTestNode(t, { lenientHttp });
    const { Authorization } = basic('tester', 'secret');
    const head = `POST / HTTP/1.1\nHost: x\nAuthorization: ${Authorization}\nConnection: close\n`;
    const socket = await openSocket(node.rpcPort, `${head}Content-Length: ${PROBE.length}\n\n${PROBE}`);
    return readUntilClosed(socket);
  };

  test('are refused', async (t) => {
    assert.match(await attempt(t, false), /^HTTP\/1\.1 400/);
  });

  test('are taken from clients like ckpool if the operator says so', async (t) => {
    assert.match(await attempt(t, true), /^HTTP\/1\.1 200.*"result":0/s);
  });
});

describe('a web page', () => {
  test('may use the RPC and the notifications only if the operator names it', async (t) => {
    const node = await startTestNode(t, { allowedOrigins: ['https://friend.example'] });
    const statusOf = async (Origin: string) => (await node.post(PROBE, { Origin })).status;
    assert.deepEqual(
      [
        await statusOf('https://friend.example'),
        await statusOf('https://evil.example'),
        await statusOf('null'),
      ],
      [200, 403, 403],
    );
    const listen = async (origin: string): Promise<number> => {
      const headers = { ...basic('tester', 'secret'), Origin: origin };
      const socket = new WebSocket(`${node.node.rpcUrl.replace('http', 'ws')}/ws`, { headers });
      const status = await new Promise<number>((resolve) => {
        socket.on('open', () => resolve(101));
        socket.on('unexpected-response', (_, { statusCode = 0 }) => resolve(statusCode));
      });
      socket.on('error', () => undefined);
      socket.terminate();
      return status;
    };
    assert.deepEqual(
      [await listen('https://friend.example'), await listen('https://evil.example')],
      [101, 403],
    );
  });
});

describe('the health of the node', () => {
  test('is told to anybody', async (t) => {
    const node = await startTestNode(t);
    const [hash] = await node.mine(1);
    const { status, body } = await send({ url: `${node.node.rpcUrl}/health`, method: 'GET' });
    assert.equal(status, 200);
    assert.deepEqual(JSON.parse(body), {
      status: 'ok',
      network: 'regtest',
      height: 1,
      tip_hash: hash,
      tip_age_seconds: 0,
      peers: 0,
      sync_state: 'synced',
    });
  });
});

describe('every method', () => {
  test('answers too many and unknown parameters with an error', async (t) => {
    const node = await startTestNode(t);
    const list: string = await node.call('help');
    for (const line of list.split('\n').filter((each) => each !== '' && !each.startsWith('=='))) {
      const name = line.split(' ')[0]!;
      assert.equal((await node.failure(name, ...Array(12).fill(1))).code, -1, name);
      const { body } = await node.post(JSON.stringify({ id: 1, method: name, params: { nothing: [] } }));
      assert.deepEqual(
        JSON.parse(body).error,
        { code: -8, message: 'Unknown named parameter nothing' },
        name,
      );
    }
  });
});

describe('validateaddress', () => {
  test('tells an address of this network from any other text', async (t) => {
    const node = await startTestNode(t);
    const address = addressOf(alice);
    const valid = await node.call('validateaddress', address);
    assert.ok(AddressValidation.safeParse(valid).success);
    assert.deepEqual(
      [valid.isvalid, valid.address, valid.isscript, valid.iswitness, valid.witness_version],
      [true, address, false, true, 0],
    );
    assert.equal((await node.call('validateaddress', address.toUpperCase())).address, address);
    const foreign = await node.call('validateaddress', addressOf(alice, PROFILES.dev));
    assert.equal(foreign.isvalid, false);
    assert.match(foreign.error, /dnilz/);
    assert.equal((await node.call('validateaddress', '')).isvalid, false);
  });
});

describe('verifymessage', () => {
  test('tells whether the owner of an address signed, in Electrum’s form and that of BIP 137', async (t) => {
    const node = await startTestNode(t);
    const message = 'on my word';
    const made = sign(messageHash(message), alice.privateKey, { prehash: false, format: 'recovered' });
    const signatureOf = (first: number) =>
      Buffer.from([first + (made[0] ?? 0), ...made.subarray(1)]).toString('base64');
    for (const first of [31, 39]) {
      const signature = signatureOf(first);
      assert.equal(await node.call('verifymessage', addressOf(alice), signature, message), true);
      assert.equal(await node.call('verifymessage', addressOf(alice), signature, `${message}.`), false);
      assert.equal(await node.call('verifymessage', addressOf(bob), signature, message), false);
    }
    const code = async (...params: string[]) => (await node.failure('verifymessage', ...params)).code;
    assert.equal(await code('nobody', signatureOf(31), message), -5);
    assert.equal(await code(addressOf(alice), 'not base64!', message), -3);
    const script = encodeAddress(new Uint8Array([0, 32, ...new Uint8Array(32)]), regtest.address)!;
    assert.deepEqual(await node.failure('verifymessage', script, signatureOf(31), message), {
      code: -3,
      message: 'Address does not refer to key',
    });
  });
});

describe('the state of the node', () => {
  test('has the calls that run, the one that asks among them', async (t) => {
    const node = await startTestNode(t);
    const { active_commands: calls } = await node.call('getrpcinfo');
    assert.deepEqual(
      calls.map(({ method }: { method: string }) => method),
      ['getrpcinfo'],
    );
    assert.ok(Number.isInteger(calls[0].duration) && calls[0].duration >= 0);
  });

  test('has the indexes, which are never behind', async (t) => {
    const node = await startTestNode(t);
    await node.mine(2);
    const state = { synced: true, best_block_height: 2 };
    assert.deepEqual(await node.call('getindexinfo'), { txindex: state, addressindex: state });
    assert.deepEqual(await node.call('getindexinfo', 'txindex'), { txindex: state });
    assert.deepEqual(await node.call('getindexinfo', 'coinstatsindex'), {});
  });
});

describe('stopping', () => {
  test('by RPC answers first and ends the node', async (t) => {
    const node = await startTestNode(t);
    assert.equal(await node.call('stop'), 'NilzCoin node stopping');
    await node.node.stopped;
    await assert.rejects(node.call('getblockcount'), { code: 'ECONNREFUSED' });
  });

  test('by RPC can be left to whoever runs the node', async (t) => {
    let asked = (): void => undefined;
    const request = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const node = await startTestNode(t, { onStopRequest: () => asked() });
    await node.call('stop');
    await request;
    assert.equal(await node.call('getblockcount'), 0);
  });
});

describe('a chain that can make no change any more', () => {
  /** From now on the node's disk is as good as full. */
  async function fillDisk({ node }: TestNode): Promise<void> {
    const database = await openNodeDatabase(node.directory, 16);
    await database.exec(
      'CREATE TRIGGER full BEFORE INSERT ON bodies BEGIN SELECT raise(FAIL, "no room"); END',
    );
    await database.close();
  }

  test('ends the node: it would give out work that nobody can hand in', async (t) => {
    const node = await startTestNode(t);
    await fillDisk(node);
    assert.equal(
      (await node.failure('generatetoaddress', 1, addressOf(alice))).code,
      RPC_ERRORS.internalError,
    );
    await node.node.stopped;
    await assert.rejects(node.call('getblockcount'), { code: 'ECONNREFUSED' });
  });

  test('can be left to whoever runs the node', async (t) => {
    let told = (): void => undefined;
    const failed = new Promise<void>((resolve) => {
      told = resolve;
    });
    const node = await startTestNode(t, { onFailure: () => told() });
    await fillDisk(node);
    await node.failure('generatetoaddress', 1, addressOf(alice));
    await failed;
    assert.equal(await node.call('getblockcount'), 0);
  });
});

describe('starting', () => {
  const log = createLogger({ name: 'test', level: 'silent' });

  test('is refused while another node uses the directory, and leaves nothing behind', async (t) => {
    const node = await startTestNode(t);
    const second = { profile: regtest, dataDirectory: node.dataDirectory, log, rpcPort: 0 };
    await assert.rejects(startNode(second), DirectoryInUseError);
    await node.node.stop();
    const third = await startNode(second);
    await third.stop();
  });

  test('says which port is in use and frees the directory again', async (t) => {
    const node = await startTestNode(t);
    const dataDirectory = await temporaryDirectory(t);
    const options = { profile: regtest, dataDirectory, log };
    await assert.rejects(startNode({ ...options, rpcPort: node.node.rpcPort }), (error) => {
      assert.ok(error instanceof ListenError);
      assert.match(error.message, new RegExp(`port ${node.node.rpcPort} .*--rpc-port`));
      return true;
    });
    assert.equal(existsSync(join(dataDirectory, 'regtest', '.cookie')), false);
    const free = await startNode({ ...options, rpcPort: 0 });
    await free.stop();
  });

  test('keeps networks of different rules in directories of their own', async (t) => {
    const dataDirectory = await temporaryDirectory(t);
    const node = await startTestNode(t, { dataDirectory });
    assert.equal(node.node.directory, join(dataDirectory, 'regtest'));
    const dev = await startTestNode(t, { dataDirectory, profile: PROFILES.dev });
    assert.equal(dev.node.directory, join(dataDirectory, 'dev'));
  });
});
