import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Mempool } from '../../../node/mempool/mempool.ts';
import type { IntakeResult } from '../../../node/mempool/transaction-intake.ts';
import type { PeerFacts, RelayedMessage } from '../../../node/peers/peer-network.ts';
import { Synchroniser, type SynchroniserParts } from '../../../node/sync/synchroniser.ts';
import { INVENTORY } from '../../../protocol/peer-message.ts';
import { type Transaction, txid } from '../../../protocol/transaction.ts';
import { ChainKit, openChain, SILENT_LOG } from '../../kit/chain-kit.ts';

const PEER: PeerFacts = {
  id: 1,
  kind: 'outbound',
  address: '127.0.0.1:5001',
  loopback: true,
  version: 70_016,
  services: 9n,
  userAgent: '/test/',
  startHeight: 0,
  relay: true,
};

/** The synchroniser on a real chain, with a peer and an intake that do what a test says. */
async function open(context: { after(run: () => Promise<void>): void }) {
  const kit = new ChainKit();
  const { chain, close } = await openChain(kit);
  const sent: RelayedMessage[] = [];
  const wire = {
    isFull: false,
    drain: (): void => undefined,
    onSent: (_message: RelayedMessage): void => undefined,
  };
  const answers: ((result: IntakeResult) => void)[] = [];
  const mempool = new Mempool();
  let nowMs = 0;
  const parts = {
    chain,
    mempool,
    mempoolCapacity: { minFeeRate: 1_000n },
    intake: {
      onOrphan: () => undefined,
      take: () => new Promise<IntakeResult>((resolve) => answers.push(resolve)),
    },
    orphans: { forget: () => undefined },
    network: {
      send: (_peer: number, message: RelayedMessage) => {
        if (wire.isFull) return false;
        sent.push(message);
        wire.onSent(message);
        return true;
      },
      drained: () =>
        new Promise<void>((resolve) => {
          wire.drain = resolve;
        }),
      disconnect: () => undefined,
      delivered: () => undefined,
    },
    clock: kit.clock,
    random: { fraction: () => 0.5 },
    nowMs: () => nowMs,
    log: SILENT_LOG,
  } as unknown as SynchroniserParts;
  const sync = new Synchroniser(parts);
  sync.start();
  context.after(async () => {
    await sync.stop();
    await close();
  });
  sync.up(PEER);
  await sync.message(PEER.id, { type: 'headers', headers: [] });
  const pass = (ms: number): void => {
    nowMs += ms;
  };
  return { kit, chain, sync, sent, wire, answers, pass };
}

test('a block that is found while the peer does not read is announced when it does', async (context) => {
  const { kit, chain, sent, wire } = await open(context);
  wire.isFull = true;
  await chain.accept(kit.mineBlock(kit.genesis).block);
  assert.ok(!sent.some(({ type }) => type === 'inv'));
  wire.isFull = false;
  const announced = new Promise<RelayedMessage>((resolve) => {
    wire.onSent = (message) => {
      if (message.type === 'inv') resolve(message);
    };
  });
  wire.drain();
  assert.deepEqual(await announced, {
    type: 'inv',
    items: [{ kind: INVENTORY.block, hash: chain.tip.hash }],
  });
});

test('who sends transactions faster than they are checked is read no faster', async (context) => {
  const { sync, sent, answers } = await open(context);
  const transactions = Array.from({ length: 60 }, (_, number): Transaction => {
    const input = { previous: { txid: new Uint8Array(32), index: number }, sequence: 0, witness: [] };
    return {
      version: 2,
      inputs: [{ ...input, scriptSig: new Uint8Array() }],
      outputs: [{ value: 0n, script: new Uint8Array(99_000) }],
      lockTime: 0,
    };
  });
  const items = transactions.map((each) => ({ kind: INVENTORY.transaction, hash: txid(each) }));
  sync.message(PEER.id, { type: 'inv', items });
  assert.equal(sent.at(-1)?.type, 'getdata');
  const held = transactions.map((transaction) => sync.message(PEER.id, { type: 'tx', transaction }));
  assert.equal(held.filter((promise) => promise !== undefined).length, 60 - 42, 'from four megabytes on');
  for (const answer of answers) answer({ outcome: 'known' });
  await Promise.all(held);
});
