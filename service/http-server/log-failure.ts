import { isBrokenOff } from '../http.ts';
import type { Logger } from '../log.ts';

/**
 * Tells of an HTTP request that failed. Who hangs up may fill no log: what anybody can bring about at will is told
 * only to those who look for it.
 */
export function logFailure(error: Error, log: Logger): void {
  if (isBrokenOff(error)) log.debug({ err: error }, 'an HTTP client broke its request off');
  else log.error({ err: error }, 'an HTTP request failed');
}
