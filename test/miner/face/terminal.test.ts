import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { describe, type TestContext, test } from 'node:test';
import { isForegroundBy } from '../../../miner/face/foreground.ts';
import { openLiveFace } from '../../../miner/face/live-face.ts';
import { LiveScreen, type ScreenTerminal } from '../../../miner/face/live-screen.ts';
import { RecentLog } from '../../../miner/face/recent-log.ts';
import { Statistics } from '../../../miner/figures/statistics.ts';
import { createLogger } from '../../../service/log.ts';

const TAKE = '\x1b[?1049h\x1b[?25l\x1b[?7l';
const GIVE_BACK = '\x1b[?7h\x1b[?25h\x1b[?1049l';

/** Keeps what is written. */
class FakeTerminal extends EventEmitter implements ScreenTerminal {
  columns = 60;
  rows = 20;
  written = '';

  write(text: string): void {
    this.written += text;
  }

  offer(text: string): void {
    this.write(text);
  }

  /** What was written since this was last asked. */
  next(): string {
    const { written } = this;
    this.written = '';
    return written;
  }

  /** The lines of the last frame. */
  get frame(): string[] {
    const begin = this.written.lastIndexOf('\x1b[?2026h\x1b[H');
    const end = this.written.indexOf('\x1b[J\x1b[?2026l', begin);
    assert.ok(begin >= 0 && end > begin, 'a whole frame was written');
    return this.written
      .slice(begin + 11, end)
      .split('\r\n')
      .map((line) => (line.endsWith('\x1b[K') ? line.slice(0, -3) : line));
  }
}

describe('the screen of the live view', () => {
  test('is taken once and given back once, with the cursor and the line ends as they were', () => {
    const terminal = new FakeTerminal();
    const screen = new LiveScreen({ terminal, hasColors: false, render: () => ['line'] });
    screen.draw();
    assert.equal(terminal.next(), '', 'nothing is drawn on a screen that is not ours');
    screen.take();
    screen.take();
    assert.equal(terminal.written.split(TAKE).length, 2);
    assert.deepEqual(terminal.frame, ['line']);
    terminal.next();
    screen.giveBack();
    screen.giveBack();
    const end = terminal.next();
    assert.equal(end.split(GIVE_BACK).length, 2);
    assert.ok(end.endsWith(GIVE_BACK));
    assert.equal(terminal.listenerCount('resize'), 0);
  });

  test('is drawn anew at once when its size changes', () => {
    const terminal = new FakeTerminal();
    const sizes: unknown[] = [];
    const screen = new LiveScreen({
      terminal,
      hasColors: true,
      render: (size) => {
        sizes.push(size);
        return [];
      },
    });
    screen.take();
    Object.assign(terminal, { columns: 31, rows: 7 }).emit('resize');
    // A terminal that does not know its size.
    Object.assign(terminal, { columns: 0, rows: 0 }).emit('resize');
    assert.deepEqual(sizes, [
      { columns: 59, rows: 20, hasColors: true },
      { columns: 30, rows: 7, hasColors: true },
      { columns: 79, rows: 24, hasColors: true },
    ]);
  });
});

describe('the live view at work', () => {
  function someFace(t: TestContext) {
    t.mock.timers.enable({ apis: ['setInterval'] });
    const terminal = new FakeTerminal();
    const errors: string[] = [];
    const log = new RecentLog({ sharesTerminal: true, write: (line) => errors.push(line) });
    const logger = createLogger({ name: 'miner', level: 'info', pretty: false, destination: log });
    const shell = { isForeground: true };
    const statistics = new Statistics({
      kernel: () => 'js',
      threads: 1,
      pool: 'pool.test:3333',
      user: 'someone',
      nowMs: () => 0,
    });
    const face = openLiveFace({
      terminal,
      hasColors: false,
      log,
      stats: () => statistics.snapshot(),
      temperatureCelsius: () => null,
      cpuLimitPercent: 100,
      isForeground: () => shell.isForeground,
    });
    const messages = (): unknown[] =>
      errors.splice(0).map((line) => (JSON.parse(line) as { readonly msg: unknown }).msg);
    return { terminal, log, logger, messages, shell, statistics, face };
  }

  test('is drawn every second with the figures and the log as they are then', (t) => {
    const { terminal, logger, messages, statistics } = someFace(t);
    assert.equal(terminal.frame[0], 'nilz miner  connecting  up 0 s');
    statistics.observe({ type: 'authorized', user: 'someone' });
    logger.info('a word');
    t.mock.timers.tick(1_000);
    assert.equal(terminal.frame[0], 'nilz miner  mining  up 0 s');
    assert.match(terminal.frame.at(-1)!, /^\d\d:\d\d:\d\d a word$/);
    assert.deepEqual(messages(), [], 'nothing is written into the view');
  });

  test('says that it stops, and leaves what it showed last when it goes', (t) => {
    const { terminal, logger, messages, statistics, face } = someFace(t);
    logger.info('a word');
    face.showStopping();
    assert.equal(terminal.frame[0], 'nilz miner  stopping  up 0 s');
    statistics.observe({ type: 'stopped' });
    terminal.next();
    face.close();
    face.close();
    const [, left = ''] = terminal.next().split(GIVE_BACK);
    const lines = left.trimEnd().split('\r\n');
    assert.equal(lines[0], 'nilz miner  stopped  up 0 s');
    assert.match(lines.at(-1)!, /a word$/);
    assert.deepEqual(messages(), [], 'nothing is told twice');
    logger.warn('the end');
    assert.deepEqual(messages(), ['the end']);
    t.mock.timers.tick(5_000);
    assert.equal(terminal.next(), '', 'a screen that was given back is left alone');
  });

  test('leaves the last of the log when it gives way, and writes at once from then on', (t) => {
    const { logger, messages, face } = someFace(t);
    for (let i = 0; i < 30; i++) logger.info(`word ${i}`);
    face.suspend();
    assert.deepEqual(
      messages(),
      Array.from({ length: 10 }, (_, i) => `word ${i + 20}`),
    );
    logger.info('one more');
    assert.deepEqual(messages(), ['one more']);
  });

  test('gives the terminal to the shell while it is in the background', (t) => {
    const { terminal, logger, messages, shell } = someFace(t);
    shell.isForeground = false;
    t.mock.timers.tick(1_000);
    assert.ok(terminal.next().endsWith(GIVE_BACK));
    logger.info('in the background');
    t.mock.timers.tick(5_000);
    assert.deepEqual(messages(), ['in the background']);
    assert.equal(terminal.next(), '');
    shell.isForeground = true;
    t.mock.timers.tick(1_000);
    assert.ok(terminal.written.startsWith(TAKE));
    assert.match(terminal.frame.at(-1)!, /in the background$/);
  });

  test('takes a terminal again that it gave back before a halt', (t) => {
    const { terminal, face } = someFace(t);
    terminal.next();
    face.suspend();
    assert.ok(terminal.next().endsWith(GIVE_BACK));
    t.mock.timers.tick(1_000);
    assert.ok(terminal.next().startsWith(TAKE));
  });
});

describe('the log beside the live view', () => {
  test('goes on as it is where it goes elsewhere than to the terminal', () => {
    const lines: string[] = [];
    const log = new RecentLog({ sharesTerminal: false, write: (line) => lines.push(line) });
    const logger = createLogger({ name: 'miner', level: 'info', pretty: false, destination: log });
    log.hold();
    logger.warn('careful');
    assert.equal((JSON.parse(lines[0]!) as { readonly msg: string }).msg, 'careful');
    log.release();
    assert.equal(lines.length, 1, 'nothing is written twice');
  });

  test('keeps no more lines than a screen can show, and tells warnings and errors apart', () => {
    const log = new RecentLog({ sharesTerminal: true, write: () => undefined });
    const logger = createLogger({ name: 'miner', level: 'info', pretty: false, destination: log });
    log.hold();
    for (let i = 0; i < 1_000; i++) logger.info(`word ${i}`);
    logger.warn('careful');
    logger.error({ err: new Error('broken') }, 'it failed');
    assert.equal(log.lines.length, 200);
    const last = log.lines.slice(-3);
    assert.deepEqual(
      last.map(({ style }) => style),
      ['plain', 'warning', 'bad'],
    );
    assert.match(last[2]!.text, /^it failed: Error: broken\n {4}at /);
  });
});

describe('whose the terminal is', () => {
  const stat = (group: number, terminalGroup: number): string =>
    `4242 (no) de (x) S 1 ${group} 4000 34816 ${terminalGroup} 4194304 1 2`;

  test('is told by the groups of the process and of the terminal', () => {
    assert.equal(isForegroundBy(stat(4242, 4242)), true);
    assert.equal(isForegroundBy(stat(4242, 4000)), false);
  });

  test('is ours where nothing else is known', () => {
    assert.equal(isForegroundBy(stat(4242, -1)), true);
    assert.equal(isForegroundBy(''), true);
  });
});
