import { StratumError } from '../../../protocol/stratum.ts';
import { difficultyInPassword } from '../difficulty.ts';
import { answer, type Effect, refuse } from '../effect.ts';
import { obeyWish } from '../pace.ts';
import {
  askForJob,
  beginWork,
  type Call,
  payeeOf,
  type Session,
  type SessionContext,
  showMessage,
} from '../session.ts';
import { parseUser } from '../worker-name.ts';

/** Workers of one connection: enough for a proxy in front of a shelf of machines. */
const MAX_WORKERS = 32;
/** Longest user that is read: far above the longest address with the longest name. */
const MAX_USER_LENGTH = 256;

/**
 * `mining.authorize [user, password]`: names the worker that shares are credited to. The password proves
 * nothing; it may carry a difficulty, `d=0.01`.
 */
export function authorize(session: Session, { id, params }: Call, context: SessionContext): Effect[] {
  const [user, password] = params;
  const refusal = enter(session, user, context);
  if (refusal !== undefined) return refuse(id, new StratumError('unauthorized', refusal), false);
  const advice = readPassword(session, password, context);
  return [...answer(id, true), ...advice, ...beginWork(session, context), ...askForJob(session, context)];
}

/** Enters the user among the session's workers, or says why not. */
function enter(session: Session, user: unknown, context: SessionContext): string | undefined {
  if (typeof user !== 'string') return 'the user is not a string';
  if (session.workers.has(user)) return undefined;
  if (user.length > MAX_USER_LENGTH) return `the user is longer than ${MAX_USER_LENGTH} characters`;
  const parts = parseUser(user);
  if (typeof parts === 'string') return parts;
  const read = context.readAddress(parts.address);
  if ('refusal' in read) return read.refusal;
  if (session.workers.size >= MAX_WORKERS) return `a connection has at most ${MAX_WORKERS} workers`;
  const payee = payeeOf(session);
  if (context.jobs.perAddress && payee !== undefined && payee !== read.address) {
    return `in solo all workers of a connection have one address; this one mines for ${payee}`;
  }
  const worker = { address: read.address, name: parts.name };
  const full = context.admit(worker);
  if (full !== undefined) return full;
  session.workers.set(user, worker);
  if (session.workers.size === 1) {
    const remembered = context.difficultyOf(worker);
    if (remembered !== undefined) session.wishes.remembered ??= remembered;
  }
  return undefined;
}

/** Takes over the difficulty in a password; its user typed it, so a slip of the pen is worth a message. */
function readPassword(session: Session, password: unknown, { clock }: SessionContext): Effect[] {
  const asked = typeof password === 'string' ? difficultyInPassword(password) : undefined;
  if (asked === 'unreadable') {
    return showMessage(session, 'the d= in your password is no difficulty; write d=0.01 or d=1/8');
  }
  if (asked !== undefined && asked !== session.wishes.password) {
    session.wishes.password = asked;
    obeyWish(session.pace, clock.steadyMs());
  }
  return [];
}
