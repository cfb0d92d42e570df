import { randomBytes } from 'node:crypto';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { listen, reachable } from '../../service/http.ts';
import { ConnectionLimiter } from '../../service/limits.ts';
import type { Logger } from '../../service/log.ts';
import type { Job } from '../jobs/job.ts';
import type { JobSource } from '../jobs/job-source.ts';
import type { Statistics } from '../statistics/statistics.ts';
import { Extranonce1Space } from './extranonce1.ts';
import type { StratumLimits } from './limits.ts';
import { MinerConnection } from './miner-connection.ts';
import type { Roster } from './roster.ts';
import { deliverJob, isDifficultyPending, type SessionContext, showMessage } from './session.ts';
import type { ShareSink } from './share-sink.ts';

export interface StratumServerOptions {
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  readonly jobs: JobSource;
  readonly sink: ShareSink;
  /** What sessions need beside what the server itself gives them. */
  readonly context: Pick<SessionContext, 'clock' | 'difficulty' | 'extranonce2Size' | 'readAddress'>;
  readonly roster: Roster;
  readonly statistics: Statistics;
  readonly limits: StratumLimits;
  readonly log: Logger;
}

const SWEEP_MS = 1_000;
const KEEP_ALIVE_MS = 60_000;
/** Miners whose difficulty has changed within this time share one new job. */
const FRESH_JOB_MS = 50;
/** How long miners have to take in their last answers when the pool stops. */
const STOP_GRACE_MS = 300;

/** Stratum over TCP: accepts connections, gives each the jobs, and closes those that are of no use. */
export class StratumServer {
  readonly #options: StratumServerOptions;
  readonly #context: SessionContext;
  readonly #server: Server;
  readonly #limiter: ConnectionLimiter;
  readonly #extranonces = new Extranonce1Space(randomBytes(4).readUInt32BE());
  readonly #connections = new Set<MinerConnection>();
  /** Miners whose difficulty waits for a job to go with it. */
  readonly #wanting = new Set<MinerConnection>();
  #freshTimer: NodeJS.Timeout | undefined;
  #sweepTimer: NodeJS.Timeout | undefined;

  constructor(options: StratumServerOptions) {
    const { limits, jobs, roster } = options;
    this.#options = options;
    this.#limiter = new ConnectionLimiter({
      total: limits.connections,
      perAddress: limits.connectionsPerAddress,
    });
    this.#context = {
      ...options.context,
      jobs,
      newExtranonce1: () => this.#extranonces.take(),
      newSessionId: () => randomBytes(16).toString('hex'),
      admit: (worker) => roster.admit(worker),
    };
    this.#server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS });
    this.#server.on('connection', (socket) => this.#accept(socket));
    jobs.listen({
      onJob: (job, clean) => this.#deliver(job, clean),
      onNotice: (text) => this.#notice(text),
    });
  }

  /** Opens the port. @throws ListenError when it is taken */
  async start(): Promise<void> {
    const { host, port, log } = this.#options;
    const onAcceptError = (error: Error) => log.error({ err: error }, 'a miner could not be accepted');
    await listen(this.#server, { host, port, portSetting: '--stratum-port', onAcceptError });
    this.#sweepTimer = setInterval(() => this.#sweep(), SWEEP_MS);
  }

  /** Where miners connect to; from this machine, when it listens on all addresses. */
  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `stratum+tcp://${reachable(this.#options.host)}:${port}`;
  }

  /** Open connections, and those of them with an authorised worker. */
  get connections(): { readonly open: number; readonly authorized: number } {
    let authorized = 0;
    for (const { session } of this.#connections) if (session.workers.size > 0) authorized += 1;
    return { open: this.#connections.size, authorized };
  }

  /** Takes nothing in any more; shares that are under way can still be answered. */
  stopReading(): void {
    clearInterval(this.#sweepTimer);
    clearTimeout(this.#freshTimer);
    this.#server.close();
    for (const connection of this.#connections) connection.stopReading();
  }

  /** Closes the port and all connections, after what was written to them has left. */
  async stop(): Promise<void> {
    this.stopReading();
    const closed = [...this.#connections].map((connection) => connection.end());
    const grace = setTimeout(() => {
      for (const connection of this.#connections) connection.destroy();
    }, STOP_GRACE_MS);
    await Promise.all(closed);
    clearTimeout(grace);
  }

  #accept(socket: Socket): void {
    const { statistics, log, limits, sink, roster, context } = this.#options;
    const release = this.#limiter.admit(socket.remoteAddress ?? '');
    if (release === undefined) {
      statistics.connections.refused_address += 1;
      socket.destroy();
      return;
    }
    statistics.connections.opened += 1;
    const connection = new MinerConnection(socket, {
      context: this.#context,
      sink,
      statistics,
      log,
      wantJob: () => this.#wantJob(connection),
      onClose: () => {
        this.#connections.delete(connection);
        this.#wanting.delete(connection);
        const { subscription, workers } = connection.session;
        if (subscription !== undefined) this.#extranonces.release(subscription.extranonce1);
        for (const worker of workers.values()) roster.release(worker);
        release();
      },
    });
    connection.deadlineMs = context.clock.steadyMs() + limits.loginMs;
    this.#connections.add(connection);
  }

  #deliver(job: Job, clean: boolean): void {
    for (const connection of this.#connections) {
      connection.perform(deliverJob(connection.session, job, clean, this.#context));
    }
    this.#wanting.clear();
  }

  #notice(text: string): void {
    for (const connection of this.#connections) connection.perform(showMessage(connection.session, text));
  }

  #wantJob(connection: MinerConnection): void {
    this.#wanting.add(connection);
    this.#freshTimer ??= setTimeout(() => this.#deliverFresh(), FRESH_JOB_MS);
  }

  /** One new job for all whose difficulty has changed meanwhile. Without work they wait for the next job. */
  #deliverFresh(): void {
    this.#freshTimer = undefined;
    const wanting = [...this.#wanting].filter(({ session }) => isDifficultyPending(session, this.#context));
    this.#wanting.clear();
    const job = wanting.length > 0 ? this.#options.jobs.fresh() : undefined;
    if (job === undefined) return;
    for (const connection of wanting) {
      connection.perform(deliverJob(connection.session, job, false, this.#context));
    }
  }

  /** Closes the connections that have shown no sign of life for too long. */
  #sweep(): void {
    const { context, limits } = this.#options;
    const nowMs = context.clock.steadyMs();
    for (const connection of this.#connections) {
      if (connection.showedLife()) {
        const isLoggedIn = connection.session.workers.size > 0;
        connection.deadlineMs = nowMs + (isLoggedIn ? limits.silenceMs : limits.loginMs);
      } else if (nowMs >= connection.deadlineMs) connection.close('closed_silent');
    }
  }
}
