/** What the Stratum client needs to know, and of its surroundings. */
import type { Difficulty } from '../../protocol/units.ts';
import type { BackOffLimits } from '../source/back-off.ts';
import type { IsSameDomain } from './reconnect.ts';

export interface ClientOptions {
  readonly host: string;
  readonly port: number;
  /** `ADDRESS` or `ADDRESS.WORKER`. */
  readonly user: string;
  readonly password: string;
  /** Name and version of this program, as told to pools. */
  readonly agent: string;
  /** Random numbers in [0, 1) for the back-off. */
  readonly random: () => number;
  /** Numbers for works, unique in the process. */
  readonly nextSerial: () => number;
  /** The time of day, in milliseconds since 1970, which the times of jobs are compared with. */
  readonly unixMs: () => number;
  /** Share difficulty to ask the pool for; it may give another. */
  readonly suggestedDifficulty?: Difficulty | undefined;
  readonly backOff?: BackOffLimits;
  /** Where client.reconnect may lead; to the same host only, unless given. */
  readonly isSameDomain?: IsSameDomain;
}
