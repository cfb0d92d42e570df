import type { Database } from '../../service/database.ts';
import type { Stoppable } from '../../service/lifecycle.ts';
import type { Logger } from '../../service/log.ts';
import type { Chain } from '../chain/chain.ts';
import type { Clock } from '../clock.ts';
import type { SignatureChecks } from '../signatures/signature-checks.ts';
import { MempoolTable } from '../storage/mempool-table.ts';
import { Admission, RETURNING } from './admission.ts';
import { Capacity } from './capacity.ts';
import { ChainFollower } from './chain-follower.ts';
import { FeeEstimator } from './fee-estimator.ts';
import { Mempool } from './mempool.ts';
import { MempoolStore } from './mempool-store.ts';
import { Orphanage } from './orphanage.ts';
import { DEFAULT_MAX_MEMPOOL_MB } from './policy.ts';
import { RecentRejects } from './recent-rejects.ts';
import { ScriptIndex } from './script-index.ts';
import { staleTransactions } from './stale-branches.ts';
import { TransactionIntake } from './transaction-intake.ts';
import type { VerifiedTransactions } from './verified-transactions.ts';

/** The mempool with all that belongs to it. */
export interface MempoolParts {
  readonly mempool: Mempool;
  readonly mempoolCapacity: Capacity;
  readonly mempoolScripts: ScriptIndex;
  readonly admission: Admission;
  /** Where transactions of peers come in. */
  readonly intake: TransactionIntake;
  readonly orphans: Orphanage;
  readonly fees: FeeEstimator;
  /** Writes what is not on the disk yet; resolves to the name of the file. */
  readonly saveMempool: () => Promise<string>;
}

/** What has waited too long leaves also while nothing comes. */
const SWEEP_INTERVAL_MS = 60_000;

/**
 * Opens the mempool as it was when the node stopped, with what a crash had left between chain and mempool, and
 * lets it follow the chain.
 * @param started gets what has to be stopped
 */
export async function openMempool(
  from: {
    chain: Chain;
    database: Database;
    verified: VerifiedTransactions;
    signatures: SignatureChecks;
    clock: Clock;
    log: Logger;
    /** Default 64. */
    maxMempoolMb?: number | undefined;
  },
  started: Stoppable[],
): Promise<MempoolParts> {
  const { chain, database, verified, signatures, clock, log } = from;
  const mempool = new Mempool();
  const maxBytes = (from.maxMempoolMb ?? DEFAULT_MAX_MEMPOOL_MB) * 1024 * 1024;
  const capacity = new Capacity({ mempool, clock, maxBytes });
  const mempoolScripts = new ScriptIndex();
  mempool.listen(mempoolScripts);
  const admission = new Admission({ chain, mempool, capacity, checks: signatures, verified, clock });
  const estimator = new FeeEstimator(chain.tip.height);
  mempool.listen(estimator);
  const store = new MempoolStore({ rows: new MempoolTable(database), estimator, log });
  await store.load(mempool, admission);
  mempool.listen(store);
  started.push({ stop: () => store.close() });
  const stale = await staleTransactions(chain);
  const items = stale.map((transaction) => ({ transaction }));
  await admission.readmit(items, RETURNING);

  const orphans = new Orphanage(clock);
  const rejects = new RecentRejects();
  const intake = new TransactionIntake({ admission, orphans, rejects, log });
  mempool.listen(intake);
  const follower = new ChainFollower({ mempool, admission, capacity, log });
  chain.on('connected', ({ block, entry }) => {
    follower.blockConnected(block);
    estimator.blockConnected(entry.height);
    intake.blockConnected(block);
  });
  chain.on('disconnected', ({ block }) => follower.blockDisconnected(block));
  chain.on('tip', async () => {
    // What came back was durable as part of a block: it must not be less so now.
    if (await follower.settle()) await store.flush();
  });
  const sweep = setInterval(() => {
    capacity.enforce();
    orphans.expire();
  }, SWEEP_INTERVAL_MS).unref();
  started.push({ stop: async () => clearInterval(sweep) });
  return {
    mempool,
    mempoolCapacity: capacity,
    mempoolScripts,
    admission,
    intake,
    orphans,
    fees: estimator,
    saveMempool: () => store.flush(),
  };
}
