import type { Random } from '../random.ts';
import type { AddressBook } from './address-book.ts';
import { type Endpoint, endpointText, type HostAndPort, rangeOf, reachOf } from './ip-address.ts';
import { MAX_DIALS, MAX_OUTBOUND } from './limits.ts';
import type { PeerKind } from './peer-network.ts';

/** Somebody to connect to. */
export interface Dial {
  readonly kind: Exclude<PeerKind, 'inbound'>;
  readonly host: string;
  readonly port: number;
}

/** A connection that this side opened, or is opening. */
export interface OpenedConnection {
  readonly kind: Exclude<PeerKind, 'inbound'>;
  /** What was dialled, which may be a name. */
  readonly name: string;
  /** Undefined while a name is being looked up. */
  readonly remote: Endpoint | undefined;
  readonly isComplete: boolean;
}

export interface ConnectorOptions {
  readonly book: AddressBook;
  readonly random: Random;
  readonly bootNodes: readonly HostAndPort[];
  /** Connect to nobody but the manual peers. */
  readonly manualOnly: boolean;
  readonly isRefused: (ip: string) => boolean;
  /** Where this node listens itself. */
  readonly isOwn: (endpoint: Endpoint) => boolean;
}

/** When somebody who did not answer is tried again: after 1, 2, 4, … seconds, at most so many. */
const MAX_MANUAL_WAIT_SECONDS = 60;
const MAX_BOOT_WAIT_SECONDS = 600;
/** Every so often, about, an address nobody has tried is tried (Bitcoin Core: FEELER_INTERVAL). */
const FEELER_SECONDS = 120;

/** Somebody named by the operator. */
interface Named extends HostAndPort {
  nextSeconds: number;
  failures: number;
}

/**
 * Decides whom to connect to: peers the operator named, always; others until there are enough, each in another
 * range of addresses, so that no single network surrounds this node; a boot node when nobody else is known.
 */
export class Connector {
  readonly #options: ConnectorOptions;
  readonly #manual = new Map<string, Named>();
  readonly #boot: readonly Named[];
  #nextFeelerSeconds: number;

  constructor(options: ConnectorOptions, nowSeconds: number) {
    this.#options = options;
    this.#boot = options.bootNodes.map(named);
    this.#nextFeelerSeconds = nowSeconds + FEELER_SECONDS;
  }

  /** Peers named by `--connect` and `addnode`. */
  get manual(): readonly HostAndPort[] {
    return [...this.#manual.values()];
  }

  /** False when it is named already. */
  addManual(peer: HostAndPort): boolean {
    if (this.#manual.has(nameOf(peer))) return false;
    this.#manual.set(nameOf(peer), named(peer));
    return true;
  }

  /** False when it was not named. */
  removeManual(peer: HostAndPort): boolean {
    return this.#manual.delete(nameOf(peer));
  }

  /** A handshake with somebody that was dialled by this name is complete. */
  succeeded(name: string, nowSeconds: number): void {
    for (const peer of this.#named(name)) Object.assign(peer, { failures: 0, nextSeconds: nowSeconds + 1 });
  }

  /** Whom to dial now. To be called every half second or so. */
  next(opened: readonly OpenedConnection[], nowSeconds: number): Dial[] {
    const underWay = opened.filter(({ isComplete }) => !isComplete).length;
    if (underWay >= MAX_DIALS) return [];
    const manual = this.#dueManual(opened, nowSeconds);
    if (manual.length > 0) return manual.slice(0, MAX_DIALS - underWay);
    if (this.#options.manualOnly) return [];
    const outbound = opened.filter(({ kind }) => kind === 'outbound');
    if (outbound.length >= MAX_OUTBOUND) return this.#feeler(opened, nowSeconds);
    const chosen = this.#choose('outbound', opened, nowSeconds);
    return chosen.length > 0 ? chosen : this.#dueBoot(opened, outbound, nowSeconds);
  }

  #dueManual(opened: readonly OpenedConnection[], nowSeconds: number): Dial[] {
    const due = [...this.#manual.values()].filter(
      (peer) => peer.nextSeconds <= nowSeconds && !isOpened(peer, opened),
    );
    return due.map((peer) => dialNamed('manual', peer, nowSeconds, MAX_MANUAL_WAIT_SECONDS));
  }

  /** A boot node is asked for addresses as long as there is no other way in. */
  #dueBoot(
    opened: readonly OpenedConnection[],
    outbound: readonly OpenedConnection[],
    nowSeconds: number,
  ): Dial[] {
    if (outbound.length > 0) return [];
    const due = this.#boot.find((peer) => peer.nextSeconds <= nowSeconds && !isOpened(peer, opened));
    return due ? [dialNamed('outbound', due, nowSeconds, MAX_BOOT_WAIT_SECONDS)] : [];
  }

  /** Addresses nobody has tried are tried one by one, so that good ones are known before they are needed. */
  #feeler(opened: readonly OpenedConnection[], nowSeconds: number): Dial[] {
    if (nowSeconds < this.#nextFeelerSeconds) return [];
    this.#nextFeelerSeconds = nowSeconds + FEELER_SECONDS * (0.5 + this.#options.random.fraction());
    return this.#choose('feeler', opened, nowSeconds);
  }

  #choose(kind: 'outbound' | 'feeler', opened: readonly OpenedConnection[], nowSeconds: number): Dial[] {
    const { book, random, isRefused, isOwn } = this.#options;
    const names = new Set(opened.flatMap(({ name, remote }) => [name, remote ? endpointText(remote) : name]));
    const ranges = new Set(
      opened.flatMap(({ kind: other, remote }) =>
        other === 'outbound' && remote ? [rangeOf(remote.ip)] : [],
      ),
    );
    const isCrowded = (ip: string): boolean => isRanged(ip) && ranges.has(rangeOf(ip));
    const endpoint = book.choose(
      {
        unprovenOnly: kind === 'feeler',
        isExcluded: (candidate) =>
          names.has(endpointText(candidate)) ||
          (kind === 'outbound' && isCrowded(candidate.ip)) ||
          isOwn(candidate) ||
          isRefused(candidate.ip),
      },
      random,
      nowSeconds,
    );
    return endpoint ? [{ kind, host: endpoint.ip, port: endpoint.port }] : [];
  }

  #named(name: string): Named[] {
    return [...this.#manual.values(), ...this.#boot].filter((peer) => nameOf(peer) === name);
  }
}

/** How somebody was named, in one form. */
export function nameOf({ host, port }: HostAndPort): string {
  return endpointText({ ip: host.toLowerCase(), port });
}

function named({ host, port }: HostAndPort): Named {
  return { host, port, nextSeconds: 0, failures: 0 };
}

function isOpened(peer: Named, opened: readonly OpenedConnection[]): boolean {
  const name = nameOf(peer);
  return opened.some((other) => other.name === name || (other.remote && endpointText(other.remote) === name));
}

function dialNamed(kind: Dial['kind'], peer: Named, nowSeconds: number, maxWaitSeconds: number): Dial {
  peer.nextSeconds = nowSeconds + Math.min(2 ** peer.failures, maxWaitSeconds);
  peer.failures += 1;
  return { kind, host: peer.host, port: peer.port };
}

/** All of this machine or site are one range, and must be. */
function isRanged(ip: string): boolean {
  const reach = reachOf(ip);
  return reach !== 'loopback' && reach !== 'site';
}
