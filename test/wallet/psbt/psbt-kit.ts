/** A wallet that sees the chain and has no keys, and one that has the keys and sees no chain. */
import { encodeAddress } from '../../../protocol/address.ts';
import { COIN } from '../../../protocol/amount.ts';
import { PROFILES } from '../../../protocol/network.ts';
import type { Psbt } from '../../../protocol/psbt.ts';
import type { Nits } from '../../../protocol/units.ts';
import type { ChainBackend } from '../../../wallet/chain/backend.ts';
import {
  DEFAULT_LABEL,
  newContents,
  type WalletKeys,
  withReceive,
  wordKeys,
} from '../../../wallet/keys/contents.ts';
import { KeyRing } from '../../../wallet/keys/key-ring.ts';
import { MemoryStore } from '../../../wallet/keys/wallet-store.ts';
import { readWatchKey } from '../../../wallet/keys/watch-key.ts';
import { readPsbt, showPsbt } from '../../../wallet/psbt/psbt-text.ts';
import { Wallet } from '../../../wallet/wallet.ts';
import { WalletError, type WalletErrorCode } from '../../../wallet/wallet-error.ts';
import { FakeChain, STRANGER_SCRIPT } from '../../kit/fake-chain.ts';

export const PROFILE = PROFILES.regtest;
export const STRANGER = encodeAddress(STRANGER_SCRIPT, PROFILE.address) ?? '';
/** The published words of BIP 39's first vector. */
export const WORDS =
  'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about';
/** Those of another of its vectors. */
export const OTHER_WORDS = 'legal winner thank year wave sausage worth useful legal winner thank yellow';

export const ringOf = (keys: WalletKeys) => new KeyRing(keys, PROFILE);

/** A wallet of these keys whose first address is given out. */
export function walletOf(keys: WalletKeys, backend: ChainBackend) {
  const store = new MemoryStore(withReceive(newContents(keys), DEFAULT_LABEL, 0));
  // Change stands before all else, so that a test knows its place.
  return { store, wallet: new Wallet({ store, profile: PROFILE, backend, random: () => 0 }) };
}

/** A wallet whose chain never answers. */
export function offlineWallet(words: string = WORDS) {
  const nowhere = new FakeChain(PROFILE);
  nowhere.away = true;
  return walletOf(wordKeys(words), nowhere);
}

/** Deriving keys takes long: those tests share it that leave it as it is. */
export const SIGNER = offlineWallet().wallet;

/**
 * The public half of the words' account, and a chain that has paid it these amounts.
 * @param withOrigin whether the watcher knows the master key's fingerprint
 */
export async function watchedWallet(amounts: readonly Nits[] = [10n * COIN], withOrigin = true) {
  const chain = new FakeChain(PROFILE);
  const exported = await SIGNER.exportXpub();
  const keys = readWatchKey(withOrigin ? exported.withOrigin : exported.xpub, PROFILE);
  const { store, wallet } = walletOf(keys, chain);
  const { address } = await wallet.addressOf(DEFAULT_LABEL);
  for (const amount of amounts) await chain.strangerPays(address, amount);
  chain.mine();
  return { chain, store, watcher: wallet, address };
}

/** A PSBT text with something different in it. */
export function altered(text: string, change: (psbt: Psbt) => Psbt): string {
  return showPsbt(change(readPsbt(text)));
}

/** The same with something different in one input. */
export function alteredInput(text: string, at: number, change: Partial<Psbt['inputs'][number]>): string {
  return altered(text, (psbt) => ({
    ...psbt,
    inputs: psbt.inputs.map((input, index) => (index === at ? { ...input, ...change } : input)),
  }));
}

/** For `assert.rejects`. */
export function refused(code: WalletErrorCode, message = /./) {
  return (error: unknown) =>
    error instanceof WalletError && error.code === code && message.test(error.message);
}
