/** What the wallet has, and where it is paid at. */
import { displayHash } from '../../../protocol/bytes.ts';
import type { Handlers } from './handlers.ts';
import { balanceFields, coinRow, outPointOf, refusedRow } from './money-rows.ts';

export const MONEY_CALLS: Handlers<
  | 'overview'
  | 'addresses'
  | 'coins'
  | 'coins/freeze'
  | 'scan'
  | 'labels'
  | 'labels/rename'
  | 'receive/address'
  | 'receive/new-address'
> = {
  overview: async ({ wallet: id }, { shelf }) => {
    const wallet = shelf.get(id);
    const { chain, labels, total, refused } = await wallet.balance();
    const [kind, wordsChecked] = [await wallet.kind(), await wallet.wordsChecked()];
    return {
      kind,
      height: chain.height,
      tip: displayHash(chain.tip),
      syncing: chain.syncing,
      total: balanceFields(total),
      labels: labels.map(({ label, ...balance }) => ({ label, ...balanceFields(balance) })),
      refused: refused.map(refusedRow),
      words_checked: wordsChecked ?? null,
      has_words: kind === 'words',
    };
  },
  addresses: async ({ wallet }, { shelf }) => {
    const rows = await shelf.get(wallet).addresses();
    return {
      addresses: rows.map(({ balance, path, label, ...row }) => ({
        ...row,
        path: path ?? null,
        label: label ?? null,
        balance_nits: String(balance),
      })),
    };
  },
  coins: async ({ wallet }, { shelf }) => ({ coins: (await shelf.get(wallet).coins()).map(coinRow) }),
  'coins/freeze': async ({ wallet, coins, frozen }, { shelf, tell }) => {
    await shelf.get(wallet).setFrozen(coins.map(outPointOf), frozen);
    tell({ event: 'changed', wallet });
    return {};
  },
  scan: async ({ wallet, gap_limit: gapLimit }, { shelf, tell }) => {
    const { found } = await shelf.get(wallet).scan({
      gapLimit,
      onProgress: (progress) => tell({ event: 'scan', wallet, progress }),
    });
    tell({ event: 'changed', wallet });
    return { used_addresses: found };
  },
  labels: async ({ wallet }, { shelf }) => {
    const labels = await shelf.get(wallet).labels();
    return { labels: labels.map(({ label, addresses }) => ({ label, addresses: addresses.length })) };
  },
  'labels/rename': async ({ wallet, label, name }, { shelf, tell }) => {
    const renamed = await shelf.get(wallet).renameLabel(label, name);
    tell({ event: 'changed', wallet });
    return { label: renamed };
  },
  'receive/address': async ({ wallet, label }, { shelf }) => {
    const { address, path } = await shelf.get(wallet).addressOf(label);
    return { address, path, label, unused_before: null };
  },
  'receive/new-address': async ({ wallet, label: name }, { shelf, tell }) => {
    const { address, path, label, unusedBefore } = await shelf.get(wallet).newAddress(name);
    tell({ event: 'changed', wallet });
    return { address, path, label, unused_before: unusedBefore };
  },
};
