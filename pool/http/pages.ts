import type { Middleware } from 'koa';
import type { Logger } from '../../service/log.ts';
import { preparePage, servePage } from '../../service/pages.ts';
import { MINE_PAGE } from '../web/mine/page.ts';
import { DASHBOARD } from '../web/page.ts';

/** The one that is looked at first before the other. */
const PAGES = [DASHBOARD, MINE_PAGE];

/** Answers the paths of the pool's pages, the dashboard and the page that mines. */
export function servePoolPages(): Middleware {
  const [first, second] = [servePage(DASHBOARD), servePage(MINE_PAGE)];
  return (ctx, next) => first(ctx, () => second(ctx, next));
}

/**
 * Makes the pages while the pool starts, so that nobody who looks at them waits for that. Never rejects: what fails
 * is tried again when somebody asks for the page.
 */
export async function preparePoolPages(log: Logger): Promise<void> {
  for (const page of PAGES) {
    try {
      await preparePage(page);
    } catch (error) {
      log.error({ err: error }, `the page "${page.title}" could not be made`);
    }
  }
}
