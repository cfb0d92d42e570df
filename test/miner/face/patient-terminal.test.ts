import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import type { WriteStream } from 'node:tty';
import { PatientTerminal } from '../../../miner/face/patient-terminal.ts';
import { temporaryDirectory } from '../../kit/surroundings.ts';

const skip = process.platform === 'win32' ? 'needs named pipes' : false;

/** What `process.stdout` is on a terminal. */
class FakeStdout extends EventEmitter {
  columns = 80;
  rows = 24;
  written = '';

  write(text: string): boolean {
    this.written += text;
    return true;
  }
}

/** A terminal behind a pipe that takes some 64 KiB until somebody reads. */
async function somePipe(t: TestContext) {
  const path = join(await temporaryDirectory(t), 'pipe');
  assert.equal(spawnSync('mkfifo', [path]).status, 0);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  t.after(() => closeSync(reader));
  const terminal = new PatientTerminal(
    new FakeStdout() as unknown as WriteStream,
    () => performance.now(),
    path,
  );
  const read = (): string => {
    const bytes = Buffer.alloc(1_000_000);
    return bytes.toString('utf8', 0, readSync(reader, bytes));
  };
  return { terminal, read };
}

describe('a terminal that holds nobody up', { skip }, () => {
  test('takes what is written', async (t) => {
    const { terminal, read } = await somePipe(t);
    terminal.write('a frame — ');
    terminal.offer('another');
    assert.equal(read(), 'a frame — another');
  });

  test('passes over what it cannot take, and goes on when it can', async (t) => {
    const { terminal, read } = await somePipe(t);
    const page = 'x'.repeat(100_000);
    terminal.offer(page);
    const startMs = performance.now();
    terminal.offer(page);
    terminal.write(page);
    const elapsedMs = performance.now() - startMs;
    assert.ok(elapsedMs >= 450, `what must be said is tried for a while: ${elapsedMs} ms`);
    const taken = read();
    assert.ok(taken.length > 0 && taken.length < page.length);
    terminal.write('on');
    assert.equal(read(), 'on');
  });

  test('is standard output as it is where it cannot be opened once more', async (t) => {
    const stdout = new FakeStdout();
    const path = join(await temporaryDirectory(t), 'none');
    const terminal = new PatientTerminal(stdout as unknown as WriteStream, () => 0, path);
    terminal.write('a');
    terminal.offer('b');
    assert.equal(stdout.written, 'ab');
    let resized = 0;
    const listener = (): void => {
      resized += 1;
    };
    terminal.on('resize', listener);
    Object.assign(stdout, { columns: 10, rows: 5 }).emit('resize');
    terminal.off('resize', listener);
    stdout.emit('resize');
    assert.deepEqual([terminal.columns, terminal.rows, resized], [10, 5, 1]);
  });
});
