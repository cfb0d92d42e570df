import { setTimeout as sleep } from 'node:timers/promises';
import type { MinuteSum, StepRange, WorkerStep } from '../ledger/minute-sums.ts';
import type { Statistics } from './statistics.ts';

/** The ledger's sums by the minute. */
export interface PastMinutes {
  ofPool(sinceMs: number): Promise<readonly MinuteSum[]>;
  inSteps(range: StepRange): Promise<readonly WorkerStep[]>;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** What is needed by the minute for the short windows; the time before is read in longer steps. */
const FINE_MS = 360_000;
const STEP_MINUTES = 10;
const STEP_MS = STEP_MINUTES * MINUTE_MS;
/** Between two questions: shares are written to the same file, and must not wait long. */
const PAUSE_MS = 20;

/** Where the last hour begins, at a whole step. */
function recentSinceMs(nowMs: number): number {
  return Math.floor((nowMs - HOUR_MS) / STEP_MS) * STEP_MS;
}

/**
 * Reads in again what the ledger knows of the pool's last day and of each worker's last hour, so that a restart
 * leaves no hole in rates and charts. To be done before shares are counted: the running minute is among it.
 */
export async function refillRecent(statistics: Statistics, past: PastMinutes, nowMs: number): Promise<void> {
  for (const { minuteMs, accepted, weight } of await past.ofPool(nowMs - DAY_MS)) {
    statistics.refillPool({ startMs: minuteMs, lengthMs: MINUTE_MS, accepted, weight: Number(weight) });
  }
  const fineMs = Math.floor((nowMs - FINE_MS) / STEP_MS) * STEP_MS;
  const recent = { sinceMs: recentSinceMs(nowMs), untilMs: fineMs, stepMinutes: STEP_MINUTES };
  await refillWorkers(statistics, past, recent);
  await refillWorkers(statistics, past, { sinceMs: fineMs, untilMs: nowMs + MINUTE_MS, stepMinutes: 1 });
}

/** The rest of each worker's last day. May be done while shares are counted. */
export async function refillDay(statistics: Statistics, past: PastMinutes, nowMs: number): Promise<void> {
  const endMs = recentSinceMs(nowMs);
  const startMs = Math.ceil((nowMs - DAY_MS) / STEP_MS) * STEP_MS;
  for (let sinceMs = startMs; sinceMs < endMs; sinceMs += STEP_MS) {
    await refillWorkers(statistics, past, { sinceMs, untilMs: sinceMs + STEP_MS, stepMinutes: STEP_MINUTES });
    await sleep(PAUSE_MS);
  }
}

async function refillWorkers(statistics: Statistics, past: PastMinutes, range: StepRange): Promise<void> {
  const lengthMs = range.stepMinutes * MINUTE_MS;
  for (const { worker, ...work } of await past.inSteps(range)) {
    statistics.refillWorker(worker, { ...work, lengthMs });
  }
}
