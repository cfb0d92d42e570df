import { equalBytes, hashKey } from '../../protocol/bytes.ts';
import type { Clock } from '../clock.ts';
import { type Job, jobOf, makeRound, type Round } from '../jobs/job.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { newTip, type Tip } from '../jobs/tip.ts';
import type { CreditedTip, JobBook, StoredJob } from '../ledger/job-book.ts';

/** Older jobs are left in the book: no edge holds shares for so long. */
const OLDEST_MS = 600_000;

/**
 * Makes the jobs that edges have from before a restart known again, so that shares and blocks found meanwhile
 * are still valid. What was credited on their tips is known too: it comes from the ledger.
 * @returns how many there are
 */
export async function restoreJobs(
  jobs: Jobs,
  book: Pick<JobBook, 'load' | 'creditedOn'>,
  extranonce2Size: number,
  clock: Clock,
): Promise<number> {
  if (jobs.perAddress) return 0;
  const young = (await book.load()).filter(({ createdMs }) => clock.wallMs() - createdMs <= OLDEST_MS);
  const credited = await book.creditedOn(young.map(({ template }) => template.previous));
  const tips = new Map<string, Tip>();
  const entries = young.map((stored) => {
    const tip = tips.get(hashKey(stored.template.previous)) ?? tipFor(stored, jobs, credited);
    tips.set(hashKey(tip.hash), tip);
    return restored(stored, tip, extranonce2Size, clock);
  });
  jobs.restore(entries);
  return entries.length;
}

function tipFor({ template }: StoredJob, jobs: Jobs, credited: readonly CreditedTip[]): Tip {
  const known = jobs.tipOf(template.previous);
  if (known !== undefined) return known;
  const shares = credited.find(({ hash }) => equalBytes(hash, template.previous))?.credited;
  return newTip(template.previous, template.height - 1, shares);
}

/** The coinbase is the stored one: what it pays, and how it is laid out, may have been changed since. */
function restored(
  { template, jobId, coinbase1, coinbase2, createdMs }: StoredJob,
  tip: Tip,
  extranonce2Size: number,
  clock: Clock,
): { round: Round; job: Job } {
  const sequence = Number.parseInt(jobId, 16);
  const createdSteadyMs = clock.steadyMs() - Math.max(clock.wallMs() - createdMs, 0);
  const settings = { extranonce2Size, uniqueBase: 0n };
  const round = { ...makeRound(template, tip, sequence, settings, createdSteadyMs), coinbase1 };
  return { round, job: { ...jobOf(round, []), coinbase2 } };
}
