import { StratumError } from '../../../protocol/stratum.ts';
import { difficultyInPassword } from '../difficulty.ts';
import { answer, type Effect, refuse } from '../effect.ts';
import { beginWork, type Call, changeDifficulty, type Session, type SessionContext } from '../session.ts';
import { parseUser } from '../worker-name.ts';

/** Workers of one connection: enough for a proxy in front of a shelf of machines. */
const MAX_WORKERS = 32;

/**
 * `mining.authorize [user, password]`: names the worker that shares are credited to. The password proves
 * nothing; it may carry a difficulty, `d=0.01`.
 */
export function authorize(session: Session, { id, params }: Call, context: SessionContext): Effect[] {
  const [user, password] = params;
  const refusal = enter(session, user, context);
  if (refusal !== undefined) return refuse(id, new StratumError('unauthorized', refusal), false);
  if (typeof password === 'string') {
    const asked = difficultyInPassword(password);
    if (asked !== undefined) session.wishes.password = asked;
  }
  return [...answer(id, true), ...beginWork(session, context), ...changeDifficulty(session, context)];
}

/** Enters the user among the session's workers, or says why not. */
function enter(session: Session, user: unknown, context: SessionContext): string | undefined {
  if (typeof user !== 'string') return 'the user is not a string';
  if (session.workers.has(user)) return undefined;
  const parts = parseUser(user);
  if (typeof parts === 'string') return parts;
  const read = context.readAddress(parts.address);
  if ('refusal' in read) return read.refusal;
  if (session.workers.size >= MAX_WORKERS) return `a connection has at most ${MAX_WORKERS} workers`;
  const worker = { address: read.address, name: parts.name };
  const full = context.admit(worker);
  if (full !== undefined) return full;
  session.workers.set(user, worker);
  return undefined;
}
