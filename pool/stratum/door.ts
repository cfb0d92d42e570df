import { clientOf, type Rate, TokenBucket } from '../../service/limits.ts';
import type { NetworkList } from '../../service/network-list.ts';
import type { Clock } from '../clock.ts';
import { type Ban, BanList } from './ban-list.ts';
import type { ConnectionCounter } from './connection-counter.ts';
import type { StratumLimits } from './limits.ts';

/** A burst is what so many seconds allow: a miner may come with a flood of shares before its difficulty fits. */
const BURST_SECONDS = 5;
/** A connection costs its address as much as so many messages; with TLS it costs us about a millisecond. */
const CONNECTION_MESSAGES = 10;
/** Clients without a connection that are remembered because they were fast; the oldest are forgotten first. */
const MAX_ABSENT = 10_000;

/** One client: an IPv4 address, or the /64 network of an IPv6 one. */
export interface Client {
  readonly name: string;
  connections: number;
  readonly messages: TokenBucket;
}

/** One connection that was let in. */
export interface Guest {
  readonly client: Client;
  readonly messages: TokenBucket;
}

/** Decides who comes in, and how fast each may talk: total, per address, bans. */
export class Door {
  readonly #limits: StratumLimits;
  readonly #allowed: NetworkList | undefined;
  readonly #clock: Clock;
  readonly #counters: Record<ConnectionCounter, number>;
  readonly #clients = new Map<string, Client>();
  /** Clients without a connection whose bucket is not full yet, in the order they left. */
  readonly #absent = new Set<Client>();
  readonly #bans: BanList;
  readonly #connectionRate: Rate;
  readonly #clientRate: Rate;
  #open = 0;

  /** @param allowed where miners may come from; undefined is everywhere */
  constructor(
    limits: StratumLimits,
    clock: Clock,
    counters: Record<ConnectionCounter, number>,
    allowed?: NetworkList,
  ) {
    this.#limits = limits;
    this.#allowed = allowed;
    this.#clock = clock;
    this.#counters = counters;
    this.#bans = new BanList(limits.banMs);
    this.#connectionRate = rateOf(limits.messagesPerSecond);
    this.#clientRate = rateOf(limits.messagesPerSecondPerAddress);
  }

  /** Lets a connection from an IP address in, or counts why not. */
  enter(address: string): Guest | undefined {
    const name = clientOf(address);
    const nowMs = this.#clock.steadyMs();
    const client = this.#clients.get(name) ?? newClient(name, this.#clientRate, nowMs);
    const isAllowed = this.#allowed?.has(address) ?? true;
    const refusal = isAllowed ? this.#refusalOf(client, nowMs) : 'refused_not_allowed';
    if (refusal !== undefined) {
      this.#counters[refusal] += 1;
      return undefined;
    }
    this.#counters.opened += 1;
    this.#open += 1;
    client.connections += 1;
    client.messages.take(CONNECTION_MESSAGES, this.#clientRate, nowMs);
    this.#clients.set(name, client);
    this.#absent.delete(client);
    return { client, messages: new TokenBucket(this.#connectionRate, nowMs) };
  }

  /**
   * Counts messages that were read.
   * @returns milliseconds to wait before reading on; 0 while the rates are kept
   */
  take({ client, messages }: Guest, count: number, nowMs: number): number {
    const ownMs = messages.take(count, this.#connectionRate, nowMs);
    const clientMs = client.messages.take(count, this.#clientRate, nowMs);
    if (ownMs > 0) this.#counters.slowed_connection += 1;
    if (clientMs > 0) this.#counters.slowed_address += 1;
    return Math.max(ownMs, clientMs);
  }

  /** Bans the client a connection came from; what else it has open stays. Undefined where bans are off. */
  ban({ client }: Guest): Ban | undefined {
    return this.#bans.ban(client.name, this.#clock.steadyMs());
  }

  /**
   * Gives the place back; once, when the connection is gone. Who hangs up and comes again must not find a new
   * burst, so a client is forgotten only when its bucket is full.
   */
  leave({ client }: Guest): void {
    this.#open -= 1;
    client.connections -= 1;
    if (client.connections > 0) return;
    this.#absent.add(client);
    const nowMs = this.#clock.steadyMs();
    for (const absent of this.#absent) {
      if (this.#absent.size <= MAX_ABSENT && !absent.messages.isFull(this.#clientRate, nowMs)) break;
      this.#absent.delete(absent);
      this.#clients.delete(absent.name);
    }
  }

  /** The bans that hold now. */
  bans(): Ban[] {
    return this.#bans.current(this.#clock.steadyMs());
  }

  #refusalOf(client: Client, nowMs: number): ConnectionCounter | undefined {
    if (this.#bans.isBanned(client.name, nowMs)) return 'refused_banned';
    if (this.#open >= this.#limits.connections) return 'refused_full';
    if (client.connections >= this.#limits.connectionsPerAddress) return 'refused_address';
    return client.messages.take(0, this.#clientRate, nowMs) > 0 ? 'refused_rate' : undefined;
  }
}

function newClient(name: string, rate: Rate, nowMs: number): Client {
  return { name, connections: 0, messages: new TokenBucket(rate, nowMs) };
}

function rateOf(perSecond: number): Rate {
  return { perSecond, burst: perSecond * BURST_SECONDS };
}
