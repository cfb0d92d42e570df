import assert from 'node:assert/strict';
import { test } from 'node:test';
import { publicWallet } from '../../../faucet/settings.ts';
import { encodeBlock } from '../../../protocol/block.ts';
import { bytesToHex, hexToBytes } from '../../../protocol/bytes.ts';
import { decodeTransaction } from '../../../protocol/transaction.ts';
import { UnreachableError } from '../../../service/unreachable-error.ts';
import type { ChainBackend } from '../../../wallet/chain/backend.ts';
import { NodeBackend } from '../../../wallet/chain/backend-node.ts';
import { AMOUNT, claimantAddress, FAUCET_LABEL, FaucetKit, PROFILE } from '../../kit/faucet-kit.ts';
import { HandClock } from '../../kit/hand-clock.ts';

/** So deep a payment is settled. */
const SETTLED_DEPTH = 100;

/** A way to a node some of whose questions find no answer. */
class Line {
  readonly broken = new Set<keyof ChainBackend>();
  /** Payments are taken, and go nowhere. */
  isDeaf = false;
  /** No question is ever answered. */
  isMute = false;

  makeBackend = (client: ConstructorParameters<typeof NodeBackend>[0]): ChainBackend => {
    const node = new NodeBackend(client);
    return new Proxy<ChainBackend>(node, {
      get: (_, name) => {
        const question = name as keyof ChainBackend;
        if (this.isMute) return () => new Promise<never>(() => undefined);
        if (question === 'broadcast' && this.isDeaf) return async () => undefined;
        if (!this.broken.has(question)) return node[question].bind(node);
        return async () => {
          throw new UnreachableError('http://node', 'connection', `no answer to ${question}`);
        };
      },
    });
  };
}

/** A block on the tip with some of the transactions that wait. */
async function mineOnly(kit: FaucetKit, raws: readonly string[]): Promise<void> {
  const tip = String(await kit.node.call('getbestblockhash'));
  const block = await kit.node.blockOn(
    tip,
    raws.map((raw) => decodeTransaction(hexToBytes(raw))),
  );
  assert.equal(await kit.node.call('submitblock', bytesToHex(encodeBlock(block))), null);
}

async function mineEmpty(kit: FaucetKit, count: number): Promise<void> {
  for (let mined = 0; mined < count; mined++) await mineOnly(kit, []);
}

test('a payment whose block is lost goes out again, and is the same', async (t) => {
  const kit = await FaucetKit.start(t);
  const sent = await kit.sent(await kit.claim('ann'));
  const [hash] = await kit.node.mine(1);
  await kit.untilClaim(sent.id, ({ state }) => state === 'confirmed');
  await kit.node.call('invalidateblock', hash);
  await kit.untilClaim(sent.id, ({ state, confirmations }) => state === 'sent' && confirmations === 0);
  await mineEmpty(kit, 2);
  const again = await kit.sent(await kit.untilClaim(sent.id, ({ state }) => state === 'sent'));
  assert.equal(again.txid, sent.txid);
  await kit.node.mine(1);
  await kit.untilClaim(sent.id, ({ state }) => state === 'confirmed');
  assert.equal(await kit.received('ann'), AMOUNT);
});

test('what is written down and was never sent goes out by itself, also after a restart', async (t) => {
  const line = new Line();
  line.broken.add('broadcast');
  const kit = await FaucetKit.start(t, { makeBackend: line.makeBackend });
  const claim = await kit.claim('ann');
  const { txid } = await kit.untilClaim(claim.id, ({ state }) => state === 'sent');
  assert.deepEqual(await kit.mempool(), []);
  await kit.close();
  await kit.open();
  await kit.until(async () => (await kit.mempool()).includes(txid!));
  await kit.node.mine(1);
  await kit.untilClaim(claim.id, ({ state }) => state === 'confirmed');
  assert.equal(await kit.received('ann'), AMOUNT);
});

test('while the chain is out of sight nothing is promised, and what was is paid afterwards', async (t) => {
  const clock = new HandClock();
  const line = new Line();
  const kit = await FaucetKit.start(t, { clock, makeBackend: line.makeBackend });
  line.broken.add('chain');
  // A short while does not count: what is promised is paid later anyway.
  const claim = await kit.claim('ann');
  await kit.until(async () => (await kit.desk.state()).trouble !== undefined);
  clock.pass(10_001);
  await assert.rejects(kit.claim('bea'), { code: 'not-ready' });
  const { balance, height, trouble } = await kit.desk.state();
  assert.deepEqual([balance, height], [undefined, undefined]);
  assert.match(trouble!, /no answer to chain/);
  assert.equal((await kit.desk.find(claim.id))?.state, 'queued');
  line.broken.clear();
  await kit.sent(claim);
  await kit.until(async () => (await kit.desk.state()).trouble === undefined);
});

test('a payment that no block takes gets a higher fee, and is paid once', async (t) => {
  const kit = await FaucetKit.start(t);
  const first = await kit.sent(await kit.claim('ann'));
  await mineEmpty(kit, 7);
  const raised = await kit.untilClaim(first.id, ({ txid }) => txid !== first.txid);
  await kit.until(async () => (await kit.mempool()).join() === raised.txid);
  await kit.node.mine(1);
  const confirmed = await kit.untilClaim(first.id, ({ state }) => state === 'confirmed');
  assert.equal(confirmed.txid, raised.txid);
  assert.equal(await kit.received('ann'), AMOUNT);
});

test('where a block takes the older of two transactions, that one counts', async (t) => {
  const kit = await FaucetKit.start(t);
  const first = await kit.sent(await kit.claim('ann'));
  const raw = String(await kit.node.call('getrawtransaction', first.txid));
  await mineEmpty(kit, 7);
  await kit.untilClaim(first.id, ({ txid }) => txid !== first.txid);
  await mineOnly(kit, [raw]);
  const confirmed = await kit.untilClaim(first.id, ({ state }) => state === 'confirmed');
  assert.equal(confirmed.txid, first.txid);
  assert.equal(await kit.received('ann'), AMOUNT);
  // Its change is spent by the next payment, and not that of the one that lost: as soon as it is seen.
  await kit.until(async () => ((await kit.desk.state()).balance ?? 0n) > AMOUNT);
  await kit.sent(await kit.claim('bea'));
  await kit.node.mine(1);
  assert.equal(await kit.received('bea'), AMOUNT);
});

test('claims whose payment can never be mined are paid anew, and not before that is certain', {
  timeout: 120_000,
}, async (t) => {
  const line = new Line();
  line.broken.add('broadcast');
  const kit = await FaucetKit.start(t, { makeBackend: line.makeBackend });
  const claim = await kit.claim('ann');
  const first = await kit.untilClaim(claim.id, ({ state }) => state === 'sent');
  await kit.close();
  // The operator takes the coin elsewhere, with the same keys and without the faucet's knowledge.
  const operator = publicWallet(PROFILE, new NodeBackend(kit.client));
  await operator.pay({
    from: FAUCET_LABEL,
    to: [{ address: claimantAddress('elsewhere'), amount: AMOUNT }],
    change: 'reuse',
  });
  await kit.node.mine(1);
  await kit.open();
  await kit.node.mine(SETTLED_DEPTH - 2);
  const { height } = await kit.node.call('getblockheader', await kit.node.call('getbestblockhash'));
  await kit.until(async () => (await kit.desk.state()).height === height);
  assert.equal((await kit.desk.find(claim.id))?.txid, first.txid);
  await kit.node.mine(1);
  const again = await kit.untilClaim(claim.id, ({ txid }) => txid !== undefined && txid !== first.txid);
  await kit.sent(again);
  await kit.node.mine(1);
  await kit.untilClaim(claim.id, ({ state }) => state === 'confirmed');
  assert.equal(await kit.received('ann'), AMOUNT);
});

test('a deposit is given away only when six blocks bury it', async (t) => {
  const kit = await FaucetKit.start(t);
  const rest = (await kit.desk.state()).balance!;
  await kit.close();
  // Everything but a deposit of two claims is gone.
  const faucet = publicWallet(PROFILE, new NodeBackend(kit.client));
  await faucet.pay({
    from: FAUCET_LABEL,
    to: [
      { address: kit.depositAddress, amount: 2n * AMOUNT },
      { address: claimantAddress('elsewhere'), amount: rest - 3n * AMOUNT },
    ],
    change: 'fresh',
  });
  await kit.node.mine(5);
  await kit.open({ rules: { floor: 0n } });
  await assert.rejects(kit.claim('ann'), { code: 'empty' });
  await kit.node.mine(1);
  await kit.until(async () => (await kit.desk.state()).balance! > 0n);
  await kit.sent(await kit.claim('ann'));
});

test('a payout of an earlier start is not signed a second time, whatever the wallet has forgotten', async (t) => {
  const line = new Line();
  line.isDeaf = true;
  const kit = await FaucetKit.start(t, { makeBackend: line.makeBackend });
  const claim = await kit.claim('ann');
  const { txid } = await kit.untilClaim(claim.id, ({ state }) => state === 'sent');
  for (let start = 0; start < 3; start++) {
    await kit.close();
    await kit.open({ makeBackend: line.makeBackend });
    assert.equal((await kit.desk.find(claim.id))?.txid, txid);
  }
  await kit.close();
  await kit.open();
  await kit.sent(claim);
  // The only coin is under way: whoever comes next waits for its change, and no second payment takes it.
  const next = await kit.claim('bea');
  await kit.close();
  await kit.open();
  assert.equal((await kit.desk.find(next.id))?.state, 'queued');
  assert.deepEqual(await kit.mempool(), [txid]);
  await kit.node.mine(1);
  await kit.sent(next);
});

test('a faucet that is told to end does not wait for a chain that does not answer', async (t) => {
  const line = new Line();
  const kit = await FaucetKit.start(t, { makeBackend: line.makeBackend });
  line.isMute = true;
  const claim = await kit.claim('ann');
  await kit.close();
  line.isMute = false;
  await kit.open();
  await kit.sent(claim);
});
