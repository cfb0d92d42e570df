import type { BlockEntry, BlockIndex } from './block-index.ts';

/** The end of a branch, as `getchaintips` of Bitcoin Core shows it. */
export interface ChainTip {
  readonly entry: BlockEntry;
  /**
   * `active`: the best chain; `valid-fork`: was it once; `valid-headers`: at hand but never tried;
   * `headers-only`: some block of it is missing; `invalid`: some block of it breaks a rule.
   */
  readonly status: 'active' | 'valid-fork' | 'valid-headers' | 'headers-only' | 'invalid';
  /** Blocks above the last one it shares with the best chain; 0 for the best chain itself. */
  readonly branchLength: number;
}

/**
 * The ends of all branches: the best chain's first, the others by falling height.
 * Source: Bitcoin Core, getchaintips.
 */
export function chainTips(index: BlockIndex): ChainTip[] {
  const side: BlockEntry[] = [];
  const parents = new Set<BlockEntry>();
  for (const entry of index.entries()) {
    if (index.isOnBestChain(entry)) continue;
    side.push(entry);
    if (entry.parent !== undefined) parents.add(entry.parent);
  }
  const forks = side
    .filter((entry) => !parents.has(entry))
    .sort((a, b) => b.height - a.height)
    .map((entry) => ({
      entry,
      status: forkStatus(entry),
      branchLength: entry.height - index.fork(entry).height,
    }));
  return [{ entry: index.tip, status: 'active', branchLength: 0 }, ...forks];
}

function forkStatus(entry: BlockEntry): ChainTip['status'] {
  if (entry.status === 'invalid') return 'invalid';
  if (entry.sequence === 0) return 'headers-only';
  return entry.status === 'valid' ? 'valid-fork' : 'valid-headers';
}
