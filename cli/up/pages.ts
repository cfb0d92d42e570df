/** The pages of all services, bundled once everything is up, so that nobody waits for them. */
import { prepareExplorer } from '../../node/relay/main.ts';
import { preparePoolPages } from '../../pool/http/pages.ts';
import type { Logger } from '../../service/log.ts';
import { preparePage } from '../../service/pages.ts';
import { WALLET_PAGE } from '../../wallet/web/page.ts';
import { HOME_PAGE } from './web/page.ts';

/**
 * One after the other, the one that is looked at first before the others, until the program is to end. Never
 * rejects.
 */
export async function preparePages(log: Logger, stopping: AbortSignal): Promise<void> {
  for (const page of [HOME_PAGE, WALLET_PAGE]) {
    try {
      await preparePage(page);
    } catch (error) {
      log.error({ err: error }, `the page of the ${page.name} could not be made`);
    }
    if (stopping.aborted) return;
  }
  for (const prepare of [prepareExplorer, preparePoolPages]) {
    if (stopping.aborted) return;
    await prepare(log);
  }
}
