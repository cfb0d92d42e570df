/** Which accounts of the same words are in use (BIP 44, "account discovery"). */
import type { NetworkProfile } from '../../protocol/network.ts';
import { wordKeys } from '../keys/contents.ts';
import { KeyRing } from '../keys/key-ring.ts';
import type { ChainBackend } from './backend.ts';
import { GAP_LIMIT, scanKeys } from './scan.ts';

export interface UsedAccount {
  /** N of m/84'/coin type'/N' (BIP 84). */
  readonly account: number;
  /** Addresses of both chains that are in use. */
  readonly usedAddresses: number;
}

export interface AccountSearch {
  readonly mnemonic: string;
  readonly profile: NetworkProfile;
  readonly backend: Pick<ChainBackend, 'usedAddresses'>;
  /** The first account to look at: the one after that which is restored. */
  readonly from: number;
  /** Unused addresses in a row after which an account counts as looked at. */
  readonly gapLimit?: number;
  /** Called before each account that is looked at. */
  readonly onProgress?: (account: number) => void;
}

/** Unused accounts in a row after which the search ends: BIP 44 says one; who skipped one finds the next as well. */
const ACCOUNT_GAP = 2;

/** The accounts in use from one on, in their order. */
export async function findAccounts(search: AccountSearch): Promise<UsedAccount[]> {
  const { mnemonic, profile, backend, from, gapLimit = GAP_LIMIT, onProgress } = search;
  const found: UsedAccount[] = [];
  for (let account = from, unused = 0; unused < ACCOUNT_GAP; account += 1) {
    onProgress?.(account);
    const ring = new KeyRing(wordKeys(mnemonic, account), profile);
    const { receive, change } = await scanKeys({ ring, backend, gapLimit });
    const usedAddresses = receive.length + change.length;
    unused = usedAddresses > 0 ? 0 : unused + 1;
    if (usedAddresses > 0) found.push({ account, usedAddresses });
  }
  return found;
}
