import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { CommandBench, labelsOf } from './command-bench.ts';

let bench: CommandBench;

before(async () => {
  bench = await CommandBench.start();
});

after(() => bench.stop());

interface Sent {
  txid: string;
  fee_nits: string;
  fee_rate: number;
  replaces: string[];
  to: { label: string | null; amount_nits: string }[];
}

async function json<T>(...argv: string[]): Promise<T> {
  const { code, terminal, errors } = await bench.run([...argv, '--json']);
  assert.equal(code, 0, errors);
  return terminal.json<T>();
}

async function pay(path: string, from: string, amount: string): Promise<Sent> {
  return json('send', '--wallet', path, '--from-label', from, '--to', 'bob', '--amount', amount, '--yes');
}

async function mempool(): Promise<string[]> {
  return (await bench.rpc.call('getrawmempool', [])) as string[];
}

describe('nilz wallet bump', () => {
  test('replaces what waits by the same payment with a higher fee', async () => {
    const path = await bench.walletFile();
    const first = await pay(path, 'alice', '2');
    const argv = ['bump', '--wallet', path, '--txid', first.txid, '--fee', '5'];
    const asked = await bench.run(argv, [[/Send this in place of the test payment\?/, '']]);
    assert.equal(asked.code, 1);
    assert.match(
      asked.errors,
      /pay +2\.00000000[\s\S]*fee +0\.00000705 +\(5 nits\/vB, 141 vB\)[\s\S]*change/,
    );
    assert.deepEqual(await mempool(), [first.txid]);
    const second = await json<Sent>(...argv, '--yes');
    assert.deepEqual([second.fee_rate, second.replaces, second.to[0]?.label], [5, [first.txid], 'bob']);
    assert.deepEqual(await mempool(), [second.txid]);
    const { entries } = await json<{ entries: { txid: string }[] }>(
      'history',
      '--wallet',
      path,
      '--label',
      'alice',
    );
    const seen = entries.map(({ txid }) => txid);
    assert.ok(seen.includes(second.txid) && !seen.includes(first.txid));
    const again = await bench.run(['bump', '--wallet', path, '--txid', first.txid, '--yes']);
    assert.equal(again.code, 1);
    assert.match(again.errors, /was replaced by/);
  });

  test('makes a PSBT of it for a signer elsewhere', async () => {
    const path = await bench.walletFile();
    const first = await pay(path, 'carol', '1');
    const made = await json<{ psbt: string; state: string }>(
      ...['bump', '--wallet', path, '--txid', first.txid, '--fee', '4', '--unsigned'],
    );
    assert.match(made.psbt, /^cHNidP/);
    assert.equal(made.state, 'unsigned');
    assert.ok((await mempool()).includes(first.txid));
  });

  test('says which payment it cannot replace', async () => {
    const path = await bench.walletFile();
    for (const [txid, code, message] of [
      [undefined, 2, /--txid is missing/],
      ['12', 2, /--txid 12: .*64 hexadecimal digits/],
      ['00'.repeat(32), 2, /neither the wallet nor the chain has/],
    ] as const) {
      const ran = await bench.run([
        'bump',
        '--wallet',
        path,
        ...(txid === undefined ? [] : ['--txid', txid]),
      ]);
      assert.match(ran.errors, message);
      assert.equal(ran.code, code);
    }
  });
});

describe('nilz wallet cancel', () => {
  test('brings everything back but the fee', async () => {
    const path = await bench.walletFile();
    const before = await labelsOf(bench, path);
    const first = await pay(path, 'faucet', '7');
    const argv = ['cancel', '--wallet', path, '--txid', first.txid, '--fee', '2'];
    const asked = await bench.run(argv, [[/Take the payment back\? \[y\/N\]/, 'n']]);
    assert.equal(asked.code, 1);
    assert.match(asked.errors, /Everything returns to faucet but the fee of 0\.0000\d{4} NILZ/);
    const taken = await json<Sent>(...argv, '--yes');
    assert.deepEqual(taken.replaces, [first.txid]);
    const waiting = await mempool();
    assert.ok(waiting.includes(taken.txid) && !waiting.includes(first.txid));
    const after = await labelsOf(bench, path);
    const had = BigInt(before.faucet?.[0] ?? 0);
    const has = BigInt(after.faucet?.[0] ?? 0) + BigInt(after.faucet?.[1] ?? 0);
    assert.equal(has, had - BigInt(taken.fee_nits));
  });
});
