import type { PageSource } from '../../../service/pages.ts';

/** The landing page of `nilz up`, as the server has to know it. */
export const HOME_PAGE: PageSource = {
  name: 'home',
  script: new URL('./home.ts', import.meta.url),
  style: new URL('./home.css', import.meta.url),
  icon: new URL('./icon.svg', import.meta.url),
  title: 'NilzCoin',
  description: 'A whole coin on this machine: its explorer, faucet, pool, node and miner, and how they are',
  paths: [/^\/$/],
  isForMissing: true,
};
