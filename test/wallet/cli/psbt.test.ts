import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { CommandBench, OWN_WORDS } from './command-bench.ts';

let bench: CommandBench;
/** A wallet with keys, which never asks a node. */
let signer: string;
/** The same account without keys. */
let watcher: string;

before(async () => {
  bench = await CommandBench.start();
  signer = await bench.walletFile(OWN_WORDS);
  const { address } = (await bench.run(['receive', '--wallet', signer, '--json'])).terminal.json<{
    address: string;
  }>();
  await bench.rpc.call('generatetoaddress', [101, address]);
  const exported = await bench.run(['xpub', '--wallet', signer, '--json'], '', bench.withoutNode());
  const { with_origin: xpub } = exported.terminal.json<{ with_origin: string }>();
  watcher = await bench.watchFile(xpub);
});

after(() => bench.stop());

interface PsbtJson {
  psbt: string;
  state: string;
  can_sign: boolean;
  inputs: { ours: boolean; path: string | null; signature: string }[];
  outputs: { address: string; ours: boolean; change: boolean; amount_nits: string }[];
  fee_nits: string;
  warnings: { code: string; grave: boolean }[];
  hex?: string | null;
}

async function json<T = PsbtJson>(argv: readonly string[], env = bench.environment()): Promise<T> {
  const { code, terminal, errors } = await bench.run([...argv, '--json'], '', env);
  assert.equal(code, 0, errors);
  return terminal.json<T>();
}

/** Somebody else's address. */
async function stranger(): Promise<string> {
  const path = await bench.walletFile();
  return (await json<{ address: string }>(['receive', '--wallet', path, '--label', 'bob'])).address;
}

describe('a wallet that only watches', () => {
  test('sees the balance, gives out addresses, and points to PSBT where it cannot sign', async () => {
    const { labels } = await json<{ labels: { label: string; total: number }[] }>([
      'balance',
      '--wallet',
      watcher,
    ]);
    assert.deepEqual(
      labels.map(({ label, total }) => [label, total]),
      [['default', 5_050]],
    );
    const own = await json<{ address: string }>(['receive', '--wallet', watcher, '--new']);
    assert.match(own.address, /^rnilz1q/);
    const send = await bench.run([
      'send',
      '--wallet',
      watcher,
      '--to',
      await stranger(),
      '--amount',
      '1',
      '--yes',
    ]);
    assert.equal(send.code, 2);
    assert.match(send.errors, /psbt/i);
    for (const command of ['export-mnemonic', 'check-backup']) {
      const ran = await bench.run(
        [command, '--wallet', watcher, ...(command === 'export-mnemonic' ? ['--yes'] : [])],
        OWN_WORDS,
      );
      assert.equal(ran.code, 2);
      assert.match(ran.errors, /only watches/);
    }
  });

  test('is made from what the other one prints', async () => {
    const { xpub } = await json<{ xpub: string }>(['xpub', '--wallet', signer], bench.withoutNode());
    const path = bench.newPath();
    const made = await json<{ used_addresses: number }>(['watch', '--wallet', path, '--xpub', xpub]);
    assert.ok(made.used_addresses >= 1);
    assert.equal((await json<{ xpub: string }>(['xpub', '--wallet', path])).xpub, xpub);
  });

  test('is made from a public key only', async () => {
    for (const [xpub, message] of [
      [undefined, /--xpub is missing/],
      ['tprv8ZgxMBicQKsPd', /is a private key/],
      ['nothing', /key/],
    ] as const) {
      const path = bench.newPath();
      const argv = ['watch', '--wallet', path, ...(xpub === undefined ? [] : ['--xpub', xpub])];
      const { code, errors } = await bench.run(argv);
      assert.equal(code, 2);
      assert.match(errors, message);
      assert.doesNotMatch(errors, /tprv8/);
      await assert.rejects(stat(path));
    }
  });
});

describe('nilz wallet psbt', () => {
  test('goes from the wallet that watches to the one that signs without a node, and back', async () => {
    const to = await stranger();
    const [unsigned, signed] = [bench.path('payment.psbt'), bench.path('signed.psbt')];
    const created = await json([
      'psbt',
      'create',
      '--wallet',
      watcher,
      '--to',
      to,
      '--amount',
      '12',
      '--fee',
      '2',
      '--out',
      unsigned,
    ]);
    assert.deepEqual([created.state, created.can_sign], ['unsigned', false]);
    assert.match(created.inputs[0]?.path ?? '', /^m\/84'\/1'\/0'\/0\/\d+$/);

    const inspected = await json(
      ['psbt', 'inspect', '--wallet', signer, '--psbt', unsigned],
      bench.withoutNode(),
    );
    assert.equal(inspected.can_sign, true);
    assert.deepEqual(
      inspected.outputs
        .filter(({ change }) => !change)
        .map(({ address, amount_nits: nits }) => [address, nits]),
      [[to, '1200000000']],
    );
    const asked = await bench.run(
      ['psbt', 'sign', '--wallet', signer, '--psbt', unsigned],
      [[/Sign this\?/, 'n']],
      bench.withoutNode(),
    );
    assert.equal(asked.code, 1);
    assert.match(asked.errors, new RegExp(`pay +12\\.00000000 +to ${to}`));
    assert.match(asked.errors, /change +\d+\.\d{8} +back to rnilz1q\w+ \(yours, m\/84/);
    await json(
      ['psbt', 'sign', '--wallet', signer, '--psbt', unsigned, '--out', signed, '--yes'],
      bench.withoutNode(),
    );

    const early = await bench.run(['psbt', 'send', '--wallet', watcher, '--psbt', unsigned, '--yes']);
    assert.equal(early.code, 2);
    assert.match(early.errors, /signature/);
    const final = await json(
      ['psbt', 'finalize', '--wallet', watcher, '--psbt', signed],
      bench.withoutNode(),
    );
    assert.equal(final.state, 'final');
    assert.match(final.hex ?? '', /^02000000/);
    const sent = await json<{ txid: string }>([
      'psbt',
      'send',
      '--wallet',
      watcher,
      '--psbt',
      signed,
      '--yes',
    ]);
    const mempool = (await bench.rpc.call('getrawmempool', [])) as string[];
    assert.ok(mempool.includes(sent.txid));
    const { entries } = await json<{ entries: { txid: string; amount: number }[] }>([
      'history',
      '--wallet',
      watcher,
      '--limit',
      '1',
    ]);
    assert.deepEqual([entries[0]?.txid, entries[0]?.amount], [sent.txid, 12]);
  });

  test('puts the signatures of several together', async () => {
    const to = await stranger();
    const { psbt } = await json(['psbt', 'create', '--wallet', watcher, '--to', to, '--amount', '1']);
    const signed = await json(
      ['psbt', 'sign', '--wallet', signer, '--psbt', psbt, '--yes'],
      bench.withoutNode(),
    );
    const combined = await json(
      ['psbt', 'combine', '--wallet', watcher, '--psbt', psbt, '--psbt', signed.psbt],
      bench.withoutNode(),
    );
    assert.equal(combined.psbt, signed.psbt);
    const alone = await bench.run(['psbt', 'combine', '--wallet', watcher, '--psbt', psbt]);
    assert.equal(alone.code, 2);
    assert.match(alone.errors, /--psbt is needed at least twice/);
  });

  test('never overwrites a file, and reads files, text and standard input', async () => {
    const to = await stranger();
    const out = bench.path('kept.psbt');
    const create = ['psbt', 'create', '--wallet', watcher, '--to', to, '--amount', '1'];
    await json([...create, '--out', out]);
    const before = await readFile(out, 'utf8');
    const again = await bench.run([...create, '--out', out]);
    assert.equal(again.code, 2);
    assert.match(again.errors, /--out .*kept\.psbt: exists already and is not overwritten/);
    assert.equal(await readFile(out, 'utf8'), before);
    for (const [source, input] of [
      [before.trim(), ''],
      [out, ''],
      ['-', before],
    ] as const) {
      const ran = await bench.run(['psbt', 'inspect', '--wallet', signer, '--psbt', source], input);
      assert.equal(ran.code, 0, ran.errors);
      assert.match(ran.output, /transaction [0-9a-f]{64}, not signed/);
    }
  });

  test('names what is wrong with a PSBT', async () => {
    for (const [psbt, message] of [
      [undefined, /--psbt is missing/],
      ['cHNidP8=', /this is no PSBT/],
      ['/nowhere', /--psbt \/nowhere: there is no such file/],
    ] as const) {
      const argv = ['psbt', 'inspect', '--wallet', signer, ...(psbt === undefined ? [] : ['--psbt', psbt])];
      const { code, errors } = await bench.run(argv);
      assert.equal(code, 2, errors);
      assert.match(errors, message);
    }
    const foreign = await bench.walletFile();
    const to = await stranger();
    const { psbt } = await json(['psbt', 'create', '--wallet', watcher, '--to', to, '--amount', '1']);
    const ran = await bench.run(['psbt', 'sign', '--wallet', foreign, '--psbt', psbt, '--yes']);
    assert.equal(ran.code, 2);
    assert.match(ran.errors, /none of the inputs belongs to a key of this wallet/);
  });
});
