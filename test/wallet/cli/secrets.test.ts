import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { HDKey } from '@scure/bip32';
import { bytesToHex } from '../../../protocol/bytes.ts';
import { accountOf, seedOf } from '../../../protocol/key.ts';
import { encodeWif } from '../../../protocol/wif.ts';
import type { Answer } from '../../kit/scripted-terminal.ts';
import { CommandBench, type Environment, OWN_WORDS, PROFILE, SECRET } from './command-bench.ts';

const NEW_SECRET = 'wolf garden cannon pelican';
const SINGLE_KEY = '11'.repeat(32);
const SINGLE_WIF = encodeWif(new Uint8Array(32).fill(0x11), PROFILE.coinType);
const ADDRESS = 'rnilz1q8qe0zcv4eagq7r8aj8mw7tmuvqtq0csf0ayfz3';

interface ListJson {
  readonly labels: readonly { readonly addresses: readonly { readonly address: string }[] }[];
}

/** Everything that must not be seen anywhere: the words, what comes of them, what opens the file. */
function secrets(): string[] {
  const seed = seedOf(OWN_WORDS);
  const account = accountOf(seed, PROFILE.coinType);
  const keys = [0, 1, 2].flatMap((index) => [account.derive(0, index), account.derive(1, index)]);
  const words = OWN_WORDS.split(' ');
  return [
    ...words.slice(1).map((word, at) => `${words[at]} ${word}`),
    ...[SECRET, NEW_SECRET, SINGLE_KEY, SINGLE_WIF, bytesToHex(seed)],
    HDKey.fromMasterSeed(seed).derive(account.path).privateExtendedKey,
    ...keys.flatMap(({ privateKey }) => [bytesToHex(privateKey), encodeWif(privateKey, PROFILE.coinType)]),
  ];
}

let bench: CommandBench;
let path: string;
const seen: { readonly argv: readonly string[]; readonly text: string }[] = [];

before(async () => {
  bench = await CommandBench.start();
  path = await bench.walletFile(OWN_WORDS);
});

after(() => bench.stop());

/** Runs a command and keeps all it said, but for its answers to questions. */
async function run(argv: readonly string[], script: readonly Answer[] | string = '', env?: Environment) {
  const ran = await bench.run(argv, script, env);
  const { printed, noted, progressed, drawn } = ran.terminal;
  seen.push({ argv, text: [...printed, ...noted, ...progressed, ...drawn].join('\n') });
  return ran;
}

function requireSilence(): void {
  for (const { argv, text } of seen) {
    for (const secret of secrets()) {
      assert.ok(!text.includes(secret), `nilz wallet ${argv[0]} shows ${secret.slice(0, 3)}…: ${text}`);
    }
  }
}

async function secretFile(name: string, text: string): Promise<string> {
  const file = bench.path(name);
  await writeFile(file, text);
  return file;
}

test('no command says a secret that it was not asked for', async () => {
  const wallet = ['--wallet', path];
  const newFile = await secretFile('new', NEW_SECRET);
  const [label] = (await run(['list', ...wallet, '--json'])).terminal.json<ListJson>().labels;
  const address = label?.addresses[0]?.address ?? '';
  const done = [
    await run(['restore', '--wallet', bench.newPath(), '--json'], OWN_WORDS),
    ...(await Promise.all(
      [
        'list',
        'balance',
        'coins',
        'history',
        'addresses',
        'check',
        'xpub',
        'fees',
        'contacts',
        'settings',
      ].map((name) => run([name, ...wallet, '--json'])),
    )),
    await run(['new-address', ...wallet]),
    await run(['receive', ...wallet]),
    await run(['import-key', ...wallet, '--json'], SINGLE_KEY),
    await run(['check-backup', ...wallet], OWN_WORDS),
    await run(['sign-message', ...wallet, '--address', address, '--message', 'hello']),
    await run(['change-passphrase', ...wallet, '--new-passphrase-file', newFile]),
    await run(['list', ...wallet], '', bench.environment({ NILZ_PASSPHRASE: NEW_SECRET })),
    await run(
      ['change-passphrase', ...wallet],
      '',
      bench.environment({ NILZ_PASSPHRASE: NEW_SECRET, NILZ_NEW_PASSPHRASE: SECRET }),
    ),
  ];
  for (const { code, errors } of done) assert.equal(code, 0, errors);
  requireSilence();
});

test('what is typed in the wrong place is not repeated', async () => {
  const wallet = ['--wallet', path];
  const words = OWN_WORDS.split(' ');
  const mistakes: [argv: readonly string[], script: string][] = [
    [words, ''],
    [[OWN_WORDS], ''],
    [['restore', ...words], ''],
    [['restore', OWN_WORDS], ''],
    [['restore', `--mnemonic=${OWN_WORDS}`], ''],
    [['restore', '--mnemonic', OWN_WORDS], ''],
    [['restore', '--words', OWN_WORDS], ''],
    [['restore', '--wallet', bench.newPath()], `${OWN_WORDS} zoo`],
    [['restore', '--wallet', bench.newPath()], OWN_WORDS.replace('winner', 'winer')],
    [['list', ...wallet, `--passphrase=${SECRET}`], ''],
    [['list', ...wallet, '--passphrase', SECRET], ''],
    [['change-passphrase', ...wallet, '--new-passphrase', NEW_SECRET], ''],
    [['import-key', ...wallet, '--private-key', SINGLE_KEY], ''],
    [['import-key', ...wallet, `--private-key=${SINGLE_WIF}`], ''],
    [['import-key', ...wallet, SINGLE_WIF], ''],
    [['import-key', ...wallet, '--key', SINGLE_WIF], ''],
    [['import-key', ...wallet], `${SINGLE_WIF}x`],
    [['import-key', ...wallet], `${SINGLE_KEY}1`],
    [['import-key', ...wallet], SECRET],
    [['import-key', ...wallet], OWN_WORDS],
    [['watch', '--wallet', bench.newPath(), '--xpub', OWN_WORDS], ''],
    [['watch', '--wallet', bench.newPath(), '--xpub', SINGLE_WIF], ''],
    [['check-backup', ...wallet], `${OWN_WORDS} ${OWN_WORDS}`],
    [['check-backup', ...wallet, OWN_WORDS], ''],
    [['send', ...wallet, OWN_WORDS], ''],
    [['verify-message', '--address', ADDRESS, '--message', 'x', '--signature', SINGLE_WIF], ''],
  ];
  for (const [argv, script] of mistakes) {
    const { code } = await run(argv, script);
    assert.notEqual(code, 0, argv.join(' '));
  }
  requireSilence();
});

test('a file that is wrong in any way is refused without a word of it or of the passphrase', async () => {
  const text = await readFile(path, 'utf8');
  const broken = [
    await secretFile('words.txt', OWN_WORDS),
    await secretFile('json.txt', JSON.stringify({ mnemonic: OWN_WORDS })),
    await secretFile('torn.json', text.slice(0, 300)),
    await secretFile('newer.json', text.replace('"version": 2', '"version": 3')),
  ];
  for (const file of broken) assert.equal((await run(['list', '--wallet', file])).code, 1);
  const wrong = await run(['list', '--wallet', path], '', bench.environment({ NILZ_PASSPHRASE: NEW_SECRET }));
  assert.equal(wrong.code, 1);
  const away = await run(['balance', '--wallet', path], '', bench.withoutNode());
  assert.equal(away.code, 3);
  requireSilence();
});

test('nothing of it lies on the disk in clear', async () => {
  const folders = [bench.directory, bench.networkDirectory];
  const given = new Set(['new', 'words.txt', 'json.txt']);
  let looked = 0;
  for (const folder of folders) {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (!entry.isFile() || given.has(entry.name)) continue;
      const bytes = await readFile(join(folder, entry.name), 'latin1');
      for (const secret of secrets()) assert.ok(!bytes.includes(secret), `${entry.name} holds a secret`);
      looked += 1;
    }
  }
  assert.ok(looked > 3, `${looked} files`);
});
