/** A miner's events and figures in words. */
import type { LogLevel } from '../../service/log.ts';
import type { MinerEvent } from '../event.ts';
import type { MinerStats } from '../figures/statistics.ts';

/** A line for the log. */
export interface LogLine {
  readonly level: Exclude<LogLevel, 'silent' | 'fatal' | 'trace'>;
  readonly text: string;
}

/** An event as a log line. What happens all the time goes to `debug`. */
export function lineOf(event: MinerEvent): LogLine {
  switch (event.type) {
    case 'connecting':
      return { level: 'debug', text: `connecting to ${event.pool}` };
    case 'connected':
      return { level: 'debug', text: `connected to ${event.pool}` };
    case 'authorized':
      return { level: 'info', text: `mining as ${event.user}` };
    case 'disconnected':
      return {
        level: event.problem.code === 'unauthorized' ? 'error' : 'warn',
        text: `${event.problem.text}; next attempt in ${formatDuration(event.retryInMs / 1000)}`,
      };
    case 'difficulty':
      return {
        level: 'info',
        text: `share difficulty ${formatDifficulty(event.difficulty)} from the next job on`,
      };
    case 'job':
      return {
        level: 'debug',
        text: `job ${event.jobId}${event.clean ? '; all earlier ones are stale' : ''}`,
      };
    case 'share-found':
      return event.isBlock
        ? { level: 'info', text: `found a block: ${event.hash}` }
        : { level: 'debug', text: `found a share: ${event.hash}` };
    case 'share-accepted': {
      const facts = `difficulty ${formatDifficulty(event.difficulty)}, ${Math.round(event.latencyMs)} ms`;
      return { level: 'info', text: `${nameOf(event)} accepted: ${facts}` };
    }
    case 'share-refused':
      return { level: 'warn', text: `${nameOf(event)} not accepted: ${event.text}` };
    case 'share-unanswered':
      return { level: 'warn', text: `${nameOf(event)} never answered by the pool` };
    case 'share-discarded':
      return { level: 'debug', text: 'share of an earlier job discarded' };
    case 'message':
      return { level: 'info', text: `the pool says: ${event.text}` };
    case 'problem':
      return {
        level:
          event.problem.code === 'wrong-hit' || event.problem.code === 'worker-failed' ? 'error' : 'warn',
        text: event.problem.text,
      };
    case 'pool':
      return { level: 'info', text: `mining for ${event.pool} as ${event.user}` };
    case 'pool-away':
      return { level: 'warn', text: `${event.problem.text}; ${event.pool} is tried again meanwhile` };
    case 'elsewhere':
      return { level: 'debug', text: `${event.pool}: ${lineOf(event.event).text}` };
    case 'kernel':
      return {
        // The threads hardly ever differ, and there may be many.
        level: event.thread === 0 ? 'info' : 'debug',
        text: `thread ${event.thread}: kernel ${event.kernel} ${event.basis === 'measured' ? 'is' : 'was'} the fastest here`,
      };
    case 'stopped':
      return { level: 'debug', text: 'stopped' };
  }
}

function nameOf(share: { readonly isBlock: boolean }): string {
  return share.isBlock ? 'block' : 'share';
}

/** The figures that a person wants now and then, on one line. What is unknown is a dash. */
export function formatStats(stats: MinerStats): string {
  const { shares, hashRate } = stats;
  return [
    `${formatHashRate(hashRate.seconds10)} (10 s), ${formatHashRate(hashRate.minute1)} (1 min), ${formatHashRate(hashRate.minutes15)} (15 min)`,
    `accepted ${shares.accepted}, stale ${shares.stale}, rejected ${shares.rejected}${formatReasons(stats)}`,
    `difficulty ${shown(stats.difficulty, formatDifficulty)}`,
    `a share every ${shown(stats.expectedSecondsPerShare, formatDuration)}`,
    `best ${shown(stats.bestShareDifficulty, formatDifficulty)}`,
  ].join(' · ');
}

/** The figures of a miner that has stopped, on one line. */
export function formatResult(stats: MinerStats): string {
  const { shares, hashes, uptimeSeconds, blocks } = stats;
  const unanswered = shares.unanswered === 0 ? '' : `, unanswered ${shares.unanswered}`;
  return [
    `stopped after ${formatDuration(uptimeSeconds)}`,
    `${formatHashRate(uptimeSeconds > 0 ? hashes / uptimeSeconds : null)} all the time`,
    `accepted ${shares.accepted}, stale ${shares.stale}, rejected ${shares.rejected}${formatReasons(stats)}${unanswered}`,
    `blocks ${blocks}`,
    `best ${shown(stats.bestShareDifficulty, formatDifficulty)}`,
  ].join(' · ');
}

function formatReasons(stats: MinerStats): string {
  const reasons = Object.entries(stats.shares.reasons).filter(([reason]) => reason !== 'stale');
  return reasons.length === 0
    ? ''
    : ` (${reasons.map(([reason, count]) => `${reason} ${count}`).join(', ')})`;
}

function shown(value: number | null, format: (value: number) => string): string {
  return value === null ? '—' : format(value);
}

const HASH_RATE_UNITS = ['H/s', 'kH/s', 'MH/s', 'GH/s', 'TH/s'] as const;

/** A hash rate with its unit and three digits that count, `1.52 MH/s`; a dash if unknown. */
export function formatHashRate(hashesPerSecond: number | null): string {
  if (hashesPerSecond === null) return '—';
  let value = hashesPerSecond;
  let unit = 0;
  while (value >= 999.5 && unit < HASH_RATE_UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const decimals = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${value.toFixed(decimals)} ${HASH_RATE_UNITS[unit]}`;
}

/** A difficulty with four digits that count. */
export function formatDifficulty(difficulty: number): string {
  return String(Number(difficulty.toPrecision(4)));
}

/** A duration in the unit that suits it: `0.4 s`, `12 s`, `3.5 min`, `2.1 h`, `4 d`. */
export function formatDuration(seconds: number): string {
  if (seconds < 10) return `${Number(seconds.toFixed(1))} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Number((seconds / 60).toFixed(1))} min`;
  if (seconds < 172_800) return `${Number((seconds / 3_600).toFixed(1))} h`;
  return `${Number((seconds / 86_400).toPrecision(3))} d`;
}
