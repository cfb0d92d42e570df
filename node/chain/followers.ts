import type { Block } from '../../protocol/block.ts';
import type { Undo } from '../../protocol/connect.ts';
import type { Logger } from '../../service/log.ts';
import type { BlockEntry } from './block-index.ts';

/** A block that joined the best chain, or left it. */
export interface ChainStep {
  readonly block: Block;
  readonly entry: BlockEntry;
  /** The coins the block spent. */
  readonly undo: Undo;
}

/** What the chain tells its followers. */
export interface ChainEvents {
  /** A block is the new tip; its parent was the tip before. */
  connected: ChainStep;
  /** A block left the best chain; its parent is the tip now. */
  disconnected: ChainStep;
  /** The best chain stands for now: told once after all steps of a change. */
  tip: BlockEntry;
  /** A change could not be carried through, as when the disk is full: none is made after it. */
  failed: unknown;
}

export type ChainListener<Name extends keyof ChainEvents> = (
  event: ChainEvents[Name],
) => void | Promise<void>;

type Listeners = { [Name in keyof ChainEvents]: ChainListener<Name>[] };

/**
 * Those who follow the chain. They are told one after the other, in the order in which they came, and each
 * is waited for. One that throws is logged and told again next time: the chain does not depend on it.
 */
export class Followers {
  readonly #log: Logger;
  readonly #listeners: Listeners = { connected: [], disconnected: [], tip: [], failed: [] };

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Adds a listener and returns the function that removes it. */
  on<Name extends keyof ChainEvents>(name: Name, listener: ChainListener<Name>): () => void {
    const listeners: ChainListener<Name>[] = this.#listeners[name];
    listeners.push(listener);
    return () => {
      const at = listeners.indexOf(listener);
      if (at >= 0) listeners.splice(at, 1);
    };
  }

  /** Tells all listeners of `name`; resolves when the last one is done. Never rejects. */
  async tell<Name extends keyof ChainEvents>(name: Name, event: ChainEvents[Name]): Promise<void> {
    const listeners: readonly ChainListener<Name>[] = [...this.#listeners[name]];
    for (const listener of listeners) {
      try {
        await listener(event);
      } catch (error) {
        this.#log.error({ err: error, event: name }, 'a follower of the chain failed');
      }
    }
  }
}
