import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { auditLedger, outcomeOf } from '../../pool/accounting/audit.ts';
import type { NotedHead } from '../../pool/accounting/chain-audit.ts';
import { Ledger } from '../../pool/ledger/ledger.ts';
import { displayHash, hexToBytes } from '../../protocol/bytes.ts';
import { FakeNode } from '../kit/fake-node.ts';
import { type Service, startService } from '../kit/operator-desk.ts';
import { HARD_BITS, MINER_ADDRESS, POOL_ADDRESS, SILENT, temporaryDirectory } from '../kit/pool-kit.ts';
import { findShare, StratumMiner } from '../kit/stratum-miner.ts';

/** How often the pool is killed; a long run sets the variable. */
const ROUNDS = Number(process.env.NILZ_KILL_ROUNDS ?? 8);
const ROUND_MS = 25_000;
const NETWORK = `dev e3646e69 ${'0f'.repeat(32)}`;

/** Starts a pool as a process of its own; it is gone after the test. */
function startPool(t: TestContext, node: FakeNode, directory: string): Promise<Service> {
  const args = ['--node-url', node.url, '--address', POOL_ADDRESS, '--datadir', directory];
  const ports = ['--stratum-bind', '127.0.0.1', '--stratum-port', '0', '--http-port', '0'];
  const difficulty = ['--start-difficulty', '1e-8', '--min-difficulty', '1e-10', '--log-level', 'error'];
  return startService(t, ['pool', ...args, ...ports, ...difficulty]);
}

/**
 * Hands in shares as fast as they are found and collects the hashes that were acknowledged. Resolves while
 * more are under way, to a promise of the end of the connection.
 */
async function mine(url: string, acknowledged: Set<string>, untilAcknowledged: number) {
  const miner = await StratumMiner.connect(url);
  const work = await miner.login(`${MINER_ADDRESS}.rig`);
  const goal = acknowledged.size + untilAcknowledged;
  let nonce = 0;
  while (acknowledged.size < goal) {
    const found = findShare(work, { firstNonce: nonce });
    nonce = found.nonce + 1;
    void miner.request('mining.submit', found.params).then(({ result }) => {
      assert.equal(result, true);
      acknowledged.add(displayHash(found.hash));
    });
    // Some at once, then what has come back: many are always under way.
    if (nonce % 8 === 0) await new Promise((accept) => setImmediate(accept));
  }
  return { closed: miner.closed };
}

/** The head of the share log as the pool publishes it now. */
async function noteHead(url: string): Promise<NotedHead> {
  const stats = (await (await fetch(`${url}/stats`)).json()) as {
    readonly share_log: { readonly batch: number; readonly head: string };
  };
  return { batch: stats.share_log.batch, head: hexToBytes(stats.share_log.head) };
}

test('after kill -9 at any moment every acknowledged share is in the ledger, once', {
  timeout: ROUNDS * ROUND_MS,
}, async (t) => {
  const directory = await temporaryDirectory(t);
  const node = await FakeNode.start();
  node.bits = HARD_BITS;
  t.after(() => node.stop());
  const acknowledged = new Set<string>();
  const noted: NotedHead[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const pool = await startPool(t, node, directory);
    const { stratum_url: stratumUrl = '', http_url: httpUrl = '' } = pool.ready;
    const { closed } = await mine(stratumUrl, acknowledged, 50 + Math.floor(Math.random() * 400));
    noted.push(await noteHead(httpUrl));
    await Promise.all([pool.kill(), closed]);
    assert.equal(pool.stderr(), '');
    const file = join(directory, 'dev', 'pool.sqlite');
    // As the kill has left it; and below, once it was opened again, for the first head that was ever seen.
    assert.equal(outcomeOf(await auditLedger(file, noted.at(-1))), 'adds-up');
    const ledger = await Ledger.open({ file, network: NETWORK, log: SILENT });
    const rows = (await ledger.shares.after(0, 1_000_000)).map(({ hash }) => displayHash(hash));
    await ledger.close();
    const kept = new Set(rows);
    assert.equal(kept.size, rows.length, 'a share is in the ledger once');
    const lost = [...acknowledged].filter((hash) => !kept.has(hash));
    assert.deepEqual(lost, [], `lost in round ${round}`);
    assert.equal(outcomeOf(await auditLedger(file, noted[0])), 'adds-up');
  }
  assert.ok(acknowledged.size >= 50 * ROUNDS);
});
