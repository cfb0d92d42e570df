import type { Effect } from '../effect.ts';
import { refuse } from '../effect.ts';
import { paceShare } from '../pace.ts';
import { type Call, payeeOf, type Session, type SessionContext, spanOfJob, tick } from '../session.ts';
import { checkShare, type RejectReason, type SentJob, workerNamed } from '../share.ts';

/**
 * `mining.submit [user, job, extranonce2, ntime, nonce, version_bits?]`. A block leaves for the network before
 * its share is entered; an accepted share is answered when it is durable.
 */
export function submit(session: Session, { id, params }: Call, context: SessionContext): Effect[] {
  let sent: SentJob | undefined;
  const verdict = checkShare(
    params,
    {
      extranonce: session.subscription?.extranonce,
      workers: session.workers,
      roots: session.roots,
      findJob: (jobId) => {
        sent = sentJob(session, jobId, context);
        return sent;
      },
    },
    context.clock,
  );
  session.onVerdict?.(params, verdict, sent);
  const effects: Effect[] =
    verdict.candidate === undefined ? [] : [{ type: 'found', candidate: verdict.candidate }];
  if (verdict.outcome === 'rejected') {
    const { reason, error } = verdict;
    const worker = workerNamed(params[0], session.workers);
    effects.push({ type: 'rejected', reason, worker, message: error.message }, ...refuse(id, error));
    return [...effects, ...judgeClient(session, reason, params[1])];
  }
  const { share, tip, proof } = verdict;
  tip.seen.add(share.hash);
  session.tally.countAccepted();
  if (!session.hasWorked) {
    session.hasWorked = true;
    context.registry.keep(session);
  }
  paceShare(session.pace, share.difficulty, context.difficulty);
  effects.push({ type: 'record', id, share, tip, proof });
  return [...effects, ...tick(session, context)];
}

/** A job with what it was sent to this miner with. */
function sentJob(session: Session, jobId: string, context: SessionContext): SentJob | undefined {
  const job = context.jobs.find(jobId, payeeOf(session));
  const span = job && spanOfJob(session, job);
  if (job === undefined || span === undefined) return undefined;
  const { level, extranonce } = span;
  // A new mask holds at once (BIP 310); what was rolled before it arrived had the one of its job.
  const versionMask = (span.versionMask | (session.rolling?.mask ?? 0)) >>> 0;
  return { job: job.at?.(level.difficulty) ?? job, level, extranonce, versionMask };
}

/** Counts an invalid submission; a client that sends hardly anything else is shown the door. */
function judgeClient(session: Session, reason: RejectReason, jobId: unknown): Effect[] {
  // A job that was known once is old, as good as stale; one that never was is made up.
  if (reason === 'job-not-found' && wasSent(session, jobId)) return [];
  session.tally.countRejected(reason);
  return session.tally.isMostlyInvalid
    ? [{ type: 'ban', reason: 'most of its last 200 submissions were invalid' }]
    : [];
}

function wasSent({ spans, lastSequence }: Session, jobId: unknown): boolean {
  const sequence =
    typeof jobId === 'string' && /^[0-9a-f]{1,12}$/.test(jobId) ? Number.parseInt(jobId, 16) : -1;
  const first = spans[0]?.firstSequence;
  return first !== undefined && sequence >= first && sequence <= lastSequence;
}
