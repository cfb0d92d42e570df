import { Heap } from './heap.ts';
import { ancestorsOf, type MempoolEntry } from './mempool.ts';

/** Room for transactions in a block. */
export interface BlockRoom {
  readonly weight: number;
  /** BIP 141 signature-operation cost. */
  readonly sigopsCost: number;
}

/** An entry with more unselected ancestors than this waits until some of them are selected. */
const MAX_PACKAGE_ANCESTORS = 25;
/** After so many packages in a row that do not fit a nearly full block, looking further is not worth it (as Core). */
const MAX_CONSECUTIVE_MISSES = 1_000;
const NEARLY_FULL_WEIGHT = 4_000;

/** An entry and the unselected ancestors that would have to come with it. */
interface Package {
  readonly entry: MempoolEntry;
  readonly members: readonly MempoolEntry[];
  readonly weight: number;
  readonly sigopsCost: number;
  /** Nits per weight unit of all members together. */
  readonly rate: number;
}

/**
 * Chooses the transactions of a block by ancestor fee rate: the entry that pays best together with all it
 * depends on comes next, its ancestors first (Bitcoin Core's `BlockAssembler::addPackageTxs`). Between equal
 * rates the earlier arrival decides.
 * @returns the chosen entries, parents before children
 */
export function selectForBlock(entries: Iterable<MempoolEntry>, room: BlockRoom): MempoolEntry[] {
  const chosen = new Set<MempoolEntry>();
  const queue = new Heap<Package>(paysBetter);
  const newest = new Map<MempoolEntry, Package>();
  const offer = (entry: MempoolEntry): void => {
    const candidate = packageOf(entry, chosen);
    if (candidate === undefined) return;
    newest.set(entry, candidate);
    queue.put(candidate);
  };
  for (const entry of entries) offer(entry);

  let { weight, sigopsCost } = room;
  let misses = 0;
  for (let next = queue.take(); next !== undefined; next = queue.take()) {
    if (newest.get(next.entry) !== next || chosen.has(next.entry)) continue;
    if (next.weight > weight || next.sigopsCost > sigopsCost) {
      if (++misses > MAX_CONSECUTIVE_MISSES && weight < NEARLY_FULL_WEIGHT) break;
      continue;
    }
    misses = 0;
    weight -= next.weight;
    sigopsCost -= next.sigopsCost;
    for (const member of parentsFirst(next.members)) chosen.add(member);
    // What depends on them needs fewer companions now.
    for (const descendant of nearDescendants(next.members)) if (!chosen.has(descendant)) offer(descendant);
  }
  return [...chosen];
}

function paysBetter(a: Package, b: Package): boolean {
  return a.rate === b.rate ? a.entry.arrival < b.entry.arrival : a.rate > b.rate;
}

/** The package of an entry, or undefined while too many of its ancestors are not chosen yet. */
function packageOf(entry: MempoolEntry, chosen: ReadonlySet<MempoolEntry>): Package | undefined {
  if (entry.parents.size === 0) {
    // By far the most common case.
    const { fee, weight, sigopsCost } = entry;
    return { entry, members: [entry], weight, sigopsCost, rate: Number(fee) / weight };
  }
  const members = ancestorsOf([entry], { except: chosen, atMost: MAX_PACKAGE_ANCESTORS + 1 });
  if (members === undefined) return undefined;
  let fee = 0n;
  let weight = 0;
  let sigopsCost = 0;
  for (const member of members) {
    fee += member.fee;
    weight += member.weight;
    sigopsCost += member.sigopsCost;
  }
  return { entry, members: [...members], weight, sigopsCost, rate: Number(fee) / weight };
}

/** Orders a package's members so that each comes after its parents. */
function parentsFirst(members: readonly MempoolEntry[]): Iterable<MempoolEntry> {
  if (members.length === 1) return members;
  const waiting = new Set(members);
  const ordered: MempoolEntry[] = [];
  while (waiting.size > 0) {
    for (const member of waiting) {
      if ([...member.parents].some((parent) => waiting.has(parent))) continue;
      waiting.delete(member);
      ordered.push(member);
    }
  }
  return ordered;
}

/** Those whose package may have changed: no entry further down has a package at all. */
function nearDescendants(members: readonly MempoolEntry[]): Set<MempoolEntry> {
  const found = new Set<MempoolEntry>();
  let generation: Iterable<MempoolEntry> = members;
  for (let depth = 0; depth <= MAX_PACKAGE_ANCESTORS; depth++) {
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
