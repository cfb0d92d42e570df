import type { Frame } from '../../protocol/peer-frame.ts';
import type { Rate } from '../../service/limits.ts';

/** Connections we choose and open (Bitcoin Core: 8 full-relay peers). */
export const MAX_OUTBOUND = 8;
/** Connections others open. */
export const MAX_INBOUND = 100;
/** Of these, from one address (IPv4, or a /64 of IPv6) and from one range (`rangeOf`). */
export const MAX_INBOUND_PER_CLIENT = 8;
export const MAX_INBOUND_PER_RANGE = 24;
/** Attempts to connect that may be under way at once, and how long one may take (Core: 5 s). */
export const MAX_DIALS = 8;
export const DIAL_TIMEOUT_MS = 5_000;
/** Peers named by the operator. */
export const MAX_MANUAL = 64;

/** A peer with more than this waiting for it is sent nothing more, and not listened to, until it has read it. */
export const QUEUE_BYTES = 1024 * 1024;
/** Unfinished messages and queues of all peers together; above it the inbound peer with most is closed. */
export const TOTAL_BYTES = 192 * 1024 * 1024;

/**
 * What a peer may say of its own accord, in tokens (`messageCost`). Who says more is read slower, so a
 * million messages cost their sender the time and us nothing. Blocks, headers and transactions that are taken
 * in are not counted here: they are answers, and those nobody asked for are metered where the question is known.
 */
export const MESSAGE_RATE: Rate = { perSecond: 500, burst: 5_000 };
/** Tokens of a request whose answer is much longer than itself. */
const COSTLY = 50;
/** A token for each so many bytes. */
const BYTES_PER_TOKEN = 1_000;

const COSTS: Readonly<Record<string, number>> = {
  block: 0,
  headers: 0,
  tx: 0,
  notfound: 0,
  getheaders: COSTLY,
  getblocks: COSTLY,
  getaddr: COSTLY,
};

/** Tokens of a message; one that is skipped answers nothing, and costs the same whatever it is called. */
export function messageCost({ command, payload, wireBytes }: Frame): number {
  const isCounted = payload !== undefined && Object.hasOwn(COSTS, command);
  const cost = isCounted ? (COSTS[command] ?? 0) : 1;
  return cost === 0 ? 0 : cost + wireBytes / BYTES_PER_TOKEN;
}
