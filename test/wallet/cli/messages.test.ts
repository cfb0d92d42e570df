import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { CommandBench } from './command-bench.ts';

let bench: CommandBench;
let path: string;
let address: string;

before(async () => {
  bench = await CommandBench.start();
  path = await bench.walletFile();
  address = (await bench.run(['receive', '--wallet', path, '--label', 'alice', '--json'])).terminal.json<{
    address: string;
  }>().address;
});

after(() => bench.stop());

const MESSAGE = 'I pay the rent.';

async function signature(...options: string[]): Promise<string> {
  const argv = ['sign-message', '--wallet', path, '--address', address, '--message', MESSAGE, ...options];
  const { code, output, errors } = await bench.run(argv, '', bench.withoutNode());
  assert.equal(code, 0, errors);
  return output;
}

/** Neither a wallet nor a node is there. */
function verify(...options: string[]) {
  return bench.run(['verify-message', ...options], '', { NILZ_NETWORK: 'regtest' });
}

describe('a signed message', () => {
  test('is verified in both forms by whoever has the address', async () => {
    for (const form of ['bip322', 'recoverable']) {
      const signed = await signature('--form', form);
      const options = ['--address', address, '--message', MESSAGE, '--signature', signed];
      const { code, output, errors } = await verify(...options);
      assert.equal(code, 0, errors);
      assert.equal(output, 'valid');
      const { terminal } = await verify(...options, '--json');
      assert.deepEqual(
        (({ state, form: told }) => [state, told])(terminal.json<{ state: string; form: string }>()),
        ['valid', form],
      );
    }
  });

  test('of another text is not valid, which is another thing than one that cannot be read', async () => {
    const signed = await signature();
    const other = await verify('--address', address, '--message', `${MESSAGE} `, '--signature', signed);
    assert.equal(other.code, 1);
    assert.match(other.errors, /verify-message: invalid/);
    const torn = await verify('--address', address, '--message', MESSAGE, '--signature', signed.slice(0, 30));
    assert.equal(torn.code, 2);
    assert.match(torn.errors, /cannot be read/);
    const foreign = 'bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu';
    const elsewhere = await verify('--address', foreign, '--message', MESSAGE, '--signature', signed);
    assert.equal(elsewhere.code, 2);
    assert.match(elsewhere.errors, /address of Bitcoin \(main\)/);
  });

  test('is taken from a file to the byte', async () => {
    const file = bench.path('message.txt');
    await writeFile(file, `${MESSAGE}\n`);
    const ran = await bench.run([
      'sign-message',
      '--wallet',
      path,
      '--address',
      address,
      '--message-file',
      file,
    ]);
    assert.equal(ran.code, 0, ran.errors);
    const exact = await verify('--address', address, '--message-file', file, '--signature', ran.output);
    assert.equal(exact.code, 0, exact.errors);
    const shorter = await verify('--address', address, '--message', MESSAGE, '--signature', ran.output);
    assert.equal(shorter.code, 1);
  });

  test('needs an own address, and says which option is missing', async () => {
    const stranger = await bench.walletFile('zoo '.repeat(11).concat('wrong'));
    const theirs = (await bench.run(['receive', '--wallet', stranger, '--json'])).terminal.json<{
      address: string;
    }>();
    for (const [argv, message] of [
      [['--address', theirs.address, '--message', 'x'], /no address of this wallet/],
      [['--message', 'x'], /--address is missing/],
      [['--address', address], /--message is missing/],
      [['--address', address, '--message', 'x', '--message-file', 'y'], /give one of them/],
      [
        ['--address', address, '--message', 'x', '--form', 'pgp'],
        /--form pgp: must be one of bip322, recoverable/,
      ],
    ] as const) {
      const { code, errors } = await bench.run(['sign-message', '--wallet', path, ...argv]);
      assert.equal(code, 2, errors);
      assert.match(errors, message);
    }
    assert.match((await verify('--address', address, '--message', 'x')).errors, /--signature is missing/);
  });
});
