import { decodeBlockSteps } from '../../protocol/block.ts';
import { CodecError } from '../../protocol/bytes.ts';
import type { Hash } from '../../protocol/units.ts';
import type { Logger } from '../../service/log.ts';
import { inSlices, TimeSlice } from '../../service/time-slice.ts';
import type { Chain } from '../chain/chain.ts';
import type { PeerId } from '../peers/peer-network.ts';
import type { BlockVerdict } from './sync-event.ts';

/** Blocks that wait for the chain may take up so much; then peers are not read. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;

/** A block that a peer has sent. */
export interface ArrivedBlock {
  readonly peer: PeerId;
  readonly hash: Hash;
  readonly bytes: Uint8Array;
}

/** What became of it. */
export type CheckedBlock = Omit<ArrivedBlock, 'bytes'> & BlockVerdict;

export interface BlockIntakeParts {
  readonly chain: Pick<Chain, 'accept' | 'flush'>;
  /** Whether many more blocks are expected: then they are written to the disk together. */
  readonly isCatchingUp: () => boolean;
  readonly onChecked: (checked: CheckedBlock) => void;
  readonly log: Logger;
}

/** Hands the blocks that come from peers to the chain, one after the other, and holds peers back meanwhile. */
export class BlockIntake {
  readonly #parts: BlockIntakeParts;
  readonly #waiting: ArrivedBlock[] = [];
  #waitingBytes = 0;
  #running: Promise<void> | undefined;
  #room: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;
  /** Something was accepted that is not on the disk yet. */
  #isUnwritten = false;
  #hasFailed = false;

  constructor(parts: BlockIntakeParts) {
    this.#parts = parts;
  }

  /** Takes a block; those that come after the disk has failed are let go. */
  add(block: ArrivedBlock): void {
    if (this.#hasFailed) return;
    this.#waiting.push(block);
    this.#waitingBytes += block.bytes.length;
    this.#running ??= this.#run();
  }

  /** Resolves when there is room for more; undefined when there is room now. */
  get room(): Promise<void> | undefined {
    if (this.#waitingBytes <= MAX_WAITING_BYTES) return undefined;
    this.#room ??= withResolver();
    return this.#room.promise;
  }

  /** To be called every second or so: puts on the disk what was accepted, unless more is coming in. */
  async settle(): Promise<void> {
    if (!this.#isUnwritten || this.#running !== undefined || this.#hasFailed) return;
    this.#isUnwritten = false;
    await this.#parts.chain.flush().catch((error: unknown) => this.#fail(error));
  }

  /** Lets go of what waits; resolves when the block that is being checked is done. */
  async stop(): Promise<void> {
    this.#hasFailed = true;
    this.#waiting.length = 0;
    await this.#running;
    this.#makeRoom();
  }

  async #run(): Promise<void> {
    const slice = new TimeSlice();
    try {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
        // The chain may answer without the event loop having turned once.
        if (slice.isUsedUp) await slice.renew();
        const { peer, hash, bytes } = next;
        const verdict = await this.#accept(bytes);
        this.#makeRoom(bytes.length);
        this.#parts.onChecked({ peer, hash, ...verdict });
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#running = undefined;
    }
  }

  async #accept(bytes: Uint8Array): Promise<BlockVerdict> {
    // The last one takes with it to the disk what came before.
    const durable = this.#waiting.length === 0 && !this.#parts.isCatchingUp();
    this.#isUnwritten = !durable;
    try {
      const block = await inSlices(decodeBlockSteps(bytes));
      const { outcome, error } = await this.#parts.chain.accept(block, { durable, bytes });
      return { outcome, error };
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      return { outcome: 'malformed' };
    }
  }

  #makeRoom(bytes = this.#waitingBytes): void {
    this.#waitingBytes -= bytes;
    if (this.#waitingBytes > MAX_WAITING_BYTES / 2) return;
    this.#room?.resolve();
    this.#room = undefined;
  }

  /** The chain has said why it stands still; peers are heard, but no more blocks are taken. */
  #fail(error: unknown): void {
    if (!this.#hasFailed) this.#parts.log.error({ err: error }, 'no more blocks are taken from peers');
    this.#hasFailed = true;
    this.#waiting.length = 0;
    this.#makeRoom();
  }
}

function withResolver(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((accept) => {
    resolve = accept;
  });
  return { promise, resolve };
}
