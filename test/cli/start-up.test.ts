/** What a command loads before it does anything: only what it needs, for every module costs time at each start. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build, type Metafile } from 'esbuild';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The imports of all files that the entries can reach. */
async function importsFrom(entries: readonly string[]): Promise<Metafile['inputs']> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [...entries],
    bundle: true,
    metafile: true,
    write: false,
    outdir: 'unwritten',
    format: 'esm',
    platform: 'node',
    packages: 'external',
    logLevel: 'silent',
  });
  return metafile.inputs;
}

/** Files and packages that are loaded together with a file, without anything being called. */
function loadedWith(entry: string, inputs: Metafile['inputs']): Set<string> {
  const loaded = new Set([entry]);
  for (const file of loaded) {
    for (const { path, kind } of inputs[file]?.imports ?? []) {
      if (kind === 'import-statement' && !path.startsWith('node:')) loaded.add(path);
    }
  }
  return loaded;
}

describe('what is loaded at the start', () => {
  const entries = ['cli/main.ts', 'cli/up.ts', 'miner/main.ts', 'pool/main.ts', 'wallet/main.ts'];
  const inputs = importsFrom(entries);

  test('nilz by itself loads no package and no app', async () => {
    const loaded = [...loadedWith('cli/main.ts', await inputs)].filter((path) => path !== 'cli/main.ts');
    assert.deepEqual(
      loaded.filter((path) => !/^(service|protocol)\//.test(path)),
      [],
    );
    assert.ok(loaded.length < 6, loaded.join(', '));
  });

  test('nilz up tells its settings without loading a service', async () => {
    const loaded = [...loadedWith('cli/up.ts', await inputs)];
    assert.deepEqual(
      loaded.filter((path) => /^(node|miner|faucet|wallet|cli\/up)\//.test(path) || path === 'zod'),
      [],
    );
  });

  test('a service loads what few ask of it when they ask', async () => {
    for (const entry of ['cli/up/run.ts', 'pool/main.ts', 'miner/main.ts']) {
      const loaded = loadedWith(entry, await inputs);
      assert.ok(loaded.has('zod') && loaded.has('pino'), `${entry}: imports were followed`);
      for (const rare of ['selfsigned', 'prom-client', 'rate-limiter-flexible', 'tldts']) {
        assert.ok(!loaded.has(rare), `${entry} loads ${rare}`);
      }
    }
    const miner = loadedWith('miner/main.ts', await inputs);
    assert.deepEqual(
      ['koa', '@koa/router', 'miner/benchmark/benchmark.ts'].filter((name) => miner.has(name)),
      [],
    );
  });

  test('nilz wallet loads no command but the one that is called', async () => {
    const named = (await inputs)['wallet/cli/commands.ts']?.imports ?? [];
    const commands = named.filter(({ kind }) => kind === 'dynamic-import').map(({ path }) => path);
    assert.ok(commands.includes('wallet/cli/balance.ts'));
    const loaded = loadedWith('wallet/main.ts', await inputs);
    assert.deepEqual(
      commands.filter((path) => loaded.has(path)),
      [],
    );
  });
});
