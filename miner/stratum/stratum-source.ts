/** A pool by Stratum as a source of work: joins the client (client.ts) with its connection and its timer. */
import type { SourceListener, SourceTools, WorkSource } from '../source/work-source.ts';
import type { Connection, Connector } from '../transport/connection.ts';
import { type ClientOptions, StratumClient } from './client.ts';
import type { ClientEvent, Effect } from './effect.ts';

/** The longest wait that setTimeout takes. */
const TIMER_MAX_MS = 2 ** 31 - 1;

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
  let timer: ReturnType<typeof setTimeout> | undefined;
  const queue: ClientEvent[] = [];
  let isDispatching = false;

  /** Events that effects give rise to are handled after those effects, not among them. */
  function dispatch(event: ClientEvent): void {
    queue.push(event);
    if (isDispatching) return;
    isDispatching = true;
    try {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        for (const effect of client.handle(next, nowMs())) carryOut(effect);
      }
    } finally {
      isDispatching = false;
    }
    setTimer();
  }

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

  function setTimer(): void {
    clearTimeout(timer);
    const { deadlineMs } = client;
    if (deadlineMs === undefined) return;
    // Rounded up: a timer that fires a fraction early would only be set again.
    const waitMs = Math.min(Math.max(Math.ceil(deadlineMs - nowMs()), 0), TIMER_MAX_MS);
    timer = setTimeout(() => dispatch({ type: 'tick' }), waitMs);
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
