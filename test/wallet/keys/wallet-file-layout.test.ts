import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import vm from 'node:vm';
import { PROFILES } from '../../../protocol/network.ts';
import { contentsSchema } from '../../../wallet/keys/contents.ts';
import { parseKeyFile, SCRYPT_COST } from '../../../wallet/keys/key-file.ts';
import { KeyRing } from '../../../wallet/keys/key-ring.ts';
import { CONTENTS_FORMAT } from '../../../wallet/keys/wallet-file.ts';

/** The page is all that another program gets to see: its own code reads its own example here. */
const PAGE = readFileSync(new URL('../../../docs/wallet-file.md', import.meta.url), 'utf8');

function blocks(language: string): string[] {
  return [...PAGE.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ([, text = '']) => text,
  );
}

const [program = ''] = blocks('js');
const [file = '', contents = ''] = blocks('json');
const [, passphrase = ''] = /The passphrase is `([^`]+)`/.exec(PAGE) ?? [];

/** The function of the page, with node:crypto and nothing of this project. */
const openWallet = vm.runInNewContext(`${program}; openWallet`, {
  require: createRequire(import.meta.url),
  Buffer,
}) as (text: string, passphrase: string) => unknown;

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

test('what the page says is enough to open its example', () => {
  assert.deepEqual(plain(openWallet(file, passphrase)), JSON.parse(contents));
  assert.deepEqual(plain(openWallet(file, passphrase.normalize('NFD'))), JSON.parse(contents));
  assert.throws(() => openWallet(file, 'cafe au lait'));
  assert.throws(() => openWallet(file.replace('"regtest"', '"main"'), passphrase), /damaged/);
});

test('the example is of the present format, and its keys are those of its words', () => {
  const { version, kdf } = parseKeyFile(file, CONTENTS_FORMAT.version);
  assert.equal(version, CONTENTS_FORMAT.version);
  assert.deepEqual({ N: kdf.N, r: kdf.r, p: kdf.p }, SCRYPT_COST);
  const parsed = contentsSchema.parse(JSON.parse(contents));
  const ring = new KeyRing(parsed.keys, PROFILES.regtest);
  ring.extend(0, parsed.given);
  assert.equal(ring.keyHashes(0), parsed.keyHashes.receive);
  assert.equal(ring.address({ chain: 0, index: 1 }), Object.keys(parsed.notes.addresses)[0]);
});

test('the page names every field of the file and of the contents', () => {
  const table = PAGE.slice(0, PAGE.indexOf('## A worked example'));
  for (const name of Object.keys(contentsSchema.shape)) assert.match(table, new RegExp(`\`${name}\``), name);
  const { kdf, cipher, ...others } = parseKeyFile(file, CONTENTS_FORMAT.version);
  const names = [
    ...Object.keys(others),
    ...Object.keys(kdf).map((name) => `kdf.${name}`),
    ...Object.keys(cipher).map((name) => `cipher.${name}`),
  ];
  for (const name of names) assert.ok(table.includes(`\`${name}\``), name);
  assert.ok(table.includes(`version\` | ${CONTENTS_FORMAT.version};`));
});
