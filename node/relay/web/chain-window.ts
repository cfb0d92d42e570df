/** The newest blocks as the page knows them: taken over from an answer, carried on by events. Pure. */
import type { BlockRow } from '../../../protocol/relay.ts';
import type { RelayEvent } from '../../../protocol/relay-events.ts';

/** As many as the page keeps. */
export const WINDOW_BLOCKS = 12;

/** Newest first, without gaps. */
export type ChainWindow = readonly BlockRow[];

/** An answer may have been on its way for this long when an event overtakes it. */
const OVERTAKEN_MS = 2_000;

/**
 * Whether an answer was made before the newest event and has come after it: then it is not believed.
 * @param sinceEventMs since a block came or left; undefined where none has
 */
export function isOvertaken(
  window: ChainWindow,
  answered: ChainWindow,
  sinceEventMs: number | undefined,
): boolean {
  const isOther = window[0]?.hash !== answered[0]?.hash;
  return isOther && sinceEventMs !== undefined && sinceEventMs < OVERTAKEN_MS;
}

/**
 * The window after an event; undefined where the event does not follow from what is known: then the chain has
 * to be asked for anew.
 */
export function windowAfter(window: ChainWindow, event: RelayEvent): ChainWindow | undefined {
  const [tip] = window;
  switch (event.type) {
    case 'block_connected': {
      const { block } = event;
      if (window.some(({ hash }) => hash === block.hash)) return window;
      if (tip !== undefined && block.height !== tip.height + 1) return undefined;
      return [block, ...window].slice(0, WINDOW_BLOCKS);
    }
    case 'block_disconnected':
      // The one below the window has to be asked for, or the window would shrink with every reorganisation.
      return tip?.hash === event.hash && window.length > 1 ? window.slice(1) : undefined;
    case 'hello':
    case 'node':
      return event.tip === null || event.tip.hash === tip?.hash ? window : undefined;
    default:
      return window;
  }
}
