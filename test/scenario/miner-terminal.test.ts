/** The miner on a real pseudo-terminal, which `script` of util-linux gives it. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type MockPool, type MockPoolOptions, startMockPool } from '../kit/mock-pool.ts';
import { childEnvironment, temporaryDirectory } from '../kit/surroundings.ts';

const NILZ = fileURLToPath(new URL('../../nilz', import.meta.url));
const hasScript = /util-linux/.test(spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout ?? '');
const skip = hasScript && process.platform === 'linux' ? false : 'needs script of util-linux';

const ESC = '\x1b';
const TAKE = `${ESC}[?1049h${ESC}[?25l${ESC}[?7l`;
const GIVE_BACK = `${ESC}[?7h${ESC}[?25h${ESC}[?1049l`;
const FRAME_BEGIN = `${ESC}[?2026h${ESC}[H`;
const FRAME_END = `${ESC}[J${ESC}[?2026l`;
/** What colours and erases lines. */
const STYLING = new RegExp(`${ESC}\\[[\\d;]*[mK]`, 'g');
const COLOR = new RegExp(`${ESC}\\[[\\d;]*[1-9]m`);

/** A shell that says `Stopped` in English, keeps no history and has the usual keys. */
const PLAIN_TERMINAL = {
  SHELL: '/bin/sh',
  TERM: 'xterm-256color',
  LC_ALL: 'C',
  HISTFILE: '',
  INPUTRC: '/dev/null',
};

/** One command on a terminal of 70 columns and 20 rows. */
class Terminal {
  readonly #child: ChildProcess;
  output = '';
  readonly #news = new EventEmitter<{ news: [] }>();

  constructor(context: TestContext, command: string, env: NodeJS.ProcessEnv = {}) {
    // The shell gives way to the command: some shells answer Ctrl-C themselves, with exit code 130.
    const inShell = `stty cols 70 rows 20; ulimit -c 0; exec ${command}`;
    this.#child = spawn('script', ['-qefc', inShell, '/dev/null'], {
      env: childEnvironment({ ...PLAIN_TERMINAL, ...env }),
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    context.after(() => this.#child.kill('SIGKILL'));
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.output += text;
      this.#news.emit('news');
    });
    this.#child.once('exit', () => this.#news.emit('news'));
  }

  /** The lines of each frame so far, without colours. */
  get frames(): string[][] {
    const begun = this.output.split(FRAME_BEGIN).slice(1);
    return begun
      .filter((text) => text.includes(FRAME_END))
      .map((text) => text.slice(0, text.indexOf(FRAME_END)).replaceAll(STYLING, '').split('\r\n'));
  }

  /** Whether a line of the last frame is of a form. */
  shows(form: RegExp): boolean {
    return this.frames.at(-1)?.some((line) => form.test(line)) === true;
  }

  /** How often a text was written. */
  count(text: string): number {
    return this.output.split(text).length - 1;
  }

  async until(isThere: () => boolean): Promise<void> {
    while (!isThere()) {
      assert.equal(this.#child.exitCode, null, `it ended: ${this.output}`);
      await once(this.#news, 'news');
    }
  }

  type(keys: string): void {
    this.#child.stdin?.write(keys);
  }

  /** Resolves with the exit code of the command. */
  async ended(): Promise<number | null> {
    if (this.#child.exitCode === null) await once(this.#child, 'close');
    return this.#child.exitCode;
  }
}

async function minerCommand(
  context: TestContext,
  options = '',
  given?: MockPool | undefined,
): Promise<string> {
  const pool = given ?? (await startMockPool({ difficulty: 2e-5 }));
  context.after(() => pool.stop());
  const folder = await temporaryDirectory(context);
  return `'${process.execPath}' '${NILZ}' miner --url ${pool.url} --user someone.rig --threads 1 --datadir '${folder}' ${options}`;
}

function hasShare(terminal: Terminal): boolean {
  return terminal.shows(/^shares +accepted [1-9]/);
}

test('shows its figures in their place, and leaves the terminal as it was when Ctrl-C ends it', {
  skip,
}, async (context) => {
  const terminal = new Terminal(context, await minerCommand(context));
  await terminal.until(() => hasShare(terminal) && terminal.frames.length > 2);
  assert.equal(terminal.count(TAKE), 1);
  const frame = terminal.frames.at(-1) ?? [];
  assert.match(frame[0] ?? '', /^nilz miner {2}mining {2}up \d/);
  assert.ok(frame.length <= 20);
  for (const line of frame) assert.ok(line.length < 70, line);
  assert.match(frame.at(-1) ?? '', /^\d\d:\d\d:\d\d \S/, 'the newest message stands last');
  assert.ok(terminal.output.includes(`${ESC}[0;32mmining`), 'in colours');

  terminal.type('\x03');
  assert.equal(await terminal.ended(), 0);
  const [, below = ''] = terminal.output.split(GIVE_BACK);
  assert.equal(terminal.count(GIVE_BACK), 1);
  const lines = below.replaceAll(STYLING, '').trim().split('\r\n');
  assert.match(lines[0] ?? '', /^nilz miner {2}stopped {2}up \d/, 'the last figures stay');
  assert.match(lines.at(-2) ?? '', /^\d\d:\d\d:\d\d \S/, 'and the last messages');
  assert.match(
    lines.at(-1) ?? '',
    /info {2}miner: stopped after .* · accepted [1-9]\d*, stale 0, rejected 0/,
  );
});

test('gives the terminal back when a signal kills it', { skip }, async (context) => {
  const terminal = new Terminal(context, await minerCommand(context));
  await terminal.until(() => hasShare(terminal));
  terminal.type('\x1c');
  assert.notEqual(await terminal.ended(), 0);
  assert.equal(terminal.count(GIVE_BACK), 1);
});

test('tells that it waits for answers, and gives the terminal back when a second Ctrl-C ends the wait', {
  skip,
}, async (context) => {
  const intercept: MockPoolOptions['intercept'] = ({ method }) => method === 'mining.submit';
  const silentPool = await startMockPool({ difficulty: 2e-5, intercept });
  const terminal = new Terminal(context, await minerCommand(context, '', silentPool));
  await terminal.until(() => terminal.shows(/^best share +\d/));
  terminal.type('\x03');
  const stopping = (): number =>
    terminal.frames.filter(([headline = '']) =>
      /^nilz miner {2}stopping: \d+ shares? to be answered/.test(headline),
    ).length;
  // The second frame comes when the second press is no longer taken for the first.
  await terminal.until(() => stopping() > 1 || terminal.count(GIVE_BACK) > 0);
  terminal.type('\x03');
  await terminal.ended();
  assert.ok(stopping() > 0);
  assert.equal(terminal.count(GIVE_BACK), 1);
});

test('gives the terminal to the shell on Ctrl-Z and in the background, and takes it again in the foreground', {
  skip,
}, async (context) => {
  const command = await minerCommand(context);
  const terminal = new Terminal(context, 'bash --norc --noprofile -i');
  terminal.type(`${command}\n`);
  await terminal.until(() => hasShare(terminal));
  terminal.type('\x1a');
  await terminal.until(() => /Stopped/.test(terminal.output));
  assert.equal(terminal.count(GIVE_BACK), 1);
  terminal.type('bg\n');
  const accepted = terminal.count('share accepted');
  await terminal.until(() => terminal.count('share accepted') > accepted);
  assert.equal(terminal.count(TAKE), 1, 'in the background it prints lines');
  terminal.type('fg\n');
  await terminal.until(() => terminal.count(TAKE) === 2);
  terminal.type('\x03');
  await terminal.until(() => /stopped after/.test(terminal.output));
  assert.equal(terminal.count(GIVE_BACK), 2);
  terminal.type('exit\n');
  await terminal.ended();
});

test('mines on while the terminal is halted', { skip }, async (context) => {
  const pool = await startMockPool({ difficulty: 2e-5 });
  const terminal = new Terminal(context, await minerCommand(context, '', pool));
  await terminal.until(() => hasShare(terminal));
  terminal.type('\x13');
  const haltedMs = performance.now();
  // Long enough for three frames that nobody takes.
  await pool.next('share', () => performance.now() - haltedMs > 3_000);
  const frames = terminal.frames.length;
  terminal.type('\x11');
  await terminal.until(() => terminal.frames.length > frames);
  terminal.type('\x03');
  assert.equal(await terminal.ended(), 0);
  assert.equal(terminal.count(GIVE_BACK), 1);
});

test('prints lines where no cursor can be moved, or none is to be, and colours where they are wanted', {
  skip,
}, async (context) => {
  for (const [options, env] of [
    ['--no-live', {}],
    ['', { TERM: 'dumb' }],
  ] as const) {
    const terminal = new Terminal(context, await minerCommand(context, options), env);
    await terminal.until(() => /share accepted/.test(terminal.output));
    terminal.type('\x03');
    assert.equal(await terminal.ended(), 0);
    assert.ok(!terminal.output.includes(ESC));
    assert.match(terminal.output, /info {2}miner: stopped after/);
  }
  const plain = new Terminal(context, await minerCommand(context), { NO_COLOR: '1' });
  await plain.until(() => plain.frames.length > 1);
  plain.type('\x03');
  assert.equal(await plain.ended(), 0);
  assert.doesNotMatch(plain.output, COLOR);
});
