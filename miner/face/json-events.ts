/** What `--json` prints: a line for each event and for the figures, described in docs/miner.md. */
import type { MinerEvent } from '../event.ts';
import type { MinerStats } from '../figures/statistics.ts';

/** The figures, between the events. */
export interface StatisticsEvent extends MinerStats {
  readonly type: 'statistics';
  /** Of the processor; null where the system does not tell. */
  readonly temperatureCelsius: number | null;
}

/** One JSON object on one line, with the time of day as ISO 8601 in front; what is no finite number is null. */
export function jsonLine(event: MinerEvent | StatisticsEvent, unixMs: number): string {
  return `${JSON.stringify({ time: new Date(unixMs).toISOString(), ...event })}\n`;
}
