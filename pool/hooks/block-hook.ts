import { spawn } from 'node:child_process';
import type { Stoppable } from '../../service/lifecycle.ts';
import type { Logger } from '../../service/log.ts';
import { splitCommand } from './command-line.ts';

/** What a command is told of a block, as the fields of `/blocks`. */
export type BlockFacts = { readonly hash: string } & Readonly<Record<string, string | number | null>>;

export interface BlockHookOptions {
  /** The command; `%s` in its words stands for the block's hash, as with Bitcoin Core's -blocknotify. */
  readonly command: string;
  /** The environment that the command gets beside the block's facts: what it takes to find programs, no secrets. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
  /** After so long the command and all that it started is ended (default 60,000). */
  readonly limitMs?: number;
}

/** What a command did. */
export type HookOutcome = 'done' | 'failed' | 'timed-out' | 'not-started' | 'left-out';

const LIMIT_MS = 60_000;
/** Commands that run at once; further blocks wait for their turn. */
const MAX_RUNNING = 2;
const MAX_WAITING = 64;
/** What a command prints is logged up to here. */
const MAX_OUTPUT_BYTES = 4_096;
const VARIABLE_PREFIX = 'NILZ_BLOCK_';

interface Waiting {
  readonly facts: BlockFacts;
  readonly settle: (outcome: HookOutcome) => void;
}

/**
 * Runs a command for each block, without a shell: what a miner may choose, its worker's name, reaches the command
 * only as a variable (`NILZ_BLOCK_WORKER`) and in the JSON on its standard input. Nothing that the command does
 * can hold the pool up.
 */
export class BlockHook implements Stoppable {
  readonly #options: BlockHookOptions;
  readonly #words: readonly [string, ...string[]];
  readonly #waiting: Waiting[] = [];
  readonly #running = new Set<() => void>();
  #stopped = false;

  /** @throws CommandLineError when the command cannot be read */
  constructor(options: BlockHookOptions) {
    this.#options = options;
    this.#words = splitCommand(options.command);
  }

  /** Runs the command for a block, when its turn comes. Never rejects. */
  run(facts: BlockFacts): Promise<HookOutcome> {
    if (this.#stopped || this.#waiting.length >= MAX_WAITING) {
      this.#options.log.warn({ hash: facts.hash }, 'the command for this block was left out');
      return Promise.resolve('left-out');
    }
    return new Promise((settle) => {
      this.#waiting.push({ facts, settle });
      this.#next();
    });
  }

  /** Ends the commands that run. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const { settle } of this.#waiting.splice(0)) settle('left-out');
    for (const end of this.#running) end();
  }

  #next(): void {
    while (this.#running.size < MAX_RUNNING) {
      const waiting = this.#waiting.shift();
      if (waiting === undefined) return;
      this.#start(waiting);
    }
  }

  #start({ facts, settle }: Waiting): void {
    const { log, limitMs = LIMIT_MS, environment } = this.#options;
    const [program, ...words] = this.#words.map((word) => word.replaceAll('%s', facts.hash));
    // A group of its own, so that what the command has started ends with it.
    const child = spawn(program ?? '', words, {
      env: { ...environment, ...variablesOf(facts) },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    const end = (): void => endGroup(child.pid);
    this.#running.add(end);
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      end();
    }, limitMs);
    let output = '';
    const keep = (chunk: Buffer): void => {
      if (output.length < MAX_OUTPUT_BYTES) output += chunk.toString('utf8');
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    // A command that does not read its input is free not to.
    child.stdin.on('error', () => undefined);
    child.stdin.end(`${JSON.stringify(facts)}\n`);
    const finish = (outcome: HookOutcome, reason: string): void => {
      clearTimeout(timer);
      if (!this.#running.delete(end)) return;
      const told = { hash: facts.hash, outcome, reason, output: output.slice(0, MAX_OUTPUT_BYTES) };
      if (outcome === 'done') log.debug(told, 'the command for a block is done');
      else log.warn(told, 'the command for a block went wrong');
      settle(outcome);
      this.#next();
    };
    child.once('error', (error) => finish('not-started', error.message));
    child.once('close', (code, signal) => {
      if (isLate) finish('timed-out', `ended after ${limitMs} ms`);
      else finish(code === 0 ? 'done' : 'failed', code === null ? `signal ${signal}` : `exit code ${code}`);
    });
  }
}

/** `height` becomes `NILZ_BLOCK_HEIGHT`; what is unknown is left out. */
function variablesOf(facts: BlockFacts): Record<string, string> {
  const known = Object.entries(facts).filter(([, value]) => value !== null);
  return Object.fromEntries(
    known.map(([name, value]) => [`${VARIABLE_PREFIX}${name.toUpperCase()}`, String(value)]),
  );
}

/** Ends a process with all that it has started. */
function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // It has ended by itself meanwhile.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
