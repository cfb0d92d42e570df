/** What is done about payouts, step by step, with a chain and a book that answer as they are told. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COIN } from '../../../protocol/amount.ts';
import { DEV_MNEMONIC, PROFILES } from '../../../protocol/network.ts';
import { decodeTransaction, encodeTransaction, outPointKey } from '../../../protocol/transaction.ts';
import { newContents, wordKeys } from '../../../wallet/keys/contents.ts';
import { MemoryStore } from '../../../wallet/keys/wallet-store.ts';
import { firstContents, freshMnemonic } from '../../../wallet/open-wallet.ts';
import {
  isSigned,
  type Owed,
  type PayoutBook,
  type PayoutInput,
  type PayoutRecord,
} from '../../../wallet/services/payout.ts';
import type { PayoutChain, SendAnswer, TransactionPlace } from '../../../wallet/services/payout-chain.ts';
import { NO_OBSTACLE, type Obstacle, type PayoutProgress } from '../../../wallet/services/payout-state.ts';
import { PayoutWatch } from '../../../wallet/services/payout-watch.ts';
import { ServiceWallet } from '../../../wallet/services/service-wallet.ts';
import { Wallet } from '../../../wallet/wallet.ts';
import { FakeChain } from '../../kit/fake-chain.ts';
import { HandClock } from '../../kit/hand-clock.ts';
import { payeeAddress } from '../../kit/payout-model/service-model.ts';
import { SILENT } from '../../kit/surroundings.ts';

const PROFILE = PROFILES.regtest;
const SETTLED_DEPTH = 100;
const TIP = { hash: new Uint8Array(32).fill(1), height: 200 };
const SENDING: PayoutProgress = { state: 'sending', inBlock: undefined, impossibleSince: undefined };

function walletOf(contents = firstContents(DEV_MNEMONIC, PROFILE)): Wallet {
  return new Wallet({ store: new MemoryStore(contents), profile: PROFILE, backend: new FakeChain(PROFILE) });
}

/** One payout that was written down and not signed, a book that notes what it is told, and a chain as it is told. */
async function unsignedPayout(wallet: Wallet) {
  const items = [{ address: payeeAddress('ann'), amount: COIN }];
  const prepared = await walletOf().prepare({ from: 'pool', to: items, change: 'reuse' });
  const transaction = {
    txid: prepared.txid,
    raw: encodeTransaction(prepared.transaction),
    fee: prepared.fee,
    timeMs: 0,
    height: TIP.height,
    inputs: prepared.coins.map(({ outPoint, value, script }) => ({ ...outPoint, value, script })),
  };
  const payout: PayoutRecord = { id: 1, progress: SENDING, items, transactions: [transaction] };
  const told: string[] = [];
  const says = {
    place: { state: 'unknown' } as TransactionPlace,
    answer: { accepted: true } as SendAnswer,
    obstacle: NO_OBSTACLE as Obstacle,
  };
  const book: PayoutBook<Owed, PayoutInput> = {
    enter: () => assert.fail('nothing new is owed'),
    replace: async () => void told.push('replaced'),
    sign: async (_, __, raw) => {
      assert.ok(isSigned({ raw }));
      told.push('signed');
    },
    advance: async (_, { state }) => void told.push(state),
    spentCoins: async () => new Set(),
    txidsUnderWay: async () => new Set(),
  };
  const chain: PayoutChain<PayoutInput> = {
    tip: async () => TIP,
    places: async (txids) => txids.map(() => says.place),
    send: async (raw) => {
      assert.ok(decodeTransaction(raw).inputs.every(({ witness }) => witness.length === 2));
      told.push('sent');
      return says.answer;
    },
    inputsOf: async () => assert.fail('no other coins are needed'),
    obstacleTo: async () => {
      told.push('searched');
      return says.obstacle;
    },
  };
  const service = new ServiceWallet({ wallet, label: 'pool', buriedDepth: 6 });
  const watch = new PayoutWatch({
    book,
    wallet: service,
    chain,
    settledDepth: SETTLED_DEPTH,
    clock: new HandClock(),
    log: SILENT,
  });
  const look = () => watch.look([payout], TIP);
  return { payout, watch, look, told, says };
}

test('what was written down before a crash is signed, kept and sent by the next look', async () => {
  const wallet = walletOf();
  const { look, told, payout } = await unsignedPayout(wallet);
  assert.deepEqual(await look(), []);
  assert.deepEqual(told, ['signed', 'sent']);
  // The wallet knows of it: its coins are spent on nothing else.
  const spent = new Set(payout.transactions.flatMap(({ inputs }) => inputs.map(outPointKey)));
  for (const { outPoint } of await wallet.coins()) assert.ok(!spent.has(outPointKey(outPoint)));
});

test('what was never signed and cannot be, since the wallet is another one, is owed again at once', async () => {
  const { look, told, payout } = await unsignedPayout(walletOf(newContents(wordKeys(freshMnemonic()))));
  assert.deepEqual(await look(), [payout]);
  assert.deepEqual(told, ['returned']);
});

test('a reminder does not need the chain, and leaves what is not signed for the next look', async () => {
  const { watch, payout, told } = await unsignedPayout(walletOf());
  await watch.remind([payout]);
  assert.deepEqual(told, []);
});

test('a refusal for the fee is no reason to look for a rival, one for the coins is', async () => {
  const { look, told, says } = await unsignedPayout(walletOf());
  says.answer = { accepted: false, reason: 'min relay fee not met', conflicts: false };
  await look();
  assert.deepEqual(told.splice(0), ['signed', 'sent']);
  says.answer = { accepted: false, reason: 'bad-txns-inputs-missingorspent', conflicts: true };
  await look();
  assert.deepEqual(told.splice(0), ['signed', 'sent', 'searched']);
  says.obstacle = { depth: SETTLED_DEPTH - 1, since: undefined };
  await look();
  assert.deepEqual(told.splice(0), ['signed', 'sent', 'searched']);
  says.obstacle = { depth: SETTLED_DEPTH, since: undefined };
  await look();
  assert.deepEqual(told.splice(0), ['signed', 'sent', 'searched', 'returned']);
});

test('what a block has is neither signed nor sent, however it got there', async () => {
  const { look, told, says } = await unsignedPayout(walletOf());
  says.place = { state: 'in-block', block: TIP.hash, confirmations: 1 };
  await look();
  assert.deepEqual(told.splice(0), ['confirmed']);
  says.place = { state: 'in-block', block: TIP.hash, confirmations: SETTLED_DEPTH };
  await look();
  assert.deepEqual(told.splice(0), ['settled']);
});
