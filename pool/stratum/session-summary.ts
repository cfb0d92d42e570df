import type { Difficulty } from '../../protocol/units.ts';
import type { Clock } from '../clock.ts';
import type { MinerConnection } from './miner-connection.ts';
import type { Transport } from './wire.ts';
import type { Worker } from './worker-name.ts';

/** What an operator is told of one open connection; nothing in it lets anybody take the session over. */
export interface SessionSummary {
  /** Public name of the connection, 16 hex digits. */
  readonly id: string;
  readonly transport: Transport;
  readonly address: string;
  readonly port: number | null;
  /** What the miner calls itself, unchecked text; null before it has subscribed. */
  readonly agent: string | null;
  /** What it answered to `client.get_version`, unchecked text. */
  readonly version: string | null;
  readonly workers: readonly Worker[];
  /** Of its last job; null before the first. */
  readonly difficulty: Difficulty | null;
  /** Bits of the version it may roll; 0 without version rolling. */
  readonly versionMask: number;
  /** Milliseconds since 1970. */
  readonly openedMs: number;
  readonly lastMessageMs: number;
  /** Bytes that were written and that it has not taken in. */
  readonly backlogBytes: number;
}

export function summaryOf(connection: MinerConnection, clock: Clock): SessionSummary {
  const { id, wire, session, openedMs, lastMessageMs } = connection;
  const steadyToWallMs = clock.wallMs() - clock.steadyMs();
  return {
    id,
    transport: wire.transport,
    address: wire.address,
    port: wire.port ?? null,
    agent: session.subscription?.agent ?? null,
    version: session.asked.version ?? null,
    workers: [...session.workers.values()],
    difficulty: session.told ?? null,
    versionMask: session.rolling?.mask ?? 0,
    openedMs: Math.round(openedMs + steadyToWallMs),
    lastMessageMs: Math.round(lastMessageMs + steadyToWallMs),
    backlogBytes: wire.backlogBytes,
  };
}
