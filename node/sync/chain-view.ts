import { hashKey } from '../../protocol/bytes.ts';
import type { NetworkProfile } from '../../protocol/network.ts';
import type { HeaderWindow } from '../../protocol/retarget.ts';
import type { Hash, Height, Work } from '../../protocol/units.ts';
import { workOf } from '../../protocol/work.ts';
import type { BlockEntry } from '../chain/block-index.ts';

/** What synchronisation reads of the chain. Answers at once and never changes anything. */
export interface ChainView {
  readonly profile: NetworkProfile;
  /** The last block of the best chain. */
  readonly tip: BlockEntry;
  /** The header with the most work of those not known to be invalid. */
  readonly bestHeader: BlockEntry;
  /** Number of blocks of which only the header is known. */
  readonly missingBlocks: number;
  /** What is known of a block on whatever branch. */
  entry(hash: Hash): BlockEntry | undefined;
  /** The block of the best chain at a height. */
  entryAt(height: Height): BlockEntry | undefined;
  isOnBestChain(entry: BlockEntry): boolean;
  /** The block at `height` of the branch that ends in `entry`. */
  ancestor(entry: BlockEntry, height: Height): BlockEntry | undefined;
}

/** Blocks by which a branch may fall short of the tip's work and still be of interest (Core: GetAntiDoSWorkThreshold). */
const TOLERATED_DEFICIT_BLOCKS = 144n;
/** Hashes at the end of a locator that follow each other closely (Core: LocatorEntries). */
const DENSE_LOCATOR = 10;

/**
 * Work a branch must have for its headers to be stored: that of the profile's minimum, or of the tip less 144
 * blocks like it, whichever is more. Source: Bitcoin Core, GetAntiDoSWorkThreshold.
 */
export function workThreshold({ profile, tip }: ChainView): Work {
  const tolerated = TOLERATED_DEFICIT_BLOCKS * workOf(tip.bits);
  const nearTip = tip.chainWork > tolerated ? tip.chainWork - tolerated : 0n;
  return nearTip > profile.minimumChainWork ? nearTip : profile.minimumChainWork;
}

/**
 * Hashes that tell another node which branch `entry` ends: the last ten, then ever farther apart, and the
 * genesis block. Source: Bitcoin Core, LocatorEntries.
 */
export function locatorOf(chain: ChainView, entry: BlockEntry): Hash[] {
  const hashes: Hash[] = [];
  let step = 1;
  let at: BlockEntry | undefined = entry;
  while (at !== undefined) {
    hashes.push(at.hash);
    if (at.height === 0) break;
    if (hashes.length > DENSE_LOCATOR) step *= 2;
    at = chain.ancestor(at, Math.max(0, at.height - step));
  }
  return hashes;
}

/** The first block of a locator that is on the best chain; the genesis block if none is. */
export function forkOfLocator(chain: ChainView, locator: readonly Hash[]): BlockEntry {
  for (const hash of locator) {
    const entry = chain.entry(hash);
    if (entry !== undefined && chain.isOnBestChain(entry)) return entry;
  }
  return genesisOf(chain);
}

/** The last block that the branch of `entry` shares with the best chain, in few steps however long it is. */
export function forkOf(chain: ChainView, entry: BlockEntry): BlockEntry {
  let shared = genesisOf(chain);
  /** A height at which the branch has left the best chain. */
  let apart = Math.min(entry.height, chain.tip.height) + 1;
  while (apart - shared.height > 1) {
    const middle = chain.ancestor(entry, (shared.height + apart) >>> 1);
    if (middle === undefined) break;
    if (chain.isOnBestChain(middle)) shared = middle;
    else apart = middle.height;
  }
  return shared;
}

/** Whether the branch that ends in `tip` holds `entry`. */
export function isOnBranch(chain: ChainView, tip: BlockEntry | undefined, entry: BlockEntry): boolean {
  return tip !== undefined && chain.ancestor(tip, entry.height) === entry;
}

/** The blocks of the branch of `tip` above height `from`, up to and with height `to`, the lowest first. */
export function branchBetween(chain: ChainView, tip: BlockEntry, from: Height, to: Height): BlockEntry[] {
  const blocks: BlockEntry[] = [];
  let at = chain.ancestor(tip, Math.min(to, tip.height));
  for (; at !== undefined && at.height > from; at = at.parent) blocks.push(at);
  return blocks.reverse();
}

/** The headers of the branch that ends in `tip`, for the rules that look back. */
export function windowOn(chain: ChainView, tip: BlockEntry): HeaderWindow {
  const at = (height: Height): BlockEntry => {
    const entry = chain.ancestor(tip, height);
    if (entry === undefined) throw new RangeError(`no header at height ${height} of this branch`);
    return entry;
  };
  return { height: tip.height, at };
}

/** Whether the transactions of a block are at hand. */
export function isStored({ transactionCount }: BlockEntry): boolean {
  return transactionCount > 0;
}

function genesisOf(chain: ChainView): BlockEntry {
  const genesis = chain.entryAt(0);
  if (genesis === undefined) throw new Error(`no genesis block ${hashKey(chain.profile.genesisHash)}`);
  return genesis;
}
