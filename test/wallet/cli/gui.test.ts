import assert from 'node:assert/strict';
import { test } from 'node:test';
import { main } from '../../../wallet/main.ts';
import { ScriptedTerminal } from '../../kit/scripted-terminal.ts';
import { startGui } from '../../kit/wallet-gui-kit.ts';
import { temporaryDirectory } from '../../service/temporary-directory.ts';

const NOBODY = ['--node-url', 'http://127.0.0.1:1'];

test('nilz wallet gui says in one line that its port is taken, and how to choose another', async (context) => {
  const { gui, directory } = await startGui(context);
  const { port } = new URL(gui.url);
  const terminal = new ScriptedTerminal([]);
  const words = ['gui', '--gui-port', port, '--datadir', directory, ...NOBODY];
  assert.equal(await main(words, {}, terminal), 1);
  assert.match(terminal.errors, /^nilz wallet gui: port \d+ on 127\.0\.0\.1 is in use; .*--gui-port$/);
  assert.equal(terminal.enterListeners.size, 0);
});

const WRONG: readonly (readonly [words: readonly string[], complaint: RegExp])[] = [
  [['--gui-port', '70000'], /--gui-port/],
  [['--explorer-url', 'javascript:alert(1)'], /--explorer-url/],
  [['--node-url', 'nowhere'], /--node-url/],
  [['--passphrase', 'secret'], /--passphrase is not offered/],
  [['http://127.0.0.1:5030/#token=secret'], /no bare arguments/],
];
for (const [words, complaint] of WRONG) {
  test(`nilz wallet gui ${words.join(' ')} is wrong use`, async (context) => {
    const terminal = new ScriptedTerminal([]);
    const directory = await temporaryDirectory(context);
    assert.equal(await main(['gui', '--datadir', directory, ...words], {}, terminal), 2);
    assert.match(terminal.errors, complaint);
    assert.doesNotMatch(terminal.errors + terminal.output, /secret/);
  });
}
