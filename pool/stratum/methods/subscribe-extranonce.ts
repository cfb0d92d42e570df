import { answer, type Effect } from '../effect.ts';
import type { Call, Session } from '../session.ts';

/** `mining.extranonce.subscribe []`: the miner understands `mining.set_extranonce`. Some wait for the answer. */
export function subscribeExtranonce(session: Session, { id }: Call): Effect[] {
  session.takesExtranonce = true;
  return answer(id, true);
}
