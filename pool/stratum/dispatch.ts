import { StratumError, type StratumMessage } from '../../protocol/stratum.ts';
import { answer, type Effect, refuse } from './effect.ts';
import { authorize } from './methods/authorize.ts';
import { configure } from './methods/configure.ts';
import { getTransactions } from './methods/get-transactions.ts';
import { submit } from './methods/submit.ts';
import { subscribe } from './methods/subscribe.ts';
import { subscribeExtranonce } from './methods/subscribe-extranonce.ts';
import { suggestDifficulty } from './methods/suggest-difficulty.ts';
import { hearAnswer } from './orders.ts';
import type { Call, Session, SessionContext } from './session.ts';

type Method = (session: Session, call: Call, context: SessionContext) => Effect[];

const METHODS: Readonly<Record<string, Method>> = {
  'mining.subscribe': subscribe,
  'mining.authorize': authorize,
  'mining.submit': submit,
  'mining.configure': configure,
  'mining.suggest_difficulty': suggestDifficulty,
  'mining.extranonce.subscribe': subscribeExtranonce,
  'mining.get_transactions': getTransactions,
  'mining.ping': (_session, { id }) => answer(id, 'pong'),
};

/** What a message of the miner does. */
export function handleMessage(session: Session, message: StratumMessage, context: SessionContext): Effect[] {
  switch (message.kind) {
    case 'request':
    case 'notification': {
      const id = message.kind === 'request' ? message.id : null;
      const method = Object.hasOwn(METHODS, message.method) ? METHODS[message.method] : undefined;
      if (method === undefined) return refuse(id, new StratumError('other', 'unknown method'));
      session.requests += 1;
      return method(session, { id, params: message.params }, context);
    }
    case 'response':
      hearAnswer(session, message);
      return [];
    case 'garbage':
      return [
        { type: 'garbage', reason: message.reason },
        ...refuse(message.id, new StratumError('other', message.reason)),
      ];
  }
}
