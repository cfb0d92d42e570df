import type { PageSource } from '../../service/pages.ts';

/** The wallet's page, as the server has to know it; `wallet-page.ts` has the views of these paths. */
export const WALLET_PAGE: PageSource = {
  name: 'wallet',
  script: new URL('./wallet-page.ts', import.meta.url),
  style: new URL('./wallet-page.css', import.meta.url),
  icon: new URL('./icon.svg', import.meta.url),
  title: 'NilzCoin wallet',
  description: 'Keys, coins and payments, on this machine',
  paths: [
    /^\/$/,
    /^\/(?:wallets|create|restore|watch|overview|receive|send|history|addresses|contacts|tools|settings|more)$/,
    /^\/tools\/(?:sign|verify|psbt)$/,
    /^\/transaction\/[0-9a-f]{64}$/,
  ],
  isForMissing: true,
};
