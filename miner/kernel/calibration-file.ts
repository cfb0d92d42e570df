/** The kernel that was the fastest here, kept in a file, so that a miner need not find out at every start. */
import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { z } from 'zod';
import { bytesToHex } from '../../protocol/bytes.ts';
import { sha256 } from '../../protocol/hash.ts';
import { writeFileAtomic } from '../../service/files.ts';
import type { Logger } from '../../service/log.ts';
import { mergesVectors } from '../hashing/vector-merging.ts';
import { type Calibration, KERNEL_NAMES } from './kernel-choice.ts';
import { searchModule } from './sha256d-search.ts';

/** Its name in a data directory. */
export const CALIBRATION_FILE = 'miner-kernel.json';
/** Something else may have kept the processor busy while kernels were compared: after so long it is done again. */
const MAX_AGE_MS = 7 * 24 * 3_600_000;

const keptChoice = z.strictObject({
  kernel: z.enum(KERNEL_NAMES),
  /** What it holds for; see {@link thisMachine}. */
  machine: z.string(),
  /** Milliseconds since 1970. */
  measured: z.number(),
});

export interface CalibrationFileOptions {
  readonly path: string;
  readonly log: Pick<Logger, 'debug'>;
  /** The time of day, in milliseconds since 1970. */
  readonly unixMs: () => number;
  /** {@link thisMachine} unless given. */
  readonly machine?: string;
}

/** A {@link Calibration} whose writing can be waited for. */
export interface CalibrationFile extends Calibration {
  /** Resolves when all that was to be remembered has been written, or could not be. */
  written(): Promise<void>;
}

/**
 * Opens the file, which need not exist. One that cannot be read, is torn, of another machine or too old counts as
 * none, and one that cannot be written is done without: a trial costs less than a second.
 */
export async function openCalibrationFile(options: CalibrationFileOptions): Promise<CalibrationFile> {
  const { path, log, unixMs, machine = thisMachine() } = options;
  const recalled = await readChoice();
  let writing = Promise.resolve();

  async function readChoice(): Promise<string | undefined> {
    try {
      const { kernel, measured, ...kept } = keptChoice.parse(JSON.parse(await readFile(path, 'utf8')));
      if (kept.machine !== machine)
        throw new Error('it is of another machine, Node.js or version of the miner');
      const ageMs = unixMs() - measured;
      if (!(ageMs >= 0 && ageMs < MAX_AGE_MS)) throw new Error('it is too old');
      return kernel;
    } catch (error) {
      if (!isMissing(error)) log.debug(`${path} is not used: ${reasonOf(error)}`);
      return undefined;
    }
  }

  return {
    recall: () => recalled,
    remember(kernel) {
      const text = `${JSON.stringify({ kernel, machine, measured: unixMs() }, null, 2)}\n`;
      writing = writing
        .then(() => writeFileAtomic(path, text))
        .catch((error: unknown) => log.debug(`${path} cannot be written: ${reasonOf(error)}`));
    },
    written: () => writing,
  };
}

/** All that the speed of the kernels depends on, in one line: processor, engine, and the kernels themselves. */
export function thisMachine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const merging = mergesVectors(process.versions, process.arch) ? 'merged vectors' : 'plain vectors';
  const modules = (['simd-2x', 'simd', 'scalar'] as const).map((shape) => searchModule(shape).bytes);
  const kernels = bytesToHex(sha256(Buffer.concat(modules))).slice(0, 16);
  return [model, process.arch, `Node.js ${process.version}`, merging, `kernels ${kernels}`].join(', ');
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function reasonOf(error: unknown): string {
  if (error instanceof z.ZodError) return 'it is not what this program writes';
  return error instanceof Error ? error.message : String(error);
}
