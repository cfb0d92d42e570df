import { clientOf } from '../../service/limits.ts';
import { rangeOf, reachOf } from './ip-address.ts';
import { MAX_INBOUND, MAX_INBOUND_PER_CLIENT, MAX_INBOUND_PER_RANGE } from './limits.ts';
import type { PeerId } from './peer-network.ts';

/** What decides whether an inbound peer keeps its slot. Times are seconds since 1970. */
export interface SlotHolder {
  readonly id: PeerId;
  readonly ip: string;
  readonly connectedSeconds: number;
  /** The quickest answer to a ping; undefined: none yet. */
  readonly leastPingMs: number | undefined;
  /** When it was last first with something new and valid; 0: never. */
  readonly lastBlockSeconds: number;
  readonly lastTransactionSeconds: number;
}

export type Admission =
  | { readonly type: 'admit' }
  /** Admit, and close this one. */
  | { readonly type: 'evict'; readonly id: PeerId }
  | { readonly type: 'refuse'; readonly why: 'client-limit' | 'range-limit' | 'no-slot' };

/** Whether one more from an address is let in. Loopback is free of the limits by client and range. */
export function admitInbound(ip: string, holders: readonly SlotHolder[]): Admission {
  if (reachOf(ip) !== 'loopback') {
    const client = clientOf(ip);
    const range = rangeOf(ip);
    const ofClient = holders.filter((holder) => clientOf(holder.ip) === client).length;
    const ofRange = holders.filter((holder) => rangeOf(holder.ip) === range).length;
    if (ofClient >= MAX_INBOUND_PER_CLIENT) return { type: 'refuse', why: 'client-limit' };
    if (ofRange >= MAX_INBOUND_PER_RANGE) return { type: 'refuse', why: 'range-limit' };
  }
  if (holders.length < MAX_INBOUND) return { type: 'admit' };
  const id = chooseEvicted(holders);
  return id === undefined ? { type: 'refuse', why: 'no-slot' } : { type: 'evict', id };
}

const PROTECTED_RANGES = 4;
const PROTECTED_PINGS = 8;
const PROTECTED_BLOCKS = 4;
const PROTECTED_TRANSACTIONS = 4;

/**
 * Which inbound peer gives way, or undefined when none must. Those are protected that an attacker finds hard
 * to imitate: some by range, by quick answers, by new transactions and blocks, and half of the rest because
 * they have been here longest. Of what remains the youngest of the largest range goes.
 * Source: Bitcoin Core, SelectNodeToEvict.
 */
export function chooseEvicted(holders: readonly SlotHolder[]): PeerId | undefined {
  let rest = firstOfRanges(holders, PROTECTED_RANGES);
  rest = without(rest, PROTECTED_PINGS, (a, b) => (a.leastPingMs ?? Infinity) - (b.leastPingMs ?? Infinity));
  rest = without(rest, PROTECTED_TRANSACTIONS, (a, b) => b.lastTransactionSeconds - a.lastTransactionSeconds);
  rest = without(rest, PROTECTED_BLOCKS, (a, b) => b.lastBlockSeconds - a.lastBlockSeconds);
  rest = without(rest, Math.floor(rest.length / 2), (a, b) => a.connectedSeconds - b.connectedSeconds);
  const ranges = byRange(rest);
  const largest = ranges.sort((a, b) => b.length - a.length || youngest(b) - youngest(a))[0];
  return largest?.toSorted((a, b) => b.connectedSeconds - a.connectedSeconds)[0]?.id;
}

/** The holders without the best `count` of an order. */
function without(
  holders: readonly SlotHolder[],
  count: number,
  better: (a: SlotHolder, b: SlotHolder) => number,
): readonly SlotHolder[] {
  return holders.toSorted(better).slice(count);
}

/** Without the oldest peer of the first ranges to have come: whoever owns one range never holds every slot. */
function firstOfRanges(holders: readonly SlotHolder[], count: number): readonly SlotHolder[] {
  const eldest = byRange(holders)
    .map((range) => range.toSorted((a, b) => a.connectedSeconds - b.connectedSeconds)[0])
    .filter((holder) => holder !== undefined)
    .sort((a, b) => a.connectedSeconds - b.connectedSeconds)
    .slice(0, count);
  return holders.filter((holder) => !eldest.includes(holder));
}

function byRange(holders: readonly SlotHolder[]): SlotHolder[][] {
  const ranges = new Map<string, SlotHolder[]>();
  for (const holder of holders) {
    const range = rangeOf(holder.ip);
    const members = ranges.get(range);
    if (members) members.push(holder);
    else ranges.set(range, [holder]);
  }
  return [...ranges.values()];
}

function youngest(holders: readonly SlotHolder[]): number {
  return Math.max(...holders.map(({ connectedSeconds }) => connectedSeconds));
}
