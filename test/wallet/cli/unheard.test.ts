/** A person at the keyboard whose standard error goes into a file: what would be asked there reaches nobody. */
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, test } from 'node:test';
import { streamTerminal } from '../../../wallet/cli/terminal.ts';
import { main } from '../../../wallet/main.ts';
import { ScriptedTerminal } from '../../kit/scripted-terminal.ts';

/** Without a wallet, a node or a passphrase: the refusal comes before any of them is asked for. */
async function unheard(argv: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const terminal = new ScriptedTerminal('', { unheard: true });
  const code = await main([...argv, '--wallet', '/nonexistent/wallet.json'], env, terminal);
  return { code, errors: terminal.errors, output: terminal.output };
}

const TXID = 'a'.repeat(64);
const ASKING: readonly (readonly string[])[] = [
  ['send', '--to', 'Bob', '--amount', '1'],
  ['bump', '--txid', TXID],
  ['cancel', '--txid', TXID],
  ['psbt', 'sign', '--psbt', 'x'],
  ['psbt', 'send', '--psbt', 'x'],
  ['export-mnemonic'],
  ['init'],
];

describe('is not done unasked', () => {
  for (const argv of ASKING) {
    test(`nilz wallet ${argv.slice(0, 2).join(' ')}`, async () => {
      const { code, errors, output } = await unheard(argv);
      assert.equal(code, 2);
      assert.match(errors, /questions go to standard error, which is no terminal here.*--yes/);
      assert.equal(output, '');
      // Who says --yes need not be asked.
      assert.doesNotMatch((await unheard([...argv, '--yes'])).errors, /questions go/);
    });
  }
});

test('words are not read from a keyboard that shows them', async () => {
  const { code, errors } = await unheard(['restore']);
  assert.equal(code, 2);
  assert.match(errors, /questions go to standard error.*NILZ_MNEMONIC or --mnemonic-file/);
});

test('what asks nothing works', async () => {
  assert.equal((await unheard(['send', '--help'])).code, 0);
  assert.doesNotMatch((await unheard(['balance'])).errors, /questions go/);
});

test('it is the keyboard and standard error that tell', () => {
  const streams = (isIn: boolean, isErr: boolean) =>
    streamTerminal({
      stdin: Object.assign(new PassThrough(), { isTTY: isIn }),
      stdout: new PassThrough(),
      stderr: Object.assign(new PassThrough(), { isTTY: isErr }),
    });
  assert.equal(streams(true, true).unheard, false);
  assert.equal(streams(true, false).unheard, true);
  assert.equal(streams(false, true).unheard, false);
  assert.equal(streams(false, false).unheard, false);
});
