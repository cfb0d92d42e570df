import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { CommandBench, labelsOf } from './command-bench.ts';

let bench: CommandBench;

before(async () => {
  bench = await CommandBench.start();
});

after(() => bench.stop());

describe('nilz wallet send', () => {
  test('from alice to bob shows as pending, then confirmed, with the fee accounted for', async () => {
    const path = await bench.walletFile();
    const before = await labelsOf(bench, path);
    const sent = await bench.run([
      'send',
      '--wallet',
      path,
      '--from-label',
      'alice',
      '--to',
      'bob',
      '--amount',
      '2.5',
    ]);
    assert.equal(sent.code, 0, sent.errors);
    assert.match(sent.output, /^[0-9a-f]{64}$/);
    const pending = await labelsOf(bench, path);
    assert.equal(pending.bob?.[1], '250000000');
    assert.equal(BigInt(pending.alice?.[1] ?? 0), BigInt(before.alice?.[0] ?? 0) - 250_000_000n - 141n);
    const history = await bench.run(['history', '--wallet', path, '--limit', '2']);
    assert.match(history.output, /alice +sent +-2\.50000000 +0\.00000141 +pending +bob +/);
    assert.match(history.output, /bob +received +\+2\.50000000 +pending +alice +/);
    const { address } = JSON.parse((await bench.run(['new-address', '--wallet', path, '--json'])).output) as {
      address: string;
    };
    await bench.rpc.call('generatetoaddress', [1, address]);
    const confirmed = await bench.run([
      'history',
      '--wallet',
      path,
      '--label',
      'alice',
      '--limit',
      '1',
      '--json',
    ]);
    const [entry] = confirmed.terminal.json<{ entries: Record<string, unknown>[] }>().entries;
    assert.deepEqual(
      [entry?.status, entry?.confirmations, entry?.amount, entry?.fee, entry?.net_nits],
      ['confirmed', 1, 2.5, 0.00000141, '-250000141'],
    );
    const after = await labelsOf(bench, path);
    assert.deepEqual(after.alice?.slice(1), ['0', '0']);
    assert.deepEqual(after.default, ['0', '0', '5000000141']);
  });

  test('shows what will happen and asks before', async () => {
    const path = await bench.walletFile();
    const argv = [
      'send',
      '--wallet',
      path,
      '--from-label',
      'carol',
      '--to',
      'bob',
      '--amount',
      '1',
      '--fee-rate',
      '2.5',
    ];
    const before = await labelsOf(bench, path);
    const no = await bench.run(argv, [[/Send this test money\? \[y\/N\]/, '']]);
    assert.equal(no.code, 1);
    assert.match(no.errors, /pay +1\.00000000 +to rnilz1q\w+ \(your label bob\)/);
    assert.match(no.errors, /fee +0\.00000353 +\(2\.5 nits\/vB, 141 vB\)/);
    assert.match(no.errors, /change +9998\.99999647 +back to carol/);
    assert.match(no.errors, /nothing was done/);
    assert.deepEqual(await labelsOf(bench, path), before);
    const yes = await bench.run(argv, [[/Send/, 'y']]);
    assert.equal(yes.code, 0, yes.errors);
    const asked = await bench.run([...argv, '--yes'], []);
    assert.equal(asked.code, 0, asked.errors);
  });

  test('as JSON gives every amount exactly', async () => {
    const path = await bench.walletFile();
    const { terminal } = await bench.run([
      'send',
      '--wallet',
      path,
      '--json',
      '--from-label',
      'pool',
      '--to',
      'faucet',
      '--amount',
      '0.00001',
    ]);
    const sent = terminal.json<Record<string, unknown> & { to: Record<string, unknown>[] }>();
    assert.match(String(sent.txid), /^[0-9a-f]{64}$/);
    assert.deepEqual([sent.from, sent.fee_nits, sent.fee_rate, sent.vsize], ['pool', '141', 1, 141]);
    assert.deepEqual([sent.to[0]?.label, sent.to[0]?.amount_nits], ['faucet', '1000']);
  });

  test('names the option that is wrong and what is allowed', async () => {
    const path = await bench.walletFile();
    const good = { '--from-label': 'alice', '--to': 'bob', '--amount': '1', '--fee-rate': '1' };
    const cases: [Partial<typeof good>, RegExp][] = [
      [{ '--amount': '1e3' }, /--amount 1e3: must be decimal digits.*0\.00000294 to 21000000/],
      [{ '--amount': '-1' }, /--amount -1: must be decimal digits/],
      [{ '--amount': '0.123456789' }, /--amount 0\.123456789: must be decimal digits with at most eight/],
      [{ '--amount': 'NaN' }, /--amount NaN/],
      [{ '--amount': '1,5' }, /--amount 1,5/],
      [{ '--amount': '21000001' }, /--amount: .*21000000/],
      [{ '--amount': '0.00000293' }, /too little to send: the least is 0\.00000294/],
      [{ '--amount': '0' }, /too little/],
      [{ '--fee-rate': '0.5' }, /--fee-rate: "0\.5" is no fee rate: allowed are 1 to 10000/],
      [{ '--fee-rate': '20000' }, /--fee-rate/],
      [
        { '--to': 'bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu' },
        /address of Bitcoin \(main\), this wallet is of regtest/,
      ],
      [{ '--to': 'dnilz1qquv9lg5g2r4jkr0ahun0ddfg5xntxjelzpgxl4' }, /address/],
      [{ '--to': 'dave' }, /no address/],
      [{ '--amount': '1e3' }, /has no exponent/],
      [{ '--amount': '-1' }, /is not negative/],
      [{ '--amount': '0.123456789' }, /eighth decimal/],
      [{ '--amount': '1,5' }, /comma is no decimal point/],
      [{ '--amount': 'Infinity' }, /must be decimal digits/],
      [{ '--from-label': 'dave' }, /no label "dave"; there are: alice, bob/],
    ];
    for (const [change, message] of cases) {
      const argv = Object.entries({ ...good, ...change }).map(([option, value]) => `${option}=${value}`);
      const { code, errors } = await bench.run(['send', '--wallet', path, ...argv]);
      assert.match(errors, message);
      assert.equal(code, 2, JSON.stringify(change));
    }
    for (const missing of ['--to', '--amount']) {
      const argv = Object.entries(good)
        .filter(([option]) => option !== missing)
        .flat();
      const { code, errors } = await bench.run(['send', '--wallet', path, ...argv]);
      assert.equal(code, 2);
      assert.match(errors, new RegExp(`${missing} is missing`));
    }
  });

  test('says how much more is needed', async () => {
    const path = await bench.walletFile();
    const { code, errors } = await bench.run([
      'send',
      '--wallet',
      path,
      '--from-label',
      'alice',
      '--to',
      'bob',
      '--amount',
      '100000',
    ]);
    assert.equal(code, 1);
    assert.match(errors, /need \d+\.\d{8} NILZ more: "alice" has/);
  });

  test('two at the same time, with nobody asked, pay both', async () => {
    const path = await bench.walletFile();
    const argv = ['send', '--wallet', path, '--from-label', 'pool', '--to', 'bob', '--amount', '1', '--yes'];
    const sent = await Promise.all([bench.run(argv), bench.run(argv)]);
    assert.deepEqual(
      sent.map(({ code }) => code),
      [0, 0],
      sent.map(({ errors }) => errors).join(''),
    );
    assert.notEqual(sent[0]?.output, sent[1]?.output);
  });

  test('without the node sends nothing', async () => {
    const path = await bench.walletFile();
    const env = bench.withoutNode();
    const { code } = await bench.run(
      ['send', '--wallet', path, '--from-label', 'alice', '--to', 'bob', '--amount', '1'],
      '',
      env,
    );
    assert.equal(code, 3);
  });
});
