/** Several sources in order of preference as one: joins the choice between them (failover.ts) with the sources. */
import { Failover, type FailoverEffect, type FailoverEvent, type PlaceName } from './failover.ts';
import { runReducer } from './reducer-loop.ts';
import type { SourceListener, SourceTools, WorkSource } from './work-source.ts';

/** A source that can be opened again and again. */
export interface SourcePlace extends PlaceName {
  readonly open: (listener: SourceListener) => WorkSource;
}

/** Mines for the first of several places that has work. @param places most preferred first, at least one */
export function createFailoverSource(
  places: readonly SourcePlace[],
  { nowMs }: Pick<SourceTools, 'nowMs'>,
  listener: SourceListener,
): WorkSource {
  const sources = new Map<number, WorkSource>();
  let onStopped = (): void => {};
  const stopped = new Promise<void>((resolve) => {
    onStopped = resolve;
  });
  const dispatch = runReducer<FailoverEvent, FailoverEffect>(new Failover(places), {
    tick: { type: 'tick' },
    carryOut,
    nowMs,
  });

  function open(place: number): void {
    const source = places[place]?.open({
      onWork: (work) => dispatch({ type: 'work', place, work }),
      onRest: (withinMs) => dispatch({ type: 'rest', place, withinMs }),
      onSettled: listener.onSettled,
      onEvent: (event) => dispatch({ type: 'report', place, event }),
    });
    if (source === undefined) return;
    sources.set(place, source);
    source.start();
  }

  async function close(place: number): Promise<void> {
    await sources.get(place)?.stop();
    sources.delete(place);
    dispatch({ type: 'ended', place });
  }

  function carryOut(effect: FailoverEffect): void {
    switch (effect.type) {
      case 'start':
        open(effect.place);
        return;
      case 'stop':
        void close(effect.place);
        return;
      case 'work':
        listener.onWork(effect.work);
        return;
      case 'submit':
        sources.get(effect.place)?.submit(effect.hit);
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
