/** How long the Stratum client waits for what, in milliseconds. */

/** To open a connection. */
export const CONNECT_TIMEOUT_MS = 10_000;
/** For the answers to mining.subscribe and mining.authorize, each. */
export const ANSWER_TIMEOUT_MS = 30_000;
/** For the answer to a share: pools write it to disk first, but not for a minute. */
export const SHARE_TIMEOUT_MS = 60_000;
/** A pool that says nothing for so long is asked whether it lives: jobs come at least every minute. */
export const SILENCE_MS = 120_000;
/** For any sign of life after having asked. */
export const PING_TIMEOUT_MS = 30_000;
/** For the answers to the last shares, once the client was told to stop. */
export const STOP_TIMEOUT_MS = 1_200;
/** Mining for so long proves a connection good: the back-off starts anew after it. */
export const PROVEN_AFTER_MS = 60_000;
/** A pool that hangs up within so long of the authorization may have disliked what came with it. */
export const SNUB_WITHIN_MS = 10_000;
/** A pool that gives no job for so long is spoken of. */
export const JOB_TIMEOUT_MS = 60_000;
