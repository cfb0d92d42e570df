/** Extended public keys as other programs write them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PROFILES } from '../../../protocol/network.ts';
import { readWatchKey } from '../../../wallet/keys/watch-key.ts';
import { WalletError } from '../../../wallet/wallet-error.ts';

/** Key and fingerprint of m/84'/1'/0' of "abandon … about", the words of BIP 84's test vectors. */
const TPUB =
  'tpubDC8msFGeGuwnKG9Upg7DM2b4DaRqg3CUZa5g8v2SRQ6K4NSkxUgd7HsL2XVWbVm39yBA4LAxysQAm397zwQSQoQgewGiYZqrA9DsP4zbQ1M';
const FINGERPRINT = '73c5da0a';

const read = (text: string) => readWatchKey(text, PROFILES['bitcoin-regtest']);

test('a key is read bare and with its origin, in either way of writing a hardened step', () => {
  assert.deepEqual(read(TPUB), { kind: 'watch', xpub: TPUB, account: 0, fingerprint: null });
  for (const steps of ["84'/1'/0'", '84h/1h/0h', '84H/1H/0H']) {
    assert.deepEqual(read(` [${FINGERPRINT}/${steps}]${TPUB}\n`), {
      ...{ kind: 'watch', xpub: TPUB, account: 0, fingerprint: FINGERPRINT },
    });
  }
});

test('of an output descriptor, the refusal says what part of it is wanted', () => {
  for (const text of [
    `wpkh([${FINGERPRINT}/84h/1h/0h]${TPUB}/0/*)#n9g32cn0`,
    `wpkh(${TPUB}/<0;1>/*)`,
    `[${FINGERPRINT}/84h/1h/0h]${TPUB}/0/*`,
    `${TPUB}/0`,
  ]) {
    assert.throws(
      () => read(text),
      (error) =>
        error instanceof WalletError &&
        error.code === 'bad-key' &&
        /give the key alone/.test(error.message) &&
        !error.message.includes(TPUB.slice(0, 12)),
    );
  }
});

test('what is only mistyped is not taken for a descriptor', () => {
  for (const text of ['', 'tpub', TPUB.slice(0, -1), `[${FINGERPRINT}/84h/1h/0h ${TPUB}`]) {
    assert.throws(() => read(text), /no extended public key, or it has a typing error/);
  }
});
