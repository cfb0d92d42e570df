import { bytesToHex } from '../../../protocol/bytes.ts';
import { answer, type Effect } from '../effect.ts';
import { beginWork, type Call, type Session, type SessionContext, type Subscription } from '../session.ts';

const MAX_AGENT_LENGTH = 128;

/**
 * `mining.subscribe [agent, session?]`: gives the connection its extranonce1. A second one on the same
 * connection is answered with what the first one gave: work that is under way stays valid.
 */
export function subscribe(session: Session, { id, params }: Call, context: SessionContext): Effect[] {
  session.subscription ??= newSubscription(params[0], context);
  const { extranonce1, sessionId } = session.subscription;
  const subscriptions = [
    ['mining.set_difficulty', sessionId],
    ['mining.notify', sessionId],
  ];
  return [
    ...answer(id, [subscriptions, bytesToHex(extranonce1), context.extranonce2Size]),
    ...beginWork(session, context),
  ];
}

function newSubscription(agent: unknown, context: SessionContext): Subscription {
  return {
    extranonce1: context.newExtranonce1(),
    sessionId: context.newSessionId(),
    agent: typeof agent === 'string' ? agent.slice(0, MAX_AGENT_LENGTH) : '',
  };
}
