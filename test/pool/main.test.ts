import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { FakeNode } from '../kit/fake-node.ts';
import { MINER_ADDRESS, POOL_ADDRESS, temporaryDirectory } from '../kit/pool-kit.ts';
import { StratumMiner } from '../kit/stratum-miner.ts';
import { childEnvironment } from '../kit/surroundings.ts';

const NILZ = fileURLToPath(new URL('../../nilz', import.meta.url));
const EXAMPLE = fileURLToPath(new URL('../../docs/pool_config.json', import.meta.url));
const LIMITED = { timeout: 60_000 };

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly errors: string;
}

/** Runs `nilz pool` to its end; `onLine` sees what it prints. */
function runPool(args: readonly string[], onLine?: (line: string, end: () => void) => void): Promise<Ended> {
  const child = spawn(process.execPath, [NILZ, 'pool', ...args], { env: childEnvironment() });
  let out = '';
  let errors = '';
  child.stdout.on('data', (chunk) => {
    out += String(chunk);
    if (out.endsWith('\n')) onLine?.(out, () => child.kill('SIGINT'));
  });
  child.stderr.on('data', (chunk) => {
    errors += String(chunk);
  });
  return new Promise((accept) => child.once('close', (code) => accept({ code, out, errors })));
}

test(
  'a pool started with the example of a settings file serves miners and ends cleanly on Ctrl-C',
  LIMITED,
  async (t) => {
    const directory = await temporaryDirectory(t);
    const node = await FakeNode.start();
    t.after(() => node.stop());
    const { reward_address } = JSON.parse(await readFile(EXAMPLE, 'utf8')) as { reward_address: string };
    const places = ['--node-url', node.url, '--datadir', directory];
    const ports = ['--stratum-bind', '127.0.0.1', '--stratum-port', '0', '--http-port', '0'];
    let served: Promise<unknown> = Promise.resolve();
    const ended = await runPool(
      ['--config', EXAMPLE, ...places, ...ports, '--json', '--start-difficulty', '0.5'],
      (line, end) => {
        const ready = JSON.parse(line) as { network: string; stratum_url: string; http_url: string };
        served = (async () => {
          assert.equal(ready.network, 'dev');
          const miner = await StratumMiner.connect(ready.stratum_url);
          assert.equal((await miner.login(MINER_ADDRESS)).difficulty, 0.5);
          const stats = await (await fetch(`${ready.http_url}/stats`)).json();
          assert.equal((stats as { reward_address: string }).reward_address, reward_address);
          assert.equal((await fetch(`${ready.http_url}/health`)).status, 200);
          end();
          await miner.closed;
        })();
      },
    );
    await served;
    assert.equal(ended.code, 0, ended.errors);
  },
);

test('wrong use is told in one line with exit code 2', LIMITED, async (t) => {
  const node = await FakeNode.start();
  t.after(() => node.stop());
  const directory = await temporaryDirectory(t);
  const cases: [string[], RegExp][] = [
    [[], /--address is missing/],
    [['--address', POOL_ADDRESS, '--start-difficulty', '0'], /--start-difficulty 0: must be a number from/],
    [['--address', POOL_ADDRESS, '--start-difficulty', '1', '--min-difficulty', '2'], /must not be below/],
    [['--address', POOL_ADDRESS, '--network', 'moon'], /moon/],
    [['--address', POOL_ADDRESS, '--node-url', 'ftp://x'], /--node-url: must have the form/],
    [['--address', 'bc1qxyz', '--node-url', node.url, '--datadir', directory], /--address bc1qxyz: /],
    [['--address', POOL_ADDRESS, '--node-url', node.url, '--network', 'test'], /--network says "test"/],
  ];
  const ended = await Promise.all(cases.map(([args]) => runPool(args)));
  for (const [index, { code, errors }] of ended.entries()) {
    assert.match(errors, cases[index]?.[1] ?? /$^/);
    assert.equal(code, 2, errors);
    assert.equal(errors.trim().split('\n').length, 1, errors);
  }
});

test('a node that refuses the password ends the start with exit code 3', LIMITED, async () => {
  const { createServer } = await import('node:http');
  const server = createServer((_request, response) => response.writeHead(401).end());
  await new Promise<void>((accept) => server.listen(0, '127.0.0.1', accept));
  const { port } = server.address() as { port: number };
  const url = `http://user:secret@127.0.0.1:${port}`;
  const { code, errors } = await runPool(['--address', POOL_ADDRESS, '--node-url', url]);
  server.close();
  server.closeAllConnections();
  assert.equal(code, 3);
  assert.match(errors, /refuses the user and password/);
  assert.ok(!errors.includes('secret'));
});
