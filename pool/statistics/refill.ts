import type { MinuteSum, StepRange, WorkerStep } from '../ledger/minute-sums.ts';
import type { Statistics } from './statistics.ts';

/** The ledger's sums by the minute. */
export interface PastMinutes {
  ofPool(sinceMs: number): Promise<readonly MinuteSum[]>;
  inSteps(range: StepRange): Promise<readonly WorkerStep[]>;
}

const MINUTE_MS = 60_000;
const HALF_HOUR_MS = 1_800_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** Since when workers are read by the minute; the time before, to a day, by the half hour. */
function fineSinceMs(nowMs: number): number {
  return Math.floor((nowMs - HOUR_MS) / HALF_HOUR_MS) * HALF_HOUR_MS;
}

/**
 * Reads in again what the ledger knows of the pool's last day and of each worker's last hour, so that a restart
 * leaves no hole in rates and charts. To be done before shares are counted: the running minute is among it.
 */
export async function refillRecent(statistics: Statistics, past: PastMinutes, nowMs: number): Promise<void> {
  for (const { minuteMs, accepted, weight } of await past.ofPool(nowMs - DAY_MS)) {
    statistics.refillPool({ startMs: minuteMs, lengthMs: MINUTE_MS, accepted, weight: Number(weight) });
  }
  await refillWorkers(statistics, past, {
    sinceMs: fineSinceMs(nowMs),
    untilMs: nowMs + MINUTE_MS,
    stepMinutes: 1,
  });
}

/**
 * The rest of each worker's last day. May be done while shares are counted, and takes the file for a short while
 * at a time: shares are written to it meanwhile.
 */
export async function refillDay(statistics: Statistics, past: PastMinutes, nowMs: number): Promise<void> {
  const endMs = fineSinceMs(nowMs);
  const startMs = Math.ceil((nowMs - DAY_MS) / HALF_HOUR_MS) * HALF_HOUR_MS;
  for (let sinceMs = startMs; sinceMs < endMs; sinceMs += HALF_HOUR_MS) {
    await refillWorkers(statistics, past, { sinceMs, untilMs: sinceMs + HALF_HOUR_MS, stepMinutes: 30 });
  }
}

async function refillWorkers(statistics: Statistics, past: PastMinutes, range: StepRange): Promise<void> {
  const lengthMs = range.stepMinutes * MINUTE_MS;
  for (const { worker, ...work } of await past.inSteps(range)) {
    statistics.refillWorker(worker, { ...work, lengthMs });
  }
}
