/** A wallet for trying out, made in the page: twelve words, and the first address that they stand for. Pure. */
import { encodeAddress } from '../../../protocol/address.ts';
import { accountOf, newMnemonic, seedOf } from '../../../protocol/key.ts';
import type { Stats } from '../answers.ts';
import { payeeNetwork } from './miner-address.ts';

export interface ThrowawayWallet {
  /** Twelve words (BIP 39): all that is needed to spend what the address gets. */
  readonly words: string;
  readonly address: string;
}

/** Bytes of randomness behind twelve words (BIP 39). */
export const ENTROPY_BYTES = 16;

/** Whether the pool says how keys of its network are derived and its addresses written. */
export function hasThrowawayWallets(network: Stats['network']): boolean {
  return network.coin_type !== null && payeeNetwork(network) !== undefined;
}

/**
 * The wallet of some randomness: its address is the one that `nilz wallet restore` finds first (BIP 84). Takes a
 * moment, a second on a slow phone.
 * @param entropy {@link ENTROPY_BYTES} from a secure source
 * @returns undefined where {@link hasThrowawayWallets} is false
 */
export function throwawayWallet(entropy: Uint8Array, network: Stats['network']): ThrowawayWallet | undefined {
  const { coin_type: coinType } = network;
  const payee = payeeNetwork(network);
  if (coinType === null || payee === undefined) return undefined;
  const words = newMnemonic(entropy);
  const { script } = accountOf(seedOf(words), coinType).derive(0, 0);
  const address = encodeAddress(script, payee.format);
  return address === undefined ? undefined : { words, address };
}
