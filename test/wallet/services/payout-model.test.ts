/**
 * Pools and faucets live through random lives: their process dies at every step of a payout, blocks are lost, rivals
 * take coins, lines break, wallets forget, and several things happen at once. The signer counts: whatever it signs
 * stands in the books, and a debt has a second signature only for a transaction that shares a coin with the first, or
 * when no chain to come can hold the first. In the end everybody has exactly what they are owed. More lives by hand:
 *
 *     NILZ_PAYOUT_SEED=1 NILZ_PAYOUT_LIVES=500 npm test -- services/payout-model
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { FaucetModel } from '../../kit/payout-model/faucet-model.ts';
import { PoolModel } from '../../kit/payout-model/pool-model.ts';
import { liveThrough, type MakeService, type ModelReport } from '../../kit/payout-model/run-model.ts';

const SEED = Number(process.env.NILZ_PAYOUT_SEED ?? 1);
const LIVES = Number(process.env.NILZ_PAYOUT_LIVES ?? 12);
const LIMITED = { timeout: 30_000 + LIVES * 20_000 };

async function liveAll(t: TestContext, make: MakeService): Promise<void> {
  const reports: ModelReport[] = [];
  for (let seed = SEED; seed < SEED + LIVES; seed++) {
    try {
      reports.push(await liveThrough(t, seed, make));
    } catch (error) {
      t.diagnostic(`NILZ_PAYOUT_SEED=${seed} NILZ_PAYOUT_LIVES=1 shows it again`);
      throw error;
    }
  }
  const sum = (of: (report: ModelReport) => number): number =>
    reports.reduce((total, each) => total + of(each), 0);
  const deaths = sum((each) => each.deaths);
  const signed = sum(({ signatures }) => signatures.total);
  const replacements = sum(({ signatures }) => signatures.replacements);
  const renewals = sum(({ signatures }) => signatures.renewals);
  const repetitions = sum(({ signatures }) => signatures.repetitions);
  const [lost, rivals] = [sum((each) => each.reorganisations), sum((each) => each.rivals)];
  t.diagnostic(
    `${LIVES} lives: ${signed} signatures, ${deaths} deaths, ${lost} reorganisations, ${rivals} rivals, ` +
      `${replacements} replacements, ${renewals} renewals, ${repetitions} repetitions`,
  );
  // A model in which nothing happens proves nothing.
  for (const count of [deaths, signed, lost, repetitions]) assert.ok(count > 0);
}

test('a pool never signs twice for one debt, and pays every debt exactly', LIMITED, (t) =>
  liveAll(t, (fate, file) => new PoolModel(fate, file)),
);

test('a faucet never signs twice for one claim, and pays every claim exactly', LIMITED, (t) =>
  liveAll(t, (fate, file) => new FaucetModel(fate, file)),
);
