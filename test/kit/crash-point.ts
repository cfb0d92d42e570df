/**
 * A `nilz` command that dies as by `kill -9` at a moment it is told: at a statement of its database, at a call of
 * its node, or at a file it puts in place. Run by {@link spawnMortal}; nothing of the command itself is changed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import { ClientRequest } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import { basename } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import sqlite3 from 'sqlite3';
import { childEnvironment } from './surroundings.ts';

/** What a command does to the world outside its memory: SQL text, method of an RPC, name of a file. */
type Act = 'sql' | 'rpc' | 'file';

/** `before` it has begun, `during`: right after it was handed over, `after`: its answer is known to nobody else yet. */
type When = 'before' | 'during' | 'after';

export interface Moment {
  readonly act: Act;
  /** Part of the statement, of the method, of the name; empty for any. */
  readonly text: string;
  readonly when: When;
}

export interface CrashPoint {
  /** Come one after the other; the last one is deadly. */
  readonly path: readonly Moment[];
  /** How often all of them come without harm. */
  readonly skip: number;
  /** Acts that are never begun from now on: the other things that run beside them come first. */
  readonly held?: Pick<Moment, 'act' | 'text'>;
}

const SELF = fileURLToPath(import.meta.url);
const VARIABLE = 'CRASH_POINT';

/**
 * Starts a `nilz` command that takes crash points as messages, and ends with this process at the latest.
 * @param atStart armed from its first statement on
 */
export function spawnMortal(
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
  atStart?: CrashPoint,
): ChildProcess {
  return spawn(process.execPath, ['--import', 'tsx', SELF, ...words], {
    env: childEnvironment({
      ...env,
      ...(atStart !== undefined && { [VARIABLE]: JSON.stringify(atStart) }),
    }),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
}

let armed: CrashPoint | undefined;
let reached = 0;
let harmless = 0;

function arm(point: CrashPoint): void {
  armed = point;
  reached = 0;
  harmless = point.skip;
}

function pass(act: Act, text: string, when: When): void {
  const next = armed?.path[reached];
  if (next === undefined || next.act !== act || next.when !== when || !text.includes(next.text)) return;
  reached += 1;
  if (reached < (armed?.path.length ?? 0)) return;
  reached = 0;
  harmless -= 1;
  if (harmless < 0) process.kill(process.pid, 'SIGKILL');
}

function isHeld(act: Act, text: string): boolean {
  const held = armed?.held;
  return held !== undefined && held.act === act && text.includes(held.text);
}

type Callback = (this: unknown, ...results: unknown[]) => void;
type Method = (this: unknown, ...args: unknown[]) => unknown;

/** Puts a method in the place of another one. */
function replace(owner: object, name: string, make: (real: Method) => Method): void {
  const methods = owner as Record<string, Method>;
  methods[name] = make(methods[name]!);
}

function watchDatabase(): void {
  const watched =
    (textOf: (self: unknown, args: readonly unknown[]) => string) =>
    (real: Method): Method =>
      function (...args) {
        const text = textOf(this, args);
        pass('sql', text, 'before');
        if (isHeld('sql', text)) return this;
        const done = args.pop() as Callback;
        const result = real.call(this, ...args, function (this: unknown, ...results: unknown[]) {
          pass('sql', text, 'after');
          done.apply(this, results);
        });
        pass('sql', text, 'during');
        return result;
      };
  const ofStatement = watched((self) => (self as { readonly sql: string }).sql);
  replace(sqlite3.Statement.prototype, 'run', ofStatement);
  replace(sqlite3.Statement.prototype, 'all', ofStatement);
  replace(
    sqlite3.Database.prototype,
    'exec',
    watched((_, [sql]) => String(sql)),
  );
}

function watchCalls(): void {
  replace(
    ClientRequest.prototype,
    'end',
    (real) =>
      function (...args) {
        const body = args[0] instanceof Uint8Array ? new TextDecoder().decode(args[0]) : String(args[0]);
        const method = /"method":"(\w+)"/.exec(body)?.[1];
        if (method === undefined) return real.apply(this, args);
        pass('rpc', method, 'before');
        if (isHeld('rpc', method)) return this;
        const request = this as ClientRequest;
        request.prependOnceListener('response', (response) => {
          response.prependOnceListener('end', () => pass('rpc', method, 'after'));
        });
        const result = real.apply(this, args);
        // The connection is there as a rule; what was written has left with the next turn.
        setImmediate(() => pass('rpc', method, 'during'));
        return result;
      },
  );
}

function watchFiles(): void {
  replace(
    fs.promises,
    'rename',
    (real) =>
      async function (...args) {
        const name = basename(String(args[1]));
        pass('file', name, 'before');
        const renamed = real.apply(this, args);
        pass('file', name, 'during');
        await renamed;
        pass('file', name, 'after');
      },
  );
  syncBuiltinESMExports();
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  watchDatabase();
  watchCalls();
  watchFiles();
  const atStart = process.env[VARIABLE];
  if (atStart !== undefined) arm(JSON.parse(atStart) as CrashPoint);
  process.on('message', (point) => arm(point as CrashPoint));
  // A test that was broken off leaves nothing running.
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  process.channel?.unref();
  const { main } = await import('../../cli/main.ts');
  process.exitCode = await main(process.argv.slice(2), process.env);
}
