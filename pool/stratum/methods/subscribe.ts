import { bytesToHex } from '../../../protocol/bytes.ts';
import { StratumError } from '../../../protocol/stratum.ts';
import { usualDifficulty } from '../difficulty.ts';
import { answer, type Effect, refuse } from '../effect.ts';
import { beginWork, type Call, type Session, type SessionContext } from '../session.ts';

const MAX_AGENT_LENGTH = 128;
/** What has no shape of its own, and may change that of the text around it: control, format, half characters. */
const INVISIBLE = /\p{C}/gu;

/**
 * `mining.subscribe [agent, session?]`: gives the connection its extranonce1, or the one of the session that it
 * names, which then goes on here. A second one on the same connection is answered with what the first one gave:
 * work that is under way stays valid. Either parameter may be missing or null.
 */
export function subscribe(session: Session, { id, params }: Call, context: SessionContext): Effect[] {
  const [agent, asked] = params;
  if (!isTextOrNothing(agent)) return malformed(id, 'agent is not a string');
  if (!isTextOrNothing(asked)) return malformed(id, 'session is not a string');
  const effects = session.subscription === undefined ? open(session, agent ?? '', asked ?? '', context) : [];
  if (session.subscription === undefined)
    return malformed(id, 'every extranonce1 is in use; try again later');
  const { extranonce, sessionId } = session.subscription;
  const subscriptions = [
    ['mining.set_difficulty', sessionId],
    ['mining.notify', sessionId],
  ];
  return [
    ...effects,
    ...answer(id, [subscriptions, bytesToHex(extranonce.extranonce1), extranonce.extranonce2Size]),
    ...beginWork(session, context),
  ];
}

/** Subscribes the session, where there is room. */
function open(session: Session, agent: string, asked: string, context: SessionContext): Effect[] {
  const opened = context.registry.open(session, asked);
  if (opened === undefined) return [];
  const { sessionId, extranonce, spans, lastSequence, supersedes } = opened;
  session.subscription = {
    sessionId,
    extranonce,
    agent: agent.slice(0, MAX_AGENT_LENGTH).replace(INVISIBLE, ''),
  };
  session.spans.push(...spans);
  session.resumed.through = lastSequence;
  const usual = usualDifficulty(agent);
  if (usual !== undefined) session.wishes.usual = usual;
  const last = spans.at(-1)?.level.difficulty;
  if (last !== undefined) session.wishes.remembered = last;
  return supersedes === undefined ? [] : [{ type: 'supersede', id: supersedes }];
}

function isTextOrNothing(value: unknown): value is string | null | undefined {
  return value === undefined || value === null || typeof value === 'string';
}

function malformed(id: Call['id'], message: string): Effect[] {
  return refuse(id, new StratumError('other', message));
}
