/** Files that a command reads or writes for its user; "-" is standard input and output. */
import { closeSync, openSync, readSync, writeFileSync } from 'node:fs';
import { SettingError } from '../../service/config.ts';
import { fileErrorWords } from '../../service/file-error.ts';
import type { Terminal } from './terminal.ts';

/** Nothing that a command reads is larger. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;

/**
 * The bytes of a file.
 * @throws SettingError naming the option
 */
export function readFileBytes(path: string, option: string): Uint8Array {
  try {
    const file = openSync(path, 'r');
    try {
      return bytesOf(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw new SettingError(`${option} ${path}: ${fileErrorWords(error)}`);
  }
}

/** A device or a pipe tells no size and may never end: it is read no further than what is allowed. */
function bytesOf(file: number): Uint8Array {
  const chunks: Uint8Array[] = [];
  for (let size = 0; size <= MAX_FILE_BYTES; ) {
    const chunk = new Uint8Array(CHUNK_BYTES);
    const read = readSync(file, chunk);
    if (read === 0) return Uint8Array.from(Buffer.concat(chunks));
    chunks.push(chunk.subarray(0, read));
    size += read;
  }
  throw new RangeError('is larger than 16 MiB');
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
    throw new SettingError(`${option} ${path}: ${fileErrorWords(error)}`);
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
