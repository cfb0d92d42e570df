import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, mock, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { main } from '../../node/main.ts';
import { childEnvironment } from '../kit/surroundings.ts';
import { send } from '../service/raw-http.ts';
import { temporaryDirectory } from '../service/temporary-directory.ts';
import { startTestNode } from './node-kit.ts';

const NILZ = fileURLToPath(new URL('../../nilz', import.meta.url));

/** Runs a command line that ends by itself; answers its exit code and what it printed. */
async function run(argv: string[], env: Record<string, string> = {}) {
  const lines: string[] = [];
  const note = (text: unknown): boolean => lines.push(String(text)) > 0;
  const error = mock.method(console, 'error', note);
  const log = mock.method(console, 'log', note);
  try {
    const code = await main(argv, env, () => assert.fail('nothing is mined here'));
    return { code, text: lines.join('\n') };
  } finally {
    error.mock.restore();
    log.mock.restore();
  }
}

describe('nilz node', () => {
  test('explains its settings', async () => {
    const { code, text } = await run(['--help']);
    assert.equal(code, 0);
    for (const name of ['network', 'datadir', 'rpc-bind', 'rpc-port', 'rpc-user', 'rpc-password', 'mine']) {
      assert.match(text, new RegExp(`--${name}\\b`));
    }
    for (const name of ['p2p-bind', 'p2p-port', 'no-listen', 'boot-node', 'connect', 'external-address']) {
      assert.match(text, new RegExp(`--(\\[no-\\])?${name.replace('no-', '')}\\b`));
    }
    for (const name of [
      'rpc-lenient-http',
      'rpc-allow-origin',
      'db-cache',
      'signature-threads',
      'mine-threads',
      'log-level',
      'json',
    ]) {
      assert.match(text, new RegExp(`--${name}\\b`));
    }
    assert.match(text, /NILZ_BLOCK_TIME_S/);
    assert.match(text, /NILZ_RETARGET_WINDOW/);
  });

  test('names a bad setting in one line and ends with 2', async (t) => {
    const cases: [string[], RegExp, Record<string, string>?][] = [
      [['--network', 'mars'], /mars/],
      [['--network', '/nowhere/net.json'], /--network \/nowhere\/net\.json/],
      [['--rpc-port', '70000'], /--rpc-port 70000/],
      [['--rpc-user', 'u'], /--rpc-password/],
      [['--rpc-password', 'p'], /--rpc-user/],
      [['--rpc-user', 'a:b', '--rpc-password', 'p'], /colon/],
      [['--rpc-allow-origin', '*'], /--rpc-allow-origin \*: must be an origin/],
      [['--rpc-allow-origin', 'https://pool.example/'], /must be an origin, as https:\/\/pool\.example$/],
      [['--mine', 'nobody'], /^nilz node: --mine nobody: no address of network dev: /],
      [['--mine-threads', '0'], /--mine-threads 0/],
      [['--p2p-port', '70000'], /--p2p-port 70000/],
      [['--p2p-bind', 'everywhere'], /--p2p-bind everywhere: must be an IP address/],
      [['--boot-node', '127.0.0.1:0'], /--boot-node .*must be HOST:PORT, which "127\.0\.0\.1:0" is not/],
      [['--connect', '1.2.3.4.5'], /--connect .*must be HOST:PORT/],
      [['--external-address', '[::1'], /--external-address .*must be HOST:PORT/],
      [['--network', 'main', '--block-time', '5'], /main/],
      [['--network', 'test'], /test/, { NILZ_RETARGET_WINDOW: '5' }],
    ];
    const datadir = await temporaryDirectory(t);
    for (const [argv, expected, env] of cases) {
      const { code, text } = await run([...argv, '--datadir', datadir, '--log-level', 'silent'], env);
      assert.equal(code, 2, argv.join(' '));
      assert.match(text, expected);
      assert.equal(text.includes('\n'), false, text);
    }
  });

  test('says what is in the way of a start and ends with 1', async (t) => {
    const other = await startTestNode(t);
    const datadir = await temporaryDirectory(t);
    const quiet = ['--network', 'regtest', '--log-level', 'silent'];
    const busy = await run([...quiet, '--datadir', datadir, '--rpc-port', String(other.node.rpcPort)]);
    assert.equal(busy.code, 1);
    assert.match(busy.text, /port \d+ on 127\.0\.0\.1 is in use.*--rpc-port/);

    const twice = await run([
      ...quiet,
      '--datadir',
      other.dataDirectory,
      '--rpc-port',
      '0',
      '--p2p-port',
      '0',
    ]);
    assert.equal(twice.code, 1);
    assert.match(twice.text, /in use by process \d+/);

    await writeFile(join(datadir, 'regtest', 'node.sqlite'), 'not a database');
    const damaged = await run([...quiet, '--datadir', datadir, '--rpc-port', '0', '--p2p-port', '0']);
    assert.equal(damaged.code, 1);
    assert.match(damaged.text, /node\.sqlite/);
  });

  test('is ready with one line, keeps changed rules apart, and ends cleanly on a signal', async (t) => {
    const datadir = await temporaryDirectory(t);
    const argv = [
      NILZ,
      'node',
      '--network',
      'dev',
      '--datadir',
      datadir,
      '--rpc-port',
      '0',
      '--p2p-port',
      '0',
      '--json',
    ];
    const env = childEnvironment({ NILZ_BLOCK_TIME_S: '5', NILZ_LOG_LEVEL: 'silent' });
    const child = spawn(process.execPath, argv, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    t.after(() => child.kill('SIGKILL'));
    const [line] = await once(createInterface(child.stdout), 'line');
    const ready = JSON.parse(line);
    assert.equal(ready.ready, true);
    assert.equal(ready.network, 'dev');
    assert.equal(ready.height, 0);
    assert.match(ready.directory, /dev-[0-9a-f]{8}$/);
    assert.ok(existsSync(ready.cookie_file));
    assert.equal((await send({ url: `${ready.rpc_url}/health`, method: 'GET' })).status, 200);
    child.kill('SIGINT');
    const [code] = await once(child, 'exit');
    assert.equal(code, 0);
    assert.equal(existsSync(ready.cookie_file), false);
  });
});
