import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { auditLedger, outcomeOf } from '../../pool/accounting/audit.ts';
import { Ledger } from '../../pool/ledger/ledger.ts';
import type { Share } from '../../pool/stratum/share.ts';
import { openDatabase } from '../../service/database.ts';
import { share } from '../kit/share-kit.ts';
import { SILENT } from '../kit/surroundings.ts';
import { compare, measure, type Row } from './measure.ts';

export const title = 'Shares into the ledger: hash chain, sums by the minute, synced to the disk';

const WORKERS = 50;
/** What waits at once: a small crowd, a large one. */
const CROWDS = [400, 4_000];
const ROUND_SHARES = 4_000;
/** The textbook way writes so few in a round. */
const NAIVE_ROWS = 1_000;

const workers = Array.from({ length: WORKERS }, (_, index) => ({
  address: 'dnilz1qyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zq3z05j',
  name: `rig${index}`,
}));

/** Shares made before the clock starts; each is entered many times, under a number of its own. */
const shares: readonly Share[] = Array.from({ length: ROUND_SHARES }, (_, index) =>
  share({ worker: workers[index % WORKERS] ?? { address: '', name: '' } }),
);

/** Keeps so many shares waiting for their acknowledgement until all were acknowledged. */
function recorder(ledger: Ledger, crowd: number): () => Promise<number> {
  return async () => {
    let next = 0;
    const one = async (): Promise<void> => {
      for (let given = shares[next++]; given !== undefined; given = shares[next++]) {
        await ledger.shares.record(given);
      }
    };
    await Promise.all(Array.from({ length: crowd }, one));
    return ROUND_SHARES;
  };
}

/** Row by row in one transaction, without chain, sums or lookups. */
async function naiveWriter(file: string) {
  const database = await openDatabase(file, {
    applicationId: 1,
    migrations: [
      [
        `CREATE TABLE shares (sequence INTEGER PRIMARY KEY, time_ms INTEGER, worker INTEGER, job TEXT, tip INTEGER,
         bits INTEGER, difficulty REAL, weight TEXT, hash BLOB, late INTEGER)`,
      ],
    ],
  });
  const run = async (): Promise<number> => {
    await database.transaction(async (statements) => {
      for (const { timeMs, jobId, bits, difficulty, weight, hash } of shares.slice(0, NAIVE_ROWS)) {
        await statements.run('INSERT INTO shares VALUES (NULL, ?, 1, ?, 1, ?, ?, ?, ?, 0)', [
          timeMs,
          jobId,
          bits,
          difficulty,
          weight.toString(),
          hash,
        ]);
      }
    });
    return NAIVE_ROWS;
  };
  return { run, close: () => database.close() };
}

export async function bench(): Promise<Row[]> {
  const directory = await mkdtemp(join(tmpdir(), 'nilz-bench-'));
  const naive = await naiveWriter(join(directory, 'naive.sqlite'));
  const file = join(directory, 'pool.sqlite');
  const ledger = await Ledger.open({ file, network: 'bench', log: SILENT });
  try {
    const [reference, ...figures] = await measure([
      { name: 'row by row', run: naive.run },
      ...CROWDS.map((crowd) => ({ name: String(crowd), run: recorder(ledger, crowd) })),
    ]);
    await ledger.close();
    const started = performance.now();
    const report = await auditLedger(file);
    const auditMs = performance.now() - started;
    if (outcomeOf(report) !== 'adds-up') throw new Error(report.shareLog.findings.join('; '));
    const rows = figures.map((figure, index) =>
      compare(`${CROWDS[index]} shares under way`, 'shares/s', figure, reference, '≥ 100,000/s'),
    );
    const rate = Math.round((report.shareLog.shares * 1000) / auditMs);
    return [
      ...rows,
      {
        what: `audit of ${report.shareLog.shares.toLocaleString('en-US')} shares`,
        figure: `${rate.toLocaleString('en-US')} shares/s`,
        range: 'once',
        cpuPerOperation: '—',
        reference: '—',
        ratio: '—',
        target: '—',
      },
    ];
  } finally {
    await ledger.close().catch(() => undefined);
    await naive.close();
    await rm(directory, { recursive: true, force: true });
  }
}
