import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, describe, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { main } from '../../miner/main.ts';
import { addressOfUser, checkAddress, userName } from '../../miner/source/user-name.ts';
import { p2wpkhAddress } from '../../protocol/address.ts';
import { PROFILES } from '../../protocol/network.ts';
import { startMockPool } from '../kit/mock-pool.ts';
import { childEnvironment } from '../kit/surroundings.ts';

const KEY_HASH = new Uint8Array(20).fill(7);
const DEV_ADDRESS = p2wpkhAddress(KEY_HASH, 'dnilz');
const MAIN_ADDRESS = p2wpkhAddress(KEY_HASH, 'nilz');
const directory = mkdtempSync(join(tmpdir(), 'nilz-miner-'));

after(() => rmSync(directory, { recursive: true }));

function config(content: unknown): string {
  const file = join(directory, 'miner_config.json');
  writeFileSync(file, JSON.stringify(content));
  return file;
}

describe('the user name', () => {
  test('is an address with a worker behind it or not', () => {
    assert.equal(addressOfUser('addr.rig.1'), 'addr');
    assert.equal(addressOfUser('addr_rig'), 'addr');
    assert.equal(userName('addr', 'rig'), 'addr.rig');
    assert.equal(userName('addr.one', 'two'), 'addr.one');
    assert.equal(userName('addr', undefined), 'addr');
  });

  test('is checked against the network that was named', () => {
    checkAddress(`${DEV_ADDRESS}.rig`, PROFILES.dev);
    assert.throws(() => checkAddress(MAIN_ADDRESS, PROFILES.dev), /network|prefix/);
    assert.throws(() => checkAddress('someone', PROFILES.dev));
  });

  test('is checked for typing errors where its prefix tells the network', () => {
    checkAddress(DEV_ADDRESS, undefined);
    const mistyped = DEV_ADDRESS.slice(0, -1) + (DEV_ADDRESS.endsWith('q') ? 'p' : 'q');
    assert.throws(() => checkAddress(mistyped, undefined), /checksum/);
  });

  test('may be anything where nothing is known about it', () => {
    checkAddress('someone.rig', undefined);
    checkAddress('1BoatSLRHtKNngkdXEeobR76b53LETtpyT', undefined);
  });
});

describe('settings that cannot be used stop the start with one line', () => {
  const cases: [string, string[], RegExp][] = [
    ['no user', [], /--user is missing/],
    ['a typing error in the address', ['--user', 'dnilz1qqqq'], /--user dnilz1qqqq: no payment address/],
    ['an address of another network', ['--user', MAIN_ADDRESS, '--network', 'dev'], /on network dev/],
    ['an unknown network', ['--user', DEV_ADDRESS, '--network', 'mars'], /one of main, test, dev/],
    [
      'a network file that is not there',
      ['--user', DEV_ADDRESS, '--network', 'no.json'],
      /--network no\.json: ENOENT/,
    ],
    [
      'an unknown scheme',
      ['--user', DEV_ADDRESS, '--url', 'gopher://a:1'],
      /--url gopher:\/\/a:1: .*unknown/,
    ],
    ['no threads', ['--user', DEV_ADDRESS, '--threads', '0'], /--threads 0: must be an integer from 1/],
    ['threads that are no number', ['--user', DEV_ADDRESS, '--threads', 'many'], /--threads many/],
    ['a worker name with a space', ['--user', DEV_ADDRESS, '--worker-name', 'a b'], /--worker-name a b/],
    ['an unknown flag', ['--user', DEV_ADDRESS, '--thread', '2'], /did you mean --threads/],
  ];
  for (const [what, argv, words] of cases) {
    test(what, async () => {
      await assert.rejects(main(argv, {}), words);
    });
  }

  test('an unknown key in the file', async () => {
    const file = config({ wallet_address: DEV_ADDRESS, pool_adress: 'a:1' });
    await assert.rejects(main(['--config', file], {}), /pool_adress/);
  });

  test('nothing in the example file of the documentation', async () => {
    const example = fileURLToPath(new URL('../../docs/miner_config.json', import.meta.url));
    // With every setting of the file in order, only the flag that is wrong is complained of.
    await assert.rejects(
      main(['--config', example, '--log-level', 'loud'], {}),
      /^SettingError: --log-level/,
    );
    await assert.rejects(main(['--config', example, '--network', 'main'], {}), /on network main/);
  });

  test('a wrong value in the file', async () => {
    const file = config({ wallet_address: DEV_ADDRESS, threads: 'lots' });
    await assert.rejects(main(['--config', file], {}), /"threads" in .*lots/);
  });
});

const NILZ = fileURLToPath(new URL('../../nilz', import.meta.url));

/** A real `nilz miner`; it is gone after the test. */
function spawnMiner(t: TestContext, ...words: readonly string[]) {
  const child = spawn(process.execPath, [NILZ, 'miner', '--datadir', directory, ...words], {
    env: childEnvironment(),
  });
  const said = { errors: '', exit: once(child, 'close') };
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.errors += text;
  });
  t.after(() => child.kill('SIGKILL'));
  return Object.assign(said, { child, lines: createInterface({ input: child.stdout }) });
}

test('mines with the settings of a miner_config.json, prints events as JSON, and ends cleanly on a signal', async (t) => {
  const pool = await startMockPool();
  t.after(() => pool.stop());
  const file = config({
    wallet_address: DEV_ADDRESS,
    pool_address: pool.url,
    worker_name: 'rig',
    threads: 1,
    stats_interval: 1,
  });
  const miner = spawnMiner(t, '--config', file, '--json', '-q', '--network', 'dev');
  const types: string[] = [];
  let isTold = false;
  for await (const line of miner.lines) {
    const event = JSON.parse(line) as { readonly type: string; readonly user?: string };
    types.push(event.type);
    if (event.type === 'authorized') assert.equal(event.user, `${DEV_ADDRESS}.rig`);
    // Once: a second signal would end it at once.
    if (isTold || !types.includes('share-accepted') || !types.includes('statistics')) continue;
    isTold = true;
    miner.child.kill('SIGINT');
  }
  assert.deepEqual(await miner.exit, [0, null]);
  assert.equal(miner.errors, '');
  assert.equal(types[0], 'connecting', 'no event is missed');
  assert.deepEqual(types.slice(-2), ['stopped', 'statistics'], 'the last figures come last');
});

test('mines for the second pool while the first is away, and answers over HTTP where it is told to', async (t) => {
  const pool = await startMockPool();
  t.after(() => pool.stop());
  const words = ['--url', '127.0.0.1:1', '--url', pool.url, '--user', 'first', '--user', 'second.rig'];
  const miner = spawnMiner(t, ...words, '--threads', '1', '--json', '--metrics-port', '0');
  let isTold = false;
  for await (const line of miner.lines) {
    const event = JSON.parse(line) as { readonly type: string; readonly user?: string };
    if (event.type === 'authorized') assert.equal(event.user, 'second.rig');
    if (isTold || event.type !== 'share-accepted') continue;
    isTold = true;
    const told = /metrics at (http:\/\/127\.0\.0\.1:\d+)\/metrics/;
    // What it says on one stream may come after what it said later on the other.
    while (!told.test(miner.errors)) await once(miner.child.stderr, 'data');
    const [, url = ''] = told.exec(miner.errors) ?? [];
    const metrics = await (await fetch(`${url}/metrics`)).text();
    assert.match(metrics, /^nilz_miner_shares_accepted_total [1-9]/m);
    assert.equal((await fetch(`${url}/health`)).status, 200);
    miner.child.kill('SIGTERM');
  }
  assert.deepEqual(await miner.exit, [0, null]);
});

test('a port for metrics that is taken ends the start with one line', async (t) => {
  const pool = await startMockPool();
  t.after(() => pool.stop());
  const { port } = new URL(pool.url);
  const miner = spawnMiner(t, '--url', pool.url, '--user', 'someone', '-q', '--metrics-port', port);
  assert.deepEqual(await miner.exit, [1, null]);
  assert.match(miner.errors, /^nilz miner: .*--metrics-port.*\n$/);
});

test('ends quietly when nobody reads its lines any more', async (t) => {
  const pool = await startMockPool();
  t.after(() => pool.stop());
  const miner = spawnMiner(t, '--url', pool.url, '--user', 'someone', '--threads', '1', '--json', '-q');
  for await (const _ of miner.lines) break;
  miner.child.stdout.destroy();
  assert.deepEqual(await miner.exit, [0, null]);
  assert.equal(miner.errors, '');
});

test('a benchmark needs no address, and prints its report', async (t) => {
  const words = ['--kernel', 'js', '--threads', '1', '--benchmark-seconds', '1', '--json'];
  const miner = spawnMiner(t, '--benchmark', ...words);
  const lines: string[] = [];
  for await (const line of miner.lines) lines.push(line);
  assert.deepEqual(await miner.exit, [0, null]);
  assert.equal(miner.errors, '');
  assert.equal(lines.length, 1);
  const report = JSON.parse(lines[0] ?? '') as { readonly kernels: unknown; readonly fastest: unknown };
  assert.deepEqual([report.kernels, report.fastest], [[{ name: 'js', check: 'passed' }], 'js']);
});
