/**
 * A program of its own: writes shares into a ledger in a directory whose disk fills up, and says in one line of
 * JSON what became of them. With `--free` as second argument it makes room again and goes on.
 */
import { appendFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { auditLedger, outcomeOf } from '../../pool/accounting/audit.ts';
import { Ledger } from '../../pool/ledger/ledger.ts';
import { share } from './share-kit.ts';
import { SILENT } from './surroundings.ts';

const [directory = '.', mode] = process.argv.slice(2);
const file = join(directory, 'pool.sqlite');
const filler = join(directory, 'filler');
const BATCH = 100;
const MOST_BATCHES = 2_000;

const ledger = await Ledger.open({ file, network: 'dev', log: SILENT, gatherMs: 1 });
let acknowledged = 0;

/** @returns what the miners were told, undefined when all is well */
async function recordBatch(): Promise<string | undefined> {
  const settled = await Promise.allSettled(
    Array.from({ length: BATCH }, () => ledger.shares.record(share())),
  );
  acknowledged += settled.filter(({ status }) => status === 'fulfilled').length;
  const refused = settled.find((one): one is PromiseRejectedResult => one.status === 'rejected');
  return refused && String(refused.reason.message);
}

/** Takes all the room there is, down to the last bytes. */
function fillDisk(): void {
  for (let size = 1 << 20; size > 0; size >>= 1) {
    try {
      for (;;) appendFileSync(filler, Buffer.alloc(size));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
    }
  }
}

await recordBatch();
const before = acknowledged;
if (mode === '--free') fillDisk();
let told: string | undefined;
for (let batch = 0; told === undefined && batch < MOST_BATCHES; batch++) told = await recordBatch();
const { outcome, failure } = ledger.shares;
rmSync(filler, { force: true });
const toldAfter = mode === '--free' ? await recordBatch() : undefined;
const outcomeAfter = ledger.shares.outcome;
const kept = (await ledger.shares.after(0, 1_000_000)).length;
let audit: string | undefined;
if (mode === '--free') {
  await ledger.close();
  audit = outcomeOf(await auditLedger(file));
}
console.log(
  JSON.stringify({ before, told, outcome, failure, toldAfter, outcomeAfter, acknowledged, kept, audit }),
);
// Without room even closing fails: the process ends as it would in a power cut.
process.exit(0);
