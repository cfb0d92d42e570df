/** Files that a command reads or writes for its user; "-" is standard input and output. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { SettingError } from '../../service/config.ts';
import type { Terminal } from './terminal.ts';

/** Nothing that a command reads is larger. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;

/**
 * The bytes of a file.
 * @throws SettingError naming the option
 */
export function readFileBytes(path: string, option: string): Uint8Array {
  try {
    if (statSync(path).size > MAX_FILE_BYTES)
      throw new SettingError(`${option} ${path}: is larger than 16 MiB`);
    return Uint8Array.from(readFileSync(path));
  } catch (error) {
    if (error instanceof SettingError) throw error;
    throw new SettingError(`${option} ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The text of a file. @throws SettingError naming the option */
export function readTextFile(path: string, option: string): string {
  return Buffer.from(readFileBytes(path, option)).toString('utf8');
}

/**
 * Writes a new file; one that exists is left as it is.
 * @throws SettingError naming the option
 */
export function writeNewFile(path: string, text: string, option: string): void {
  try {
    writeFileSync(path, text, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    const why = exists
      ? 'exists already and is not overwritten'
      : error instanceof Error
        ? error.message
        : String(error);
    throw new SettingError(`${option} ${path}: ${why}`);
  }
}

/** The text of a file, or of standard input for "-". @throws SettingError naming the option */
export async function readTextFrom(path: string, option: string, terminal: Terminal): Promise<string> {
  return path === '-' ? terminal.readInput() : readTextFile(path, option);
}

/** The bytes of a file, or the text of standard input for "-". @throws SettingError naming the option */
export async function readBytesFrom(
  path: string,
  option: string,
  terminal: Terminal,
): Promise<string | Uint8Array> {
  return path === '-' ? terminal.readInput() : readFileBytes(path, option);
}
