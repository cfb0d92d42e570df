import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { CommandBench, OWN_WORDS } from './command-bench.ts';

let bench: CommandBench;
let path: string;
let txid: string;

interface HistoryJson {
  entries: {
    txid: string;
    label: string | null;
    labels: string[];
    direction: string;
    status: string;
    net_nits: string;
    blocks_left: number | null;
  }[];
  total: number;
}

before(async () => {
  bench = await CommandBench.start();
  path = await bench.walletFile();
  txid = (
    await json<{ txid: string }>('send', '--from-label', 'alice', '--to', 'bob', '--amount', '3', '--yes')
  ).txid;
  const { address } = await json<{ address: string }>('receive', '--label', 'mine');
  await bench.rpc.call('generatetoaddress', [2, address]);
});

after(() => bench.stop());

async function json<T = HistoryJson>(command: string, ...options: string[]): Promise<T> {
  const { code, terminal, errors } = await bench.run([command, '--wallet', path, ...options, '--json']);
  assert.equal(code, 0, errors);
  return terminal.json<T>();
}

describe('nilz wallet history', () => {
  test('tells a payment between two labels for each of them, or once for the wallet', async () => {
    const labels = await json('history', '--text', txid);
    assert.deepEqual(
      labels.entries.map(({ label, direction }) => [label, direction]),
      [
        ['alice', 'sent'],
        ['bob', 'received'],
      ],
    );
    const whole = await json('history', '--scope', 'wallet', '--text', txid);
    assert.deepEqual(
      whole.entries.map(({ label, labels: all, direction, net_nits: net }) => [label, all, direction, net]),
      [[null, ['alice', 'bob'], 'moved', '-141']],
    );
  });

  test('is filtered by label, direction, status and day', async () => {
    const mined = await json('history', '--direction', 'mined', '--label', 'mine');
    assert.deepEqual(
      mined.entries.map(({ status, blocks_left: left }) => [status, left]),
      [
        ['immature', 99],
        ['immature', 98],
      ],
    );
    assert.equal((await json('history', '--status', 'pending')).total, 0);
    assert.equal((await json('history', '--since', '2100-01-01')).total, 0);
    assert.equal((await json('history', '--until', '1990-01-01')).total, 0);
    const all = await json('history');
    assert.equal((await json('history', '--until', '2100-01-01')).total, all.total);
    const nothing = await bench.run(['history', '--wallet', path, '--until', '1990-01-01']);
    assert.equal(nothing.output, 'Nothing of this kind.');
  });

  test('says how many older ones there are', async () => {
    const { output, errors } = await bench.run(['history', '--wallet', path, '--limit', '1']);
    assert.equal(output.split('\n').length, 2);
    const { total } = await json('history');
    assert.match(errors, new RegExp(`${total - 1} older ones are not shown: --limit ${total}`));
  });

  test('goes into a new file as a table, or to standard output', async () => {
    const file = bench.path('history.csv');
    const wrote = await bench.run(['history', '--wallet', path, '--csv', file]);
    assert.deepEqual([wrote.code, wrote.output], [0, file]);
    const csv = await readFile(file, 'utf8');
    const printed = await bench.run(['history', '--wallet', path, '--csv', '-']);
    assert.equal(printed.output, csv.trimEnd().replaceAll('\r', '\r'));
    const lines = csv.trimEnd().split(/\r?\n/);
    assert.equal(lines.length - 1, (await json('history')).total);
    assert.ok(lines.some((line) => line.includes(txid)));
    const again = await bench.run(['history', '--wallet', path, '--csv', file]);
    assert.equal(again.code, 2);
    assert.match(again.errors, /--csv .*exists already/);
    assert.equal(await readFile(file, 'utf8'), csv);
  });

  test('names a filter that is none', async () => {
    for (const [options, message] of [
      [['--since', '2026-13-01'], /--since 2026-13-01: must be a day as YYYY-MM-DD/],
      [['--until', '2026-02-30'], /--until 2026-02-30/],
      [['--since', 'yesterday'], /YYYY-MM-DD/],
      [['--direction', 'lost'], /--direction lost: must be one of sent, moved, received, mined/],
      [['--status', 'done'], /--status done/],
      [['--label', 'dave'], /no label "dave"/],
      [['--csv', '-', '--json'], /--csv - and --json both print/],
    ] as const) {
      const { code, errors } = await bench.run(['history', '--wallet', path, ...options]);
      assert.equal(code, 2, errors);
      assert.match(errors, message);
    }
  });

  test('of a wallet without any says where to be paid', async () => {
    const empty = await bench.walletFile(OWN_WORDS);
    const { output } = await bench.run(['history', '--wallet', empty]);
    assert.equal(output, 'Nothing yet. "nilz wallet receive" shows an address to be paid at.');
  });
});
