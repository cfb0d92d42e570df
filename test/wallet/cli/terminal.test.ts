import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { InterruptedError, streamTerminal } from '../../../wallet/cli/terminal.ts';

function person() {
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined });
  const stderr = Object.assign(new PassThrough(), { isTTY: true });
  const stdout = new PassThrough();
  const terminal = streamTerminal({ stdin, stdout, stderr });
  const shown = async (): Promise<string> => {
    stderr.end();
    stdout.end();
    return (await text(stderr)) + (await text(stdout));
  };
  return { stdin, terminal, shown };
}

test('what is typed at a hidden question is taken, and shown nowhere', async () => {
  const { stdin, terminal, shown } = person();
  const answer = terminal.askHidden('Passphrase: ');
  stdin.write('s3cret phrase\r');
  assert.equal(await answer, 's3cret phrase');
  const screen = await shown();
  assert.match(screen, /Passphrase: /);
  assert.doesNotMatch(screen, /s3cret|phrase\b.*phrase/);
});

test('an open question shows the prompt and what is typed', async () => {
  const { stdin, terminal, shown } = person();
  const answer = terminal.ask('Send? ');
  stdin.write('yes\r');
  assert.equal(await answer, 'yes');
  assert.match(await shown(), /Send\? .*y.*e.*s/s);
});

test('Ctrl-C and Ctrl-D at a question end it', async () => {
  for (const key of ['\x03', '\x04']) {
    const { stdin, terminal } = person();
    const answer = terminal.askHidden('Passphrase: ');
    stdin.write(key);
    await assert.rejects(answer, InterruptedError);
  }
});

test('a secret is shown on a second screen, which is left again, also by Ctrl-C', async () => {
  for (const key of ['\r', '\x03']) {
    const { stdin, terminal, shown } = person();
    const seen = terminal.showSecret('zebra', 'Written down? ').catch((error: unknown) => error);
    stdin.write(key);
    await seen;
    const screen = await shown();
    const [before = '', during = ''] = screen.split('\x1b[?1049h');
    assert.equal(before, '');
    assert.match(during, /zebra/);
    assert.ok(during.endsWith('\x1b[?1049l'));
  }
});

test('pipes get results and notes apart, and no progress', async () => {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const terminal = streamTerminal({ stdin, stdout, stderr });
  assert.equal(terminal.interactive, false);
  stdin.end('all of it\n');
  terminal.print('result');
  terminal.progress('1 of 2');
  terminal.note('note');
  stdout.end();
  stderr.end();
  assert.deepEqual([await text(stdout), await text(stderr)], ['result\n', 'note\n']);
  assert.equal(await terminal.readInput(), 'all of it\n');
});

test('words of strangers cannot steer the terminal', async () => {
  const { terminal, shown } = person();
  terminal.note('refused: \x1b[2J\x9b2Jall\u202e is well\r\n\tand more');
  terminal.print('a\x07b');
  terminal.progress('c\x1bd');
  const screen = await shown();
  assert.ok(screen.includes('refused: \ufffd[2J\ufffd2Jall\ufffd is well\ufffd\n\tand more\n'));
  assert.ok(screen.includes('a\ufffdb\n'));
  assert.ok(screen.includes('c\ufffdd'));
});
