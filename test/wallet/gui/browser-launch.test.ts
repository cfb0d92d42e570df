import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { browserLaunch, launch, writeLinkPage } from '../../../wallet/gui/browser-launch.ts';
import { temporaryDirectory } from '../../service/temporary-directory.ts';

const URL_TO_OPEN = 'file:///home/me/link.html';

test('a browser is opened as the system does it, and not where nobody could see it', () => {
  const opened = (platform: NodeJS.Platform, display?: string) =>
    browserLaunch(URL_TO_OPEN, { platform, display })?.command;
  assert.equal(opened('linux', ':0'), 'xdg-open');
  assert.equal(opened('darwin'), 'open');
  assert.equal(opened('win32'), 'cmd');
  assert.equal(opened('linux'), undefined);
  assert.equal(opened('linux', ''), undefined);
});

test('a program that is not there is no failure', async () => {
  assert.equal(await launch({ command: 'nilz-no-such-browser', args: [URL_TO_OPEN] }), false);
  assert.equal(await launch({ command: process.execPath, args: ['--version'] }), true);
});

test('the link is in no argument: a page that only its owner can read leads to it', async (context) => {
  const directory = await temporaryDirectory(context);
  const link = 'http://127.0.0.1:5030/#token=abc-DEF_123';
  const url = await writeLinkPage(join(directory, 'wallet-link.html'), link);
  assert.doesNotMatch(url, /token/);
  const file = fileURLToPath(url);
  assert.match(await readFile(file, 'utf8'), new RegExp(`http-equiv="refresh" content="0;url=${link}"`));
  assert.equal((await stat(file)).mode & 0o077, 0);
});
