/** What tests of a whole miner ask it. */
import type { MinerEvent } from '../../miner/event.ts';
import type { Miner } from '../../miner/miner.ts';

/** Resolves with the next event of a type that a condition holds for. */
export function nextEvent<T extends MinerEvent['type']>(
  from: Miner,
  type: T,
  condition: (event: Extract<MinerEvent, { type: T }>) => boolean = () => true,
): Promise<Extract<MinerEvent, { type: T }>> {
  return new Promise((resolve) => {
    const listener = (event: MinerEvent): void => {
      if (event.type !== type || !condition(event as Extract<MinerEvent, { type: T }>)) return;
      from.events.off('event', listener);
      resolve(event as Extract<MinerEvent, { type: T }>);
    };
    from.events.on('event', listener);
  });
}
