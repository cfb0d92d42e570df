import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBase58check } from '@scure/base';
import { HDKey } from '@scure/bip32';
import fc from 'fast-check';
import { p2wpkhAddress } from '../../protocol/address.ts';
import { bytesToHex } from '../../protocol/bytes.ts';
import { ExtendedKeyError, parseAccountPublicKey } from '../../protocol/extended-key.ts';
import { hash160, sha256 } from '../../protocol/hash.ts';
import { accountOf, type KeyChain, seedOf } from '../../protocol/key.ts';

const base58check = createBase58check(sha256);
const ABANDON = `${'abandon '.repeat(11)}about`;
/** BIP 84, test vectors: account 0 of ABANDON, its keys and their addresses. */
const BIP84 = {
  zpub: 'zpub6rFR7y4Q2AijBEqTUquhVz398htDFrtymD9xYYfG1m4wAcvPhXNfE3EfH1r1ADqtfSdVCToUG868RvUUkgDKf31mGDtKsAYz2oz2AGutZYs',
  keys: [
    [
      0,
      0,
      '0330d54fd0dd420a6e5f8d3624f5f3482cae350f79d5f0753bf5beef9c2d91af3c',
      'bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu',
    ],
    [
      0,
      1,
      '03e775fd51f0dfb8cd865d9ff1cca2a158cf651fe997fdc9fee9c1d3b5e995ea77',
      'bc1qnjg0jd8228aq7egyzacy8cys3knf9xvrerkf9g',
    ],
    [
      1,
      0,
      '03025324888e429ab8e3dbaf1f7802648b9cd01e9b418485c5fa4c1b9b5700e1a6',
      'bc1q8c6fshw2dlwun7ekn9qwf37cu2rn755upcp6el',
    ],
  ] as const,
};

function refusal(text: RegExp) {
  return (error: unknown) => error instanceof ExtendedKeyError && text.test(error.message);
}

/** The account key of ABANDON at some path, written with any version bytes. */
function keyAt(path: string, version: number): string {
  const key = HDKey.fromMasterSeed(seedOf(ABANDON), { public: version, private: 0x0488ade4 }).derive(path);
  return key.publicExtendedKey;
}

test('the account of BIP 84 is read from its zpub, and its keys and addresses come of it', () => {
  const account = parseAccountPublicKey(BIP84.zpub, 0);
  assert.equal(account.zpub, BIP84.zpub);
  assert.equal(account.account, 0);
  for (const [chain, index, publicKey, address] of BIP84.keys) {
    const key = account.derive(chain, index);
    assert.equal(bytesToHex(key.publicKey), publicKey);
    assert.equal(p2wpkhAddress(hash160(key.publicKey), 'bc'), address);
  }
});

test('words and account lead to the same public half as BIP 84 names, as xpub and as zpub', () => {
  const { publicAccount, masterFingerprint } = accountOf(seedOf(ABANDON), 0);
  assert.equal(publicAccount.zpub, BIP84.zpub);
  assert.equal(publicAccount.xpub, keyAt("m/84'/0'/0'", 0x0488b21e));
  assert.equal(masterFingerprint, '73c5da0a', 'as other wallets show it for these words');
  assert.deepEqual(parseAccountPublicKey(publicAccount.xpub, 0).xpub, publicAccount.xpub);
});

test('on networks for trying out it is tpub and vpub, which mean the same key', () => {
  const { publicAccount } = accountOf(seedOf(ABANDON), 1, 7);
  assert.match(publicAccount.xpub, /^tpub/);
  assert.match(publicAccount.zpub, /^vpub/);
  const [plain, segwit] = [publicAccount.xpub, publicAccount.zpub].map((text) =>
    parseAccountPublicKey(text, 1),
  );
  assert.equal(plain?.account, 7);
  assert.equal(segwit?.xpub, publicAccount.xpub);
  assert.equal(segwit?.fingerprint, publicAccount.fingerprint);
});

test('the public half derives what the private half derives', () => {
  const seed = seedOf(ABANDON);
  const index = fc.integer({ min: 0, max: 2 ** 31 - 1 });
  fc.assert(
    fc.property(fc.nat(2 ** 31 - 1), fc.constantFrom<KeyChain>(0, 1), index, (number, chain, at) => {
      const account = accountOf(seed, 1, number);
      const watched = parseAccountPublicKey(account.publicAccount.xpub, 1);
      assert.equal(watched.account, number);
      assert.deepEqual(watched.derive(chain, at).publicKey, account.derive(chain, at).publicKey);
      assert.deepEqual(watched.derive(chain, at).script, account.derive(chain, at).script);
    }),
    { numRuns: 20 },
  );
});

test('nothing of the private half is in the public one', () => {
  const { publicAccount } = accountOf(seedOf(ABANDON), 1);
  const { privateKey } = HDKey.fromMasterSeed(seedOf(ABANDON)).derive("m/84'/1'/0'");
  assert.ok(privateKey);
  const payload = bytesToHex(base58check.decode(publicAccount.xpub));
  assert.ok(!payload.includes(bytesToHex(privateKey)));
  assert.ok(!JSON.stringify(publicAccount).includes('prv'));
});

test("another network's key is refused by its prefix", () => {
  assert.throws(() => parseAccountPublicKey(BIP84.zpub, 1), refusal(/begins with "zpub".*"tpub" or "vpub"/));
  const { xpub } = accountOf(seedOf(ABANDON), 1).publicAccount;
  assert.throws(
    () => parseAccountPublicKey(xpub, 5_130_572),
    refusal(/begins with "tpub".*"xpub" or "zpub"/),
  );
});

test('a key that stands elsewhere than an account is refused with its place', () => {
  for (const [path, reason] of [
    ['m', /depth 0/],
    ["m/84'/0'", /depth 2/],
    ["m/84'/0'/0'/0", /depth 4/],
    ["m/84'/0'/0", /not hardened/],
  ] as const) {
    assert.throws(() => parseAccountPublicKey(keyAt(path, 0x0488b21e), 0), refusal(reason), path);
  }
});

test('keys of other kinds are refused by what they are, private ones without a word of them', () => {
  const master = HDKey.fromMasterSeed(seedOf(ABANDON), { public: 0x04b24746, private: 0x04b2430c });
  const account = master.derive("m/84'/0'/0'");
  const { privateExtendedKey } = account;
  assert.match(privateExtendedKey, /^zprv/);
  assert.throws(
    () => parseAccountPublicKey(privateExtendedKey, 0),
    (error) => refusal(/private half/)(error) && !String(error).includes(privateExtendedKey.slice(4, 12)),
  );
  assert.throws(() => parseAccountPublicKey(keyAt("m/49'/0'/0'", 0x049d7cb2), 0), refusal(/P2SH-P2WPKH/));
  assert.throws(() => parseAccountPublicKey(keyAt("m/48'/0'/0'", 0x02aa7ed3), 0), refusal(/multisignature/));
});

test('a typing error, a cut and a foreign text are refused', () => {
  const { zpub } = BIP84;
  for (let at = 4; at < zpub.length; at++) {
    const other = zpub[at] === 'q' ? 'r' : 'q';
    const typo = `${zpub.slice(0, at)}${other}${zpub.slice(at + 1)}`;
    assert.throws(() => parseAccountPublicKey(typo, 0), refusal(/typing error/));
  }
  for (const text of ['', 'x', zpub.slice(0, -1), `${zpub}1`, `${zpub} `, 'zpub', '1'.repeat(100_000)]) {
    assert.throws(() => parseAccountPublicKey(text, 0), ExtendedKeyError, text.slice(0, 20));
  }
});

test('33 bytes that are no point of the curve are refused', () => {
  const payload = base58check.decode(BIP84.zpub);
  const forged = base58check.encode(
    Uint8Array.from([...payload.subarray(0, 46), ...new Uint8Array(32).fill(0xff)]),
  );
  assert.throws(() => parseAccountPublicKey(forged, 0), refusal(/no point/));
});
