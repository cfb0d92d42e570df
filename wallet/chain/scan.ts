/** Finding the used addresses of an account from its words alone (BIP 44, "address gap limit"). */
import type { KeyChain } from '../../protocol/key.ts';
import { CHANGE, type KeyRing, RECEIVE } from '../keys/key-ring.ts';
import type { ChainBackend } from './backend.ts';

/** So many unused addresses in a row, and the search ends (BIP 44). */
export const GAP_LIMIT = 20;

export interface ScanProgress {
  readonly chain: 'receive' | 'change';
  /** Addresses of the chain looked at so far. */
  readonly scanned: number;
  /** How many of them were used. */
  readonly used: number;
}

export interface ScanOptions {
  readonly ring: KeyRing;
  readonly backend: Pick<ChainBackend, 'usedAddresses'>;
  /** Where to begin on each chain; what comes before is known to be used. Default: the first address. */
  readonly from?: KeyCounts;
  /** So many addresses of each chain were given out: looked at even beyond the gap. Default: none. */
  readonly given?: KeyCounts;
  readonly gapLimit?: number;
  readonly onProgress?: (progress: ScanProgress) => void;
}

/** A number of keys of each chain. */
export interface KeyCounts {
  readonly receive: number;
  readonly change: number;
}

/** Indexes of the used addresses at or after `from`, ascending. */
export interface UsedKeys {
  readonly receive: readonly number[];
  readonly change: readonly number[];
}

interface ChainScan {
  readonly name: ScanProgress['chain'];
  readonly chain: KeyChain;
  /** The next index to look at. */
  at: number;
  /** One more than the last index that is used or given out. */
  end: number;
  readonly used: number[];
}

/** Once so many are in use, a round looks further ahead by a quarter of them, up to so many addresses. */
const AHEAD_FROM = 40;
const MAX_AHEAD = 250;

/**
 * Looks at both chains until `gapLimit` addresses in a row are unused on each. Every round asks for both chains
 * at once, so a wallet with nothing new costs one question. The more are in use, the further a round looks beyond the
 * gap: thousands of addresses are found in tens of rounds, each of which is a way to a server and back.
 */
export async function scanKeys(options: ScanOptions): Promise<UsedKeys> {
  const { ring, backend, gapLimit = GAP_LIMIT, onProgress } = options;
  const [receive, change] = [chainScan('receive', RECEIVE, options), chainScan('change', CHANGE, options)];
  for (;;) {
    const open = [receive, change].filter(({ at, end }) => at < end + gapLimit);
    if (open.length === 0) return { receive: receive.used, change: change.used };
    const places = open.flatMap(({ chain, at, end, used }) => {
      const ahead = used.length < AHEAD_FROM ? 0 : Math.min(MAX_AHEAD, used.length >> 2);
      const until = end + gapLimit + ahead;
      ring.extend(chain, until);
      return Array.from({ length: until - at }, (_, offset) => ({ chain, index: at + offset }));
    });
    const used = await backend.usedAddresses(places.map((place) => ring.address(place)));
    for (const scan of open) {
      const asked = places.flatMap(({ chain, index }, n) =>
        chain === scan.chain ? [{ index, isUsed: used[n] === true }] : [],
      );
      const found = asked.flatMap(({ index, isUsed }) => (isUsed ? [index] : []));
      scan.used.push(...found);
      scan.at += asked.length;
      scan.end = Math.max(scan.end, ...found.map((index) => index + 1));
      onProgress?.({ chain: scan.name, scanned: scan.at, used: scan.used.length });
    }
  }
}

function chainScan(name: ScanProgress['chain'], chain: KeyChain, { from, given }: ScanOptions): ChainScan {
  const at = from?.[name] ?? 0;
  return { name, chain, at, end: Math.max(at, given?.[name] ?? 0), used: [] };
}
