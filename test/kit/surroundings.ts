/** What a test of one part needs around it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { createLogger } from '../../service/log.ts';

export const SILENT = createLogger({ name: 'test', level: 'silent' });

/** A directory that is gone after the test. */
export async function temporaryDirectory(test: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'nilz-pool-'));
  test.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}
