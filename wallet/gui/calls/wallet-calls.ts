/** Which wallets there are, and how one gets and opens one. */

import { findAccounts } from '../../chain/account-search.ts';
import { freshMnemonic, parseMnemonic } from '../../open-wallet.ts';
import { WalletError } from '../../wallet-error.ts';
import type { Handlers } from './handlers.ts';

export const WALLET_CALLS: Handlers<
  | 'state'
  | 'wallets/words'
  | 'wallets/words-valid'
  | 'wallets/create'
  | 'wallets/restore'
  | 'wallets/watch'
  | 'wallets/open'
  | 'wallets/lock'
  | 'wallets/touch'
> = {
  state: (_, { state }) => state(),
  'wallets/words': async () => ({ words: freshMnemonic() }),
  'wallets/words-valid': async ({ words }, { profile }) => {
    try {
      parseMnemonic(words, profile);
      return { valid: true, reason: null };
    } catch (error) {
      if (!(error instanceof WalletError)) throw error;
      return { valid: false, reason: error.message };
    }
  },
  'wallets/create': async ({ name, words, passphrase, words_checked: isChecked }, { shelf, now }) => {
    const wordsChecked = Math.floor(now());
    const wallet = await shelf.create({ name, words, passphrase, ...(isChecked && { wordsChecked }) });
    return { wallet };
  },
  'wallets/restore': async (request, { shelf, now, tell, profile, backend }) => {
    const { name, words, passphrase, account, gap_limit: gapLimit } = request;
    const wanted = {
      name,
      words,
      passphrase,
      // Who types them has them.
      wordsChecked: Math.floor(now()),
      ...(account !== undefined && { account }),
      ...(gapLimit !== undefined && { gapLimit }),
    };
    const mnemonic = parseMnemonic(words, profile);
    // Before the wallet is made: where that cannot be asked, nothing is made.
    const others = await findAccounts({ mnemonic, profile, backend, from: (account ?? 0) + 1 });
    const { row, usedAddresses } = await shelf.restore(wanted, (progress) =>
      tell({ event: 'scan', wallet: name, progress }),
    );
    return {
      wallet: row,
      used_addresses: usedAddresses,
      other_accounts: others.map((other) => other.account),
    };
  },
  'wallets/watch': async ({ name, xpub, passphrase, gap_limit: gapLimit }, { shelf, tell }) => {
    const wanted = { name, xpub, passphrase, ...(gapLimit !== undefined && { gapLimit }) };
    const { row, usedAddresses } = await shelf.watch(wanted, (progress) =>
      tell({ event: 'scan', wallet: name, progress }),
    );
    return { wallet: row, used_addresses: usedAddresses };
  },
  'wallets/open': async ({ wallet, passphrase }, { shelf }) => ({
    wallet: await shelf.open(wallet, passphrase),
  }),
  'wallets/lock': async ({ wallet }, { shelf }) => {
    shelf.lock(wallet);
    return {};
  },
  'wallets/touch': async ({ wallet }, { shelf }) => {
    // A wallet that is locked answers so.
    shelf.get(wallet);
    shelf.touch(wallet);
    return {};
  },
};
