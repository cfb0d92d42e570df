import { parseLine } from '../../protocol/stratum.ts';

/** Which side of the conversation a line comes from. */
export type Speaker = 'miner' | 'pool';

/** Requests remembered for each side; a miner that asks on without waiting is not remembered for ever. */
const MAX_OPEN = 256;

interface OpenRequest {
  readonly id: string;
  readonly method: string;
}

/**
 * Tells which request an answer belongs to. Ids alone do not say it: some miners give all their requests the same
 * one, so of several with one id the oldest is answered first.
 */
export class OpenRequests {
  readonly #open: Record<Speaker, OpenRequest[]> = { miner: [], pool: [] };

  /** @returns the method of the request that the line answers; undefined where it answers none that is known */
  hear(speaker: Speaker, line: string): string | undefined {
    const message = parseLine(line);
    if (message.kind === 'request') {
      const asked = this.#open[speaker];
      asked.push({ id: String(message.id), method: message.method });
      if (asked.length > MAX_OPEN) asked.shift();
      return undefined;
    }
    if (message.kind !== 'response') return undefined;
    const asked = this.#open[speaker === 'miner' ? 'pool' : 'miner'];
    const place = asked.findIndex(({ id }) => id === String(message.id));
    return place < 0 ? undefined : asked.splice(place, 1)[0]?.method;
  }
}
