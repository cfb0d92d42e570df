import type { Ban } from '../stratum/ban-list.ts';
import type { SessionSummary } from '../stratum/session-summary.ts';
import type { PoolView } from './pool-view.ts';

/** Sessions that one answer shows, those with the last message first. */
const SHOWN_SESSIONS = 1_000;
const SHOWN_BANS = 1_000;

/** The answer of `GET /sessions`: who is connected, and who may not be. */
export function sessionsOf({ server, clock }: Pick<PoolView, 'server' | 'clock'>) {
  const sessions = server.sessions().sort((a, b) => b.lastMessageMs - a.lastMessageMs);
  const bans = server.bans();
  const steadyToWallMs = clock.wallMs() - clock.steadyMs();
  return {
    sessions_total: sessions.length,
    sessions: sessions.slice(0, SHOWN_SESSIONS).map(sessionRow),
    bans_total: bans.length,
    bans: bans.slice(0, SHOWN_BANS).map((ban) => banRow(ban, steadyToWallMs)),
  };
}

function sessionRow(session: SessionSummary) {
  return {
    id: session.id,
    transport: session.transport,
    /** Of the miner, or of the proxy that speaks for it where that says nothing. */
    address: session.address,
    port: session.port,
    agent: session.agent,
    workers: session.workers.map(({ address, name }) => ({ address, worker: name })),
    difficulty: session.difficulty,
    version_mask: session.versionMask.toString(16).padStart(8, '0'),
    opened: session.openedMs / 1000,
    last_message: session.lastMessageMs / 1000,
    backlog_bytes: session.backlogBytes,
  };
}

function banRow({ client, untilMs, times }: Ban, steadyToWallMs: number) {
  return { client, until: Math.round(untilMs + steadyToWallMs) / 1000, times };
}
