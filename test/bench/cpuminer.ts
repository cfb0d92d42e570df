/** cpuminer as a reference: `minerd --benchmark -a sha256d`, where it is on the PATH. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Measurement } from '../../miner/benchmark/measurement.ts';
import type { Reference } from '../../miner/benchmark/reference.ts';

/** The figures before are of its own calibration. */
const LEAST_MS = 5_000;
/** Unit of the times in /proc, on every Linux that Node.js runs on. */
const TICKS_PER_SECOND = 100;

export function cpuminer(threads: number): Reference {
  return {
    name: 'minerd',
    threads,
    measure: (durationMs, signal) => run(threads, Math.max(LEAST_MS, durationMs), signal),
  };
}

function run(threads: number, durationMs: number, signal: AbortSignal): Promise<Measurement | undefined> {
  return new Promise((resolve) => {
    const child = spawn('minerd', ['--benchmark', '-a', 'sha256d', '-t', String(threads)]);
    const startMs = performance.now();
    let text = '';
    let processorShare: number | null = null;
    child.stderr.on('data', (chunk) => {
      text += chunk;
    });
    const kill = (): void => {
      processorShare = shareOf(child.pid, threads * (performance.now() - startMs));
      child.kill();
    };
    const timer = setTimeout(kill, durationMs);
    signal.addEventListener('abort', kill, { once: true });
    const end = (measured: Measurement | undefined): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', kill);
      resolve(signal.aborted ? undefined : measured);
    };
    child.once('error', () => end(undefined));
    child.once('close', () => {
      // The last sum of all threads, in thousands of hashes per second.
      const rate = [...text.matchAll(/Total: ([\d.]+) khash\/s/g)].at(-1)?.[1];
      end(rate === undefined ? undefined : { hashesPerSecond: Number(rate) * 1_000, processorShare });
    });
  });
}

/** Processor time of a process, fields 14 and 15 of its line in /proc (proc(5)), as a part of a time. */
function shareOf(pid: number | undefined, timeMs: number): number | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    const ticks = Number(fields[11]) + Number(fields[12]);
    return Math.min(1, (ticks * 1_000) / TICKS_PER_SECOND / timeMs);
  } catch {
    // No /proc here, or the process is gone.
    return null;
  }
}
