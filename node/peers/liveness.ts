import type { PeerRule } from './peer-rules.ts';

/**
 * Whether a connection lives, as a reducer over times of a steady clock. Slow is no crime, but a slot and the
 * memory of an unfinished message are not held for ever.
 */
export interface Liveness {
  readonly connectedMs: number;
  establishedMs: number | undefined;
  /** Since when a message has been arriving, and how much of it is here. */
  arriving: { readonly sinceMs: number; bytes: number } | undefined;
  /** Since when nothing that waits to be sent has moved. */
  stuckSinceMs: number | undefined;
  /** How much the other side had taken when it was looked at last. */
  takenBytes: number;
  ping: { readonly nonce: bigint; readonly sentMs: number } | undefined;
  nextPingMs: number;
  lastPingMs: number | undefined;
  leastPingMs: number | undefined;
}

/** From the connection to the last message of the handshake (Bitcoin Core: DEFAULT_PEER_CONNECT_TIMEOUT). */
export const HANDSHAKE_MS = 60_000;
/** Bitcoin Core: PING_INTERVAL and TIMEOUT_INTERVAL. */
export const PING_INTERVAL_MS = 120_000;
export const PING_TIMEOUT_MS = 20 * 60_000;
/** A message has this long, and longer only while it arrives at this rate. */
export const MESSAGE_GRACE_MS = 60_000;
export const LEAST_BYTES_PER_SECOND = 1_024;
/** How long what we send may wait without a byte of it being taken. */
export const NOT_READING_MS = 120_000;

export function newLiveness(nowMs: number): Liveness {
  return {
    connectedMs: nowMs,
    establishedMs: undefined,
    arriving: undefined,
    stuckSinceMs: undefined,
    takenBytes: 0,
    ping: undefined,
    nextPingMs: nowMs,
    lastPingMs: undefined,
    leastPingMs: undefined,
  };
}

export function established(liveness: Liveness, nowMs: number): void {
  liveness.establishedMs = nowMs;
  liveness.nextPingMs = nowMs;
}

/** So many bytes are here of a message that is not whole; 0: none has begun, or one is whole. */
export function received(liveness: Liveness, unfinishedBytes: number, nowMs: number): void {
  if (unfinishedBytes === 0) liveness.arriving = undefined;
  else if (liveness.arriving === undefined) liveness.arriving = { sinceMs: nowMs, bytes: unfinishedBytes };
  else liveness.arriving.bytes = unfinishedBytes;
}

/** A `pong` came (BIP 31). One that answers no ping of ours means nothing. */
export function ponged(liveness: Liveness, nonce: bigint, nowMs: number): void {
  if (liveness.ping?.nonce !== nonce) return;
  const tookMs = nowMs - liveness.ping.sentMs;
  liveness.ping = undefined;
  liveness.lastPingMs = tookMs;
  liveness.leastPingMs = Math.min(tookMs, liveness.leastPingMs ?? tookMs);
}

export type LivenessEffect =
  | { readonly type: 'ping'; readonly nonce: bigint }
  | { readonly type: 'fail'; readonly rule: PeerRule; readonly detail: string };

/** What is known of the other direction. */
export interface Outgoing {
  readonly queuedBytes: number;
  /** Ever handed to the connection, without what is queued. */
  readonly takenBytes: number;
}

/** Looks at a connection; to be called every second or so. */
export function checkLiveness(
  liveness: Liveness,
  outgoing: Outgoing,
  nowMs: number,
  nonce: () => bigint,
): LivenessEffect | undefined {
  if (liveness.establishedMs === undefined) {
    const isLate = nowMs - liveness.connectedMs > HANDSHAKE_MS;
    return isLate ? fail('handshake-timeout', `not complete after ${HANDSHAKE_MS / 1000} s`) : undefined;
  }
  return (
    slowMessage(liveness, nowMs) ?? notReading(liveness, outgoing, nowMs) ?? ping(liveness, nowMs, nonce)
  );
}

function slowMessage({ arriving }: Liveness, nowMs: number): LivenessEffect | undefined {
  if (arriving === undefined) return undefined;
  const tookMs = nowMs - arriving.sinceMs;
  const allowedMs = MESSAGE_GRACE_MS + (1000 * arriving.bytes) / LEAST_BYTES_PER_SECOND;
  if (tookMs <= allowedMs) return undefined;
  return fail('slow-message', `${arriving.bytes} bytes of it in ${Math.round(tookMs / 1000)} s`);
}

function notReading(liveness: Liveness, outgoing: Outgoing, nowMs: number): LivenessEffect | undefined {
  const isMoving = outgoing.queuedBytes === 0 || outgoing.takenBytes !== liveness.takenBytes;
  liveness.takenBytes = outgoing.takenBytes;
  if (isMoving) liveness.stuckSinceMs = undefined;
  else liveness.stuckSinceMs ??= nowMs;
  if (liveness.stuckSinceMs === undefined || nowMs - liveness.stuckSinceMs <= NOT_READING_MS)
    return undefined;
  return fail('not-reading', `${outgoing.queuedBytes} bytes have waited ${NOT_READING_MS / 1000} s`);
}

function ping(liveness: Liveness, nowMs: number, nonce: () => bigint): LivenessEffect | undefined {
  if (liveness.ping !== undefined) {
    const waitedMs = nowMs - liveness.ping.sentMs;
    return waitedMs > PING_TIMEOUT_MS
      ? fail('ping-timeout', `no answer after ${Math.round(waitedMs / 1000)} s`)
      : undefined;
  }
  if (nowMs < liveness.nextPingMs) return undefined;
  liveness.ping = { nonce: nonce(), sentMs: nowMs };
  liveness.nextPingMs = nowMs + PING_INTERVAL_MS;
  return { type: 'ping', nonce: liveness.ping.nonce };
}

function fail(rule: PeerRule, detail: string): LivenessEffect {
  return { type: 'fail', rule, detail };
}
