import { displayHash } from '../../protocol/bytes.ts';
import { BlockchainInfo } from '../../protocol/rpc.ts';
import { TemplateError } from '../../protocol/template.ts';
import type { Height } from '../../protocol/units.ts';
import { type RpcClient, UnreachableError } from '../../service/rpc-client.ts';
import type { Clock } from '../clock.ts';
import { askNetwork, NetworkError, type NodeNetwork } from './node-network.ts';

/** How far a node's best chain goes. */
export interface ChainFacts {
  /** Hash of the tip as shown. */
  readonly tip: string;
  readonly height: Height;
  /** Absent where the node does not say. */
  readonly work: bigint | undefined;
  /** The node says itself that its chain is not complete yet. */
  readonly catchingUp: boolean;
  /** When it was told; steady clock. */
  readonly atMs: number;
}

/** What keeps a node from being used. */
export interface NodeFault {
  readonly name: 'away' | 'foreign' | 'lying';
  /** Milliseconds since 1970. */
  readonly sinceMs: number;
  readonly reason: string;
}

const FIRST_PENALTY_MS = 30_000;
const LONGEST_PENALTY_MS = 600_000;

/** One node: how it is reached, what it said last, and what is wrong with it. */
export class PoolNode {
  readonly client: RpcClient;
  readonly #clock: Clock;
  #facts: ChainFacts | undefined;
  #fault: NodeFault | undefined;
  /** Whether it may be another node since its last answer: then it is asked for its network before anything. */
  #isStranger = true;
  #failures = 0;
  /** How often its templates were refused without a good one in between, and until when it is not believed. */
  #lies = 0;
  #distrustedUntilMs = 0;
  /** Since when it has answered without a fault, by both clocks. */
  #well: { readonly wallMs: number; readonly steadyMs: number } | undefined;

  constructor(client: RpcClient, clock: Clock) {
    this.client = client;
    this.#clock = clock;
  }

  /** Where it is, without the password. */
  get url(): string {
    return this.client.url;
  }

  get facts(): ChainFacts | undefined {
    return this.#facts;
  }

  get fault(): NodeFault | undefined {
    return this.#fault;
  }

  /** Whether it has to say first which network it is on. */
  get isStranger(): boolean {
    return this.#isStranger;
  }

  /** Failures in a row. */
  get failures(): number {
    return this.#failures;
  }

  /** For how long it has answered without a fault; 0 while it has one. */
  get wellMs(): number {
    return this.#well === undefined ? 0 : this.#clock.steadyMs() - this.#well.steadyMs;
  }

  /** Since when it has answered without a fault, milliseconds since 1970. */
  get wellSinceMs(): number | undefined {
    return this.#well?.wallMs;
  }

  /**
   * Asks for the tip; a node that has failed is asked for its network first.
   * @throws NetworkError on another network, UnreachableError, RpcCallError
   */
  async look(network: NodeNetwork, limits: { signal: AbortSignal; timeoutMs: number }): Promise<ChainFacts> {
    if (this.#isStranger) {
      const { name, identity } = await askNetwork(this.client, limits);
      if (identity !== network.identity) {
        const when = this.#facts === undefined ? '' : ' now';
        throw new NetworkError(
          `the node is on the network "${name}"${when}, this pool is on "${network.name}"`,
        );
      }
      this.#isStranger = false;
    }
    const info = await this.client.call('getblockchaininfo', [], { ...limits, schema: BlockchainInfo });
    this.#facts = {
      tip: displayHash(info.bestblockhash),
      height: info.blocks,
      work: info.chainwork,
      catchingUp: info.initialblockdownload,
      atMs: this.#clock.steadyMs(),
    };
    // Whether a liar has mended shows in a template only: it gets another chance after a while.
    if (this.#fault?.name !== 'lying' || this.#clock.steadyMs() >= this.#distrustedUntilMs) this.#recover();
    return this.#facts;
  }

  /** It gave work that can be used. */
  serve(): void {
    this.#lies = 0;
    this.#recover();
  }

  /** It did not answer, or not what it should. A fault of another kind begins anew. */
  fail(error: unknown): void {
    const name = faultOf(error);
    this.#failures += 1;
    this.#well = undefined;
    this.#isStranger = true;
    const sinceMs = this.#fault?.name === name ? this.#fault.sinceMs : this.#clock.wallMs();
    this.#fault = { name, sinceMs, reason: error instanceof Error ? error.message : String(error) };
    if (name !== 'lying') return;
    const penaltyMs = Math.min(FIRST_PENALTY_MS * 2 ** Math.min(this.#lies, 8), LONGEST_PENALTY_MS);
    this.#lies += 1;
    this.#distrustedUntilMs = this.#clock.steadyMs() + penaltyMs;
  }

  /** An answer got lost: before it is believed again it says which network it is on. */
  doubt(): void {
    this.#isStranger = true;
  }

  #recover(): void {
    this.#failures = 0;
    this.#fault = undefined;
    this.#well ??= { wallMs: this.#clock.wallMs(), steadyMs: this.#clock.steadyMs() };
  }
}

function faultOf(error: unknown): NodeFault['name'] {
  if (error instanceof NetworkError) return 'foreign';
  if (error instanceof TemplateError) return 'lying';
  return error instanceof UnreachableError && error.reason === 'answer' ? 'lying' : 'away';
}

/** Whether one chain has more work than another; by height where a node does not tell its work. */
export function isAhead(a: ChainFacts, b: ChainFacts): boolean {
  return a.work !== undefined && b.work !== undefined ? a.work > b.work : a.height > b.height;
}
