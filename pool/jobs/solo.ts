import type { TxOutput } from '../../protocol/transaction.ts';
import type { Nits } from '../../protocol/units.ts';
import { type Fee, soloParts } from '../accounting/scheme.ts';
import { type Job, jobOf, type Round } from './job.ts';

/** How solo blocks are paid out: the finder's own address, less what the operator takes. */
export interface SoloSettings {
  /** The script of an address this pool has authorised. @throws AddressError for any other */
  readonly scriptOf: (address: string) => Uint8Array;
  readonly fee?: SoloFee | undefined;
}

/** The operator's part, and where it goes. */
export interface SoloFee {
  readonly script: Uint8Array;
  readonly fee: Fee;
}

/** The outputs that a solo block's reward goes to: the finder's, the operator's, whichever there is. */
export function soloOutputs(reward: Nits, finder: Uint8Array, fee?: SoloFee): readonly TxOutput[] {
  if (fee === undefined) return [{ value: reward, script: finder }];
  const parts = soloParts(reward, fee.fee);
  if (parts.operator === 0n) return [{ value: reward, script: finder }];
  if (parts.finder === 0n) return [{ value: reward, script: fee.script }];
  return [
    { value: parts.finder, script: finder },
    { value: parts.operator, script: fee.script },
  ];
}

/** Jobs kept at hand, of all addresses; what is not is made again when somebody submits to it. */
const MAX_JOBS = 20_000;

/**
 * The jobs of a solo pool, one per round and address, made when first asked for. A job follows from its round and
 * its address alone, so that forgetting one costs no share: memory is bounded whoever comes with however many
 * addresses.
 */
export class SoloJobs {
  readonly #settings: SoloSettings;
  /** By round, oldest first, and address. */
  readonly #rounds = new Map<string, Map<string, Job>>();
  #size = 0;

  constructor(settings: SoloSettings) {
    this.#settings = settings;
  }

  get size(): number {
    return this.#size;
  }

  /** The job of an address in a round. */
  of(round: Round, address: string): Job {
    const jobs = this.#jobsIn(round.jobId);
    const known = jobs.get(address);
    if (known !== undefined) return known;
    const { scriptOf, fee } = this.#settings;
    const job = jobOf(round, soloOutputs(round.template.reward, scriptOf(address), fee), address);
    jobs.set(address, job);
    this.#size += 1;
    return job;
  }

  /** Forgets the jobs of rounds that are no longer known. */
  sweep(isKnown: (jobId: string) => boolean): void {
    for (const jobId of this.#rounds.keys()) if (!isKnown(jobId)) this.#forget(jobId);
  }

  /** Those of one round; the oldest rounds make room for it. */
  #jobsIn(jobId: string): Map<string, Job> {
    for (const oldest of this.#rounds.keys()) {
      if (this.#size < MAX_JOBS) break;
      this.#forget(oldest);
    }
    const jobs = this.#rounds.get(jobId) ?? new Map<string, Job>();
    this.#rounds.set(jobId, jobs);
    return jobs;
  }

  #forget(jobId: string): void {
    this.#size -= this.#rounds.get(jobId)?.size ?? 0;
    this.#rounds.delete(jobId);
  }
}
