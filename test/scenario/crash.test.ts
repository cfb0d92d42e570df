import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startMiner } from '../../miner/miner.ts';
import { APPLICATION_ID, MIGRATIONS } from '../../pool/ledger/ledger-schema.ts';
import { COIN } from '../../protocol/amount.ts';
import { displayHash } from '../../protocol/bytes.ts';
import { DEV_MNEMONIC, PROFILES } from '../../protocol/network.ts';
import { BlockHeaderInfo } from '../../protocol/rpc.ts';
import { openDatabase } from '../../service/database.ts';
import { createLogger } from '../../service/log.ts';
import { PaymentRejectedError } from '../../wallet/chain/backend.ts';
import { NodeBackend } from '../../wallet/chain/backend-node.ts';
import { MemoryStore } from '../../wallet/keys/wallet-store.ts';
import { firstContents } from '../../wallet/open-wallet.ts';
import { Wallet } from '../../wallet/wallet.ts';
import { Devnet } from '../kit/devnet.ts';
import { temporaryDirectory } from '../service/temporary-directory.ts';

const ROUNDS = Number(process.env.NILZ_CRASH_ROUNDS ?? 5);
const LONGEST_LIFE_MS = 5_000;
/** What is promised: a transaction this old is on the disk. */
const DURABLE_AFTER_MS = 1_000;
const SILENT = createLogger({ name: 'test', level: 'silent' });

/** What was acknowledged to somebody outside the process that is going to be killed. */
interface Acknowledged {
  readonly blocks: string[];
  readonly transactions: { readonly txid: string; readonly atMs: number }[];
  shares: number;
}

/** Lets it live and work for a while, notes what it acknowledges, and kills it. */
async function lifeAndDeath(directory: string, acknowledged: Acknowledged, lifeMs: number): Promise<void> {
  const devnet = await Devnet.start(directory, ['--no-mine', '--start-difficulty', '0.00002']);
  const miner = await startMiner({
    pools: [{ url: devnet.ready.pool.stratumUrl, user: `${devnet.address('carol')}.crash` }],
    threads: 1,
    log: SILENT,
  });
  miner.events.on('event', ({ type }) => {
    if (type === 'share-accepted') acknowledged.shares += 1;
  });
  const dying = new AbortController();
  const paying = pay(devnet, acknowledged, dying.signal);
  await sleep(lifeMs);
  const deathMs = performance.now();
  dying.abort();
  await devnet.kill();
  await paying;
  await miner.stop();
  assert.equal(devnet.stderr, '', 'it had nothing to complain about');
  for (const { hash } of devnet.blocks) acknowledged.blocks.push(hash);
  const durable = acknowledged.transactions.filter(({ atMs }) => deathMs - atMs >= DURABLE_AFTER_MS);
  acknowledged.transactions.splice(0, Infinity, ...durable);
}

/** Pays without a pause, as far as blocks keep up. A payment that death interrupts was not acknowledged. */
async function pay(devnet: Devnet, acknowledged: Acknowledged, dying: AbortSignal): Promise<void> {
  const profile = PROFILES.dev;
  const store = new MemoryStore(firstContents(DEV_MNEMONIC, profile));
  const wallet = new Wallet({ store, profile, backend: new NodeBackend(devnet.rpc) });
  const to = [{ address: devnet.address('bob'), amount: COIN / 100n }];
  while (!dying.aborted) {
    try {
      const { txid } = await wallet.pay({ from: 'alice', to });
      acknowledged.transactions.push({ txid: displayHash(txid), atMs: performance.now() });
    } catch (error) {
      const waitsForBlock = error instanceof PaymentRejectedError && error.isPassing;
      if (!dying.aborted && !waitsForBlock) throw error;
    }
    await sleep(50);
  }
}

async function sharesInLedger(directory: string): Promise<number> {
  const ledger = await openDatabase(join(directory, 'dev', 'pool.sqlite'), {
    applicationId: APPLICATION_ID,
    migrations: MIGRATIONS,
  });
  try {
    const row = await ledger.get<{ count: number }>('SELECT count(*) AS count FROM shares');
    return row?.count ?? 0;
  } finally {
    await ledger.close();
  }
}

test(`kill -9 at random moments, ${ROUNDS} times: no acknowledged block, share or transaction is lost`, async (context) => {
  const directory = await temporaryDirectory(context);
  const acknowledged: Acknowledged = { blocks: [], transactions: [], shares: 0 };
  for (let round = 1; round <= ROUNDS; round++) {
    const lifeMs = Math.random() * LONGEST_LIFE_MS;
    await lifeAndDeath(directory, acknowledged, lifeMs);
    const { blocks, transactions, shares } = acknowledged;
    context.diagnostic(
      `round ${round}: killed after ${lifeMs.toFixed(0)} ms; acknowledged so far: ${blocks.length} blocks, ` +
        `${transactions.length} transactions, ${shares} shares`,
    );
    const kept = await sharesInLedger(directory);
    assert.ok(kept >= shares, `${shares} shares were acknowledged, the ledger has ${kept}`);
  }
  const devnet = await Devnet.start(directory, ['--no-mine']);
  try {
    for (const hash of acknowledged.blocks) {
      const header = await devnet.rpc.call('getblockheader', [hash], { schema: BlockHeaderInfo });
      assert.ok(header.confirmations > 0, `block ${hash} is on the best chain`);
    }
    for (const { txid } of acknowledged.transactions) {
      await devnet.rpc.call('getrawtransaction', [txid]);
    }
  } finally {
    assert.equal((await devnet.interrupt()).code, 0);
  }
  assert.ok(acknowledged.shares > 0 && acknowledged.blocks.length > 0, 'there was something to lose');
  assert.ok(acknowledged.transactions.length > 0, 'there were payments to lose');
});
