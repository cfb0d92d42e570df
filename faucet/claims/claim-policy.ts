/** Whom the operator lets in: clients by network, coin addresses by name. */
import type { NetworkProfile } from '../../protocol/network.ts';
import { NetworkList } from '../../service/network-list.ts';
import { isAddressOf } from '../../wallet/payments/payee.ts';
import { ClaimRefusedError } from './refusal.ts';

export interface PolicyOptions {
  /** Only these networks are served; empty: all are. */
  readonly allowClients: readonly string[];
  readonly denyClients: readonly string[];
  readonly denyAddresses: readonly string[];
}

export class ClaimPolicy {
  readonly #allowed: NetworkList;
  readonly #denied: NetworkList;
  readonly #deniedAddresses: ReadonlySet<string>;

  /** @throws RangeError naming what is no network, or no address of the network */
  constructor(options: PolicyOptions, profile: NetworkProfile) {
    this.#allowed = new NetworkList(options.allowClients);
    this.#denied = new NetworkList(options.denyClients);
    const wrong = options.denyAddresses.find((address) => !isAddressOf(address, profile.address));
    if (wrong !== undefined) throw new RangeError(`"${wrong}" is no address of the network ${profile.name}`);
    this.#deniedAddresses = new Set(options.denyAddresses.map((address) => address.toLowerCase()));
  }

  /**
   * @param client as `clientOf` names it: an IPv4 address, or the /64 of an IPv6 one
   * @throws ClaimRefusedError `client-denied`
   */
  requireClient(client: string): void {
    const [address = ''] = client.split('/');
    const isLetIn = this.#allowed.isEmpty || this.#allowed.has(address);
    if (isLetIn && !this.#denied.has(address)) return;
    throw new ClaimRefusedError('client-denied', 'the operator does not serve your network address');
  }

  /** @param address as networks write it, in lower case */
  isDenied(address: string): boolean {
    return this.#deniedAddresses.has(address);
  }
}
