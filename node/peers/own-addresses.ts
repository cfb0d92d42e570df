import { SERVICES } from '../../protocol/peer-message.ts';
import type { OwnAddress } from './gossip.ts';
import { canonicalIp, type Endpoint, endpointText, reachOf } from './ip-address.ts';

/** What this node offers. */
export const OUR_SERVICES = SERVICES.network | SERVICES.witness;

const EVERY_ADDRESS = ['0.0.0.0', '::'];

/** Where this node can be reached, as far as it knows. */
export class OwnAddresses {
  /** What the operator says. */
  readonly external: readonly Endpoint[];
  #listening: Endpoint | undefined;
  readonly #known = new Set<string>();

  constructor(external: readonly Endpoint[]) {
    this.external = external;
    for (const endpoint of external) this.add(endpoint);
  }

  /** Connections are taken here from now on. */
  listenAt(endpoint: Endpoint): void {
    this.#listening = endpoint;
  }

  /** Where connections are taken; undefined when nowhere. */
  get listening(): Endpoint | undefined {
    return this.#listening;
  }

  /** An address has turned out to be ours. */
  add(endpoint: Endpoint): void {
    this.#known.add(endpointText(endpoint));
  }

  has(endpoint: Endpoint): boolean {
    const isListening = endpoint.port === this.#listening?.port && reachOf(endpoint.ip) === 'loopback';
    return isListening || this.#known.has(endpointText(endpoint));
  }

  /**
   * The address to tell a peer: the operator's word, else our end of the connection with the port we listen
   * on. Behind address translation that end means nothing to the peer, and gossip does not tell it.
   * @param localIp our end of the connection
   */
  addressFor(localIp: string): OwnAddress | undefined {
    const endpoint = this.external[0] ?? this.#reachableAt(canonicalIp(localIp));
    return endpoint && { endpoint, services: OUR_SERVICES };
  }

  #reachableAt(ip: string | undefined): Endpoint | undefined {
    if (this.#listening === undefined || ip === undefined) return undefined;
    const isBound = EVERY_ADDRESS.includes(this.#listening.ip) || this.#listening.ip === ip;
    return isBound ? { ip, port: this.#listening.port } : undefined;
  }
}
