import { StratumError } from '../../../protocol/stratum.ts';
import { parseDifficulty } from '../difficulty.ts';
import { answer, type Effect, refuse } from '../effect.ts';
import { obeyWish } from '../pace.ts';
import { askForJob, type Call, type Session, type SessionContext } from '../session.ts';

/**
 * `mining.suggest_difficulty [difficulty]`, at any time; a number, or a string of digits as some firmware sends.
 * A difficulty in the password stands before it.
 */
export function suggestDifficulty(session: Session, { id, params }: Call, context: SessionContext): Effect[] {
  const suggested = parseDifficulty(params[0]);
  if (suggested === undefined) {
    return refuse(id, new StratumError('other', 'difficulty is not a number above 0'));
  }
  const isNews = session.wishes.password === undefined && session.wishes.suggested !== suggested;
  session.wishes.suggested = suggested;
  if (isNews) obeyWish(session.pace, context.clock.steadyMs());
  return [...answer(id, true), ...askForJob(session, context)];
}
