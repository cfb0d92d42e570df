import { JSONRPCErrorException } from 'json-rpc-2.0';
import type { WebSocket } from 'ws';
import type { Logger } from '../../service/log.ts';
import type { Clock } from '../clock.ts';
import { newTip } from '../jobs/tip.ts';
import type { BlockBook } from '../ledger/block-book.ts';
import type { ShareLog } from '../ledger/share-log.ts';
import type { Statistics } from '../statistics/statistics.ts';
import type { BlockCandidate, RejectReason, Share, Verdict } from '../stratum/share.ts';
import { NotRecordedError } from '../stratum/share-sink.ts';
import { checkEdgeShare, type EdgeTerms } from './edge-share.ts';
import { CLOSE, RpcSocket, type RpcTiming, rpcMethod, WireError } from './rpc-socket.ts';
import {
  Block,
  EDGE_PROTOCOL,
  HELLO_ERRORS,
  Hello,
  MAX_BATCH,
  MAX_BATCHES_IN_FLIGHT,
  MAX_HELD,
  type Outcome,
  Shares,
  Status,
  type Welcome,
  type WireBlock,
} from './wire.ts';

/** What the pool gives an edge's connection to work with. */
export interface EdgeHost {
  readonly clock: Clock;
  readonly log: Logger;
  readonly shares: Pick<ShareLog, 'record' | 'settled' | 'lastSequence' | 'ofEdge'>;
  readonly blocks: Pick<BlockBook, 'has'>;
  readonly statistics: Pick<Statistics, 'countRejected'>;
  readonly timing?: RpcTiming | undefined;
  /** Brings a block to the network. Its share, if it has one, is recorded right after. */
  found(candidate: BlockCandidate): void;
  /**
   * Takes the edge in: from now on it is told of new jobs.
   * @throws JSONRPCErrorException with a code of HELLO_ERRORS
   */
  admit(session: EdgeSession, hello: Hello): Promise<{ readonly terms: EdgeTerms; readonly prefix: number }>;
  /** What an edge needs to serve miners. */
  welcome(prefix: number): Welcome;
  onClose(session: EdgeSession): void;
}

/** Shares under way beyond what an edge may have; blocks go beside them. */
const MAX_UNDER_WAY = 2 * MAX_BATCH * MAX_BATCHES_IN_FLIGHT;
/** An edge says who it is within so long. */
const HELLO_MS = 10_000;

type Phase =
  | { readonly name: 'new' }
  | { readonly name: 'greeting'; readonly hello: Hello }
  | {
      readonly name: 'working';
      readonly hello: Hello;
      readonly terms: EdgeTerms;
      /** Sequences that an earlier connection has brought into the ledger. */
      readonly repeats: ReadonlySet<number>;
    };

/** One connection of an edge, on the pool's side. */
export class EdgeSession {
  readonly address: string;
  readonly openedMs: number;
  status: Status | undefined;
  accepted = 0;
  /** Delivered again after a broken connection, and not counted again. */
  repeated = 0;
  readonly rejected = new Map<RejectReason, number>();
  readonly #rpc: RpcSocket;
  readonly #host: EdgeHost;
  readonly #deadline: NodeJS.Timeout;
  #phase: Phase = { name: 'new' };
  /** Of the last share that came in its turn. */
  #lastSequence = 0;
  #underWay = 0;

  constructor(socket: WebSocket, address: string, host: EdgeHost) {
    this.address = address;
    this.openedMs = host.clock.wallMs();
    this.#host = host;
    this.#deadline = setTimeout(() => this.close('the edge did not say who it is'), HELLO_MS);
    this.#rpc = new RpcSocket(socket, {
      methods: {
        hello: rpcMethod(Hello, (hello) => this.#onHello(hello)),
        shares: rpcMethod(Shares, ({ shares }) => this.#onShares(shares)),
        block: rpcMethod(Block, ({ block }) => this.#onBlock(block)),
        status: rpcMethod(Status, (status) => {
          this.status = status;
        }),
      },
      onClose: (reason) => this.#onClose(reason),
      log: host.log,
      timing: host.timing,
    });
  }

  /** What the edge calls itself; undefined before it has said so. */
  get hello(): Hello | undefined {
    return this.#phase.name === 'new' ? undefined : this.#phase.hello;
  }

  /** Whether what it says still counts. */
  get isOpen(): boolean {
    return this.#rpc.isOpen;
  }

  /** Whether it is told of new jobs. */
  get isWorking(): boolean {
    return this.#phase.name === 'working' && this.#rpc.isOpen;
  }

  notify(method: 'job' | 'notice', params: unknown): void {
    this.#rpc.notify(method, params);
  }

  /** Nothing it still says counts. */
  close(reason: string): void {
    this.#rpc.close(CLOSE.goingAway, reason);
  }

  /** The same for a connection whose edge is on another one already. */
  drop(reason: string): void {
    this.#rpc.drop(reason);
  }

  async #onHello(hello: Hello): Promise<Welcome> {
    if (this.#phase.name !== 'new') throw new WireError('hello: it was said already');
    if (hello.protocol !== EDGE_PROTOCOL) {
      const versions = `the pool speaks version ${EDGE_PROTOCOL} of the edge protocol, the edge ${hello.protocol}`;
      throw new JSONRPCErrorException(`${versions}: update the older one`, HELLO_ERRORS.protocol);
    }
    if (hello.next < hello.first || hello.next - hello.first > MAX_HELD) {
      throw new WireError(`next: must be from first to ${MAX_HELD} above it`);
    }
    this.#phase = { name: 'greeting', hello };
    try {
      const { terms, prefix } = await this.#host.admit(this, hello);
      const repeats = await this.#entered(hello);
      clearTimeout(this.#deadline);
      this.#lastSequence = hello.first - 1;
      this.#phase = { name: 'working', hello, terms, repeats };
      return this.#host.welcome(prefix);
    } catch (error) {
      // The answer leaves first.
      setImmediate(() => this.close('refused'));
      throw error;
    }
  }

  /** Which shares that the edge holds are in the ledger already: all that came before are written by then. */
  async #entered(hello: Hello): Promise<ReadonlySet<number>> {
    const { shares } = this.#host;
    const count = hello.next - hello.first;
    if (count === 0) return new Set();
    await shares.settled(shares.lastSequence);
    const held = Array.from({ length: count }, (_, index) => hello.first + index);
    return shares.ofEdge(originOf(hello), held);
  }

  async #onShares(shares: readonly WireBlock[]): Promise<{ outcomes: Outcome[] }> {
    for (const { sequence } of shares) {
      if (sequence === null || sequence <= this.#lastSequence) {
        throw new WireError(`sequence: ${sequence} after ${this.#lastSequence}, shares come in their order`);
      }
      this.#lastSequence = sequence;
    }
    const outcomes = shares.map((share) => this.#take(share));
    return { outcomes: await Promise.all(outcomes) };
  }

  async #onBlock(block: WireBlock): Promise<{ outcome: Outcome }> {
    const phase = this.#phase;
    if (phase.name === 'working' && block.sequence !== null && phase.repeats.has(block.sequence)) {
      await this.#findAgain(block, phase.terms);
    }
    return { outcome: await this.#take(block) };
  }

  /** The share is in the ledger; whether its block left before the pool went down is another question. */
  async #findAgain(block: WireBlock, terms: EdgeTerms): Promise<void> {
    const jobs = {
      find: (jobId: string) => {
        const job = terms.jobs.find(jobId);
        return job && { ...job, tip: newTip(job.tip.hash, job.tip.height) };
      },
    };
    const { candidate } = checkEdgeShare(block, { ...terms, jobs }, this.#host.clock);
    if (candidate === undefined || (await this.#host.blocks.has(candidate.hash))) return;
    this.#host.found({ ...candidate, credited: false });
  }

  /** Judges a share at once; the answer comes when it is durable. */
  #take(share: WireBlock): Outcome | Promise<Outcome> {
    if (this.#phase.name !== 'working') throw new WireError('hello: it comes first');
    const { hello, terms, repeats } = this.#phase;
    if (share.sequence !== null && repeats.has(share.sequence)) {
      this.repeated += 1;
      return true;
    }
    if (this.#underWay >= MAX_UNDER_WAY) throw new WireError(`${MAX_UNDER_WAY} shares are under way already`);
    const verdict = checkEdgeShare(share, terms, this.#host.clock);
    if (verdict.candidate !== undefined) {
      this.#host.found({
        ...verdict.candidate,
        credited: share.sequence !== null && verdict.candidate.credited,
      });
    }
    if (share.sequence === null) return true;
    if (verdict.outcome === 'rejected') return this.#reject(verdict, terms, share.user);
    return this.#record(verdict, { edge: originOf(hello), sequence: share.sequence });
  }

  #record(
    { share, tip }: Extract<Verdict, { outcome: 'accepted' }>,
    origin: { readonly edge: string; readonly sequence: number },
  ): Promise<Outcome> {
    tip.seen.add(share.hash);
    this.#underWay += 1;
    return this.#host.shares
      .record(share, origin)
      .then(
        (): Outcome => {
          this.accepted += 1;
          return true;
        },
        (error: unknown): Outcome => {
          tip.seen.delete(share.hash);
          if (!(error instanceof NotRecordedError)) throw error;
          return this.#refuse(error.reason, error.message, share);
        },
      )
      .finally(() => {
        this.#underWay -= 1;
      });
  }

  #reject(
    { reason, error }: Extract<Verdict, { outcome: 'rejected' }>,
    terms: EdgeTerms,
    user: string,
  ): Outcome {
    const worker = terms.users.workerOf(user);
    return this.#refuse(reason, error.message, typeof worker === 'string' ? undefined : { worker });
  }

  #refuse(reason: RejectReason, message: string, share: Pick<Share, 'worker'> | undefined): Outcome {
    this.rejected.set(reason, (this.rejected.get(reason) ?? 0) + 1);
    this.#host.statistics.countRejected(reason, share?.worker, message);
    return { reason, message };
  }

  #onClose(reason: string): void {
    clearTimeout(this.#deadline);
    const edge = this.hello?.edge;
    this.#host.log.info({ edge, address: this.address, reason }, 'edge gone');
    this.#host.onClose(this);
  }
}

/** How the ledger names an edge: numbers begin again with every start of it. */
function originOf({ edge, instance }: Hello): string {
  return `${edge}/${instance}`;
}
