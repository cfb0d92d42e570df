import type { Effect } from '../effect.ts';
import { refuse } from '../effect.ts';
import { type Call, levelOfJob, payeeOf, type Session, type SessionContext } from '../session.ts';
import { checkShare, workerNamed } from '../share.ts';

/**
 * `mining.submit [user, job, extranonce2, ntime, nonce, version_bits?]`. A block leaves for the network before
 * its share is entered; an accepted share is answered when it is durable.
 */
export function submit(session: Session, { id, params }: Call, context: SessionContext): Effect[] {
  const verdict = checkShare(
    params,
    {
      extranonce1: session.subscription?.extranonce1,
      extranonce2Size: context.extranonce2Size,
      workers: session.workers,
      versionMask: session.versionMask,
      roots: session.roots,
      findJob: (jobId) => {
        const job = context.jobs.find(jobId, payeeOf(session));
        const level = job && levelOfJob(session, job);
        return job && level && { job, level };
      },
    },
    context.clock,
  );
  const effects: Effect[] =
    verdict.candidate === undefined ? [] : [{ type: 'found', candidate: verdict.candidate }];
  if (verdict.outcome === 'rejected') {
    const { reason, error } = verdict;
    effects.push({ type: 'rejected', reason, worker: workerNamed(params[0], session.workers) });
    return [...effects, ...refuse(id, error)];
  }
  const { share, tip } = verdict;
  tip.seen.add(share.hash);
  effects.push({ type: 'record', id, share, tip });
  return effects;
}
