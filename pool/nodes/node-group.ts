import { setTimeout as sleep } from 'node:timers/promises';
import { TemplateError } from '../../protocol/template.ts';
import type { Height } from '../../protocol/units.ts';
import type { Logger } from '../../service/log.ts';
import { RpcCallError, type RpcClient, UnreachableError } from '../../service/rpc-client.ts';
import type { Clock } from '../clock.ts';
import { type ChainFacts, isAhead, type NodeFault, type PoolNode } from './node.ts';
import { NetworkError, type NodeNetwork } from './node-network.ts';

/** What is known of the nodes together: whether work comes from one of them. */
export type NodeState =
  | { readonly name: 'unknown' }
  | { readonly name: 'answers'; readonly sinceMs: number }
  | { readonly name: 'away'; readonly sinceMs: number; readonly reason: string };

/** One node as the pool shows it. */
export interface NodeView {
  /** Without its login. */
  readonly url: string;
  readonly state: 'unknown' | 'answers' | 'behind' | NodeFault['name'];
  /** Work comes from it. */
  readonly active: boolean;
  /** Since when it has answered well, or its fault lasts: seconds since 1970; null before it was asked. */
  readonly since: number | null;
  /** What is wrong with it. */
  readonly reason: string | null;
  readonly height: Height | null;
}

/** Who makes work of what the chosen node says. */
export interface NodeFollower {
  /** Called after every look at the chosen node. Throws what the node did wrong. */
  follow(node: PoolNode, facts: ChainFacts, limits: NodeLimits): Promise<void>;
  /** Another node was chosen. */
  onSwitch(): void;
  /** No node has given work for a while. */
  onAway(): void;
}

export interface NodeLimits {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

export interface NodeGroupOptions {
  /** In order of preference, at least one. */
  readonly nodes: readonly PoolNode[];
  readonly network: NodeNetwork;
  readonly clock: Clock;
  readonly log: Logger;
  /** How often each node is asked for its tip (default 1,000). */
  readonly pollMs?: number | undefined;
  /** Without work for this long the nodes count as away (default 3,000). */
  readonly patienceMs?: number | undefined;
  /** How long a node has for an answer (default: with others at hand as long as patience lasts, else 10,000). */
  readonly answerMs?: number | undefined;
  /** A preferred node is gone back to when it has been well for this long (default 5,000). */
  readonly returnMs?: number | undefined;
  /** The chosen node is left when another has been ahead of it for this long (default 5,000). */
  readonly behindMs?: number | undefined;
}

export const POLL_MS = 1_000;
const PATIENCE_MS = 3_000;
const RETURN_MS = 5_000;
const BEHIND_MS = 5_000;
const ANSWER_MS = 10_000;
const LEAST_ANSWER_MS = 1_000;
const LONGEST_PAUSE_MS = 2_000;
/** How long the word of a node that is away holds others back: until then they had time to catch up. */
const REMEMBERED_MS = 600_000;

/**
 * Watches all nodes and chooses the one that work is taken from: the first in order of preference that answers,
 * is on our network, gives templates that make sense, and is not behind the others. Another is taken at the first
 * failure; the preferred one is gone back to when it has been well for a while.
 */
export class NodeGroup {
  readonly #options: NodeGroupOptions;
  readonly #stopping = new AbortController();
  readonly #wakes = new Map<PoolNode, AbortController>();
  /** Nodes looked at for the first time. */
  readonly #known = new Set<PoolNode>();
  /** Since when others have been ahead; steady clock. */
  readonly #behindSinceMs = new Map<PoolNode, number>();
  #follower: NodeFollower | undefined;
  #active: PoolNode | undefined;
  #state: NodeState = { name: 'unknown' };
  #failingSinceMs: number | undefined;
  #loops: Promise<unknown> = Promise.resolve();

  constructor(options: NodeGroupOptions) {
    this.#options = options;
  }

  get nodes(): readonly PoolNode[] {
    return this.#options.nodes;
  }

  /** The node that work is taken from; undefined until one has answered. */
  get active(): PoolNode | undefined {
    return this.#active;
  }

  get state(): NodeState {
    return this.#state;
  }

  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  /** Calls that go to the node work is taken from, whichever it is then; the first one until one has answered. */
  readonly client: RpcClient = followingClient(() => (this.#active ?? this.nodes[0])?.client);

  /** Every node with its state, in order of preference. */
  states(): NodeView[] {
    return this.nodes.map((node) => {
      const { url, fault, facts } = node;
      const behind = this.#behindReason(node);
      const sinceMs = fault?.sinceMs ?? node.wellSinceMs;
      const well = facts === undefined ? 'unknown' : behind === undefined ? 'answers' : 'behind';
      return {
        url,
        state: fault?.name ?? well,
        active: node === this.#active,
        since: sinceMs === undefined ? null : sinceMs / 1000,
        reason: fault?.reason ?? behind ?? null,
        height: facts?.height ?? null,
      };
    });
  }

  /** Starts to watch. Resolves when a node has given work, or all have been asked once. */
  async start(follower: NodeFollower): Promise<void> {
    this.#follower = follower;
    const first = this.nodes.map((node) => this.#look(node));
    this.#loops = Promise.all(
      this.nodes.map(async (node, index) => {
        await first[index];
        await this.#watch(node);
      }),
    );
    await Promise.all(first);
  }

  /** Looks at once: there is reason to think that the tip has changed. */
  hurry(): void {
    for (const node of this.nodes) this.#wakeOf(node).abort();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.hurry();
    await this.#loops;
  }

  /** The chosen node gave work outside of a look: by a long poll. */
  served(node: PoolNode): void {
    if (node.isStranger) return;
    node.serve();
    if (node === this.#active) this.#onWork();
  }

  get #stopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #watch(node: PoolNode): Promise<void> {
    const { pollMs = POLL_MS } = this.#options;
    while (!this.#stopped) {
      // Until it counts as away it is asked as often as ever, so that this is not found out late.
      const isAway = this.#state.name === 'away' || node !== this.#active;
      const backOffMs = Math.min(pollMs * 2 ** Math.min(node.failures, 8), LONGEST_PAUSE_MS);
      await this.#pause(node, isAway ? backOffMs : pollMs);
      if (!this.#stopped) await this.#look(node);
    }
  }

  /** Sleeps, unless there was reason to hurry meanwhile. */
  async #pause(node: PoolNode, ms: number): Promise<void> {
    const wake = this.#wakeOf(node);
    if (!wake.signal.aborted) await sleep(ms, undefined, { signal: wake.signal }).catch(() => undefined);
    this.#wakes.delete(node);
  }

  /** Ends the pause of a node's watch, the next one if there is none now. */
  #wakeOf(node: PoolNode): AbortController {
    const wake = this.#wakes.get(node) ?? new AbortController();
    this.#wakes.set(node, wake);
    return wake;
  }

  /** Asks for the tip and lets work be made of it where the node is the chosen one. Never rejects. */
  async #look(node: PoolNode): Promise<void> {
    const limits = { signal: this.#stopping.signal, timeoutMs: this.#answerMs() };
    try {
      const facts = await node.look(this.#options.network, limits);
      this.#known.add(node);
      this.#choose();
      if (node !== this.#active) return;
      await this.#follower?.follow(node, facts, limits);
      node.serve();
      if (node === this.#active) this.#onWork();
    } catch (error) {
      this.failed(node, error);
    }
  }

  /** With others at hand a slow node is not waited for. */
  #answerMs(): number {
    const { nodes, patienceMs = PATIENCE_MS, answerMs } = this.#options;
    return answerMs ?? (nodes.length > 1 ? Math.max(patienceMs, LEAST_ANSWER_MS) : ANSWER_MS);
  }

  /** Chooses among what is known; says so when it is another node than before. */
  #choose(): void {
    const { returnMs = RETURN_MS } = this.#options;
    const active = this.#active;
    const best = this.#firstGood();
    if (best === undefined || best === active) return;
    if (active !== undefined && this.#isGood(active) && best.wellMs < returnMs) return;
    this.#active = best;
    const { log } = this.#options;
    if (active !== undefined) {
      const reason = active.fault?.reason ?? this.#behindReason(active) ?? 'the preferred node is well again';
      log.warn({ node: best.url, before: active.url, reason }, 'work comes from another node now');
    }
    this.#follower?.onSwitch();
    this.#wakeOf(best).abort();
  }

  /**
   * The most preferred good node. One that was never asked is waited for: it may be good. Where all are still
   * catching up the first of them has to do: on a test network without blocks Bitcoin Core says so for ever.
   */
  #firstGood(): PoolNode | undefined {
    for (const node of this.nodes) {
      if (!this.#known.has(node)) return undefined;
      if (this.#isGood(node)) return node;
    }
    return this.nodes.find((node) => this.#isWell(node));
  }

  #isGood(node: PoolNode): boolean {
    return node.facts?.catchingUp === false && this.#isWell(node);
  }

  /** Whether it has no fault, and no other node is ahead of it. */
  #isWell(node: PoolNode): boolean {
    if (node.fault !== undefined || node.facts === undefined) return false;
    const { behindMs = BEHIND_MS, clock } = this.#options;
    if (this.#ahead(node) === undefined) {
      this.#behindSinceMs.delete(node);
      return true;
    }
    const nowMs = clock.steadyMs();
    const sinceMs = this.#behindSinceMs.get(node) ?? nowMs;
    this.#behindSinceMs.set(node, sinceMs);
    // A block reaches one node before the other: the chosen one has a moment to hear of it.
    return node === this.#active && nowMs - sinceMs < behindMs;
  }

  /** Another node whose chain has more work, if there is one to be believed. */
  #ahead(node: PoolNode): PoolNode | undefined {
    const { facts } = node;
    const nowMs = this.#options.clock.steadyMs();
    return this.nodes.find(
      (other) =>
        other !== node &&
        facts !== undefined &&
        other.facts !== undefined &&
        (other.fault === undefined || other.fault.name === 'away') &&
        nowMs - other.facts.atMs < REMEMBERED_MS &&
        isAhead(other.facts, facts),
    );
  }

  #behindReason(node: PoolNode): string | undefined {
    if (node.facts?.catchingUp) return 'it is still catching up with its network';
    const other = this.#ahead(node);
    return other && `it is at height ${node.facts?.height}, ${other.url} at ${other.facts?.height}`;
  }

  #onWork(): void {
    this.#failingSinceMs = undefined;
    if (this.#state.name === 'answers') return;
    if (this.#state.name === 'away') this.#options.log.info('work goes on: a node answers again');
    this.#state = { name: 'answers', sinceMs: this.#options.clock.wallMs() };
  }

  /** A node did not answer, or not what it should. */
  failed(node: PoolNode, error: unknown): void {
    if (this.#stopped) return;
    this.#known.add(node);
    const { clock, log, patienceMs = PATIENCE_MS } = this.#options;
    const before = node.fault?.name;
    if (!isNodesFault(error)) log.error({ err: error }, 'asking the node failed');
    node.fail(error);
    if (before !== node.fault?.name) {
      log.warn(
        { node: node.url, state: node.fault?.name, reason: node.fault?.reason },
        'a node is of no use',
      );
    }
    this.#choose();
    if (this.#active !== undefined && this.#active.fault === undefined) return;
    const nowMs = clock.steadyMs();
    this.#failingSinceMs ??= nowMs;
    if (nowMs - this.#failingSinceMs < patienceMs) return;
    const reason = (this.#active ?? node).fault?.reason ?? 'no node answers';
    const { name } = this.#state;
    this.#state = { name: 'away', sinceMs: name === 'away' ? this.#state.sinceMs : clock.wallMs(), reason };
    if (name === 'away') return;
    log.warn({ reason }, 'no node gives work; miners stay connected');
    this.#follower?.onAway();
  }
}

/** Whether the error tells something of the node; anything else is a mistake of ours. */
function isNodesFault(error: unknown): boolean {
  return (
    error instanceof UnreachableError ||
    error instanceof RpcCallError ||
    error instanceof TemplateError ||
    error instanceof NetworkError
  );
}

/** A client that asks anew for each call which client makes it. */
function followingClient(current: () => RpcClient | undefined): RpcClient {
  const client = (): RpcClient => {
    const found = current();
    if (found === undefined) throw new Error('a pool has at least one node');
    return found;
  };
  return {
    get url() {
      return client().url;
    },
    call: ((...call: Parameters<RpcClient['call']>) => client().call(...call)) as RpcClient['call'],
    batch: (calls, options) => client().batch(calls, options),
    // It owns no connection.
    close: () => undefined,
  };
}
