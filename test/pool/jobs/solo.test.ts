import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { distribute } from '../../../pool/accounting/distribution.ts';
import { parseFee } from '../../../pool/accounting/scheme.ts';
import { coinbaseOf } from '../../../pool/jobs/job.ts';
import { Jobs } from '../../../pool/jobs/jobs.ts';
import { type SoloFee, SoloJobs, soloOutputs } from '../../../pool/jobs/solo.ts';
import { bytesToHex } from '../../../protocol/bytes.ts';
import { p2wpkhScript } from '../../../protocol/script.ts';
import { parseNotify } from '../../../protocol/stratum.ts';
import { decodeTransaction } from '../../../protocol/transaction.ts';
import { someTemplate } from '../../kit/session-kit.ts';

const FINDER = p2wpkhScript(new Uint8Array(20).fill(1));
const OPERATOR = p2wpkhScript(new Uint8Array(20).fill(2));
const REWARD = 5_000_000_000n;
const TIMES = { refreshMs: 30_000, ttlMs: 90_000 };

const feeOf = (percent: string): SoloFee => ({ script: OPERATOR, fee: parseFee(percent) });

/** A script of its own for every address. */
function scriptOf(address: string): Uint8Array {
  const hash = new Uint8Array(20);
  new DataView(hash.buffer).setUint32(0, Number(address.slice(1)));
  return p2wpkhScript(hash);
}

function soloJobs(fee?: SoloFee): Jobs {
  return new Jobs({ solo: { scriptOf, fee }, extranonce2Size: 4, uniqueBase: 7n }, TIMES, 0x500);
}

test('the finder gets the reward less the fee, the operator the rest to the last nit', () => {
  assert.deepEqual(soloOutputs(REWARD, FINDER), [{ value: REWARD, script: FINDER }]);
  assert.deepEqual(soloOutputs(REWARD, FINDER, feeOf('0')), [{ value: REWARD, script: FINDER }]);
  assert.deepEqual(
    soloOutputs(1_000_000_001n, FINDER, feeOf('1.5')).map(({ value }) => value),
    [985_000_000n, 15_000_001n],
  );
});

test('a block pays exactly what the accounts say of it, whatever the reward and the fee', () => {
  const percents = fc.oneof(
    fc.integer({ min: 0, max: 100_000_000 }).map((millionths) => (millionths / 1_000_000).toFixed(6)),
    fc.constantFrom('0', '0.000001', '33.333333', '50', '99.999999', '100'),
  );
  const rewards = fc.oneof(fc.bigInt(1n, 21n * 10n ** 14n), fc.bigInt(1n, 100_000n));
  fc.assert(
    fc.property(rewards, percents, (reward, percent) => {
      const fee = parseFee(percent);
      const outputs = soloOutputs(reward, FINDER, { script: OPERATOR, fee });
      const paid = (to: Uint8Array): bigint =>
        outputs.filter(({ script }) => script === to).reduce((sum, { value }) => sum + value, 0n);
      const { amounts, operator } = distribute(reward, { scheme: 'solo', fee }, new Map(), 'a');
      assert.deepEqual([paid(FINDER), paid(OPERATOR)], [amounts.get('a'), operator]);
      assert.equal(paid(FINDER) + paid(OPERATOR), reward);
      assert.ok(outputs.length === 1 || outputs.every(({ value }) => value >= 546n));
    }),
  );
});

test('a part that is dust is the other one’s: whoever pays for a fee of 100 % gets nothing', () => {
  const scripts = (reward: bigint, percent: string) =>
    soloOutputs(reward, FINDER, feeOf(percent)).map(({ script }) => (script === FINDER ? 'finder' : 'fee'));
  assert.deepEqual(scripts(54_500n, '1'), ['finder'], 'a fee of 545');
  assert.deepEqual(scripts(54_600n, '1'), ['finder', 'fee'], 'a fee of 546');
  assert.deepEqual(scripts(54_600n, '99'), ['finder', 'fee'], '546 for the finder');
  assert.deepEqual(scripts(54_500n, '99'), ['fee'], '545 for the finder');
  assert.deepEqual(scripts(REWARD, '100'), ['fee']);
  assert.deepEqual(scripts(545n, '100'), ['finder'], 'a reward that is dust is not divided');
});

test('each address has a job of its own in a round: same id, same template, its own payout', () => {
  const jobs = soloJobs(feeOf('2'));
  const news = jobs.offer(someTemplate(), 0);
  assert.equal(news?.job, undefined);
  const [one, other] = [jobs.currentJob('a1'), jobs.currentJob('a2')];
  assert.ok(one && other);
  assert.equal(one.jobId, other.jobId);
  assert.equal(one.tip, other.tip);
  assert.equal(one.payee, 'a1');
  assert.equal(jobs.currentJob(), undefined, 'nobody gets work that pays nobody');
  const coinbase = decodeTransaction(coinbaseOf(one, new Uint8Array(4), new Uint8Array(4)));
  assert.deepEqual(
    coinbase.outputs.slice(0, 2).map(({ value, script }) => [value, bytesToHex(script)]),
    [
      [4_900_000_000n, bytesToHex(scriptOf('a1'))],
      [100_000_000n, bytesToHex(OPERATOR)],
    ],
  );
  const line = JSON.parse(new TextDecoder().decode(other.lines.clean)) as { params: unknown[] };
  assert.deepEqual(parseNotify(line.params).coinbase2, other.coinbase2);
});

test('a job that was forgotten is made again as it was', () => {
  const jobs = soloJobs();
  jobs.offer(someTemplate(), 0);
  const first = jobs.currentJob('a1');
  for (let index = 2; index <= 20_010; index++) jobs.currentJob(`a${index}`);
  const again = jobs.find(first?.jobId ?? '', 'a1');
  assert.notEqual(again, first, 'it was forgotten');
  assert.deepEqual(again?.coinbase2, first?.coinbase2);
  assert.equal(again?.createdMs, first?.createdMs);
});

test('jobs of an address go with their round', () => {
  const kept = new SoloJobs({ scriptOf });
  const jobs = soloJobs();
  const round = jobs.offer(someTemplate(), 0)?.round;
  assert.ok(round);
  kept.of(round, 'a1');
  kept.sweep(() => true);
  assert.equal(kept.size, 1);
  kept.sweep(() => false);
  assert.equal(kept.size, 0);
  const { jobId } = round;
  jobs.offer(someTemplate({ previous: new Uint8Array(32).fill(1) }), 1);
  assert.ok(jobs.find(jobId, 'a1'), 'within the grace');
  jobs.offer(someTemplate({ previous: new Uint8Array(32).fill(1) }), 91_000);
  assert.equal(jobs.find(jobId, 'a1'), undefined);
});

test('miners whose difficulty changes together share a fresh round; one alone later gets another', () => {
  const jobs = soloJobs();
  jobs.offer(someTemplate(), 0);
  const rounds = ['a1', 'a2', 'a3'].map((address) => jobs.fresh(10, address)?.sequence);
  assert.equal(new Set(rounds).size, 1);
  assert.ok((jobs.fresh(60, 'a1')?.sequence ?? 0) > (rounds[0] ?? 0));
});

test('an address that is none of this network stops nothing but itself', () => {
  const jobs = new Jobs(
    {
      solo: {
        scriptOf: () => {
          throw new RangeError('no address');
        },
      },
      extranonce2Size: 4,
      uniqueBase: 7n,
    },
    TIMES,
    1,
  );
  jobs.offer(someTemplate(), 0);
  assert.throws(() => jobs.currentJob('x'), RangeError);
});

test('ten thousand addresses have their lines at a new tip in a moment', () => {
  const jobs = soloJobs(feeOf('1'));
  const branch = Array.from({ length: 12 }, (_, index) => new Uint8Array(32).fill(index));
  const addresses = Array.from({ length: 10_000 }, (_, index) => `a${index}`);
  const times: number[] = [];
  for (let tip = 1; tip <= 4; tip++) {
    jobs.offer(someTemplate({ previous: new Uint8Array(32).fill(tip), branch }), tip * 100_000);
    const started = performance.now();
    for (const address of addresses) void jobs.currentJob(address)?.lines.clean;
    times.push(performance.now() - started);
  }
  // Far above what it takes, so that a busy machine does not fail it: it is about the order of magnitude.
  assert.ok(Math.min(...times) < 1_000, times.join(' '));
});
