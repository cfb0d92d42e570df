import { DatabaseError } from '../../service/database.ts';
import type { Logger } from '../../service/log.ts';
import type { AccountsView } from '../accounting/accounts-view.ts';
import type { Clock } from '../clock.ts';
import type { ShareLog } from '../ledger/share-log.ts';
import { refillDay, refillRecent } from './refill.ts';
import { Statistics } from './statistics.ts';

/**
 * Statistics that know the last day from the ledger and count every durable share from now on: those of the
 * pool's own miners and those of edges alike. What takes long is read in while the pool works already.
 */
export async function openStatistics(shares: ShareLog, clock: Clock, log: Logger): Promise<Statistics> {
  const statistics = new Statistics(clock);
  const nowMs = clock.wallMs();
  await refillRecent(statistics, shares.minutes, nowMs);
  shares.on('batch', (batch) => statistics.countBatch(batch.shares));
  refillDay(statistics, shares.minutes, nowMs).catch((error: unknown) => {
    // The pool was stopped before it had read everything.
    if (error instanceof DatabaseError && error.code === 'CLOSED') return;
    log.error({ err: error }, 'the hash rates of the last day could not be read in');
  });
  return statistics;
}

/**
 * Lets the running round follow the blocks: from the last one on with what the ledger holds, then from each new
 * one. To be done before shares are counted.
 */
export async function followRounds(
  { round }: Statistics,
  accounts: Pick<AccountsView, 'lastRound' | 'on'>,
  shares: Pick<ShareLog, 'workAfter'>,
): Promise<void> {
  const last = await accounts.lastRound();
  const endSequence = last?.endSequence ?? 0;
  round.resume(endSequence, last?.foundMs, await shares.workAfter(endSequence));
  accounts.on('block', ({ endSequence: end, state, timeMs }) => {
    if (end !== undefined && state !== 'rejected') round.begin(end, timeMs);
  });
}
