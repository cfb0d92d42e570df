import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findAccounts } from '../../../wallet/chain/account-search.ts';
import { wordKeys } from '../../../wallet/keys/contents.ts';
import { CHANGE, KeyRing, RECEIVE } from '../../../wallet/keys/key-ring.ts';
import { freshMnemonic } from '../../../wallet/open-wallet.ts';
import { PROFILE } from '../../kit/wallet-kit.ts';

const mnemonic = freshMnemonic();

/** A chain on which these addresses of the words are in use: account, chain, index. */
function backend(used: readonly (readonly [account: number, chain: 0 | 1, index: number])[]) {
  const addresses = new Set(
    used.map(([account, chain, index]) =>
      new KeyRing(wordKeys(mnemonic, account), PROFILE).address({ chain, index }),
    ),
  );
  return {
    usedAddresses: async (asked: readonly string[]) => asked.map((address) => addresses.has(address)),
  };
}

test('the following accounts of the same words that are in use are found, with how much', async () => {
  const looked: number[] = [];
  const found = await findAccounts({
    mnemonic,
    profile: PROFILE,
    backend: backend([
      [0, RECEIVE, 0],
      [1, RECEIVE, 0],
      [1, RECEIVE, 7],
      [3, CHANGE, 2],
      [6, RECEIVE, 0],
    ]),
    from: 1,
    onProgress: (account) => looked.push(account),
  });
  assert.deepEqual(found, [
    { account: 1, usedAddresses: 2 },
    { account: 3, usedAddresses: 1 },
  ]);
  assert.deepEqual(looked, [1, 2, 3, 4, 5], 'two unused ones in a row end the search');
});

test('a larger gap limit looks further in each account', async () => {
  const search = { mnemonic, profile: PROFILE, backend: backend([[1, RECEIVE, 30]]), from: 1 };
  assert.deepEqual(await findAccounts(search), []);
  assert.deepEqual(await findAccounts({ ...search, gapLimit: 40 }), [{ account: 1, usedAddresses: 1 }]);
});
