import type { Logger } from '../../service/log.ts';
import { preparePage } from '../../service/pages.ts';
import { DASHBOARD } from '../web/page.ts';

/**
 * Makes the dashboard while the pool starts, so that nobody who looks at it waits for that. Never rejects: what
 * fails is tried again when somebody asks for the page.
 */
export async function prepareDashboard(log: Logger): Promise<void> {
  try {
    await preparePage(DASHBOARD);
  } catch (error) {
    log.error({ err: error }, 'the dashboard could not be made');
  }
}
