import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ENTROPY_BYTES,
  hasThrowawayWallets,
  throwawayWallet,
} from '../../../../pool/web/mine/throwaway-wallet.ts';
import { PROFILES } from '../../../../protocol/network.ts';
import { KeyRing, RECEIVE } from '../../../../wallet/keys/key-ring.ts';
import { firstContents } from '../../../../wallet/open-wallet.ts';
import { BITCOIN_MAIN, DEV, networkFacts } from './network-facts.ts';

test('BIP 84: the address is the first one of the words', () => {
  // The test vector of BIP 84.
  const wallet = throwawayWallet(new Uint8Array(ENTROPY_BYTES), BITCOIN_MAIN);
  assert.equal(
    wallet?.words,
    'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about',
  );
  assert.equal(wallet?.address, 'bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu');
});

test('the wallet of this project restores the same address first', () => {
  for (const profile of [PROFILES.dev, PROFILES.main]) {
    const { hrp } = profile.address;
    const network = networkFacts({ hrp, p2pkh: null, p2sh: null, only_p2wpkh: true }, profile.coinType);
    const entropy = Uint8Array.from({ length: ENTROPY_BYTES }, (_, at) => at * 11);
    const wallet = throwawayWallet(entropy, network);
    assert.ok(wallet);
    const { keys } = firstContents(wallet.words, profile);
    assert.equal(new KeyRing(keys, profile).address({ chain: RECEIVE, index: 0 }), wallet.address);
  }
});

test('where the pool does not say how keys are derived, none are', () => {
  for (const network of [networkFacts(DEV.address, null), networkFacts(null)]) {
    assert.equal(hasThrowawayWallets(network), false);
    assert.equal(throwawayWallet(new Uint8Array(ENTROPY_BYTES), network), undefined);
  }
  assert.equal(hasThrowawayWallets(DEV), true);
});
