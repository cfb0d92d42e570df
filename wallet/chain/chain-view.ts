/** One look at the chain: what the wallet has there at this moment, and what it learns from it. */
import { displayHash } from '../../protocol/bytes.ts';
import { magicHex, type NetworkProfile } from '../../protocol/network.ts';
import { type OutPoint, outPointKey } from '../../protocol/transaction.ts';
import type { Nits } from '../../protocol/units.ts';
import { type Contents, DEFAULT_LABEL, type Discovery, labelOfReceive } from '../keys/contents.ts';
import { CHANGE, type KeyPlace, type KeyRing } from '../keys/key-ring.ts';
import type { Candidate } from '../payments/coins.ts';
import { WalletError } from '../wallet-error.ts';
import type { ChainBackend, ChainCoin, ChainState, CoinStatus } from './backend.ts';
import { deliver, outgoingTransaction, type RefusedPayment } from './outgoing.ts';
import { findSenders } from './ownership.ts';
import { type ScanProgress, scanKeys } from './scan.ts';
import { TransactionReader } from './transaction-reader.ts';

/** A coin of the wallet. */
export interface WalletCoin extends Candidate {
  readonly outPoint: OutPoint;
  readonly value: Nits;
  readonly script: Uint8Array;
  readonly address: string;
  readonly place: KeyPlace;
  /** Whose it is. */
  readonly label: string;
  readonly status: CoinStatus;
  /** Blocks from its own to the tip, both counted; 0 while it waits for one. */
  readonly confirmations: number;
  readonly confirmed: boolean;
  /** Made by a payment of this wallet: may be spent while pending, nobody else can take it back. */
  readonly own: boolean;
}

export interface ChainView {
  readonly chain: ChainState;
  /** Unspent, and not reserved by a payment that is on its way. */
  readonly coins: readonly WalletCoin[];
  /** The first change index that no payment ever used, neither in the chain nor on its way. */
  readonly freeChange: number;
  readonly refused: readonly RefusedPayment[];
  /** To be merged into the contents. */
  readonly discovery: Discovery;
  readonly reader: TransactionReader;
}

export interface ChainLook {
  readonly contents: Contents;
  readonly ring: KeyRing;
  readonly backend: ChainBackend;
  readonly profile: NetworkProfile;
  readonly gapLimit?: number;
  readonly onProgress?: (progress: ScanProgress) => void;
}

/**
 * Hands in what is on its way, looks for addresses that came into use, and lists the coins with their labels.
 * @throws WalletError `wrong-network` when the backend follows another chain
 */
export async function lookAtChain(look: ChainLook): Promise<ChainView> {
  const { contents, ring, backend, profile } = look;
  const chain = await backend.chain();
  requireSameNetwork(chain, profile);
  const delivery = await deliver(contents.outgoing, backend);
  const freeChange = firstFreeChange(contents, ring);
  const used = await scanKeys({
    ...look,
    from: contents.used,
    given: { receive: contents.given, change: freeChange },
  });
  const places = new Map(ring.places().map((place) => [ring.address(place), place]));
  const chainCoins = await backend.coins([...places.keys()]);
  const reader = new TransactionReader(backend, profile, chain.height);
  const found = chainCoins
    .filter(({ outPoint }) => !delivery.reserved.has(outPointKey(outPoint)))
    .map((coin) => ({ coin, place: placeOf(coin, places) }));
  const senders = await findSenders(
    found
      .filter(({ coin, place }) => place.chain === CHANGE || coin.status === 'pending')
      .map(({ coin }) => coin.outPoint.txid),
    { ring, reader, known: contents.senders, labelOfReceive: (index) => labelOfReceive(contents, index) },
  );
  const coins = found.map(({ coin, place }): WalletCoin => {
    const id = displayHash(coin.outPoint.txid);
    const sender = senders.get(id) ?? contents.senders[id];
    const label = place.chain === CHANGE ? (sender ?? DEFAULT_LABEL) : labelOfReceive(contents, place.index);
    const script = ring.script(place);
    return { ...coin, script, place, label, confirmed: coin.status !== 'pending', own: sender !== undefined };
  });
  return {
    chain,
    coins,
    freeChange: Math.max(freeChange, ...used.change.map((index) => index + 1)),
    refused: delivery.refused,
    discovery: { ...used, senders, settled: delivery.settled },
    reader,
  };
}

/** @throws WalletError `wrong-network` when a backend follows another chain */
export function requireSameNetwork(chain: ChainState, profile: NetworkProfile): void {
  const magic = magicHex(profile);
  const same = chain.magic === undefined ? chain.network === profile.chainName : chain.magic === magic;
  if (same) return;
  throw new WalletError(
    'wrong-network',
    `the node is on the network ${chain.network}${chain.magic ? ` (${chain.magic})` : ''}, the wallet on ${profile.name} (${magic}); see --network and --node-url`,
  );
}

/** A backend must not name coins that were not asked for. */
function placeOf(coin: ChainCoin, places: ReadonlyMap<string, KeyPlace>): KeyPlace {
  const place = places.get(coin.address);
  if (place !== undefined) return place;
  throw new WalletError('bad-backend', `the node lists a coin of ${coin.address}, which is not ours`);
}

/**
 * A payment on its way has taken its change address although the chain may not know yet. One that was refused at
 * once has not: so a row of refusals tears no gap into the chain of addresses that a restore could not cross.
 */
function firstFreeChange(contents: Contents, ring: KeyRing): number {
  const taken = contents.outgoing
    .flatMap((payment) => outgoingTransaction(payment).outputs)
    .map(({ script }) => ring.findScript(script))
    .filter((place) => place?.chain === CHANGE)
    .map((place) => (place?.index ?? -1) + 1);
  return Math.max(contents.used.change, ...taken);
}
