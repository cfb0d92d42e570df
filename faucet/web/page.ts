import type { PageSource } from '../../service/pages.ts';

/** The faucet's page, as the server has to know it; `faucet.ts` has the views of these paths. */
export const FAUCET_PAGE: PageSource = {
  name: 'faucet',
  script: new URL('./faucet.ts', import.meta.url),
  style: new URL('./faucet.css', import.meta.url),
  icon: new URL('./icon.svg', import.meta.url),
  title: 'NilzCoin faucet',
  description: 'Gives a few coins to whoever wants to try them out',
  paths: [/^\/$/, /^\/claim\/[0-9a-f]+$/],
  isForMissing: true,
  workers: { search: new URL('./search-worker.ts', import.meta.url) },
};
