import type { PageSource } from '../../service/pages.ts';

/** The dashboard, as the server has to know it; `routes.ts` has the views of these paths. */
export const DASHBOARD: PageSource = {
  name: 'dashboard',
  script: new URL('./dashboard.ts', import.meta.url),
  style: new URL('./dashboard.css', import.meta.url),
  icon: new URL('./icon.svg', import.meta.url),
  title: 'NilzCoin pool',
  description: 'Hash rate, shares, blocks and payouts of a mining pool, as they happen',
  paths: [/^\/$/, /^\/(mined|paid|connect)$/, /^\/address\/[^/]+$/, /^\/address\/[^/]+\/worker\/[^/]*$/],
  isForMissing: true,
};
