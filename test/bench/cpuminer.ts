/** cpuminer as a reference: `minerd --benchmark -a sha256d`, where it is on the PATH. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Measurement } from '../../miner/benchmark/measurement.ts';
import type { Reference } from '../../miner/benchmark/reference.ts';

/** Lines come some seconds apart, the first of each thread soon. */
const MOST_MS = 20_000;
/** Unit of the times in /proc, on every Linux that Node.js runs on. */
const MS_PER_TICK = 10;

export function cpuminer(threads: number): Reference {
  return {
    name: 'minerd',
    threads,
    measure: (durationMs, signal) => run(threads, durationMs, signal),
  };
}

/** What a thread has done since its first line. */
interface Span {
  readonly sinceMs: number;
  hashes: number;
  elapsedMs: number;
}

/** Runs minerd until each of its threads has told of its hashes twice, at least so long apart. */
function run(threads: number, durationMs: number, signal: AbortSignal): Promise<Measurement | undefined> {
  return new Promise((resolve) => {
    const child = spawn('minerd', ['--benchmark', '-a', 'sha256d', '-t', String(threads)]);
    const spans = new Map<string, Span>();
    let since: { readonly ms: number; readonly processorMs: number } | undefined;
    let measured: Measurement | undefined;
    const kill = (): void => {
      child.kill();
    };
    const timer = setTimeout(kill, MOST_MS);
    signal.addEventListener('abort', kill, { once: true });

    createInterface(child.stderr).on('line', (line) => {
      const [, thread, count] = line.match(/thread (\d+): (\d+) hashes/) ?? [];
      if (thread === undefined || measured !== undefined) return;
      const ms = performance.now();
      const span = spans.get(thread);
      if (span === undefined) spans.set(thread, { sinceMs: ms, hashes: 0, elapsedMs: 0 });
      else {
        span.hashes += Number(count);
        span.elapsedMs = ms - span.sinceMs;
      }
      if (spans.size < threads) return;
      since ??= { ms, processorMs: processorMs(child.pid) };
      const all = [...spans.values()];
      if (all.some(({ elapsedMs }) => elapsedMs === 0 || elapsedMs < durationMs)) return;
      const share = (processorMs(child.pid) - since.processorMs) / (threads * (ms - since.ms));
      measured = {
        hashesPerSecond: all.reduce((sum, { hashes, elapsedMs }) => sum + (hashes * 1_000) / elapsedMs, 0),
        processorShare: Number.isNaN(share) ? null : share,
      };
      kill();
    });
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', kill);
      resolve(signal.aborted ? undefined : measured);
    };
    // Not on the PATH.
    child.once('error', end);
    child.once('close', end);
  });
}

/** Processor time of a process, fields 14 and 15 of its line in /proc (proc(5)); NaN where there is none. */
function processorMs(pid: number | undefined): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
  } catch {
    return Number.NaN;
  }
}
