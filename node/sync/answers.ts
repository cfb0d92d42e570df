import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Inventory } from '../../protocol/peer-message.ts';
import type { Chain } from '../chain/chain.ts';
import type { PeerId, PeerNetwork, RelayedMessage } from '../peers/peer-network.ts';
import type { ServedItem } from './sync-event.ts';

/** What is being sent to one peer. */
interface Line {
  readonly items: ServedItem[];
  done: Promise<void>;
}

/**
 * Sends peers what they have asked for, block by block as fast as they read: of each line of answers at most
 * one block is in memory beside what waits in the peer's queue. Other messages that find that queue full
 * wait here, too.
 */
export class Answers {
  readonly #chain: Pick<Chain, 'readBlock'>;
  readonly #network: PeerNetwork;
  readonly #onError: (error: unknown) => void;
  readonly #lines = new Map<PeerId, Line>();

  constructor(parts: {
    chain: Pick<Chain, 'readBlock'>;
    network: PeerNetwork;
    onError: (error: unknown) => void;
  }) {
    this.#chain = parts.chain;
    this.#network = parts.network;
    this.#onError = parts.onError;
  }

  /** Resolves when the peer has been sent everything; undefined when nothing is under way. */
  under(peer: PeerId): Promise<void> | undefined {
    return this.#lines.get(peer)?.done;
  }

  /** Items that wait to be sent to a peer. */
  waiting(peer: PeerId): number {
    return this.#lines.get(peer)?.items.length ?? 0;
  }

  add(peer: PeerId, items: readonly ServedItem[]): void {
    const line = this.#lines.get(peer);
    if (line !== undefined) {
      line.items.push(...items);
      return;
    }
    const fresh: Line = { items: [...items], done: Promise.resolve() };
    this.#lines.set(peer, fresh);
    fresh.done = this.#send(peer, fresh)
      .catch(this.#onError)
      .finally(() => {
        if (this.#lines.get(peer) === fresh) this.#lines.delete(peer);
      });
  }

  /** The peer is gone. */
  forget(peer: PeerId): void {
    this.#lines.get(peer)?.items.splice(0);
    this.#lines.delete(peer);
  }

  async #send(peer: PeerId, line: Line): Promise<void> {
    const missing: Inventory[] = [];
    const isHere = () => this.#lines.get(peer) === line;
    // An index, since taking the first of many items from an array costs as much as there are.
    for (let next = 0; next < line.items.length && isHere(); next++) {
      const message = await this.#message(line.items[next] as ServedItem);
      if (message.type === 'notfound') missing.push(...message.items);
      else await this.#sendWhenDrained(peer, message, isHere);
    }
    if (missing.length > 0 && isHere()) this.#network.send(peer, { type: 'notfound', items: missing });
  }

  async #message(served: ServedItem): Promise<RelayedMessage> {
    if (served.kind === 'message') return served.message;
    const bytes = await this.#chain.readBlock(served.item.hash);
    return bytes ? { type: 'block', bytes } : { type: 'notfound', items: [served.item] };
  }

  async #sendWhenDrained(peer: PeerId, message: RelayedMessage, isHere: () => boolean): Promise<void> {
    while (isHere() && !this.#network.send(peer, message)) {
      await this.#network.drained(peer);
      // A connection that is closing takes nothing and counts as drained: let it close.
      await nextTurn();
    }
  }
}
