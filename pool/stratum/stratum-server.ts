import { randomBytes } from 'node:crypto';
import type { Logger } from '../../service/log.ts';
import { NetworkList } from '../../service/network-list.ts';
import type { UpgradeHandler } from '../../service/upgrade.ts';
import type { Job } from '../jobs/job.ts';
import type { JobSource } from '../jobs/job-source.ts';
import type { Statistics } from '../statistics/statistics.ts';
import type { Ban } from './ban-list.ts';
import { Door, type Guest } from './door.ts';
import { Extranonce1Space, POOL_PREFIX } from './extranonce1.ts';
import type { StratumLimits } from './limits.ts';
import { type ConnectionHost, MinerConnection } from './miner-connection.ts';
import { order } from './orders.ts';
import type { Roster } from './roster.ts';
import { awaitsJob, deliverJob, payeeOf, type SessionContext, showMessage, tick } from './session.ts';
import type { SessionMemory } from './session-memory.ts';
import { SessionRegistry } from './session-registry.ts';
import { type SessionSummary, summaryOf } from './session-summary.ts';
import type { ShareSink } from './share-sink.ts';
import { type StratumPlaces, StratumPorts } from './stratum-ports.ts';
import { webSocketDoor } from './websocket-door.ts';
import type { Transport, Wire } from './wire.ts';
import type { Worker } from './worker-name.ts';

export interface StratumServerOptions extends StratumPlaces {
  readonly jobs: JobSource;
  readonly sink: ShareSink;
  /** What sessions need beside what the server itself gives them. */
  readonly context: Pick<SessionContext, 'clock' | 'difficulty' | 'readAddress'>;
  readonly extranonce2Size: number;
  /** What outlives a connection. */
  readonly memory: SessionMemory;
  readonly roster: Roster;
  readonly statistics: Statistics;
  /** Where miners may come from; undefined is everywhere. */
  readonly allowed?: NetworkList | undefined;
  /** Gives connections their extranonce1; by default the pool's own. */
  readonly extranonces?: Extranonce1Space;
  readonly limits: StratumLimits;
  readonly log: Logger;
}

/** What became of an order to a miner. */
export type OrderOutcome =
  | { readonly outcome: 'sent' | 'no-session' }
  | { readonly outcome: 'refused'; readonly reason: string };

const SWEEP_MS = 1_000;
/** Miners whose difficulty has changed within this time share one new job. */
const FRESH_JOB_MS = 50;
/** How long miners have to take in their last answers when the pool stops. */
const STOP_GRACE_MS = 300;
const ID_BYTES = 8;
const SESSION_ID_BYTES = 16;
/** A list of transactions may fill this part of what may wait for a miner. */
const LIST_PART = 0.75;
/** How often time works on a session that brings nothing. */
const TICK_MS = 5_000;

/**
 * Stratum over TCP, TLS and WebSocket: accepts connections, gives each the jobs, and closes those that are of no
 * use. What a message means is decided by its session, how bytes travel by its wire.
 */
export class StratumServer {
  /** Takes over the WebSockets of `/stratum`. */
  readonly onUpgrade: UpgradeHandler;
  readonly #options: StratumServerOptions;
  readonly #host: ConnectionHost;
  readonly #door: Door;
  readonly #ports: StratumPorts;
  readonly #registry: SessionRegistry;
  readonly #connections = new Map<string, MinerConnection>();
  /** Miners whose difficulty waits for a job to go with it. */
  readonly #wanting = new Set<MinerConnection>();
  #freshTimer: NodeJS.Timeout | undefined;
  #sweepTimer: NodeJS.Timeout | undefined;
  #tickTimer: NodeJS.Timeout | undefined;
  #whenEmpty: (() => void) | undefined;

  constructor(options: StratumServerOptions) {
    const { limits, jobs, memory, roster, sink, statistics, log } = options;
    const { clock } = options.context;
    const counters = statistics.connections;
    this.#options = options;
    this.#door = new Door(limits, clock, counters, options.allowed);
    this.#registry = new SessionRegistry({
      extranonces:
        options.extranonces ?? new Extranonce1Space({ ...POOL_PREFIX, first: randomBytes(4).readUInt32BE() }),
      memory,
      extranonce2Size: options.extranonce2Size,
      newSessionId: () => randomBytes(SESSION_ID_BYTES).toString('hex'),
    });
    const context = {
      ...options.context,
      jobs,
      registry: this.#registry,
      difficultyOf: memory.difficultyOf.bind(memory),
      keepDifficulty: memory.keepDifficulty.bind(memory),
      admit: (worker: Worker) => roster.admit(worker, statistics.workers.find(worker) !== undefined),
      longestList: Math.floor(limits.backlogBytes * LIST_PART),
    };
    this.#host = {
      ...{ context, sink, statistics, limits, door: this.#door, log },
      wantJob: (connection) => this.#wantJob(connection),
      supersede: (id) => this.#connections.get(id)?.close('closed_resumed'),
      onClosed: (connection) => this.#onClosed(connection),
    };
    const proxies = new NetworkList(options.proxies ?? []);
    const shared = { proxies, door: this.#door, counters, onWire: this.#onWire.bind(this) };
    this.#ports = new StratumPorts({ ...shared, places: options, clock, headerMs: limits.loginMs, log });
    this.onUpgrade = webSocketDoor(shared);
    jobs.listen({
      onJob: (job, clean) => this.#deliver(job, clean),
      onNotice: (text) => this.#notice(text),
    });
  }

  /** Opens the ports. @throws ListenError when one is taken; CertificateError, DirectoryError */
  async start(): Promise<void> {
    await this.#ports.open();
    this.#sweepTimer = setInterval(() => this.#sweep(), SWEEP_MS);
    this.#tickTimer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Where miners connect to over TCP; from this machine, when it listens on all addresses. */
  get url(): string {
    return this.#ports.tcpUrl;
  }

  /** The same over TLS; undefined without such a port. */
  get tlsUrl(): string | undefined {
    return this.#ports.tlsUrl;
  }

  /** Open connections, those of them with an authorised worker, and how many there are of each transport. */
  get connections(): { readonly open: number; readonly authorized: number } & Record<Transport, number> {
    const counts = { open: this.#connections.size, authorized: 0, tcp: 0, tls: 0, websocket: 0 };
    for (const { wire, isLoggedIn } of this.#connections.values()) {
      counts[wire.transport] += 1;
      if (isLoggedIn) counts.authorized += 1;
    }
    return counts;
  }

  /** Who may not connect at the moment. Times are the steady clock's. */
  bans(): Ban[] {
    return this.#door.bans();
  }

  /** What is known of every open connection. */
  sessions(): SessionSummary[] {
    return [...this.#connections.values()].map((each) => summaryOf(each, this.#options.context.clock));
  }

  /** A connection by its public id. */
  session(id: string): MinerConnection | undefined {
    return this.#connections.get(id);
  }

  /** Gives one miner an order by the name and parameters it has on the wire: see `orders.ts`. */
  order(id: string, method: string, params: readonly unknown[]): OrderOutcome {
    const connection = this.#connections.get(id);
    if (connection === undefined) return { outcome: 'no-session' };
    const given = order(connection.session, method, params, this.#host.context);
    if (typeof given === 'string') return { outcome: 'refused', reason: given };
    connection.perform(given);
    return { outcome: 'sent' };
  }

  /** Takes nothing in any more; shares that are under way can still be answered. */
  stopReading(): void {
    clearInterval(this.#sweepTimer);
    clearInterval(this.#tickTimer);
    clearTimeout(this.#freshTimer);
    this.#ports.close();
    for (const connection of this.#connections.values()) connection.stopReading();
  }

  /** Closes the ports and all connections, after what was written to them has left. */
  async stop(): Promise<void> {
    this.stopReading();
    if (this.#connections.size === 0) return;
    const empty = new Promise<void>((accept) => {
      this.#whenEmpty = accept;
    });
    for (const connection of this.#connections.values()) connection.end();
    const grace = setTimeout(() => {
      for (const connection of this.#connections.values()) connection.destroy();
    }, STOP_GRACE_MS);
    await empty;
    clearTimeout(grace);
  }

  #onWire(wire: Wire, guest: Guest): void {
    const id = randomBytes(ID_BYTES).toString('hex');
    this.#connections.set(id, new MinerConnection(wire, guest, this.#host, id));
  }

  #onClosed(connection: MinerConnection): void {
    this.#connections.delete(connection.id);
    this.#wanting.delete(connection);
    this.#registry.close(connection.session);
    for (const worker of connection.session.workers.values()) this.#options.roster.release(worker);
    if (this.#connections.size === 0) this.#whenEmpty?.();
  }

  /** @param common one job for all; undefined in solo, where each address has its own */
  #deliver(common: Job | undefined, clean: boolean): void {
    const { jobs } = this.#options;
    for (const connection of this.#connections.values()) {
      const job = common ?? jobs.current(payeeOf(connection.session));
      if (job === undefined) continue;
      connection.perform(deliverJob(connection.session, job, clean, this.#host.context));
    }
    this.#wanting.clear();
  }

  #notice(text: string): void {
    for (const connection of this.#connections.values()) {
      connection.perform(showMessage(connection.session, text));
    }
  }

  #wantJob(connection: MinerConnection): void {
    this.#wanting.add(connection);
    this.#freshTimer ??= setTimeout(() => this.#deliverFresh(), FRESH_JOB_MS);
  }

  /**
   * One new job for all whose difficulty has changed meanwhile, in solo one for each address. Without work they
   * wait for the next job.
   */
  #deliverFresh(): void {
    this.#freshTimer = undefined;
    const { context } = this.#host;
    const { jobs } = this.#options;
    const wanting = [...this.#wanting].filter(({ session }) => awaitsJob(session, context));
    this.#wanting.clear();
    const fresh = new Map<string | undefined, Job | undefined>();
    for (const connection of wanting) {
      const payee = jobs.perAddress ? payeeOf(connection.session) : undefined;
      if (!fresh.has(payee)) fresh.set(payee, jobs.fresh(payee));
      const job = fresh.get(payee);
      if (job !== undefined) connection.perform(deliverJob(connection.session, job, false, context));
    }
  }

  /** Lets time work on the sessions: a miner that brings too little gets easier work. */
  #tick(): void {
    for (const connection of this.#connections.values()) {
      connection.perform(tick(connection.session, this.#host.context));
    }
  }

  /** Closes the connections that have shown no sign of life for too long. */
  #sweep(): void {
    const { loginMs, authorizeMs, silenceMs } = this.#options.limits;
    const nowMs = this.#options.context.clock.steadyMs();
    for (const connection of this.#connections.values()) {
      if (connection.isLoggedIn) {
        if (nowMs - connection.lastMessageMs >= silenceMs) connection.close('closed_silent');
      } else if (nowMs - connection.lastRequestMs >= loginMs) connection.close('closed_silent');
      else if (nowMs - connection.openedMs >= authorizeMs) connection.close('closed_unauthorized');
    }
  }
}
