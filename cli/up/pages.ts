/** The pages of all services, that which is looked at first before the others. */
import { FAUCET_PAGE } from '../../faucet/web/page.ts';
import { EXPLORER } from '../../node/relay/explorer.ts';
import { POOL_PAGES } from '../../pool/http/pages.ts';
import { WALLET_PAGE } from '../../wallet/web/page.ts';
import { HOME_PAGE } from './web/page.ts';

export const ALL_PAGES = [HOME_PAGE, WALLET_PAGE, FAUCET_PAGE, EXPLORER, ...POOL_PAGES];
