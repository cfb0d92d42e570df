/** The keys: showing them, checking that the owner has them, bringing one in. */
import type { Handlers } from './handlers.ts';

export const KEY_CALLS: Handlers<
  'keys/words' | 'keys/check-words' | 'keys/xpub' | 'keys/import' | 'keys/change-passphrase'
> = {
  'keys/words': async ({ wallet, passphrase }, { shelf }) => {
    await shelf.requirePassphrase(wallet, passphrase);
    return { words: await shelf.get(wallet).mnemonic() };
  },
  'keys/check-words': async ({ wallet, words }, { shelf, tell }) => {
    const same = await shelf.get(wallet).checkWords(words);
    if (same) tell({ event: 'changed', wallet });
    return { same };
  },
  'keys/xpub': async ({ wallet }, { shelf }) => {
    const { xpub, zpub, path, fingerprint, withOrigin } = await shelf.get(wallet).exportXpub();
    return { xpub, zpub, path, fingerprint, with_origin: withOrigin };
  },
  'keys/import': async ({ wallet, passphrase, key, label }, { shelf, tell }) => {
    await shelf.requirePassphrase(wallet, passphrase);
    const { address } = await shelf.get(wallet).importKey(key, label);
    tell({ event: 'changed', wallet });
    return { address };
  },
  'keys/change-passphrase': async ({ wallet, passphrase, new_passphrase: next }, { shelf }) => {
    await shelf.get(wallet).changePassphrase(passphrase, next);
    return {};
  },
};
