/** A pool by Stratum as a source of work: joins the client (client.ts) with its connection and its timer. */
import { runReducer } from '../source/reducer-loop.ts';
import type { SourceListener, SourceTools, WorkSource } from '../source/work-source.ts';
import type { Connection, Connector } from '../transport/connection.ts';
import { StratumClient } from './client.ts';
import type { ClientOptions } from './client-options.ts';
import type { ClientEvent, Effect } from './effect.ts';

export interface StratumSourceOptions extends Omit<ClientOptions, 'random' | 'nextSerial' | 'unixMs'> {
  /** Opens connections. */
  readonly connector: Connector;
}

/** Mines for one pool. */
export function createStratumSource(
  { connector, ...options }: StratumSourceOptions,
  { nextSerial, nowMs, unixMs, random }: SourceTools,
  listener: SourceListener,
): WorkSource {
  const client = new StratumClient({ ...options, random, nextSerial, unixMs });
  let onStopped = (): void => {};
  const stopped = new Promise<void>((resolve) => {
    onStopped = resolve;
  });
  let connection: Connection | undefined;
  const dispatch = runReducer<ClientEvent, Effect>(client, { tick: { type: 'tick' }, carryOut, nowMs });

  function carryOut(effect: Effect): void {
    switch (effect.type) {
      case 'connect':
        connection = connector(effect, {
          onConnected: () => dispatch({ type: 'connected' }),
          onLine: (line) => dispatch({ type: 'line', line }),
          onClosed: (cause, detail) => dispatch({ type: 'closed', cause, detail }),
        });
        return;
      case 'disconnect':
        connection?.close();
        connection = undefined;
        return;
      case 'send':
        connection?.send(effect.line);
        return;
      case 'work':
        listener.onWork(effect.work);
        return;
      case 'settled':
        listener.onSettled(effect.thread);
        return;
      case 'report':
        listener.onEvent(effect.event);
        return;
      case 'stopped':
        onStopped();
        return;
    }
  }

  return {
    start: () => dispatch({ type: 'start' }),
    submit: (hit) => dispatch({ type: 'hit', hit }),
    stop: () => {
      dispatch({ type: 'stop' });
      return stopped;
    },
  };
}
