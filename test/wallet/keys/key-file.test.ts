import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  deriveSealingKey,
  type KeyFile,
  parseKeyFile,
  SCRYPT_COST,
  type ScryptCost,
  sealKeyFile,
  unsealKeyFile,
} from '../../../wallet/keys/key-file.ts';
import { WalletError, type WalletErrorCode } from '../../../wallet/wallet-error.ts';

const CHEAP: ScryptCost = { N: 16, r: 1, p: 1 };
const HEAD = { version: 1, network: 'dev', magic: 'e3646e69' };
const CONTENTS = { secret: 'zoo zoo zoo', labels: ['default'] };

async function sealed(passphrase = 'correct horse') {
  const key = await deriveSealingKey(passphrase, undefined, CHEAP);
  return { key, text: sealKeyFile(HEAD, key, CONTENTS) };
}

async function open(text: string, passphrase = 'correct horse') {
  const file = parseKeyFile(text, 1);
  return unsealKeyFile(file, await deriveSealingKey(passphrase, file.kdf));
}

function refusal(...codes: WalletErrorCode[]) {
  return (error: unknown) => error instanceof WalletError && codes.includes(error.code);
}

test('what was sealed comes out again, and shows nothing of itself before', async () => {
  const { text } = await sealed();
  assert.deepEqual(await open(text), CONTENTS);
  assert.doesNotMatch(text, /zoo|labels|default/);
  assert.match(text, /"network": "dev"/);
});

test('a passphrase is the same however its accents were typed', async () => {
  const { text } = await sealed('caf\u00e9 ﬁn');
  assert.deepEqual(await open(text, 'cafe\u0301 fin'), CONTENTS);
});

test('every seal has a nonce of its own', async () => {
  const { key } = await sealed();
  const nonces = Array.from(
    { length: 50 },
    () => parseKeyFile(sealKeyFile(HEAD, key, CONTENTS), 1).cipher.nonce,
  );
  assert.equal(new Set(nonces).size, 50);
});

test('a wrong passphrase is told apart from a damaged file', async () => {
  const { text } = await sealed();
  await assert.rejects(open(text, 'wrong'), refusal('wrong-passphrase'));
  await assert.rejects(open(text, ''), refusal('wrong-passphrase'));
});

test('a file with any single bit flipped is refused as damaged or foreign, never as a wrong passphrase', async () => {
  const { text } = await sealed();
  const bytes = Buffer.from(text, 'utf8');
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = Buffer.from(bytes);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const changed = flipped.toString('utf8');
    assert.throws(
      () => parseKeyFile(changed, 1),
      refusal('damaged-file', 'not-a-wallet', 'newer-format'),
      `bit ${bit & 7} of byte ${bit >> 3}`,
    );
  }
});

test('a file cut off anywhere is refused as damaged or foreign', async () => {
  const { text } = await sealed();
  const lastBrace = text.lastIndexOf('}');
  for (let length = 0; length <= lastBrace; length++) {
    assert.throws(
      () => parseKeyFile(text.slice(0, length), 1),
      refusal('damaged-file', 'not-a-wallet'),
      `${length}`,
    );
  }
});

test('a forger who mends the checksum still cannot change anything', async () => {
  const { text, key } = await sealed();
  const file = parseKeyFile(text, 1);
  const other = parseKeyFile(sealKeyFile({ ...HEAD, network: 'main' }, key, { secret: 'other' }), 1);
  const forgeries: KeyFile[] = [
    { ...file, network: 'main' },
    { ...file, magic: 'e36e696c' },
    { ...file, version: 2 },
    { ...file, kdf: { ...file.kdf, N: 32 } },
    { ...file, kdf: { ...file.kdf, salt: '00'.repeat(16) } },
    { ...file, cipher: { ...file.cipher, nonce: other.cipher.nonce } },
    { ...file, cipher: { ...file.cipher, data: other.cipher.data } },
    { ...other, network: 'dev' },
  ];
  for (const forgery of forgeries)
    assert.throws(() => unsealKeyFile(forgery, key), refusal('wrong-passphrase'));
});

test('a file that asks for too much memory or time is refused before any is spent', async () => {
  const { text } = await sealed();
  const { kdf } = parseKeyFile(text, 1);
  for (const cost of [
    { N: 2 ** 24, r: 8, p: 1 },
    { N: 2 ** 17, r: 32, p: 1 },
    { N: 2 ** 17, r: 8, p: 16 },
    { N: 2 ** 30, r: 1, p: 1 },
    { N: 100_000, r: 8, p: 1 },
    { N: 0, r: 8, p: 1 },
    { N: 2.5, r: 8, p: 1 },
  ]) {
    const hostile = text
      .replace('"N": 16', `"N": ${cost.N}`)
      .replace('"r": 1', `"r": ${cost.r}`)
      .replace('"p": 1', `"p": ${cost.p}`);
    assert.notEqual(hostile, text);
    assert.throws(() => parseKeyFile(hostile, 1), refusal('damaged-file'), JSON.stringify(cost));
    await assert.rejects(deriveSealingKey('x', undefined, cost), JSON.stringify(cost));
  }
  assert.equal(kdf.N, 16);
  assert.ok(SCRYPT_COST.N >= 2 ** 17);
});

test('foreign and newer files are told apart', async () => {
  const { text } = await sealed();
  assert.throws(() => parseKeyFile('{"address":"bc1q"}', 1), refusal('not-a-wallet'));
  assert.throws(() => parseKeyFile('[1,2]', 1), refusal('not-a-wallet'));
  assert.throws(() => parseKeyFile('null', 1), refusal('not-a-wallet'));
  assert.throws(() => parseKeyFile('-----BEGIN PGP MESSAGE-----', 1), refusal('not-a-wallet'));
  assert.throws(() => parseKeyFile('', 1), refusal('damaged-file'));
  const newer = text.replace('"version": 1', '"version": 7');
  assert.throws(
    () => parseKeyFile(newer, 1),
    (error) => refusal('newer-format')(error) && /format 7.*up to 1/.test(String(error)),
  );
  const added = text.replace('"version": 1,', '"version": 1, "note": "hello",');
  assert.throws(() => parseKeyFile(added, 1), refusal('damaged-file'));
});

test('a file that was only laid out anew still opens', async () => {
  const { text } = await sealed();
  assert.deepEqual(await open(JSON.stringify(JSON.parse(text))), CONTENTS);
  assert.deepEqual(await open(text.replaceAll('\n', '\r\n')), CONTENTS);
});

test('whatever a file holds, it is a wallet or is refused with a reason', async () => {
  const { text } = await sealed();
  const good = JSON.parse(text) as Record<string, unknown>;
  const paths = [...Object.keys(good), 'kdf.N', 'kdf.r', 'kdf.p', 'kdf.salt', 'cipher.nonce', 'cipher.data'];
  const isReason = refusal('damaged-file', 'not-a-wallet', 'newer-format');
  fc.assert(
    fc.property(fc.constantFrom(...paths), fc.jsonValue(), (path, value) => {
      const [outer = '', inner] = path.split('.');
      const part = good[outer] as object;
      const changed = { ...good, [outer]: inner === undefined ? value : { ...part, [inner]: value } };
      fc.pre(JSON.stringify(changed) !== JSON.stringify(good));
      assert.throws(() => parseKeyFile(JSON.stringify(changed), 1), isReason);
    }),
    { numRuns: 500 },
  );
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string()), (anything) => {
      assert.throws(() => parseKeyFile(anything, 1), isReason);
    }),
    { numRuns: 500 },
  );
});

test('a new file asks scrypt for 128 MiB, and for what OWASP recommends at least', async () => {
  const { kdf } = await deriveSealingKey('guess', undefined);
  assert.equal(128 * kdf.N * kdf.r, 2 ** 27);
  assert.ok(kdf.N >= 2 ** 17 && kdf.r >= 8 && kdf.p >= 1);
});
