/** What a wallet does with its own keys beside payments: bring one in, show the public half, check the words. */
import { normalizeMnemonic } from '../../protocol/key.ts';
import type { WalletContext } from '../wallet-context.ts';
import { DEFAULT_LABEL, labelOfPlace, mnemonicOf, parseLabel } from './contents.ts';
import { withWordsChecked } from './owner-notes.ts';
import { readSingleKey, withImported } from './single-key.ts';
import { type ExportedAccount, exportedAccount } from './watch-key.ts';

/** A key that was brought in. */
export interface ImportedAddress {
  readonly address: string;
  readonly label: string;
  /** Whether its coins can be spent here. */
  readonly canSign: boolean;
}

/**
 * Brings a single key in: a private one in WIF or hexadecimal, or a public one. Does not need the chain.
 * @throws WalletError `bad-key`, `known-key`, `bad-label`
 */
export async function importKey(
  context: WalletContext,
  text: string,
  label: string = DEFAULT_LABEL,
): Promise<ImportedAddress> {
  const key = readSingleKey(text, context.profile.coinType);
  const updated = await context.store.update(async (contents) => {
    const added = withImported(contents, key, label, context.ringOf(contents));
    return { contents: added, result: added };
  });
  const ring = context.ringOf(updated);
  const place = ring.findScript(key.script);
  if (place === undefined) throw new RangeError('an imported key is a key of the wallet');
  const name = labelOfPlace(updated, place) ?? parseLabel(label);
  return { address: ring.address(place), label: name, canSign: ring.canSign(place) };
}

/** The public half of the account: what a wallet that only watches is made from. */
export async function exportXpub(context: WalletContext): Promise<ExportedAccount> {
  return exportedAccount(context.ringOf(await context.store.read()), context.profile.coinType);
}

/**
 * Whether these are the words of the wallet; when they are, it remembers that its owner has them.
 * @throws WalletError `watch-only`
 */
export async function checkWords({ store, now }: WalletContext, text: string): Promise<boolean> {
  const words = mnemonicOf(await store.read());
  if (normalizeMnemonic(text) !== words) return false;
  await store.update(async (contents) => ({
    contents: withWordsChecked(contents, now()),
    result: undefined,
  }));
  return true;
}
