import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  isSameProgress,
  nextPayoutProgress,
  type PayoutFacts,
} from '../../../faucet/payouts/payout-state.ts';

const TXID = new Uint8Array(32).fill(7);
const WAITING: PayoutFacts = { tipHeight: 500, inBlock: undefined, impossibleDepth: 0 };

function stateAt(facts: Partial<PayoutFacts>): string {
  return nextPayoutProgress({ ...WAITING, ...facts }, 100).state;
}

test('a payout is sent until a block has it, confirmed until it is deep, and settled then', () => {
  assert.equal(stateAt({}), 'sending');
  assert.equal(stateAt({ inBlock: { txid: TXID, confirmations: 1 } }), 'confirmed');
  assert.equal(stateAt({ inBlock: { txid: TXID, confirmations: 99 } }), 'confirmed');
  assert.equal(stateAt({ inBlock: { txid: TXID, confirmations: 100 } }), 'settled');
});

test('its block is where the confirmations say', () => {
  const { inBlock } = nextPayoutProgress({ ...WAITING, inBlock: { txid: TXID, confirmations: 3 } }, 100);
  assert.deepEqual(inBlock, { txid: TXID, height: 498 });
});

test('claims return only when what makes their payment impossible is as deep as what is settled', () => {
  assert.equal(stateAt({ impossibleDepth: 99 }), 'sending');
  assert.equal(stateAt({ impossibleDepth: 100 }), 'returned');
  assert.equal(stateAt({ impossibleDepth: Number.POSITIVE_INFINITY }), 'returned');
  // A payment that is in the chain is in the chain, whatever else was found.
  assert.equal(stateAt({ impossibleDepth: 200, inBlock: { txid: TXID, confirmations: 1 } }), 'confirmed');
});

test('a payout whose block is lost is sent again; one in another block has moved', () => {
  const confirmed = nextPayoutProgress({ ...WAITING, inBlock: { txid: TXID, confirmations: 2 } }, 100);
  const lost = nextPayoutProgress(WAITING, 100);
  assert.deepEqual(lost, { state: 'sending', inBlock: undefined });
  assert.ok(!isSameProgress(confirmed, lost));
  assert.ok(isSameProgress(confirmed, { ...confirmed }));
  const moved = nextPayoutProgress({ ...WAITING, inBlock: { txid: TXID, confirmations: 1 } }, 100);
  assert.ok(!isSameProgress(confirmed, moved));
});
