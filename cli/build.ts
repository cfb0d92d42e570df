/** `npm run build`: bundles the pages ahead of time, so that a server needs no bundler at work. */
import { relative } from 'node:path';
import { FAUCET_PAGE } from '../faucet/web/page.ts';
import { EXPLORER } from '../node/relay/explorer.ts';
import { MINE_PAGE } from '../pool/web/mine/page.ts';
import { DASHBOARD } from '../pool/web/page.ts';
import { buildPage } from '../service/pages.ts';
import { WALLET_PAGE } from '../wallet/web/page.ts';
import { HOME_PAGE } from './up/web/page.ts';

for (const page of [DASHBOARD, MINE_PAGE, EXPLORER, FAUCET_PAGE, WALLET_PAGE, HOME_PAGE])
  console.log(`${page.name}: ${relative(process.cwd(), await buildPage(page))}`);
