import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { composeStop, type Stoppable, startParts, stopWithin } from '../../service/lifecycle.ts';
import { createLogger } from '../../service/log.ts';
import { childEnvironment } from './child-environment.ts';

const PROGRAM = fileURLToPath(new URL('./lifecycle-program.ts', import.meta.url));

interface Run {
  readonly child: ChildProcess;
  /** Resolves when the program prints the word. */
  says(word: string): Promise<void>;
  /** Exit code (or signal) and what was logged. */
  readonly ended: Promise<{ code: number | string; log: string }>;
}

function run(...behaviour: string[]): Run {
  const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, ...behaviour], {
    env: childEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = new Set<string>();
  const output = createInterface(child.stdout).on('line', (line) => said.add(line));
  let log = '';
  child.stderr.on('data', (chunk) => {
    log += String(chunk);
  });
  return {
    child,
    says: async (word) => {
      while (!said.has(word)) await once(output, 'line');
    },
    ended: once(child, 'close').then(([code, signal]) => ({ code: code ?? signal, log })),
  };
}

describe('a running program', () => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    test(`stops cleanly on ${signal}`, async () => {
      const { child, says, ended } = run('clean');
      await says('running');
      child.kill(signal);
      await says('stopping');
      assert.deepEqual(await ended, { code: 0, log: '' });
    });
  }

  test('can end itself', async () => {
    assert.deepEqual(await run('stops itself').ended, { code: 0, log: '' });
  });

  test('can end itself because it cannot go on: stopped cleanly, and its exit code tells', async () => {
    assert.deepEqual(await run('gives up').ended, { code: 1, log: '' });
  });

  test('stops cleanly when nobody reads its output any more', async () => {
    const { child, says, ended } = run('talking');
    await says('running');
    child.stdout?.destroy();
    assert.deepEqual(await ended, { code: 0, log: '' });
  });

  test('that gets one Ctrl-C twice, from the terminal and from npm, stops cleanly', async () => {
    const { child, says, ended } = run('pressed twice');
    await says('running');
    child.kill('SIGINT');
    assert.deepEqual(await ended, { code: 0, log: '' });
  });

  test('that hangs is ended by a second signal', async () => {
    const { child, says, ended } = run('hanging', '60000');
    await says('running');
    child.kill('SIGINT');
    await says('stopping');
    // Longer than two signals of one press are apart.
    await sleep(400);
    child.kill('SIGINT');
    const { code, log } = await ended;
    assert.equal(code, 130);
    assert.match(log, /SIGINT again: ending at once/);
  });

  test('that hangs is ended by the deadline', async () => {
    const { child, says, ended } = run('hanging', '30');
    await says('running');
    child.kill('SIGINT');
    const { code, log } = await ended;
    assert.equal(code, 1);
    assert.match(log, /not stopped within 30 ms/);
  });

  test('that fails to stop is ended, and says why', async () => {
    const { child, says, ended } = run('failing');
    await says('running');
    child.kill('SIGTERM');
    const { code, log } = await ended;
    assert.equal(code, 1);
    assert.match(log, /cannot stop.*stopping failed: ending the process/s);
  });

  test('that throws what nobody catches is ended with the stack in the log', async () => {
    const { code, log } = await run('throws later').ended;
    assert.equal(code, 1);
    assert.match(log, /uncaught error/);
    assert.match(log, /nobody expected this.*lifecycle-program\.ts/s);
  });

  test('that cannot start throws to its caller', async () => {
    const { code, log } = await run('cannot start').ended;
    assert.equal(code, 1);
    assert.match(log, /Error: cannot start/);
  });
});

describe('several parts as one', () => {
  test('stop in the reverse order of their start, one after the other, once', async () => {
    const steps: string[] = [];
    const part = (name: string): { stop(): Promise<void> } => ({
      stop: async () => {
        steps.push(`${name} stops`);
        await new Promise(setImmediate);
        steps.push(`${name} stopped`);
      },
    });
    const all = composeStop([part('database'), part('server')]);
    await Promise.all([all.stop(), all.stop()]);
    assert.deepEqual(steps, ['server stops', 'server stopped', 'database stops', 'database stopped']);
  });

  test('stop all, also when some of them fail', async () => {
    let stopped = false;
    const all = composeStop([
      {
        stop: async () => {
          stopped = true;
        },
      },
      { stop: () => Promise.reject(new Error('stuck')) },
    ]);
    await assert.rejects(all.stop(), (error) => {
      assert.ok(error instanceof AggregateError, String(error));
      assert.equal(error.message, '1 of 2 parts did not stop cleanly');
      assert.match(String(error.errors[0]), /stuck/);
      return true;
    });
    assert.equal(stopped, true);
  });

  test('stopping within a deadline says whether it was kept', async () => {
    assert.equal(await stopWithin({ stop: () => Promise.resolve() }, 1_000), true);
    assert.equal(await stopWithin({ stop: () => new Promise(() => undefined) }, 5), false);
    await assert.rejects(stopWithin({ stop: () => Promise.reject(new Error('stuck')) }, 1_000), /stuck/);
  });
});

describe('a start in parts', () => {
  const stopped: string[] = [];
  const part = (name: string, failure?: Error) => ({
    stop: async () => {
      stopped.push(name);
      if (failure !== undefined) throw failure;
    },
  });
  const log = () => {
    const lines: string[] = [];
    const destination = { write: (line: string) => void lines.push(line) };
    return { lines, log: createLogger({ name: 'test', level: 'warn', pretty: false, destination }) };
  };

  test('that succeeds leaves its parts running', async () => {
    stopped.length = 0;
    const start = async (started: Stoppable[]) => started.push(part('a'));
    assert.equal(await startParts(start, log().log), 1);
    assert.deepEqual(stopped, []);
  });

  test('that fails stops them in the reverse order, and is the error even if one does not stop', async () => {
    stopped.length = 0;
    const { lines, log: logger } = log();
    const start = async (started: Stoppable[]) => {
      started.push(part('a'), part('b', new Error('cannot stop')));
      throw new Error('cannot start');
    };
    await assert.rejects(startParts(start, logger), /^Error: cannot start$/);
    assert.deepEqual(stopped, ['b', 'a']);
    assert.match(lines.join(''), /cannot stop/);
  });
});
