import { setImmediate as nextTurn } from 'node:timers/promises';
import { hashKey } from '../../protocol/bytes.ts';
import type { Inventory } from '../../protocol/peer-message.ts';
import type { Hash } from '../../protocol/units.ts';
import { TimeSlice } from '../../service/time-slice.ts';
import type { Chain } from '../chain/chain.ts';
import type { PeerId, PeerNetwork, RelayedMessage } from '../peers/peer-network.ts';
import type { MempoolView, ServedItem } from './sync-event.ts';

/** What is being sent to one peer. */
interface Line {
  readonly items: ServedItem[];
  done: Promise<void>;
}

export interface AnswersParts {
  readonly chain: Pick<Chain, 'readBlock'>;
  readonly mempool: Pick<MempoolView, 'get'>;
  readonly network: PeerNetwork;
  readonly onError: (error: unknown) => void;
}

/**
 * Sends peers what they have asked for, one by one as fast as they read: of each line of answers at most one
 * block or transaction is in memory beside what waits in the peer's queue, however often it was asked for.
 * Other messages that find that queue full wait here, too.
 */
export class Answers {
  readonly #chain: Pick<Chain, 'readBlock'>;
  readonly #mempool: Pick<MempoolView, 'get'>;
  readonly #network: PeerNetwork;
  readonly #onError: (error: unknown) => void;
  readonly #lines = new Map<PeerId, Line>();

  constructor(parts: AnswersParts) {
    this.#chain = parts.chain;
    this.#mempool = parts.mempool;
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
    const slice = new TimeSlice();
    // An index, since taking the first of many items from an array costs as much as there are.
    for (let next = 0; next < line.items.length && isHere(); next++) {
      if (slice.isUsedUp) await slice.renew();
      const message = await this.#message(line.items[next] as ServedItem);
      if (message.type === 'notfound') missing.push(...message.items);
      else await this.#sendWhenDrained(peer, message, isHere);
    }
    if (missing.length > 0 && isHere()) this.#network.send(peer, { type: 'notfound', items: missing });
  }

  async #message(served: ServedItem): Promise<RelayedMessage> {
    if (served.kind === 'message') return served.message;
    const { kind, item } = served;
    const found = kind === 'block' ? await this.#block(item.hash) : this.#transaction(item.hash);
    return found ?? { type: 'notfound', items: [item] };
  }

  async #block(hash: Hash): Promise<RelayedMessage | undefined> {
    const bytes = await this.#chain.readBlock(hash);
    return bytes && { type: 'block', bytes };
  }

  #transaction(txid: Hash): RelayedMessage | undefined {
    const entry = this.#mempool.get(hashKey(txid));
    return entry && { type: 'tx', transaction: entry.transaction };
  }

  async #sendWhenDrained(peer: PeerId, message: RelayedMessage, isHere: () => boolean): Promise<void> {
    while (isHere() && !this.#network.send(peer, message)) {
      await this.#network.drained(peer);
      // A connection that is closing takes nothing and counts as drained: let it close.
      await nextTurn();
    }
  }
}
