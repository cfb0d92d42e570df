/** Sums the shares of every block up, divides its reward, and writes both down. */
import type { Bits } from '../../protocol/units.ts';
import type { Logger } from '../../service/log.ts';
import type { NumberedBlock } from '../ledger/block-book.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { RoundCredit } from '../ledger/round-book.ts';
import { blockWeight, distribute, pplnsWindow, sum } from './distribution.ts';
import { tallyRound } from './round-tally.ts';
import type { Terms } from './scheme.ts';

export interface RoundKeeperOptions {
  readonly ledger: Pick<Ledger, 'shares' | 'blocks' | 'rounds'>;
  /** For blocks that were found in the chain: their own terms are not known. */
  readonly terms: Terms;
  readonly log: Logger;
  /** Fires when the pool stops: what is left is done at the next start. */
  readonly signal: AbortSignal;
}

/** Shares read at once. */
const PAGE = 20_000;
/** The window kept is so much larger than the next block's: difficulty may rise before it is found. */
const RESERVE = 4n;

export class RoundKeeper {
  readonly #options: RoundKeeperOptions;
  #running: Promise<void> = Promise.resolve();

  constructor(options: RoundKeeperOptions) {
    this.#options = options;
  }

  /**
   * Divides every block that is not divided yet; one at a time, and also what a crash left undone.
   * @throws NotRecordedError when the ledger is closed before the shares are there; the next start goes on
   */
  sumUp(): Promise<void> {
    const run = this.#running.then(() => this.#sumUp());
    this.#running = run.catch(() => undefined);
    return run;
  }

  async #sumUp(): Promise<void> {
    for (const block of await this.#options.ledger.blocks.withoutRound()) await this.#divide(block);
  }

  async #divide(block: NumberedBlock): Promise<void> {
    const { ledger, log } = this.#options;
    const { startSequence, endSequence } = await ledger.rounds.boundsOf(block);
    // Shares before the finding one may still be on their way to the disk.
    await beforeStop(ledger.shares.settled(endSequence), this.#options.signal);
    const terms = block.terms ?? this.#options.terms;
    const bounds = { scheme: terms.scheme, startSequence, endSequence };
    const tally = await tallyRound(ledger.rounds, bounds, block.bits);
    const { amounts, operator } = distribute(block.reward, terms, tally.counted, block.worker?.address);
    const addresses = new Set([...tally.round.keys(), ...tally.counted.keys(), ...amounts.keys()]);
    const credits = [...addresses].map(
      (address): RoundCredit => ({
        address,
        weight: tally.round.get(address) ?? 0n,
        counted: tally.counted.get(address) ?? 0n,
        amount: amounts.get(address) ?? 0n,
        isDirect: terms.scheme === 'solo',
      }),
    );
    if (amounts.size === 0) {
      // A pool that was killed between handing a block in and writing its share finds the block in the chain alone.
      const level = block.worker === undefined ? 'info' : 'warn';
      log[level](
        { height: block.height },
        'no share is known that this block could be divided by: the operator has it',
      );
    }
    const { batch, head } = ledger.shares.head;
    await ledger.rounds.enter(
      {
        blockId: block.id,
        terms,
        startSequence,
        endSequence,
        work: blockWeight(block.bits),
        weight: sum(tally.round.values()),
        counted: sum(tally.counted.values()),
        operator,
        batch,
        head,
      },
      credits,
    );
  }

  /**
   * The first share that a block may still be divided by: those of rounds not summed up, of the running round, and
   * of a window several times the one a block of these bits has.
   */
  async firstNeeded(bits: Bits | undefined): Promise<number> {
    const { ledger } = this.#options;
    const open = await ledger.blocks.withoutRound();
    const last = await ledger.rounds.last();
    const begins = await Promise.all(open.map((block) => ledger.rounds.boundsOf(block)));
    const startSequence = Math.min(last?.endSequence ?? 0, ...begins.map((bounds) => bounds.startSequence));
    if (bits === undefined) return 0;
    const end = Math.min(ledger.shares.lastSequence, ...begins.map((bounds) => bounds.endSequence));
    let room = RESERVE * pplnsWindow(bits);
    for (let from = end; from > 0; ) {
      const page = await ledger.rounds.sharesDown(from, PAGE);
      for (const { sequence, weight } of page) {
        room -= weight;
        if (room <= 0n) return Math.min(sequence, startSequence + 1);
      }
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return Math.min(last?.sequence ?? 0, startSequence + 1);
      from = last.sequence - 1;
    }
    return 0;
  }
}

/** What a promise gives, or the signal's reason if that comes first. */
async function beforeStop<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let onStop = (): void => undefined;
  const stopped = new Promise<never>((_, refuse) => {
    onStop = () => refuse(signal.reason);
    if (signal.aborted) onStop();
    signal.addEventListener('abort', onStop);
  });
  try {
    return await Promise.race([promise, stopped]);
  } finally {
    signal.removeEventListener('abort', onStop);
  }
}
