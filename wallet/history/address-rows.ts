/** The addresses of a wallet and what became of each. Pure. */
import type { Nits } from '../../protocol/units.ts';
import type { ChainView } from '../chain/chain-view.ts';
import { labelsByKey } from '../chain/ownership.ts';
import type { Contents } from '../keys/contents.ts';
import { CHANGE, IMPORTED, type KeyPlace, type KeyRing, RECEIVE } from '../keys/key-ring.ts';
import type { Effect } from './effects.ts';

/** An address that was given out, used, or imported. */
export interface AddressRow {
  readonly address: string;
  /** As in "m/84'/1'/0'/0/5" (BIP 32); null for a key of no account. */
  readonly path: string | null;
  readonly chain: 'receive' | 'change' | 'imported';
  readonly index: number;
  /** Whose it is; undefined for a change address that no payment has used. */
  readonly label: string | undefined;
  /** What the owner wrote beside it; empty for nothing. */
  readonly note: string;
  /** Whether a transaction ever paid to it, in a block or waiting for one. */
  readonly used: boolean;
  /** All that is there, whenever it can be spent. */
  readonly balance: Nits;
}

function chainName(chain: KeyPlace['chain']): AddressRow['chain'] {
  if (chain === IMPORTED) return 'imported';
  return chain === CHANGE ? 'change' : 'receive';
}

export interface AddressFacts {
  readonly contents: Contents;
  readonly view: Pick<ChainView, 'coins' | 'undelivered' | 'places'>;
  readonly effects: readonly Effect[];
  readonly ring: Pick<KeyRing, 'address' | 'path'>;
}

/** Receive addresses first, then change, then imported ones; each chain by index. */
export function addressRows({ contents, view, effects, ring }: AddressFacts): AddressRow[] {
  const owners = new Map<string, string>();
  for (const { made } of effects) {
    for (const { place, label } of made) owners.set(`${place.chain}/${place.index}`, label);
  }
  const balances = new Map<string, Nits>();
  for (const { address, value } of [...view.coins, ...view.undelivered]) {
    balances.set(address, (balances.get(address) ?? 0n) + value);
  }
  const labelOf = labelsByKey(contents);
  return view.places.flatMap((place) => {
    const { chain, index } = place;
    const owner = owners.get(`${chain}/${index}`);
    const isGiven = chain === IMPORTED || (chain === RECEIVE && index < contents.given);
    if (owner === undefined && !isGiven) return [];
    const address = ring.address(place);
    return [
      {
        address,
        path: ring.path(place),
        chain: chainName(chain),
        index,
        label: chain === CHANGE ? owner : labelOf(place),
        note: contents.notes.addresses[address] ?? '',
        used: owner !== undefined,
        balance: balances.get(address) ?? 0n,
      },
    ];
  });
}
