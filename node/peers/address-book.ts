import type { Random } from '../random.ts';
import { type Endpoint, endpointText, rangeOf, reachOf } from './ip-address.ts';

/** An address and what is remembered of it. Times are seconds since 1970. */
export interface KnownAddress {
  readonly endpoint: Endpoint;
  /** Bits of SERVICES, as told; as seen once we were connected. */
  readonly services: bigint;
  /** When somebody was last connected to it, as told; as seen once we were. */
  readonly lastSeenSeconds: number;
  /** The range of who told us first, or OPERATOR. */
  readonly source: string;
  readonly lastTrySeconds: number | undefined;
  readonly lastSuccessSeconds: number | undefined;
  /** Attempts without success since the last success. */
  readonly failures: number;
}

/** What is told of an address. */
export interface ToldAddress {
  readonly endpoint: Endpoint;
  readonly services: bigint;
  readonly lastSeenSeconds: number;
}

/** The source of addresses that nobody else told: settings and RPC. */
export const OPERATOR = 'operator';

/** Addresses we have never been connected to: of all, from one source's range, and in one range. */
export const MAX_UNPROVEN = 6_000;
export const MAX_UNPROVEN_PER_SOURCE = 1_024;
export const MAX_UNPROVEN_PER_RANGE = 128;
/** Addresses that have answered: of all, and in one range. */
export const MAX_PROVEN = 1_024;
export const MAX_PROVEN_PER_RANGE = 32;

const DAY_SECONDS = 86_400;
/** Bitcoin Core, AddrInfo::IsTerrible: not seen for a month, from the future, never or long not answering. */
const HORIZON_SECONDS = 30 * DAY_SECONDS;
const FUTURE_SECONDS = 600;
const MAX_FIRST_FAILURES = 3;
const MAX_FAILURES = 10;
const MIN_FAIL_SECONDS = 7 * DAY_SECONDS;
/** Bitcoin Core: what is heard is this much older than said, so that news from afar does not look fresh. */
const HEARSAY_SECONDS = 2 * 3600;
/** An address that did not answer is tried again after 1, 2, 4, … seconds, at most so many. */
const MAX_WAIT_SECONDS = 600;
/** One that did answer, and then left us or was left, is tried again after so many. */
const REUNION_SECONDS = 10;
/** Each failure makes an address so much less likely to be chosen, up to eight (AddrInfo::GetChance). */
const FAILURE_FACTOR = 0.66;
const MAX_COUNTED_FAILURES = 8;

/** What an address is chosen for. */
export interface Choice {
  /** Only what we have never been connected to. */
  readonly unprovenOnly?: boolean;
  readonly isExcluded: (endpoint: Endpoint) => boolean;
}

/**
 * The addresses of other nodes. Bounded in every direction somebody could flood it from: in all, by who told
 * and by the range it lies in; and half of all choices fall on addresses that have answered before, so whoever
 * fills the rest does not choose our peers (the idea of Bitcoin Core's AddrMan, with counts in place of its
 * buckets). Addresses of this machine and site are free of the limits by range.
 */
export class AddressBook {
  readonly #known = new Map<string, KnownAddress>();
  readonly #unproven = new Tally();
  readonly #bySource = new Tally();
  readonly #proven = new Tally();
  readonly #changed = new Map<string, Endpoint>();

  get size(): number {
    return this.#known.size;
  }

  get(endpoint: Endpoint): KnownAddress | undefined {
    return this.#known.get(endpointText(endpoint));
  }

  all(): readonly KnownAddress[] {
    return [...this.#known.values()];
  }

  /** Takes an address in as it was when it was saved. */
  restore(address: KnownAddress): void {
    this.#put(address);
    this.#changed.clear();
  }

  /**
   * Takes in what somebody tells.
   * @param source whose word it is: an IP address, or OPERATOR
   * @returns whether it was new
   */
  add(told: ToldAddress, source: string, nowSeconds: number): boolean {
    const isHearsay = source !== OPERATOR && source !== told.endpoint.ip;
    const heardSeconds = told.lastSeenSeconds - (isHearsay ? HEARSAY_SECONDS : 0);
    const known = this.get(told.endpoint);
    if (known !== undefined) {
      const services = known.services | told.services;
      // Nobody's word makes an address one from the future, which is of no use.
      const isBelievable = heardSeconds <= nowSeconds + FUTURE_SECONDS;
      const lastSeenSeconds = Math.max(known.lastSeenSeconds, isBelievable ? heardSeconds : 0);
      this.#put({ ...known, services, lastSeenSeconds });
      return false;
    }
    const address: KnownAddress = {
      endpoint: told.endpoint,
      services: told.services,
      lastSeenSeconds: heardSeconds,
      source: source === OPERATOR ? OPERATOR : rangeOf(source),
      lastTrySeconds: undefined,
      lastSuccessSeconds: undefined,
      failures: 0,
    };
    if (source !== OPERATOR && isHopeless(address, nowSeconds)) return false;
    if (!this.#makeRoom(address, nowSeconds)) return false;
    this.#put(address);
    return true;
  }

  /** A connection is being tried. Counts as a failure until it succeeds. */
  tried(endpoint: Endpoint, nowSeconds: number): void {
    const known = this.get(endpoint);
    if (known) this.#put({ ...known, lastTrySeconds: nowSeconds, failures: known.failures + 1 });
  }

  /** A handshake with it was completed. */
  succeeded(endpoint: Endpoint, services: bigint, nowSeconds: number): void {
    const known = this.get(endpoint);
    if (known === undefined) return;
    const seen = { services, lastSeenSeconds: nowSeconds, lastSuccessSeconds: nowSeconds, failures: 0 };
    if (known.lastSuccessSeconds === undefined) this.#makeProvenRoom(known);
    this.#put({ ...known, ...seen });
  }

  /** It is of no use: this node itself, or one of another network. */
  forget(endpoint: Endpoint): void {
    const known = this.get(endpoint);
    if (known) this.#remove(known);
  }

  /** An address to connect to, or undefined when none is due. */
  choose(
    { unprovenOnly = false, isExcluded }: Choice,
    random: Random,
    nowSeconds: number,
  ): Endpoint | undefined {
    const due = this.all().filter((address) => isDue(address, nowSeconds) && !isExcluded(address.endpoint));
    const proven = due.filter(({ lastSuccessSeconds }) => lastSuccessSeconds !== undefined);
    const unproven = due.filter(({ lastSuccessSeconds }) => lastSuccessSeconds === undefined);
    if (unprovenOnly) return draw(unproven, random);
    const [first, second] = random.fraction() < 0.5 ? [proven, unproven] : [unproven, proven];
    return draw(first, random) ?? draw(second, random);
  }

  /** Addresses written since the last call: those to save, and those that are gone. */
  takeChanges(): { readonly saved: readonly KnownAddress[]; readonly removed: readonly Endpoint[] } {
    const changed = [...this.#changed.values()];
    this.#changed.clear();
    return {
      saved: changed.flatMap((endpoint) => this.get(endpoint) ?? []),
      removed: changed.filter((endpoint) => this.get(endpoint) === undefined),
    };
  }

  #put(address: KnownAddress): void {
    const key = endpointText(address.endpoint);
    const before = this.#known.get(key);
    if (before) this.#count(before, -1);
    this.#known.set(key, address);
    this.#count(address, 1);
    this.#changed.set(key, address.endpoint);
  }

  #remove(address: KnownAddress): void {
    const key = endpointText(address.endpoint);
    this.#known.delete(key);
    this.#count(address, -1);
    this.#changed.set(key, address.endpoint);
  }

  #count({ endpoint, source, lastSuccessSeconds }: KnownAddress, by: 1 | -1): void {
    const range = rangeOf(endpoint.ip);
    if (lastSuccessSeconds !== undefined) this.#proven.add(range, by);
    else {
      this.#unproven.add(range, by);
      this.#bySource.add(source, by);
    }
  }

  /** Makes room for an unproven address where a limit is reached; false when there is none to be made. */
  #makeRoom(address: KnownAddress, nowSeconds: number): boolean {
    const range = rangeOf(address.endpoint.ip);
    const isFull = this.#unproven.total >= MAX_UNPROVEN;
    const isSourceFull = this.#bySource.of(address.source) >= MAX_UNPROVEN_PER_SOURCE;
    const isRangeFull = isLimited(address.endpoint) && this.#unproven.of(range) >= MAX_UNPROVEN_PER_RANGE;
    if (!isFull && !isSourceFull && !isRangeFull) return true;
    // One pass without a copy: a thousand addresses may come in one message.
    let worst: KnownAddress | undefined;
    for (const other of this.#known.values()) {
      if (other.lastSuccessSeconds !== undefined) continue;
      if (isSourceFull && other.source !== address.source) continue;
      if (isRangeFull && rangeOf(other.endpoint.ip) !== range) continue;
      if (isHopeless(other, nowSeconds)) {
        worst = other;
        break;
      }
      if (other.lastSeenSeconds < (worst ?? address).lastSeenSeconds) worst = other;
    }
    if (worst !== undefined) this.#remove(worst);
    return worst !== undefined;
  }

  /** The proven address of the same range, or of all, that was seen least recently gives way. */
  #makeProvenRoom({ endpoint }: KnownAddress): void {
    const range = rangeOf(endpoint.ip);
    const isRangeFull = isLimited(endpoint) && this.#proven.of(range) >= MAX_PROVEN_PER_RANGE;
    if (!isRangeFull && this.#proven.total < MAX_PROVEN) return;
    const rivals = this.all().filter(
      (other) =>
        other.lastSuccessSeconds !== undefined && (!isRangeFull || rangeOf(other.endpoint.ip) === range),
    );
    const worst = leastRecent(rivals);
    if (worst) this.#remove(worst);
  }
}

/** Counts of things by a name. */
class Tally {
  total = 0;
  readonly #counts = new Map<string, number>();

  of(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  add(name: string, by: 1 | -1): void {
    const count = this.of(name) + by;
    this.total += by;
    if (count === 0) this.#counts.delete(name);
    else this.#counts.set(name, count);
  }
}

function isLimited({ ip }: Endpoint): boolean {
  const reach = reachOf(ip);
  return reach !== 'loopback' && reach !== 'site';
}

function leastRecent(addresses: readonly KnownAddress[]): KnownAddress | undefined {
  let least: KnownAddress | undefined;
  for (const address of addresses) {
    if (least === undefined || address.lastSeenSeconds < least.lastSeenSeconds) least = address;
  }
  return least;
}

/** Whether an address is not worth a place (Bitcoin Core: AddrInfo::IsTerrible). */
export function isHopeless(address: KnownAddress, nowSeconds: number): boolean {
  const { lastSeenSeconds, lastSuccessSeconds, failures, source } = address;
  if (source === OPERATOR) return false;
  if (lastSeenSeconds > nowSeconds + FUTURE_SECONDS) return true;
  if (nowSeconds - lastSeenSeconds > HORIZON_SECONDS) return true;
  if (lastSuccessSeconds === undefined) return failures >= MAX_FIRST_FAILURES;
  return failures >= MAX_FAILURES && nowSeconds - lastSuccessSeconds > MIN_FAIL_SECONDS;
}

function isDue({ failures, lastTrySeconds }: KnownAddress, nowSeconds: number): boolean {
  if (lastTrySeconds === undefined) return true;
  const waitSeconds = failures === 0 ? REUNION_SECONDS : Math.min(2 ** (failures - 1), MAX_WAIT_SECONDS);
  return nowSeconds - lastTrySeconds >= waitSeconds;
}

/** One of them by chance; the more often one has failed, the less likely. */
function draw(addresses: readonly KnownAddress[], random: Random): Endpoint | undefined {
  const weights = addresses.map(({ failures }) => FAILURE_FACTOR ** Math.min(failures, MAX_COUNTED_FAILURES));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let left = random.fraction() * total;
  for (const [at, address] of addresses.entries()) {
    left -= weights[at] ?? 0;
    if (left < 0) return address.endpoint;
  }
  return addresses.at(-1)?.endpoint;
}
