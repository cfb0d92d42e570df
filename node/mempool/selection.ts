import { ancestorsOf, type MempoolEntry } from './entry.ts';
import { Heap } from './heap.ts';
import type { Mempool } from './mempool.ts';
import { miningRateOf } from './order.ts';
import { MAX_ANCESTORS } from './policy.ts';

/** Room for transactions in a block. */
export interface BlockRoom {
  readonly weight: number;
  /** BIP 141 signature-operation cost. */
  readonly sigopsCost: number;
}

/** After so many packages in a row that do not fit a nearly full block, looking further is not worth it (as Core). */
const MAX_CONSECUTIVE_MISSES = 1_000;
const NEARLY_FULL_WEIGHT = 4_000;

/** An entry with those of its ancestors that are not chosen yet, as it was when some others were chosen. */
interface Remainder {
  readonly entry: MempoolEntry;
  readonly members: readonly MempoolEntry[];
  readonly rate: number;
}

/**
 * Chooses the transactions of a block by ancestor fee rate: the entry that pays best together with all it
 * depends on comes next, its ancestors first (Bitcoin Core's `BlockAssembler::addPackageTxs`). The mempool's own
 * order is taken as it stands; only entries of which an ancestor has been chosen are ranked anew, beside it.
 * An entry with more than 25 unchosen ancestors, which only a reorganisation brings, waits for some of them.
 * @returns the chosen entries, parents before children
 */
export function selectForBlock(mempool: Mempool, room: BlockRoom): MempoolEntry[] {
  const standing = mempool.miningOrder();
  const remainders = new Heap<Remainder>(paysBetter);
  const newest = new Map<MempoolEntry, Remainder | undefined>();
  const chosen = new Set<MempoolEntry>();
  let { weight, sigopsCost } = room;
  let misses = 0;
  for (;;) {
    const members = takeBest(standing, remainders, newest, chosen);
    if (members === undefined) break;
    const needed = sumOf(members);
    if (needed.weight > weight || needed.sigopsCost > sigopsCost) {
      if (++misses > MAX_CONSECUTIVE_MISSES && weight < NEARLY_FULL_WEIGHT) break;
      continue;
    }
    misses = 0;
    weight -= needed.weight;
    sigopsCost -= needed.sigopsCost;
    for (const member of parentsFirst(members)) chosen.add(member);
    for (const entry of nearDescendants(members)) {
      if (chosen.has(entry)) continue;
      const remainder = remainderOf(entry, chosen);
      newest.set(entry, remainder);
      if (remainder !== undefined) remainders.put(remainder);
    }
  }
  return [...chosen];
}

/** The best package that was not looked at before: an entry and the unchosen ancestors that come with it. */
function takeBest(
  standing: Heap<MempoolEntry>,
  remainders: Heap<Remainder>,
  newest: ReadonlyMap<MempoolEntry, Remainder | undefined>,
  chosen: ReadonlySet<MempoolEntry>,
): readonly MempoolEntry[] | undefined {
  for (;;) {
    const entry = standing.first;
    const remainder = remainders.first;
    if (entry !== undefined && (newest.has(entry) || chosen.has(entry))) {
      standing.take();
    } else if (remainder !== undefined && newest.get(remainder.entry) !== remainder) {
      remainders.take();
    } else if (remainder !== undefined && (entry === undefined || comesBefore(remainder, entry))) {
      remainders.take();
      if (!chosen.has(remainder.entry)) return remainder.members;
    } else if (entry !== undefined) {
      standing.take();
      if (entry.ancestors.count === 1) return [entry];
      if (entry.ancestors.count <= MAX_ANCESTORS) return [...ancestorsOf([entry])];
    } else {
      return undefined;
    }
  }
}

/** The package of an entry of which some ancestors are chosen, or undefined while too many are not. */
function remainderOf(entry: MempoolEntry, chosen: ReadonlySet<MempoolEntry>): Remainder | undefined {
  const found = ancestorsOf([entry], { except: chosen, atMost: MAX_ANCESTORS });
  if (found === undefined) return undefined;
  const members = [...found];
  return { entry, members, rate: miningRateOf(entry, sumOf(members)) };
}

function paysBetter(a: Remainder, b: Remainder): boolean {
  return a.rate === b.rate ? a.entry.arrival < b.entry.arrival : a.rate > b.rate;
}

function comesBefore({ entry: own, rate }: Remainder, entry: MempoolEntry): boolean {
  return rate === entry.miningRate ? own.arrival < entry.arrival : rate > entry.miningRate;
}

function sumOf(members: readonly MempoolEntry[]) {
  const sum = { fees: 0n, vsize: 0, weight: 0, sigopsCost: 0 };
  for (const { modifiedFee, vsize, weight, sigopsCost } of members) {
    sum.fees += modifiedFee;
    sum.vsize += vsize;
    sum.weight += weight;
    sum.sigopsCost += sigopsCost;
  }
  return sum;
}

/** Whatever an entry depends on has fewer ancestors than the entry itself. */
function parentsFirst(members: readonly MempoolEntry[]): readonly MempoolEntry[] {
  if (members.length === 1) return members;
  return members.toSorted((a, b) => a.ancestors.count - b.ancestors.count);
}

/** Those whose package may have changed: no entry further down has a package at all. */
function nearDescendants(members: readonly MempoolEntry[]): Iterable<MempoolEntry> {
  if (members.every(({ children }) => children.size === 0)) return [];
  const found = new Set<MempoolEntry>();
  let generation = members;
  for (let depth = 0; depth <= MAX_ANCESTORS; depth++) {
    const next: MempoolEntry[] = [];
    for (const { children } of generation) {
      for (const child of children) {
        if (!found.has(child)) next.push(child);
        found.add(child);
      }
    }
    if (next.length === 0) break;
    generation = next;
  }
  return found;
}
