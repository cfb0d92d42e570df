import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { childEnvironment } from '../../service/child-environment.ts';
import { CommandBench, OWN_WORDS } from './command-bench.ts';

let bench: CommandBench;

before(async () => {
  bench = await CommandBench.start();
});

after(() => bench.stop());

test('new-address warns when a restore would not find it', async () => {
  const path = await bench.walletFile(OWN_WORDS);
  for (let n = 0; n < 19; n++) await bench.run(['new-address', '--wallet', path, '--label', 'shop']);
  const { output, errors } = await bench.run(['new-address', '--wallet', path, '--label', 'shop']);
  assert.match(output, /^rnilz1q/);
  assert.match(errors, /restore with --gap-limit 21/);
});

test('commands at the same time on one file lose no label and give no address twice', async () => {
  const path = await bench.walletFile();
  const nilz = fileURLToPath(new URL('../../../nilz', import.meta.url));
  const addresses = await Promise.all(
    ['a', 'b', 'c', 'd'].map(async (label) => {
      const argv = ['wallet', 'new-address', '--wallet', path, '--label', label];
      const child = spawn(process.execPath, [nilz, ...argv], { env: childEnvironment(bench.environment()) });
      const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
      assert.match(output, /^rnilz1q\w+\n$/, errors);
      return output.trim();
    }),
  );
  assert.equal(new Set(addresses).size, 4);
  const { terminal } = await bench.run(['list', '--wallet', path, '--json']);
  const { labels } = terminal.json<{ labels: { label: string; addresses: { address: string }[] }[] }>();
  const made = labels.slice(5);
  assert.deepEqual(made.map(({ label }) => label).sort(), ['a', 'b', 'c', 'd']);
  assert.deepEqual(new Set(made.map((label) => label.addresses[0]?.address)), new Set(addresses));
});
