import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { EDGE_SETTINGS, edgeOptions } from '../../../pool/edge/edge-settings.ts';
import { main } from '../../../pool/edge/main.ts';
import { loadSettings } from '../../../service/config.ts';
import { temporaryDirectory } from '../../kit/surroundings.ts';

const GUIDE = new URL('../../../docs/pool.md', import.meta.url);

function optionsOf(argv: readonly string[], env: Record<string, string> = {}) {
  const { values } = loadSettings(EDGE_SETTINGS, { command: 'nilz edge', argv: [...argv], env });
  return edgeOptions(values, () => '');
}

/** What `nilz edge` prints as it refuses to start, and its exit code. */
async function refusal(argv: readonly string[]): Promise<string> {
  const printed: string[] = [];
  const { error } = console;
  console.error = (text: string) => void printed.push(text);
  try {
    const code = await main([...argv], {});
    return `${code} ${printed.join('\n')}`;
  } finally {
    console.error = error;
  }
}

test('without settings an edge looks for the pool on this machine, and for its token in the data directory', () => {
  const options = optionsOf(['--id', 'north']);
  assert.equal(options.poolUrl, 'http://127.0.0.1:8000');
  assert.equal(options.tokenFile, join('data', 'dev', 'pool-edge.token'));
  assert.deepEqual([options.stratum.port, options.http.port], [3334, 8010]);
  assert.equal(options.maxOfflineMs, 120_000);
  assert.deepEqual(options.allow, []);
});

test('the names of the seed system keep working', () => {
  const options = optionsOf([], {
    NILZ_POOL_UPSTREAM: 'http://pool.example:8000',
    NILZ_EDGE_HOST: '127.0.0.2',
    NILZ_EDGE_PORT: '9000',
    NILZ_EDGE_ID: 'south',
  });
  assert.equal(options.poolUrl, 'http://pool.example:8000');
  assert.deepEqual(options.http, { host: '127.0.0.2', port: 9000 });
  assert.equal(options.stratum.host, '127.0.0.2');
  assert.equal(options.id, 'south');
});

test('the guide for operators has the settings of an edge with their defaults', () => {
  const [, text = ''] = readFileSync(GUIDE, 'utf8').split('## Mining edge');
  const rows = [...text.matchAll(/^\| `--([a-z-]+)` \|([^|]*)\|/gm)];
  assert.ok(rows.length > 5);
  const settings: Readonly<Record<string, { readonly default?: unknown }>> = EDGE_SETTINGS;
  for (const [, flag = '', value = ''] of rows) {
    const name = flag.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
    const setting = settings[name];
    assert.ok(setting !== undefined, `--${flag} is a setting`);
    if (setting.default !== undefined) assert.equal(value.trim(), String(setting.default), flag);
  }
});

test('a bad setting stops the start with a line that says what is allowed', async (t) => {
  const directory = await temporaryDirectory(t);
  const bad: readonly [string[], RegExp][] = [
    [['--pool-url', 'pool'], /^2 .*--pool-url pool: must have the form http:\/\/HOST:PORT/],
    [['--pool-url', 'http://user:secret@pool:1'], /^2 .*without a login or path/],
    [['--pool-url', 'ws://pool:1'], /^2 .*must have the form/],
    [['--id', 'two words'], /^2 .*--id two words: must be 1 to 64 letters/],
    [['--allow', '10.0.0.0/33'], /^2 .*"10\.0\.0\.0\/33" is no network/],
    [['--max-offline', '-1'], /^2 .*from 0 to 600/],
    [['--datadir', directory], /^1 .*there is no .*pool-edge\.token/],
  ];
  for (const [argv, expected] of bad) assert.match(await refusal(argv), expected);
  const file = join(directory, 'token');
  await writeFile(file, 'short');
  assert.match(await refusal(['--edge-token', file]), /^1 .*holds no edge token/);
});
