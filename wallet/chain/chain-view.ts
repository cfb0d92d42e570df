/** One look at the chain: what the wallet has there at this moment, and what it learns from it. */
import { displayHash, parseDisplayHash } from '../../protocol/bytes.ts';
import { magicHex, type NetworkProfile } from '../../protocol/network.ts';
import { type OutPoint, outPointKey } from '../../protocol/transaction.ts';
import type { Nits } from '../../protocol/units.ts';
import { type Contents, DEFAULT_LABEL, type Discovery } from '../keys/contents.ts';
import { CHANGE, IMPORTED, type KeyPlace, type KeyRing, RECEIVE } from '../keys/key-ring.ts';
import { isFrozen } from '../keys/owner-notes.ts';
import type { Candidate } from '../payments/coins.ts';
import { WalletError } from '../wallet-error.ts';
import type { ChainBackend, ChainCoin, ChainState, CoinStatus } from './backend.ts';
import { type Delivery, deliver, outgoingTransaction, type RefusedPayment } from './outgoing.ts';
import { findSenders, type LabelOf, labelsByKey } from './ownership.ts';
import { GAP_LIMIT, type KeyCounts, type ScanProgress, scanKeys, type UsedKeys } from './scan.ts';
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
  /** Its owner does not want it to be spent. */
  readonly frozen: boolean;
}

export interface ChainView {
  readonly chain: ChainState;
  /** Unspent, and not reserved by a payment that is on its way. */
  readonly coins: readonly WalletCoin[];
  /**
   * What payments on their way return to this wallet while the chain does not take them: it is the owner's, but
   * nothing can be paid with it yet.
   */
  readonly undelivered: readonly WalletCoin[];
  /** Whose transactions are the wallet's: what is in use or given out, and as many more as another copy may use. */
  readonly places: readonly KeyPlace[];
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

/** The beginning of every look at the chain. */
export interface BegunLook {
  readonly chain: ChainState;
  readonly delivery: Delivery;
  /** The first change index that no payment known here ever used. */
  readonly freeChange: number;
}

/**
 * Hands in what is on its way.
 * @throws WalletError `wrong-network` when the backend follows another chain
 */
export async function beginLook({ contents, ring, backend, profile }: ChainLook): Promise<BegunLook> {
  const chain = await backend.chain();
  requireSameNetwork(chain, profile);
  const delivery = await deliver(contents.outgoing, backend);
  return { chain, delivery, freeChange: firstFreeChange(contents, ring) };
}

/**
 * Hands in what is on its way, looks for addresses that came into use, and lists the coins with their labels.
 * @throws WalletError `wrong-network` when the backend follows another chain
 */
export async function lookAtChain(look: ChainLook): Promise<ChainView> {
  const { contents, ring, backend, profile } = look;
  const begun = await beginLook(look);
  const { chain, delivery, freeChange } = begun;
  const used = await scanKeys({
    ...look,
    from: contents.used,
    given: { receive: contents.given, change: freeChange },
  });
  const places = placesTo(endsWith(used, begun, contents), ring);
  const byAddress = new Map(places.map((place) => [ring.address(place), place]));
  const chainCoins = await backend.coins([...byAddress.keys()]);
  const reader = new TransactionReader(backend, profile, chain.height);
  const found = chainCoins
    .filter(({ outPoint }) => isFree(outPoint, delivery))
    .map((coin) => ({ coin, place: placeOf(coin, byAddress) }));
  const labelOf = labelsByKey(contents);
  const senders = await findSenders(
    found
      .filter(({ coin, place }) => place.chain === CHANGE || coin.status === 'pending')
      .map(({ coin }) => coin.outPoint.txid),
    { ring, reader, known: contents.senders, labelOf },
  );
  const coins = found.map(({ coin, place }) => {
    const id = displayHash(coin.outPoint.txid);
    const sender = senders.get(id) ?? contents.senders[id];
    const label = place.chain === CHANGE ? (sender ?? DEFAULT_LABEL) : labelOf(place);
    return { ...coin, place, label, own: sender !== undefined };
  });
  return viewOf({ ...begun, used, senders, places, coins, reader }, look);
}

/**
 * Hands in what is on its way and looks for addresses that came into use, and for nothing else: whoever restores a
 * wallet of thousands of addresses reads their transactions next, and would ask for the coins in vain.
 * @throws WalletError `wrong-network` when the backend follows another chain
 */
export async function searchAddresses(look: ChainLook): Promise<Pick<ChainView, 'discovery'>> {
  const { contents } = look;
  const { delivery, freeChange } = await beginLook(look);
  const given = { receive: contents.given, change: freeChange };
  const used = await scanKeys({ ...look, from: contents.used, given });
  return { discovery: { ...used, senders: new Map(), settled: delivery.settled } };
}

/** A coin of which the backend or the kept book told, and whose it is. */
export interface FoundCoin extends Omit<ChainCoin, 'address'> {
  readonly place: KeyPlace;
  readonly label: string;
  readonly own: boolean;
}

/** What a look found. */
export interface Found extends BegunLook {
  readonly used: UsedKeys;
  readonly senders: ReadonlyMap<string, string>;
  readonly places: readonly KeyPlace[];
  /** Perhaps with coins that are not free. */
  readonly coins: readonly FoundCoin[];
  readonly reader: TransactionReader;
}

/** The view of what was found. */
export function viewOf(found: Found, look: Pick<ChainLook, 'contents' | 'ring'>): ChainView {
  const { chain, delivery, freeChange, used, senders, places, reader } = found;
  const { contents, ring } = look;
  const coins = found.coins
    .filter(({ outPoint }) => isFree(outPoint, delivery))
    .map(
      ({ outPoint, value, status, confirmations, place, label, own }): WalletCoin => ({
        outPoint,
        value,
        status,
        confirmations,
        place,
        label,
        own,
        script: ring.script(place),
        address: ring.address(place),
        confirmed: status !== 'pending',
        frozen: isFrozen(contents, outPoint),
      }),
    );
  return {
    chain,
    coins,
    undelivered: undeliveredCoins(contents, delivery, { ring, labelOf: labelsByKey(contents) }),
    places,
    freeChange: Math.max(freeChange, contents.used.change, ...used.change.map(next)),
    refused: delivery.refused,
    discovery: { ...used, senders, settled: delivery.settled },
    reader,
  };
}

/** How many keys of each chain are the wallet's when these are in use, too. */
export function endsWith(used: UsedKeys, { freeChange }: BegunLook, contents: Contents): KeyCounts {
  return {
    receive: Math.max(contents.given, contents.used.receive, ...used.receive.map(next)) + GAP_LIMIT,
    change: Math.max(freeChange, contents.used.change, ...used.change.map(next)) + GAP_LIMIT,
  };
}

/** So many keys of each chain, all of which the ring knows from now on, and the imported ones. */
export function placesTo({ receive, change }: KeyCounts, ring: KeyRing): KeyPlace[] {
  ring.extend(RECEIVE, receive);
  ring.extend(CHANGE, change);
  return ring.places().filter(({ chain, index }) => {
    if (chain === IMPORTED) return true;
    return index < (chain === RECEIVE ? receive : change);
  });
}

/** The outputs to keys of this wallet of payments that the chain does not take now but may take later. */
function undeliveredCoins(
  { outgoing }: Contents,
  { refused, reserved }: Delivery,
  { ring, labelOf }: { readonly ring: KeyRing; readonly labelOf: LabelOf },
): WalletCoin[] {
  const waiting = new Set(refused.filter(({ givenUp }) => !givenUp).map(({ txid }) => txid));
  return outgoing
    .filter(({ txid }) => waiting.has(txid))
    .flatMap((payment) =>
      outgoingTransaction(payment).outputs.flatMap(({ script, value }, index): WalletCoin[] => {
        const place = ring.findScript(script);
        const outPoint = { txid: parseDisplayHash(payment.txid), index };
        if (place === undefined || reserved.has(outPointKey(outPoint))) return [];
        const label = place.chain === CHANGE ? payment.label : labelOf(place);
        const where = { outPoint, script, place, label, address: ring.address(place) };
        return [
          {
            ...where,
            value,
            status: 'pending',
            confirmations: 0,
            confirmed: false,
            own: true,
            frozen: false,
          },
        ];
      }),
    );
}

/** Neither spent by a payment on its way, nor made by one that another is to take the place of. */
function isFree({ txid, index }: OutPoint, { reserved, replaced }: Delivery): boolean {
  if (reserved.size + replaced.size === 0) return true;
  return !reserved.has(outPointKey({ txid, index })) && !replaced.has(displayHash(txid));
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

function next(index: number): number {
  return index + 1;
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
