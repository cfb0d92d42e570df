import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { JSONRPCErrorException } from 'json-rpc-2.0';
import { WebSocketServer } from 'ws';
import type { AddressReader } from '../../protocol/payout-address.ts';
import type { Template } from '../../protocol/template.ts';
import type { AdminToken } from '../../service/http-server/admin-token.ts';
import type { Logger } from '../../service/log.ts';
import { refuseUpgrade } from '../../service/upgrade.ts';
import type { Clock } from '../clock.ts';
import type { Job } from '../jobs/job.ts';
import type { JobSource } from '../jobs/job-source.ts';
import { NoPrefixError } from '../ledger/edge-book.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { NodeNetwork } from '../nodes/node-network.ts';
import type { Statistics } from '../statistics/statistics.ts';
import type { DifficultyLimits } from '../stratum/difficulty.ts';
import type { BlockCandidate } from '../stratum/share.ts';
import { wireJobOf } from './edge-job.ts';
import { type EdgeHost, EdgeSession } from './edge-session.ts';
import { EdgeUsers } from './edge-share.ts';
import type { RpcTiming } from './rpc-socket.ts';
import { EDGE_PROTOCOL, HELLO_ERRORS, type Hello, MAX_MESSAGE_BYTES, type Welcome } from './wire.ts';

export interface EdgeGateOptions {
  /** What an edge shows to be let in. */
  readonly token: AdminToken;
  readonly network: NodeNetwork;
  readonly jobs: JobSource;
  /** What a job was made of. */
  readonly templateOf: (job: Job) => Template | undefined;
  readonly ledger: Pick<Ledger, 'shares' | 'blocks' | 'edges' | 'jobs'>;
  readonly statistics: Statistics;
  readonly difficulty: DifficultyLimits;
  readonly extranonce2Size: number;
  readonly jobTtlMs: number;
  readonly readAddress: AddressReader;
  /** Brings a block to the network. */
  readonly found: (candidate: BlockCandidate) => void;
  readonly clock: Clock;
  readonly log: Logger;
  readonly timing?: RpcTiming | undefined;
}

/** What is known of an edge that is connected. */
export interface EdgeState {
  readonly edge: string;
  readonly address: string;
  /** Since when, milliseconds since 1970. */
  readonly sinceMs: number;
  /** Open connections of miners, those with an authorised worker, shares that are not answered: as the edge said last. */
  readonly connections: number | null;
  readonly authorized: number | null;
  readonly held: number | null;
  /** Shares since it is connected. */
  readonly accepted: number;
  readonly repeated: number;
  readonly rejected: Readonly<Record<string, number>>;
}

/** Connections with the right token, those included that have not said yet who they are. */
const MAX_EDGES = 256;
/** How often connected edges are entered as seen. */
const TOUCH_MS = 3_600_000;
/** Wrong tokens are told of at most so often. */
const COMPLAINT_MS = 60_000;

/** Where edges connect: lets them in, tells them of jobs, and takes their shares over. */
export class EdgeGate {
  /** Connections that were refused for want of the token. */
  wrongTokens = 0;
  readonly #options: EdgeGateOptions;
  readonly #users: EdgeUsers;
  readonly #server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
  });
  readonly #sessions = new Set<EdgeSession>();
  /** The connection of each edge that has said who it is, by its id. */
  readonly #byEdge = new Map<string, EdgeSession>();
  readonly #touchTimer: NodeJS.Timeout;
  /** The last job that there was for everyone. */
  #newest: Job | undefined;
  #complainedMs = Number.NEGATIVE_INFINITY;
  #stopped = false;

  constructor(options: EdgeGateOptions) {
    this.#options = options;
    this.#users = new EdgeUsers(options.readAddress);
    options.jobs.listen({
      onJob: (job, clean) => {
        if (job !== undefined) void this.#tellJob(job, clean);
      },
      onNotice: (text) => this.#tell('notice', { text }),
    });
    this.#touchTimer = setInterval(() => this.#touch(), TOUCH_MS);
    this.#touchTimer.unref();
  }

  /** Takes over a connection that asks for `/edge`. */
  readonly upgrade = (request: IncomingMessage, socket: Socket, head: Buffer): void => {
    if (!this.#options.token.allows(request.headers.authorization)) {
      this.#onWrongToken(socket);
      return;
    }
    if (this.#stopped || this.#sessions.size >= MAX_EDGES) {
      refuseUpgrade(socket, '503 Service Unavailable', 'the pool has no room for another edge now');
      return;
    }
    const address = socket.remoteAddress ?? '';
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      this.#sessions.add(new EdgeSession(webSocket, address, this.#host));
    });
  };

  /** The edges that are connected and have said who they are. */
  states(): EdgeState[] {
    return [...this.#byEdge].map(([edge, session]) => ({
      edge,
      address: session.address,
      sinceMs: session.openedMs,
      connections: session.status?.connections ?? null,
      authorized: session.status?.authorized ?? null,
      held: session.status?.held ?? null,
      accepted: session.accepted,
      repeated: session.repeated,
      rejected: Object.fromEntries(session.rejected),
    }));
  }

  /** Closes all connections. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#touchTimer);
    for (const session of this.#sessions) session.close('the pool is stopping');
    this.#server.close();
  }

  get #host(): EdgeHost {
    const { clock, log, ledger, statistics, timing, found } = this.#options;
    return {
      clock,
      log,
      shares: ledger.shares,
      blocks: ledger.blocks,
      statistics,
      timing,
      found,
      admit: (session, hello) => this.#admit(session, hello),
      welcome: (prefix) => this.#welcome(prefix),
      onClose: (session) => this.#onClose(session),
    };
  }

  #onWrongToken(socket: Socket): void {
    const { clock, log } = this.#options;
    this.wrongTokens += 1;
    const nowMs = clock.steadyMs();
    if (nowMs - this.#complainedMs >= COMPLAINT_MS) {
      this.#complainedMs = nowMs;
      log.warn(
        { address: socket.remoteAddress, refused: this.wrongTokens },
        'an edge without the right token',
      );
    }
    refuseUpgrade(
      socket,
      '401 Unauthorized',
      "the edge token is missing or wrong: it stands in pool-edge.token beside the pool's ledger",
      'WWW-Authenticate: Bearer realm="nilz edge"',
    );
  }

  async #admit(session: EdgeSession, hello: Hello): ReturnType<EdgeHost['admit']> {
    const { jobs, ledger, clock, log, difficulty, extranonce2Size } = this.#options;
    if (jobs.perAddress) {
      throw new JSONRPCErrorException(
        'this pool pays whoever finds a block directly (scheme solo), and an edge cannot make such work: ' +
          'let miners connect to the pool itself, or choose --scheme pplns or prop',
        HELLO_ERRORS.solo,
      );
    }
    const other = this.#byEdge.get(hello.edge);
    if (other?.isOpen === true && other.hello?.instance !== hello.instance) {
      throw new JSONRPCErrorException(
        `another edge with the id "${hello.edge}" is connected from ${other.address}: choose another with --id`,
        HELLO_ERRORS.inUse,
      );
    }
    // The same process comes again before its former connection is known to be broken.
    other?.drop('the edge has connected again');
    this.#byEdge.set(hello.edge, session);
    try {
      const prefix = await ledger.edges.prefixOf(hello.edge, clock.wallMs());
      log.info({ edge: hello.edge, address: session.address, prefix }, 'edge connected');
      return { prefix, terms: { prefix, extranonce2Size, difficulty, jobs, users: this.#users } };
    } catch (error) {
      if (!(error instanceof NoPrefixError)) throw error;
      throw new JSONRPCErrorException(error.message, HELLO_ERRORS.full);
    }
  }

  #welcome(prefix: number): Welcome {
    const { network, difficulty, extranonce2Size, jobTtlMs, jobs, clock } = this.#options;
    const job = jobs.current();
    if (job !== undefined) void this.#keep(job);
    return {
      protocol: EDGE_PROTOCOL,
      prefix,
      extranonce2_size: extranonce2Size,
      network: {
        name: network.name,
        hrp: network.format.hrp,
        p2pkh: network.format.p2pkh ?? null,
        p2sh: network.format.p2sh ?? null,
        only_p2wpkh: network.onlyP2wpkh,
        identity: network.identity,
        maturity: network.maturity,
        block_time_seconds: network.blockTimeSeconds,
      },
      difficulty: {
        start: difficulty.start,
        minimum: difficulty.minimum,
        maximum: difficulty.maximum,
        share_interval_ms: difficulty.shareIntervalMs,
        share_target_multiplier: difficulty.shareTargetMultiplier,
      },
      job_ttl_ms: jobTtlMs,
      job: job === undefined ? null : wireJobOf(job, clock.steadyMs()),
    };
  }

  #onClose(session: EdgeSession): void {
    this.#sessions.delete(session);
    const edge = session.hello?.edge;
    if (edge === undefined || this.#byEdge.get(edge) !== session) return;
    this.#byEdge.delete(edge);
    this.#seen(edge);
  }

  /**
   * Tells edges of a job, and writes it down, so that after a restart what they find meanwhile is still known. A new
   * block is told first: waiting for the disk would make it late. A job that only renews one is on the disk before.
   */
  async #tellJob(job: Job, clean: boolean): Promise<void> {
    this.#newest = job;
    if (this.#working().length === 0) return;
    const tell = () => this.#tell('job', { job: wireJobOf(job, this.#options.clock.steadyMs()), clean });
    if (clean) tell();
    await this.#keep(job);
    if (!clean && this.#newest === job) tell();
  }

  #tell(method: 'job' | 'notice', params: unknown): void {
    for (const session of this.#working()) session.notify(method, params);
  }

  #working(): EdgeSession[] {
    return [...this.#byEdge.values()].filter(({ isWorking }) => isWorking);
  }

  async #keep(job: Job): Promise<void> {
    const { ledger, templateOf, clock, log } = this.#options;
    const template = templateOf(job);
    if (template === undefined) return;
    const createdMs = clock.wallMs() - (clock.steadyMs() - job.createdMs);
    const { jobId, coinbase1, coinbase2 } = job;
    try {
      await ledger.jobs.keep({ jobId, coinbase1, coinbase2, template, createdMs: Math.round(createdMs) });
    } catch (error) {
      const what = 'a job could not be stored: after a restart its shares are refused';
      log.error({ err: error, job: jobId }, what);
    }
  }

  #touch(): void {
    for (const edge of this.#byEdge.keys()) this.#seen(edge);
  }

  #seen(edge: string): void {
    const { ledger, clock, log } = this.#options;
    ledger.edges.touch(edge, clock.wallMs()).catch((error: unknown) => {
      log.debug({ err: error, edge }, 'an edge could not be entered as seen');
    });
  }
}
