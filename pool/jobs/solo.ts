import type { TxOutput } from '../../protocol/transaction.ts';
import type { Nits } from '../../protocol/units.ts';
import { type Fee, withoutFee } from '../accounting/scheme.ts';
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

/**
 * What a solo block's reward goes to. The finder gets the whole nits of its part, the operator the fee with what
 * the division leaves; together they are the reward exactly. A fee too small to be worth spending is the finder's.
 */
export function soloOutputs(reward: Nits, finder: Uint8Array, fee?: SoloFee): readonly TxOutput[] {
  const whole = [{ value: reward, script: finder }];
  if (fee === undefined || fee.fee.numerator === 0n) return whole;
  const kept = withoutFee(reward, fee.fee);
  const charged = reward - kept;
  if (charged < dustLimit(fee.script) || kept < dustLimit(finder)) return whole;
  return [
    { value: kept, script: finder },
    { value: charged, script: fee.script },
  ];
}

/** Bytes it takes to spend an output, by Bitcoin Core's reckoning (`GetDustThreshold`). */
const WITNESS_SPEND_BYTES = 67;
const SPEND_BYTES = 148;
const OUTPUT_BYTES = 8 + 1;
const DUST_NITS_PER_BYTE = 3;

/** The least an output of this script may be worth to be relayed when it is spent on (Bitcoin Core's dust limit). */
export function dustLimit(script: Uint8Array): Nits {
  const [version = 0] = script;
  const isWitness = script.length >= 4 && script.length <= 42 && script[1] === script.length - 2;
  const isWitnessVersion = version === 0 || (version >= 0x51 && version <= 0x60);
  const spend = isWitness && isWitnessVersion ? WITNESS_SPEND_BYTES : SPEND_BYTES;
  return BigInt(DUST_NITS_PER_BYTE * (OUTPUT_BYTES + script.length + spend));
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
