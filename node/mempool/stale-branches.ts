import { decodeBlock } from '../../protocol/block.ts';
import type { Transaction } from '../../protocol/transaction.ts';
import type { BlockEntry, Chain } from '../chain/chain.ts';

/** Branches that ended further below the tip are history. */
const RECENT_BLOCKS = 100;

/**
 * The transactions of branches that were the best chain until lately, in the order of their blocks. Read at the
 * start: a reorganisation that a crash cut short had taken them off the chain, but not brought them back yet.
 */
export async function staleTransactions(
  chain: Pick<Chain, 'tip' | 'tips' | 'isOnBestChain' | 'readBlock'>,
): Promise<Transaction[]> {
  const transactions: Transaction[] = [];
  for (const { entry, status } of chain.tips()) {
    if (status !== 'valid-fork' || entry.height + RECENT_BLOCKS < chain.tip.height) continue;
    const branch: BlockEntry[] = [];
    for (let at: BlockEntry | undefined = entry; at && !chain.isOnBestChain(at); at = at.parent)
      branch.push(at);
    for (const { hash } of branch.reverse()) {
      const raw = await chain.readBlock(hash);
      if (raw) transactions.push(...decodeBlock(raw).transactions.slice(1));
    }
  }
  return transactions;
}
