import { HttpError } from '../../service/http.ts';
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

/**
 * Gives one miner an order: the answer of `POST /sessions/{id}/send`.
 * @throws HttpError 404 where there is no such connection, 409 when the order is not to be given to this miner
 */
export function sendOrder(
  { server, log }: Pick<PoolView, 'server' | 'log'>,
  id: string,
  method: string,
  params: readonly unknown[],
) {
  const given = server.order(id, method, params);
  if (given.outcome === 'no-session') throw new HttpError(404, `there is no session ${id.slice(0, 40)}`);
  if (given.outcome === 'refused') throw new HttpError(409, `not sent: ${given.reason}`);
  log.info({ session: id, method }, 'an order was sent to a miner');
  return { sent: true };
}

/**
 * Switches the protocol inspector on or off for one connection: the answer of `POST /sessions/{id}/inspect`.
 * @throws HttpError 404 where there is no such connection, 409 where there is no room for another conversation
 */
export function switchInspector(
  { inspector, server, log }: Pick<PoolView, 'inspector' | 'server' | 'log'>,
  id: string,
  on: boolean,
) {
  const refusal = inspector.set(id, on);
  if (refusal !== undefined) throw new HttpError(server.session(id) === undefined ? 404 : 409, refusal);
  log.info({ session: id, on }, 'the inspector was switched');
  return { session: id, on };
}

/**
 * What was kept of a conversation: the answer of `GET /sessions/{id}/inspect`.
 * @throws HttpError 404 where the inspector was never switched on
 */
export function inspectionOf({ inspector }: Pick<PoolView, 'inspector'>, id: string) {
  const inspection = inspector.show(id);
  if (inspection === undefined)
    throw new HttpError(404, `the inspector was not switched on for ${id.slice(0, 40)}`);
  return inspection;
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
