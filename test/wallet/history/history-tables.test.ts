import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { COIN } from '../../../protocol/amount.ts';
import { balancePoints } from '../../../wallet/history/balance-chart.ts';
import type { Effect } from '../../../wallet/history/effects.ts';
import type { HistoryEntry } from '../../../wallet/history/history.ts';
import { historyCsv } from '../../../wallet/history/history-csv.ts';
import { fundedWallet, STRANGER } from '../../kit/wallet-kit.ts';

const ENTRY: HistoryEntry = {
  txid: new Uint8Array(32).fill(0xab),
  label: 'rent',
  labels: ['rent'],
  direction: 'sent',
  status: 'confirmed',
  problem: undefined,
  confirmations: 3,
  blocksLeft: undefined,
  height: 7,
  time: 1_767_225_600,
  amount: 150_000_000n,
  fee: 141n,
  net: -150_000_141n,
  paid: [{ address: STRANGER, label: undefined, contact: undefined, amount: 150_000_000n }],
  received: [],
  from: undefined,
  note: '',
};

function lineOf(change: Partial<HistoryEntry>): string {
  const [, line = ''] = historyCsv([{ ...ENTRY, ...change }]).split('\r\n');
  return line;
}

describe('a history as CSV', () => {
  test('has a head and one line for each row, in figures that a spreadsheet reads', () => {
    assert.equal(
      historyCsv([ENTRY]),
      [
        'time,status,direction,label,amount,fee,net,confirmations,with,note,txid',
        `2026-01-01T00:00:00.000Z,confirmed,sent,rent,1.50000000,0.00000141,-1.50000141,3,${STRANGER},,${'ab'.repeat(32)}`,
        '',
      ].join('\r\n'),
    );
  });

  test('leaves empty what is unknown, and calls refused what the chain does not take', () => {
    const line = lineOf({ time: undefined, fee: undefined, status: 'pending', problem: 'mempool full' });
    assert.match(line, /^,refused,sent,rent,1\.50000000,,-/);
  });

  test('keeps commas, quotes and line breaks of a note in its cell', () => {
    assert.match(lineOf({ note: 'a "b", c' }), /,"a ""b"", c",ab/);
    assert.ok(historyCsv([{ ...ENTRY, note: 'a\nb' }]).includes(',"a\nb",'));
  });

  test('lets no note, label or contact become a formula', () => {
    const formulas = ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '=HYPERLINK("http://evil","x")'];
    for (const text of formulas) {
      for (const line of [lineOf({ note: text }), lineOf({ label: text })]) {
        assert.ok(line.includes(`'${text.replaceAll('"', '""')}`), `${text}: ${line}`);
        assert.ok(!line.includes(`,${text},`));
      }
      const paid = ENTRY.paid.map((payee) => ({ ...payee, contact: text }));
      assert.ok(lineOf({ paid }).includes(`'${text.replaceAll('"', '""')}`));
    }
  });

  test('of a real wallet has its payments', async () => {
    const { wallet, chain } = await fundedWallet(3n * COIN);
    await wallet.pay({ from: 'default', to: [{ address: STRANGER, amount: COIN }] });
    chain.mine();
    const lines = (await wallet.historyCsv({ scope: 'wallet' })).trimEnd().split('\r\n');
    assert.equal(lines.length, 3);
    assert.match(lines[1] ?? '', /,confirmed,sent,default,1\.00000000,/);
    assert.match(lines[2] ?? '', /,confirmed,received,default,3\.00000000,,3\.00000000,/);
  });
});

describe('a chart of the balance', () => {
  const place = { chain: 0, index: 0 } as const;
  const transaction = { version: 2, inputs: [], outputs: [], lockTime: 0 };
  const effect = (height: number | undefined, value: bigint, time = (height ?? 0) * 100): Effect => ({
    id: `${height}`,
    name: `${height}`,
    transaction,
    isReward: false,
    unspent: [],
    height,
    time: height === undefined ? undefined : time,
    spent: value < 0n ? [{ at: 0, value: -value, place, label: 'rent' }] : [],
    made: value > 0n ? [{ at: 0, value, place, label: 'rent' }] : [],
    sender: undefined,
    labels: ['rent'],
  });

  test('has a point for each block that changed it, and none for what waits', () => {
    const effects = [effect(1, 5n), effect(2, 3n), effect(2, -1n), effect(4, 0n), effect(undefined, 9n)];
    assert.deepEqual(balancePoints(effects, undefined, 100), [
      { height: 1, time: 100, balance: 5n },
      { height: 2, time: 200, balance: 7n },
    ]);
    assert.deepEqual(balancePoints(effects, 'food', 100), []);
  });

  test('of many points keeps the first, the last, and some of each stretch of time, all of them true', () => {
    const effects = Array.from({ length: 10_000 }, (_, at) => effect(at + 1, at % 3 === 0 ? 10n : -1n));
    const all = new Map(balancePoints(effects, undefined, 20_000).map((point) => [point.height, point]));
    const few = balancePoints(effects, undefined, 100);
    assert.ok(few.length <= 100 && few.length >= 95, `${few.length}`);
    assert.deepEqual([few[0]?.height, few.at(-1)?.height], [1, 10_000]);
    for (const point of few) assert.deepEqual(point, all.get(point.height));
    const gaps = few.slice(1).map((point, at) => point.height - (few[at]?.height ?? 0));
    assert.ok(Math.max(...gaps) <= 210, 'no stretch is left out');
  });

  test('of blocks that all came at once is still a chart', () => {
    const effects = Array.from({ length: 500 }, (_, at) => effect(at + 1, 1n, 7));
    const points = balancePoints(effects, undefined, 50);
    assert.deepEqual(
      points.map(({ balance }) => balance),
      [1n, 500n],
    );
  });
});
