import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { type MinerSettings, poolsOf, SETTINGS, shownPools, tlsTrustOf } from '../../miner/settings.ts';
import { p2wpkhAddress } from '../../protocol/address.ts';
import { PROFILES } from '../../protocol/network.ts';
import { loadSettings, SettingError } from '../../service/config.ts';
import { documentText } from '../kit/documented-fields.ts';
import { temporaryDirectory } from '../kit/surroundings.ts';

const KEY_HASH = new Uint8Array(20).fill(7);
const DEV = p2wpkhAddress(KEY_HASH, 'dnilz');
const MAIN = p2wpkhAddress(KEY_HASH, 'nilz');

function settings(argv: readonly string[], env: Record<string, string> = {}): MinerSettings {
  return loadSettings(SETTINGS, { command: 'nilz miner', argv, env }).values;
}

function pools(argv: readonly string[], env: Record<string, string> = {}) {
  return poolsOf(settings(argv, env), undefined).map(({ url, user, password }) => [url, user, password]);
}

function refusal(argv: readonly string[], network = 'none'): string {
  try {
    const values = settings(argv);
    // A benchmark mines for nobody.
    if (!values.benchmark) poolsOf(values, network === 'dev' ? PROFILES.dev : undefined);
    return 'taken';
  } catch (error) {
    assert.ok(error instanceof SettingError, String(error));
    return error.message;
  }
}

describe('several pools', () => {
  const TWO = ['--url', 'a:1', '--url', 'wss://b'];

  test('have the user and the password of the same place, and the last one where there are fewer', () => {
    const words = ['--user', 'one', '--user', 'two', '--password', 'd=1', '--password', 'd=2'];
    assert.deepEqual(pools([...TWO, '--url', 'c:3', ...words]), [
      ['a:1', 'one', 'd=1'],
      ['wss://b', 'two', 'd=2'],
      ['c:3', 'two', 'd=2'],
    ]);
    assert.deepEqual(pools([...TWO, '--user', 'one', '--worker-name', 'rig']), [
      ['a:1', 'one.rig', 'x'],
      ['wss://b', 'one.rig', 'x'],
    ]);
  });

  test('are not fewer than users or passwords', () => {
    const words = ['--user', 'one', '--user', 'two', '--user', 'three'];
    assert.match(refusal([...TWO, ...words]), /^--user is given 3 times for 2 pools/);
    assert.match(
      refusal(['--user', 'one', '--password', 'a', '--password', 'b']),
      /^--password is given 2 times for one pool/,
    );
  });

  test('come from the environment and from a file too', async (t) => {
    const env = { NILZ_URL: 'a:1, wss://b', NILZ_USER: 'one', NILZ_PASSWORD: 'c=BTC,d=16' };
    assert.deepEqual(pools([], env), [
      ['a:1', 'one', 'c=BTC,d=16'],
      ['wss://b', 'one', 'c=BTC,d=16'],
    ]);
    const file = join(await temporaryDirectory(t), 'config.json');
    const content = { pool_address: ['http://a:8000', 'b:2'], wallet_address: DEV, password: ['y', 'z'] };
    writeFileSync(file, JSON.stringify({ ...content, worker_name: 'rig', stats_interval: 5 }));
    assert.deepEqual(pools(['--config', file]), [
      ['http://a:8000', `${DEV}.rig`, 'y'],
      ['b:2', `${DEV}.rig`, 'z'],
    ]);
    assert.equal(settings(['--config', file]).statsInterval, 5);
  });

  test('are mined for on one network', () => {
    const mixed = [...TWO, '--user', `${DEV}.rig`, '--user', MAIN];
    assert.equal(
      refusal(mixed),
      '--user: addresses dnilz1… and nilz1… are of different networks; a miner mines on one',
    );
    assert.match(refusal(mixed, 'dev'), /no payment address on network dev/);
    assert.equal(refusal([...TWO, '--user', DEV, '--user', 'someone']), 'taken');
  });
});

describe('a file of settings that cannot be used', () => {
  const cases: [what: string, content: unknown, words: RegExp][] = [
    [
      'a key with a typing error',
      { wallet_adress: 'x' },
      /no setting "wallet_adress"; did you mean wallet_address\?/,
    ],
    ['an unknown key', { gpu: 1 }, /no setting "gpu"; there are: url, pool_address, user, wallet_address,/],
    ['an address that is no text', { wallet_address: 5 }, /"wallet_address" in .* 5: must be texts/],
    ['a pool that is no text', { pool_address: { host: 'a' } }, /"pool_address" in .*: must be texts/],
    ['no pool', { wallet_address: 'x', pool_address: [] }, /--url is missing/],
    ['a user of two words', { wallet_address: 'some one' }, /--user "some one": must have no spaces/],
    ['an interval in words', { stats_interval: 'often' }, /"stats_interval" in .* often: must be an integer/],
  ];
  for (const [what, content, words] of cases) {
    test(what, async (t) => {
      const file = join(await temporaryDirectory(t), 'config.json');
      writeFileSync(file, JSON.stringify(content));
      assert.match(refusal(['--config', file]), words);
    });
  }
});

describe('an address of a pool that cannot be used', () => {
  test('is named with what is wrong', () => {
    assert.match(
      refusal(['--user', 'one', '--url', 'pool.test']),
      /^--url pool\.test: names no port; write stratum\+tcp/,
    );
  });

  test('is named without its password', () => {
    for (const url of [
      'gbt+http://me:hunter2@host:x',
      'gopher://me:hunter2@host',
      'ws://me:hunter2@host:1',
    ]) {
      const text = refusal(['--user', 'one', '--url', url]);
      assert.match(text, /^--url /);
      assert.doesNotMatch(text, /hunter2/, url);
    }
  });
});

test('pools are shown without passwords', () => {
  const words = ['--user', DEV, '--url', 'gbt+http://me:hunter2@node:5000', '--url', 'pool.test:3333'];
  const shown = shownPools(poolsOf(settings(words), undefined));
  assert.equal(shown, 'gbt+http://node:5000, then stratum+tcp://pool.test:3333');
});

test("a node's cookie is for nodes", () => {
  const words = ['--user', DEV, '--url', 'gbt+http://node:5000', '--url', 'a:1', '--node-cookie', 'c'];
  assert.deepEqual(
    poolsOf(settings(words), undefined).map(({ cookieFile }) => cookieFile),
    ['c', undefined],
  );
});

describe('certificates to trust', () => {
  test('come from a file that holds some', async (t) => {
    const file = join(await temporaryDirectory(t), 'ca.crt');
    const trust = (words: readonly string[], text = ''): unknown => tlsTrustOf(settings(words), () => text);
    assert.deepEqual(trust([]), { isUnchecked: false });
    assert.deepEqual(trust(['--tls-insecure']), { isUnchecked: true });
    assert.throws(
      () => trust(['--tls-ca', file], 'nothing'),
      (error) =>
        error instanceof SettingError && /^--tls-ca .*ca\.crt: holds no certificate/.test(error.message),
    );
  });

  test('are not looked for in a file that cannot be read', async (t) => {
    const folder = await temporaryDirectory(t);
    const { readFileSync } = await import('node:fs');
    for (const [file, why] of [
      [folder, 'it is a folder, not a file'],
      [join(folder, 'none'), 'there is no such file or folder'],
    ] as const) {
      assert.throws(
        () => tlsTrustOf(settings(['--tls-ca', file]), (name) => readFileSync(name, 'utf8')),
        (error) =>
          error instanceof SettingError &&
          error.message.startsWith(`--tls-ca ${file}: ${why}; name the file with`),
      );
    }
  });
});

describe('docs/miner.md', () => {
  const guide = documentText('miner.md');

  test('has every setting with its default, and no other', () => {
    const rows = [...guide.matchAll(/^\| `--([a-z\d-]+)` \|([^|]*)\|/gm)];
    const listed = rows.map(([, name = '', value = '']) => [name, value.trim()] as const);
    const expected = Object.entries(SETTINGS).map(([name, { kind, default: value }]) => {
      const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
      if (kind === 'boolean') return [flag, value === true ? 'yes' : 'no'] as const;
      return [flag, value === undefined ? '' : String(value)] as const;
    });
    const sorted = (entries: readonly (readonly [string, string])[]) =>
      entries.toSorted(([a], [b]) => (a < b ? -1 : 1));
    assert.deepEqual(sorted(listed), sorted(expected));
  });

  test('has commands that are taken', () => {
    const blocks = [...guide.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block);
    const commands = blocks
      .join('')
      .replaceAll('\\\n', ' ')
      .split('\n')
      .filter((line) => line !== '');
    assert.ok(commands.length >= 6);
    for (const command of commands) {
      const [program, subcommand, ...words] = (command.split(' | ')[0] ?? '').split(/\s+/);
      assert.deepEqual([program, subcommand], ['nilz', 'miner'], command);
      const argv = words.map((word) => word.replace('ADDRESS', DEV));
      assert.equal(refusal(argv), 'taken', command);
    }
  });
});
