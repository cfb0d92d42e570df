/** Wallets in memory on a chain in memory. */
import { encodeAddress } from '../../protocol/address.ts';
import { displayHash } from '../../protocol/bytes.ts';
import { DEV_MNEMONIC, PROFILES } from '../../protocol/network.ts';
import { type Transaction, txid } from '../../protocol/transaction.ts';
import type { Nits } from '../../protocol/units.ts';
import { MemoryStore } from '../../wallet/keys/wallet-store.ts';
import { firstContents, freshMnemonic } from '../../wallet/open-wallet.ts';
import { Wallet } from '../../wallet/wallet.ts';
import { WalletError, type WalletErrorCode } from '../../wallet/wallet-error.ts';
import { FakeChain, STRANGER_SCRIPT } from './fake-chain.ts';

export const PROFILE = PROFILES.regtest;
export const STRANGER = encodeAddress(STRANGER_SCRIPT, PROFILE.address) ?? '';

/** A wallet of these words that knows nothing yet. */
export function walletOf(mnemonic: string, chain: FakeChain) {
  const store = new MemoryStore(firstContents(mnemonic, PROFILE));
  return { store, wallet: new Wallet({ store, profile: PROFILE, backend: chain, now: () => 1_800_000_000 }) };
}

/** A wallet of fresh words with one confirmed coin. */
export async function fundedWallet(amount: Nits) {
  const chain = new FakeChain(PROFILE);
  const words = freshMnemonic();
  const { wallet, store } = walletOf(words, chain);
  const { address } = await wallet.addressOf('default');
  await chain.strangerPays(address, amount);
  chain.mine();
  return { chain, wallet, store, words, address };
}

/** The wallet of the funded accounts. */
export function devWallet() {
  const chain = new FakeChain(PROFILE);
  return { chain, ...walletOf(DEV_MNEMONIC, chain) };
}

/** By label: spendable, pending, immature. */
export async function balances(wallet: Wallet): Promise<Record<string, [Nits, Nits, Nits]>> {
  const { labels } = await wallet.balance();
  return Object.fromEntries(
    labels.map(({ label, spendable, pending, immature }) => [label, [spendable, pending, immature]]),
  );
}

/** What `assert.rejects` takes: a WalletError with this code, and such a message. */
export function refusal(code: WalletErrorCode, text = /./) {
  return (error: unknown) => error instanceof WalletError && error.code === code && text.test(error.message);
}

/** The id as people see it. */
export function shownId(transaction: Transaction): string {
  return displayHash(txid(transaction));
}
