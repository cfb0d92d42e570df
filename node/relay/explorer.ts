import type { PageSource } from '../../service/pages.ts';

/** The explorer, as the server has to know it; `web/explorer.ts` has the views of these paths. */
export const EXPLORER: PageSource = {
  name: 'explorer',
  script: new URL('./web/explorer.ts', import.meta.url),
  style: new URL('./web/explorer.css', import.meta.url),
  icon: new URL('./web/icon.svg', import.meta.url),
  title: 'NilzCoin explorer',
  description: 'Blocks, transactions and addresses of NilzCoin, as they happen and byte by byte',
  paths: [
    /^\/$/,
    /^\/explorer\/?$/,
    /^\/explorer\/(blocks|mempool|charts|forks|network|broadcast|bytes)$/,
    /^\/explorer\/(block|tx|address|search)\/[^/]+$/,
    /^\/explorer\/bytes\/(header|block|tx)\/[^/]+$/,
  ],
  isForMissing: true,
};
