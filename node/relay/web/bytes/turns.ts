/** Long work in a page: others have their turn every few milliseconds. */
import type { Steps } from '../../../../protocol/steps.ts';

/** A frame is 16 ms. */
const TURN_MS = 10;

/**
 * Takes the steps of some work; undefined when it was ended before it was done.
 * @param isOver asked before each turn
 */
export async function inTurns<Result>(
  steps: Steps<Result>,
  isOver: () => boolean,
): Promise<Result | undefined> {
  for (;;) {
    const end = performance.now() + TURN_MS;
    while (performance.now() < end) {
      const step = steps.next();
      if (step.done === true) return step.value;
    }
    await new Promise((accept) => setTimeout(accept));
    if (isOver()) return undefined;
  }
}
