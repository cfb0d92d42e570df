import { displayHash } from '../../../protocol/bytes.ts';
import { StratumError } from '../../../protocol/stratum.ts';
import type { Job } from '../../jobs/job.ts';
import { answer, type Effect, refuse } from '../effect.ts';
import {
  type Call,
  isAuthorized,
  payeeOf,
  type Session,
  type SessionContext,
  spanOfJob,
} from '../session.ts';
import { reject } from '../share.ts';

/** Jobs of one session that are known to be listed. */
const MAX_LISTED = 16;

/** Characters of a txid in a list: its digits, quotes and comma. */
const TXID_CHARACTERS = 67;

/** Lists are long and the same for everyone. */
const lists = new WeakMap<Job, readonly string[]>();

/**
 * `mining.get_transactions [job]`: the txids of a job's block without the coinbase, as they are shown. For
 * authorised miners, and once per job: a list may be a thousand times longer than the question. One that is longer
 * than may wait for a miner (`--max-backlog-kib`) is refused rather than the miner closed.
 */
export function getTransactions(session: Session, { id, params }: Call, context: SessionContext): Effect[] {
  if (!isAuthorized(session)) return refuse(id, new StratumError('unauthorized', 'authorize first'));
  const [jobId] = params;
  if (typeof jobId !== 'string') return refuse(id, new StratumError('other', 'job id is not a string'));
  const job = context.jobs.find(jobId, payeeOf(session));
  if (job === undefined || spanOfJob(session, job) === undefined) {
    return refuse(id, reject('job-not-found', 'job not found: unknown here, or too old').error);
  }
  if (session.listed.includes(job.sequence)) {
    return refuse(id, new StratumError('other', 'the transactions of a job are listed once'));
  }
  const list = lists.get(job) ?? context.jobs.transactionsOf(job)?.map(displayHash);
  if (list === undefined) {
    return refuse(id, new StratumError('other', 'the transactions of this job are not known here'));
  }
  const most = Math.floor(context.longestList / TXID_CHARACTERS);
  if (list.length > most) {
    const message = `the job has ${list.length} transactions; lists have at most ${most} here`;
    return refuse(id, new StratumError('other', message));
  }
  lists.set(job, list);
  session.listed = [...session.listed, job.sequence].slice(-MAX_LISTED);
  return answer(id, list);
}
