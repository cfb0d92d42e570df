import type { Middleware } from 'koa';
import { servePage } from '../../service/pages.ts';
import { MINE_PAGE } from '../web/mine/page.ts';
import { DASHBOARD } from '../web/page.ts';

/** The one that is looked at first before the other. */
export const POOL_PAGES = [DASHBOARD, MINE_PAGE];

/** Answers the paths of the pool's pages, the dashboard and the page that mines. */
export function servePoolPages(): Middleware {
  const [first, second] = [servePage(DASHBOARD), servePage(MINE_PAGE)];
  return (ctx, next) => first(ctx, () => second(ctx, next));
}
