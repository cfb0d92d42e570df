import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { CommandBench, labelsOf } from './command-bench.ts';

let bench: CommandBench;

before(async () => {
  bench = await CommandBench.start();
});

after(() => bench.stop());

interface Sent {
  txid: string;
  from: string;
  to: { address: string; label: string | null; contact: string | null; amount_nits: string }[];
  fee_nits: string;
  fee_rate: number;
  change_nits: string;
}

async function send(path: string, ...options: string[]): Promise<Sent> {
  const { code, terminal, errors } = await bench.run([
    'send',
    '--wallet',
    path,
    '--yes',
    '--json',
    ...options,
  ]);
  assert.equal(code, 0, errors);
  return terminal.json<Sent>();
}

describe('nilz wallet send', () => {
  test('pays several at once: labels, contacts and a file of payees', async () => {
    const path = await bench.walletFile();
    const carol = (
      await bench.run(['receive', '--wallet', path, '--label', 'carol', '--json'])
    ).terminal.json<{
      address: string;
    }>().address;
    const added = await bench.run([
      ...['contacts', 'add', '--wallet', path, '--contact', 'Smith, Bob', '--address', carol],
    ]);
    assert.equal(added.code, 0, added.errors);
    const file = bench.path('payees.csv');
    await writeFile(file, 'to,amount\n"smith, bob",0.25\nfaucet,1\n');
    const sent = await send(
      path,
      '--from-label',
      'alice',
      '--to',
      'bob',
      '--amount',
      '2',
      '--pay',
      'pool=3',
      '--file',
      file,
    );
    assert.deepEqual(
      sent.to.map(({ label, contact, amount_nits: nits }) => [label, contact, nits]),
      [
        ['bob', null, '200000000'],
        ['pool', null, '300000000'],
        ['carol', 'Smith, Bob', '25000000'],
        ['faucet', null, '100000000'],
      ],
    );
    const labels = await labelsOf(bench, path);
    assert.equal(labels.bob?.[1], '200000000');
    assert.equal(labels.pool?.[1], '300000000');
  });

  test('with --amount max leaves nothing behind but the fee', async () => {
    const path = await bench.walletFile();
    const before = await labelsOf(bench, path);
    const sent = await send(path, '--from-label', 'carol', '--to', 'bob', '--amount', 'max', '--fee', '3');
    // What another copy of this wallet paid it is on its way, and its own.
    const [spendable, pending] = before.carol ?? ['0', '0'];
    assert.equal(
      BigInt(sent.to[0]?.amount_nits ?? 0) + BigInt(sent.fee_nits),
      BigInt(spendable) + BigInt(pending),
    );
    assert.equal(sent.change_nits, '0');
    assert.deepEqual((await labelsOf(bench, path)).carol, ['0', '0', '0']);
  });

  test('spends the coins it is told to, and never frozen ones', async () => {
    const path = await bench.walletFile();
    const listed = await bench.run(['coins', '--wallet', path, '--label', 'pool', '--json']);
    const [coin] = listed.terminal.json<{ coins: { coin: string; amount_nits: string; status: string }[] }>()
      .coins;
    assert.ok(coin, 'pool has a coin');
    const frozen = await bench.run(['freeze', '--wallet', path, '--coins', coin.coin]);
    assert.equal(frozen.code, 0, frozen.errors);
    const shown = await bench.run(['coins', '--wallet', path, '--label', 'pool']);
    assert.match(shown.output, /, frozen/);
    const pay = ['send', '--wallet', path, '--to', 'bob', '--amount', '1', '--yes', '--coins', coin.coin];
    const refused = await bench.run(pay);
    assert.equal(refused.code, 2);
    assert.match(refused.errors, /frozen/);
    const mistyped = await bench.run(['freeze', '--wallet', path, '--coins', `${'ab'.repeat(32)}:0`]);
    assert.equal(mistyped.code, 2);
    assert.match(mistyped.errors, /no unspent coin (ab){32}:0/);
    const thawed = await bench.run(['unfreeze', '--wallet', path, '--coins', coin.coin]);
    assert.equal(thawed.code, 0, thawed.errors);
    const sent = await send(path, '--to', 'bob', '--amount', '1', '--coins', coin.coin);
    assert.equal(sent.from, 'pool');
    const total = 100_000_000n + BigInt(sent.fee_nits) + BigInt(sent.change_nits);
    assert.equal(total, BigInt(coin.amount_nits));
  });

  test('pays a payment URI, and shows what it says of itself', async () => {
    const path = await bench.walletFile();
    const asked = await bench.run([
      ...[
        'receive',
        '--wallet',
        path,
        '--label',
        'shop',
        '--amount',
        '0.5',
        '--message',
        'Order 7',
        '--json',
      ],
    ]);
    const { uri } = asked.terminal.json<{ uri: string }>();
    const argv = ['send', '--wallet', path, '--from-label', 'faucet', '--to', uri];
    const { code, errors } = await bench.run(argv, [[/Send this test money/, 'yes']]);
    assert.equal(code, 0, errors);
    assert.match(errors, /pay +0\.50000000 +to rnilz1q\w+ \(your label shop\)/);
    assert.match(errors, /The payment URI says: Order 7/);
    const bad = await bench.run(['send', '--wallet', path, '--to', `${uri}&req-time=1`, '--yes']);
    assert.equal(bad.code, 2);
    assert.match(bad.errors, /no payment URI that can be paid here/);
  });

  test('refuses a fee that looks like a mistake, unless it is accepted', async () => {
    const path = await bench.walletFile();
    const argv = [
      'send',
      '--wallet',
      path,
      '--from-label',
      'bob',
      '--to',
      'carol',
      '--amount',
      '0.00001',
      '--fee',
      '50',
    ];
    const refused = await bench.run([...argv, '--yes']);
    assert.equal(refused.code, 2);
    assert.match(refused.errors, /nothing was signed/);
    const warned = await bench.run(argv, [[/Send/, 'no']]);
    assert.equal(warned.code, 1);
    assert.match(warned.errors, /WARNING: the fee of 0\.00007050 NILZ is 705 % of the 0\.00001000/);
    const accepted = await bench.run([...argv, '--yes', '--accept-high-fee']);
    assert.equal(accepted.code, 0, accepted.errors);
  });

  test('will not guess between a contact and a label of one name', async () => {
    const path = await bench.walletFile();
    const { address } = (
      await bench.run(['receive', '--wallet', path, '--label', 'carol', '--json'])
    ).terminal.json<{
      address: string;
    }>();
    await bench.run(['contacts', 'add', '--wallet', path, '--contact', 'Bob', '--address', address]);
    const { code, errors } = await bench.run([
      'send',
      '--wallet',
      path,
      '--to',
      'bob',
      '--amount',
      '1',
      '--yes',
    ]);
    assert.equal(code, 2);
    assert.match(errors, /bob is a contact and a label of this wallet: write the address/);
  });
});
