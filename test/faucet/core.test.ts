import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClaimRecord } from '../../faucet/claims/claim-desk.ts';
import { ClaimRefusedError, type RefusalCode } from '../../faucet/claims/refusal.ts';
import { encodeAddress } from '../../protocol/address.ts';
import { COIN } from '../../protocol/amount.ts';
import { AMOUNT, claimantAddress, FaucetKit, PROFILE } from '../kit/faucet-kit.ts';
import { HandClock, HOUR_MS } from '../kit/hand-clock.ts';

/** The refusal of what must be refused. */
async function refusal(claim: Promise<unknown>, code: RefusalCode): Promise<ClaimRefusedError> {
  const error = await claim.then(
    () => assert.fail(`should be refused with ${code}`),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ClaimRefusedError, String(error));
  assert.equal(error.code, code, error.message);
  return error;
}

test('a claim is queued, sent, and confirmed by a block', async (t) => {
  const kit = await FaucetKit.start(t);
  const claim = await kit.claim('ann');
  assert.equal(claim.amount, AMOUNT);
  assert.equal(claim.address, claimantAddress('ann'));
  const sent = await kit.sent(claim);
  assert.equal(sent.confirmations, 0);
  await kit.node.mine(1);
  const confirmed = await kit.untilClaim(claim.id, ({ state }) => state === 'confirmed');
  assert.equal(confirmed.txid, sent.txid);
  assert.equal(confirmed.confirmations, 1);
  assert.equal(await kit.received('ann'), AMOUNT);
  await kit.node.mine(2);
  await kit.untilClaim(claim.id, ({ confirmations }) => confirmations === 3);
});

test('claims that wait are paid by one transaction', async (t) => {
  const kit = await FaucetKit.start(t);
  const { txid: before } = await kit.sent(await kit.claim('first'));
  // The change of the first payment has to be in a block before it is spent.
  const names = Array.from({ length: 40 }, (_, index) => `claimant ${index}`);
  const claims = await Promise.all(names.map((name) => kit.claim(name)));
  await kit.node.mine(1);
  const sent = await Promise.all(claims.map((claim) => kit.sent(claim)));
  const txids = new Set(sent.map(({ txid }) => txid));
  assert.equal(txids.size, 1);
  assert.ok(!txids.has(before));
  await kit.node.mine(1);
  await Promise.all(claims.map(({ id }) => kit.untilClaim(id, ({ state }) => state === 'confirmed')));
  for (const name of names) assert.equal(await kit.received(name), AMOUNT);
});

test('of a thousand claims for one address exactly one is paid', async (t) => {
  const kit = await FaucetKit.start(t);
  const outcomes = await Promise.allSettled(
    Array.from({ length: 1_000 }, (_, index) => kit.claim('greedy', `client ${index}`)),
  );
  const taken = outcomes.filter(({ status }) => status === 'fulfilled');
  assert.equal(taken.length, 1);
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') assert.equal(outcome.reason.code, 'address-cooldown');
  }
  const { value } = taken[0] as PromiseFulfilledResult<ClaimRecord>;
  await kit.sent(value);
  await kit.node.mine(1);
  await kit.untilClaim(value.id, ({ state }) => state === 'confirmed');
  assert.equal(await kit.received('greedy'), AMOUNT);
});

test('of a thousand claims of one client exactly one is taken', async (t) => {
  const kit = await FaucetKit.start(t);
  const outcomes = await Promise.allSettled(
    Array.from({ length: 1_000 }, (_, index) => kit.claim(`address ${index}`, '192.0.2.7')),
  );
  assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
  assert.equal((await kit.desk.state()).leftToday, 999n * COIN);
});

test('a refusal says when to come back, and then the claim is taken', async (t) => {
  const clock = new HandClock();
  const kit = await FaucetKit.start(t, { clock });
  const claim = await kit.claim('ann', '192.0.2.1');
  const { retryAtMs, claimId } = await refusal(kit.claim('ann', '192.0.2.1'), 'address-cooldown');
  assert.equal(retryAtMs, clock.wallMs() + 24 * HOUR_MS);
  assert.equal(claimId, claim.id);
  assert.equal((await refusal(kit.claim('ann', '192.0.2.2'), 'address-cooldown')).claimId, undefined);
  assert.equal(
    (await refusal(kit.claim('bea', '192.0.2.1'), 'client-cooldown')).retryAtMs,
    clock.wallMs() + HOUR_MS,
  );
  await refusal(kit.desk.precheck(claimantAddress('ann'), '192.0.2.9'), 'address-cooldown');
  clock.pass(HOUR_MS);
  await kit.until(async () => (await kit.desk.state()).balance !== undefined);
  await kit.claim('bea', '192.0.2.1');
  clock.pass(23 * HOUR_MS);
  await kit.until(async () => (await kit.desk.state()).balance !== undefined);
  await kit.claim('ann', '192.0.2.1');
});

test('cooldowns, queue and payments outlive a restart', async (t) => {
  const clock = new HandClock();
  const kit = await FaucetKit.start(t, { clock });
  await kit.desk.pause();
  const paused = await kit.desk.state();
  assert.equal(paused.paused, true);
  assert.equal(paused.empty, false);
  await refusal(kit.claim('ann'), 'paused');
  await kit.desk.resume();
  const claim = await kit.claim('ann');
  await kit.desk.pause();
  await kit.close();
  await kit.open({ clock });
  assert.equal((await kit.desk.state()).paused, true);
  await kit.desk.resume();
  await refusal(kit.claim('ann'), 'address-cooldown');
  await kit.sent(claim);
  await kit.close();
  await kit.open({ clock });
  await kit.node.mine(1);
  await kit.untilClaim(claim.id, ({ state }) => state === 'confirmed');
  assert.equal(await kit.received('ann'), AMOUNT);
});

test('what one day may cost is promised and no more; the next day begins at midnight', async (t) => {
  const clock = new HandClock();
  const kit = await FaucetKit.start(t, { clock, rules: { dailyCap: 3n * AMOUNT } });
  const outcomes = await Promise.allSettled(
    Array.from({ length: 50 }, (_, index) => kit.claim(`one ${index}`)),
  );
  assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 3);
  const { retryAtMs } = await refusal(kit.claim('late'), 'budget-spent');
  assert.equal(retryAtMs, Date.UTC(2026, 0, 16));
  const state = await kit.desk.state();
  assert.deepEqual([state.leftToday, state.empty, state.budgetResetsMs], [0n, true, retryAtMs]);
  clock.pass(12 * HOUR_MS);
  await kit.until(async () => (await kit.desk.state()).balance !== undefined);
  await kit.claim('late');
});

test('the floor stays in the wallet, and a faucet that cannot pay says so before anything is done', async (t) => {
  const kit = await FaucetKit.start(t);
  const { balance } = await kit.desk.state();
  await kit.close();
  const floor = balance! - 2n * AMOUNT - AMOUNT / 2n;
  await kit.open({ rules: { floor } });
  await kit.claim('ann');
  await kit.claim('bea');
  await refusal(kit.claim('cas'), 'empty');
  await refusal(kit.desk.precheck(claimantAddress('cas'), '192.0.2.1'), 'empty');
  assert.equal((await kit.desk.state()).empty, true);
});

test('the own address, other networks, nonsense and whom the operator rules out are refused', async (t) => {
  const kit = await FaucetKit.start(t);
  const claim = (address: string, client = '192.0.2.1') => kit.desk.claim({ address, client, proof: 'none' });
  await refusal(claim(kit.core.depositAddress), 'own-address');
  await refusal(claim(kit.core.depositAddress.toUpperCase()), 'own-address');
  const alice = PROFILE.fundedAccounts.find(({ name }) => name === 'alice')!;
  await claim(encodeAddress(alice.script, PROFILE.address)!, '198.51.100.7');
  const other = await refusal(claim('bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4'), 'bad-address');
  assert.match(other.message, /Bitcoin \(main\)/);
  for (const nonsense of ['', ' ', '<script>', 'x'.repeat(100_000), `${claimantAddress('ann')}q`]) {
    await refusal(claim(nonsense), 'bad-address');
  }
  await kit.close();
  await kit.open({
    policy: {
      allowClients: ['192.0.2.0/24', '2001:db8::/32'],
      denyClients: ['192.0.2.66'],
      denyAddresses: [claimantAddress('mallory')],
    },
  });
  await refusal(claim(claimantAddress('ann'), '198.51.100.1'), 'client-denied');
  await refusal(claim(claimantAddress('ann'), '192.0.2.66'), 'client-denied');
  await refusal(claim(claimantAddress('mallory')), 'address-denied');
  await refusal(claim(claimantAddress('mallory').toUpperCase()), 'address-denied');
  await claim(claimantAddress('ann'), '2001:db8:0:0::/64');
  await claim(claimantAddress('bea').toUpperCase());
});

test('a queued claim whose address is ruled out is refused, and not paid', async (t) => {
  const kit = await FaucetKit.start(t, { payoutIntervalMs: HOUR_MS });
  await kit.sent(await kit.claim('first'));
  const claim = await kit.claim('mallory');
  await kit.close();
  await kit.open({
    policy: { allowClients: [], denyClients: [], denyAddresses: [claimantAddress('mallory')] },
  });
  const refused = await kit.untilClaim(claim.id, ({ state }) => state === 'refused');
  assert.match(refused.reason!, /does not want/);
  await kit.node.mine(2);
  assert.equal(await kit.received('mallory'), 0n);
});

test('a challenge serves one claim, also over a restart, and none once it is too old', async (t) => {
  const clock = new HandClock();
  const kit = await FaucetKit.start(t, { clock });
  const spend = { challengeId: 'abc', expiresMs: clock.wallMs() + HOUR_MS };
  const claim = (name: string) =>
    kit.desk.claim({ address: claimantAddress(name), client: name, proof: 'challenge', spend });
  const outcomes = await Promise.allSettled(Array.from({ length: 100 }, (_, index) => claim(`one ${index}`)));
  assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
  await refusal(claim('two'), 'challenge-spent');
  await kit.close();
  await kit.open({ clock });
  await refusal(claim('two'), 'challenge-spent');
  clock.pass(HOUR_MS);
  await kit.until(async () => (await kit.desk.state()).balance !== undefined);
  await refusal(claim('two'), 'challenge-expired');
});

test('a refused claim costs no challenge', async (t) => {
  const kit = await FaucetKit.start(t);
  await kit.claim('ann');
  const spend = { challengeId: 'abc', expiresMs: Date.now() + HOUR_MS };
  const claim = (name: string) =>
    kit.desk.claim({ address: claimantAddress(name), client: name, proof: 'challenge', spend });
  await refusal(claim('ann'), 'address-cooldown');
  await claim('bea');
});
