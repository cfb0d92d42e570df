import type { Socket } from 'node:net';
import type { Logger } from '../../service/log.ts';
import type { Clock } from '../clock.ts';
import type { AddressBook } from './address-book.ts';
import type { PeerConnection } from './connection.ts';
import { type Connector, type Dial, nameOf, type OpenedConnection } from './connector.ts';
import { endpointsOf, openSocket } from './dial.ts';
import { type Endpoint, endpointText } from './ip-address.ts';
import type { PeerKind } from './peer-network.ts';
import type { Peers } from './peers.ts';

export interface OutboundOptions {
  readonly peers: Peers;
  readonly connector: Connector;
  readonly book: AddressBook;
  readonly isRefused: (ip: string) => boolean;
  readonly clock: Clock;
  readonly log: Logger;
}

/** One connection from the decision to its end. */
interface Attempt {
  readonly kind: Exclude<PeerKind, 'inbound'>;
  readonly name: string;
  remote: Endpoint | undefined;
  connection: PeerConnection | undefined;
}

/** Opens connections as the connector decides. */
export class Outbound {
  readonly #options: OutboundOptions;
  readonly #attempts = new Set<Attempt>();
  readonly #runs = new Set<Promise<void>>();
  readonly #stopping = new AbortController();

  constructor(options: OutboundOptions) {
    this.#options = options;
  }

  /** To be called every half second or so. */
  tick(): void {
    const { peers, connector, clock } = this.#options;
    if (!peers.isActive) return;
    for (const dial of connector.next(this.#opened(), clock.nowSeconds())) this.dial(dial);
  }

  /** Connects to somebody, once. */
  dial(dial: Dial): void {
    const attempt: Attempt = {
      kind: dial.kind,
      name: nameOf(dial),
      remote: undefined,
      connection: undefined,
    };
    this.#attempts.add(attempt);
    const run = this.#run(dial, attempt).finally(() => {
      this.#attempts.delete(attempt);
      this.#runs.delete(run);
    });
    this.#runs.add(run);
  }

  /** Connections to somebody that was dialled by this name, complete or not. */
  connectionsTo(name: string): PeerConnection[] {
    return [...this.#attempts].flatMap((attempt) =>
      attempt.name === name && attempt.connection ? [attempt.connection] : [],
    );
  }

  /** Gives up what is under way; resolves when nothing is. Established connections are their owner's to end. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#runs);
  }

  async #run(dial: Dial, attempt: Attempt): Promise<void> {
    const { peers, connector, clock } = this.#options;
    const found = await this.#reach(dial, attempt);
    if (found === undefined) return;
    if (!peers.isActive) {
      found.socket.destroy();
      return;
    }
    const { connection, over } = peers.start(found.socket, attempt.kind, found.remote);
    attempt.connection = connection;
    await over;
    if (connection.facts) connector.succeeded(attempt.name, clock.nowSeconds());
  }

  /** Connects to the first address of a host that answers; undefined when none does. */
  async #reach(
    dial: Dial,
    attempt: Attempt,
  ): Promise<{ readonly socket: Socket; readonly remote: Endpoint } | undefined> {
    const { book, isRefused, clock, log } = this.#options;
    let reason = 'the address is refused';
    try {
      for (const remote of await endpointsOf(dial)) {
        if (isRefused(remote.ip)) continue;
        if (this.#isConnectedTo(remote)) {
          reason = 'already connected';
          continue;
        }
        attempt.remote = remote;
        book.tried(remote, clock.nowSeconds());
        const outcome = await openSocket(remote, this.#stopping.signal);
        if (typeof outcome !== 'string') return { socket: outcome, remote };
        reason = outcome;
      }
    } catch (error) {
      // The name is not known, or whoever could tell is out of reach.
      reason = error instanceof Error ? error.message : String(error);
    }
    log.debug({ peer: attempt.name, kind: attempt.kind, reason }, 'not connected');
    return undefined;
  }

  /** Source: Bitcoin Core, CConnman::ConnectNode. */
  #isConnectedTo(remote: Endpoint): boolean {
    return [...this.#attempts].some(
      (other) => other.connection && other.remote && endpointText(other.remote) === endpointText(remote),
    );
  }

  #opened(): OpenedConnection[] {
    return [...this.#attempts].map(({ kind, name, remote, connection }) => ({
      kind,
      name,
      remote,
      isComplete: connection?.facts !== undefined,
    }));
  }
}
