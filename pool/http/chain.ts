import { displayHash } from '../../protocol/bytes.ts';
import { HttpError } from '../../service/http.ts';
import { chainTrouble } from './chain-window.ts';
import type { PoolView } from './pool-view.ts';

/**
 * The answer of `GET /blockchain.json`: the last blocks of the chain, newest first.
 * @throws HttpError 503 while no node answers
 */
export async function chainOf({ jobs, chain, ledger }: PoolView, limit: number) {
  const job = jobs.current;
  if (job === undefined) throw new HttpError(503, 'there is no work yet, so the tip is not known');
  try {
    const headers = await chain.last(job.tip.hash, limit);
    const ours = await Promise.all(headers.map(({ hash }) => ledger.blocks.has(hash)));
    return {
      tip: displayHash(job.tip.hash),
      height: job.tip.height,
      blocks: headers.map((header, index) => ({
        height: header.height,
        hash: displayHash(header.hash),
        time: header.time,
        difficulty: header.difficulty,
        transactions: header.nTx ?? null,
        ours: ours[index] ?? false,
      })),
    };
  } catch (error) {
    const trouble = chainTrouble(error);
    if (trouble === undefined) throw error;
    throw new HttpError(503, `the chain cannot be read: ${trouble}`);
  }
}
