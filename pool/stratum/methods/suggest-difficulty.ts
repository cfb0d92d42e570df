import { StratumError } from '../../../protocol/stratum.ts';
import { parseDifficulty } from '../difficulty.ts';
import { answer, type Effect, refuse } from '../effect.ts';
import { type Call, changeDifficulty, type Session, type SessionContext } from '../session.ts';

/** `mining.suggest_difficulty [difficulty]`, at any time; a number, or a string of digits as some firmware sends. */
export function suggestDifficulty(session: Session, { id, params }: Call, context: SessionContext): Effect[] {
  const suggested = parseDifficulty(params[0]);
  if (suggested === undefined) {
    return refuse(id, new StratumError('other', 'difficulty is not a number above 0'));
  }
  session.wishes.suggested = suggested;
  return [...answer(id, true), ...changeDifficulty(session, context)];
}
