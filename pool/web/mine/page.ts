import type { PageSource } from '../../../service/pages.ts';

/** The page that mines, as the server has to know it. Apart from the dashboard, which stays small that way. */
export const MINE_PAGE: PageSource = {
  name: 'mine',
  script: new URL('./mine.ts', import.meta.url),
  style: new URL('./mine.css', import.meta.url),
  icon: new URL('../icon.svg', import.meta.url),
  title: 'Mine here · NilzCoin pool',
  description: 'Mine for this pool in the browser, with nothing to install',
  paths: [/^\/mine$/],
  workers: { hash: new URL('./hash-worker.ts', import.meta.url) },
  compiles: true,
};
