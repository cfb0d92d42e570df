/** `nilz wallet gui` as a command: how it begins, what it says, how it ends. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { childEnvironment } from '../kit/surroundings.ts';
import { PASSPHRASE } from '../kit/wallet-gui-kit.ts';
import { windowBy } from '../kit/wallet-gui-process.ts';
import { temporaryDirectory } from '../service/temporary-directory.ts';

const NILZ = fileURLToPath(new URL('../../nilz', import.meta.url));
/** Nobody listens there: the page works all the same, and says that the node is away. */
const NOBODY = ['--node-url', 'http://127.0.0.1:1'];

interface Command {
  readonly child: ChildProcess;
  readonly link: string;
  readonly lines: readonly string[];
  readonly stderr: () => string;
}

/** For people, as it is typed. */
async function start(context: TestContext, directory: string): Promise<Command> {
  const words = ['wallet', 'gui', '--gui-port', '0', '--datadir', directory, ...NOBODY];
  // A display is there, and still no browser is opened: nobody sits at this terminal.
  const env = childEnvironment({ DISPLAY: ':99' });
  const child = spawn(NILZ, words, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  context.after(() => void child.kill('SIGKILL'));
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => lines.push(line));
  await once(reader, 'line');
  const link = /http:\S+$/.exec(lines[0] ?? '')?.[0] ?? '';
  return { child, link, lines, stderr: () => stderr };
}

test('nilz wallet gui prints a link, and Ctrl-C ends it cleanly', async (context) => {
  const directory = await temporaryDirectory(context);
  const { child, link, lines, stderr } = await start(context, directory);
  assert.match(link, /^http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]{43}$/);
  const window = await windowBy(link);
  const { words } = await window.ask('wallets/words', {});
  const wanted = { name: 'default', words, passphrase: PASSPHRASE, words_checked: true };
  const { wallet } = await window.ask('wallets/create', wanted);
  assert.equal(wallet.file, join(directory, 'dev', 'wallet.json'));
  assert.equal((await window.refusal('overview', { wallet: wallet.id })).code, 'unreachable');
  const { backend, explorer_url: explorerUrl } = await window.ask('state', {});
  assert.deepEqual([backend.state, explorerUrl], ['away', null]);
  const ended = once(child, 'close');
  child.kill('SIGINT');
  assert.deepEqual(await ended, [0, null]);
  assert.equal(stderr(), '');
  assert.match(lines.join('\n'), /opens one window, once/);
  assert.equal(existsSync(join(directory, 'dev', 'wallet-link.html')), false);
});
