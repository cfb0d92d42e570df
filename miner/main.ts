/** `nilz miner`: reads flags, environment and signals, starts the miner, and shows it. */
import { fstatSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { WriteStream } from 'node:tty';
import type { NetworkProfile } from '../protocol/network.ts';
import { chooseNetwork } from '../protocol/network-choice.ts';
import { helpText, loadSettings } from '../service/config.ts';
import { ListenError } from '../service/http.ts';
import { composeStop, EXIT, runUntilSignal, type Stoppable, startParts } from '../service/lifecycle.ts';
import { createLogger, prettyLine } from '../service/log.ts';
import { type Face, showMiner } from './face/face.ts';
import { isForeground } from './face/foreground.ts';
import { PatientTerminal } from './face/patient-terminal.ts';
import { RecentLog } from './face/recent-log.ts';
import { watchCpuTemperature } from './face/temperature.ts';
import { threadsFor } from './hashing/thread-count.ts';
import { CALIBRATION_FILE, openCalibrationFile } from './kernel/calibration-file.ts';
import { startMiner } from './miner.ts';
import { assertKernel, type MinerSettings, poolsOf, SETTINGS, shownPools, tlsTrustOf } from './settings.ts';

const COMMAND = 'nilz miner';
const SUMMARY = 'Mines for pools by Stratum V1, or straight on a node. Runs until Ctrl-C.';
/** The miner waits two seconds at most for answers to its last shares, the HTTP port half a second for its readers. */
const STOP_DEADLINE_MS = 4_000;
/** From a wish to halt to the next that is heard. */
const RESUME_DELAY_MS = 100;

/**
 * Runs the miner until it is told to stop.
 *
 * @returns the exit code: 0 stopped, 1 failed, 2 wrong use
 * @throws SettingError, ProfileError for settings that cannot be used
 */
export async function main(argv: string[], env: NodeJS.ProcessEnv): Promise<number> {
  const { values, help } = loadSettings(SETTINGS, { command: COMMAND, argv, env });
  if (help) {
    process.stdout.write(helpText(SETTINGS, { command: COMMAND, summary: SUMMARY }));
    return EXIT.done;
  }
  try {
    return values.benchmark ? await measure(values) : await mine(values, env);
  } catch (error) {
    if (!(error instanceof ListenError)) throw error;
    console.error(`${COMMAND}: ${error.message}`);
    return EXIT.failed;
  }
}

async function mine(values: MinerSettings, env: NodeJS.ProcessEnv): Promise<number> {
  const pools = poolsOf(values, profileOf(values.network));
  const tls = tlsTrustOf(values, readText);
  assertKernel(values);
  const threads = threadsFor(values.threads, availableParallelism());
  const stage = isLive(values, process.stdout, env) ? liveStage(process, env) : undefined;
  const log = createLogger({
    name: 'miner',
    level: values.quiet ? 'warn' : values.logLevel,
    ...(stage !== undefined && { pretty: false, destination: stage.log }),
  });
  const start = async (started: Stoppable[]): Promise<Stoppable> => {
    const path = join(values.datadir, CALIBRATION_FILE);
    const calibration = await openCalibrationFile({ path, log, unixMs: Date.now });
    started.push({ stop: calibration.written });
    const { cpuLimit: cpuLimitPercent, kernel, suggestDifficulty: suggestedDifficulty } = values;
    const how = { threads, cpuLimitPercent, kernel, calibration, suggestedDifficulty, tls };
    const miner = await startMiner({ pools, ...how, log, agent: agent() });
    const temperature = watchCpuTemperature();
    const face = showMiner(miner, {
      log,
      temperature,
      statsIntervalSeconds: values.statsInterval,
      ...(values.json && { print: (line: string) => void process.stdout.write(line) }),
      ...(stage !== undefined && { live: { ...stage, isForeground, cpuLimitPercent } }),
    });
    started.push(face);
    if (stage !== undefined) giveTerminalBackOnSignals(face);
    log.info(`${threads} thread${threads === 1 ? '' : 's'}, mining for ${shownPools(pools)}`);
    if (values.metricsPort !== undefined) {
      const place = { host: values.metricsBind, port: values.metricsPort, log };
      const { stats } = miner;
      const { startStatusServer } = await import('./face/status-server.ts');
      const status = await startStatusServer({ ...place, stats, temperatureCelsius: temperature.current });
      started.push(status);
      log.info(`metrics at ${status.url}/metrics, health at ${status.url}/health`);
    }
    return composeStop(started);
  };
  return runUntilSignal(() => startParts(start, log), { log, deadlineMs: STOP_DEADLINE_MS });
}

/** The benchmark, which ends by itself; Ctrl-C ends it with what has been measured. Exit code 1: a kernel is wrong. */
function measure(values: MinerSettings): Promise<number> {
  assertKernel(values);
  const log = createLogger({ name: 'miner', level: values.quiet ? 'warn' : values.logLevel });
  const isTold = process.stderr.isTTY === true && !values.quiet;
  return runUntilSignal(
    async ({ stopping, requestStop }) => {
      const measureAll = async (): Promise<void> => {
        const { runBenchmark } = await import('./benchmark/benchmark.ts');
        const { reportText } = await import('./benchmark/benchmark-report.ts');
        const report = await runBenchmark({
          threads: values.threads === 'auto' ? availableParallelism() : values.threads,
          seconds: values.benchmarkSeconds,
          kernels: values.kernel === 'auto' ? undefined : [values.kernel],
          signal: stopping,
          ...(isTold && { onProgress: tellProgress }),
        });
        console.log(values.json ? JSON.stringify(report) : reportText(report));
        const isWrong = report.kernels.some(({ check }) => check === 'failed');
        requestStop(isWrong ? EXIT.failed : EXIT.done);
      };
      const measured = measureAll();
      // What went wrong is told when it is stopped.
      measured.catch(() => requestStop(EXIT.failed));
      return { stop: () => measured };
    },
    { log, deadlineMs: STOP_DEADLINE_MS },
  );
}

/** A line that gives way to the next, and to nothing in the end. */
function tellProgress(done: number, total: number): void {
  process.stderr.write(`\r\x1b[K${done < total ? `measuring ${done + 1} of ${total}` : ''}`);
}

/** Whether figures can stay in their place: for a person, on a terminal that can move its cursor. */
function isLive(values: MinerSettings, stdout: WriteStream, env: NodeJS.ProcessEnv): boolean {
  const isWanted = values.live && !values.json && !values.quiet;
  return isWanted && stdout.isTTY === true && env.TERM !== 'dumb';
}

/** The terminal for the live view, and the log beside it. */
interface Stage {
  readonly terminal: PatientTerminal;
  readonly hasColors: boolean;
  readonly log: RecentLog;
}

function liveStage({ stdout, stderr }: NodeJS.Process, env: NodeJS.ProcessEnv): Stage {
  const terminal = new PatientTerminal(stdout, () => performance.now());
  // The log goes where it always goes; if that is the terminal, not while the view is there.
  const sharesTerminal = stderr.isTTY === true && fstatSync(1).rdev === fstatSync(2).rdev;
  const log = new RecentLog({
    sharesTerminal,
    write: (json) => {
      if (sharesTerminal) terminal.write(prettyLine(json));
      else stderr.write(stderr.isTTY ? prettyLine(json) : json);
    },
  });
  return { terminal, hasColors: stdout.hasColors(env), log };
}

/** No signal that ends or halts the process may leave the terminal without its cursor. */
function giveTerminalBackOnSignals(face: Face): void {
  const giveBack = (): void => face.suspend();
  process.once('exit', giveBack);
  for (const signal of ['SIGHUP', 'SIGQUIT'] as const) {
    process.once(signal, () => {
      giveBack();
      // Nobody listens any more: now it does what it always does.
      process.kill(process.pid, signal);
    });
  }
  onSuspend(giveBack);
}

/** Ctrl-Z. The listener has to be away while the process halts, or it would not halt. */
function onSuspend(giveBack: () => void): void {
  process.once('SIGTSTP', () => {
    giveBack();
    process.kill(process.pid, 'SIGTSTP');
    // When it goes on, or at once where nothing could make it go on and the signal is void.
    setTimeout(() => onSuspend(giveBack), RESUME_DELAY_MS).unref();
  });
}

/** The network to check the addresses against; without one the pool is the first to check them. */
function profileOf(network: string | undefined): NetworkProfile | undefined {
  if (network === undefined) return undefined;
  return chooseNetwork({ network }, readText);
}

function readText(file: string): string {
  return readFileSync(file, 'utf8');
}

/** What pools are told: name and version of this program. */
function agent(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  const { name, version } = JSON.parse(text) as { readonly name: string; readonly version: string };
  return `${name}/${version}`;
}
