/** Reads the history of a wallet from the chain, page by page. */
import { displayHash, hashKey } from '../../protocol/bytes.ts';
import type { NetworkProfile } from '../../protocol/network.ts';
import { isCoinbase, outPointKey, txid } from '../../protocol/transaction.ts';
import type { Hash } from '../../protocol/units.ts';
import type { ChainBackend } from '../chain/backend.ts';
import type { ChainView } from '../chain/chain-view.ts';
import { findSenders, labelsByKey } from '../chain/ownership.ts';
import type { Contents } from '../keys/contents.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import { type HistoryEntry, historyEntries } from './history.ts';

export interface HistoryRequest {
  /** Only this label; default: all. */
  readonly label?: string;
  /** At most so many entries, the newest. */
  readonly limit: number;
}

export interface HistorySource {
  readonly contents: Contents;
  readonly view: ChainView;
  readonly ring: KeyRing;
  readonly backend: Pick<ChainBackend, 'transactionIds'>;
  readonly profile: NetworkProfile;
}

/** Transactions read at once. */
const PAGE = 100;

/** The newest entries: pending ones first, then block by block backwards. */
export async function readHistory(
  { label, limit }: HistoryRequest,
  source: HistorySource,
): Promise<HistoryEntry[]> {
  const { ring, backend } = source;
  const addresses = ring.places().map((place) => ring.address(place));
  const { confirmed, pending } = await backend.transactionIds(addresses);
  const newestFirst = [...confirmed, ...pending].reverse();
  const entries: HistoryEntry[] = [];
  for (let at = 0; at < newestFirst.length && entries.length < limit; at += PAGE) {
    const page = await readPage(newestFirst.slice(at, at + PAGE), source);
    entries.push(...page.filter((entry) => label === undefined || entry.label === label));
  }
  return entries.slice(0, limit);
}

async function readPage(txids: readonly Hash[], source: HistorySource): Promise<HistoryEntry[]> {
  const { contents, view, ring, profile } = source;
  const { reader } = view;
  const labelOf = labelsByKey(contents);
  const transactions = await reader.listed(txids);
  const known = contents.senders;
  const senders = await findSenders(txids, { ring, reader, known, labelOf });
  const spent = transactions
    .flatMap(({ transaction }) => transaction.inputs)
    .filter(({ witness }) => ring.findWitness(witness) !== undefined)
    .map(({ previous }) => previous);
  const outputs = await reader.outputs(spent);
  const coinValue = new Map(spent.map((outPoint, at) => [outPointKey(outPoint), outputs[at]?.value]));
  const genesis = new Set(profile.genesis.transactions.map((transaction) => hashKey(txid(transaction))));
  return transactions.flatMap((standing) => {
    const id = txid(standing.transaction);
    const waits = isCoinbase(standing.transaction) && !genesis.has(hashKey(id));
    return historyEntries(standing, {
      ring,
      format: profile.address,
      labelOf,
      sender: senders.get(displayHash(id)) ?? known[displayHash(id)],
      valueOf: (outPoint) => coinValue.get(outPointKey(outPoint)) ?? 0n,
      maturity: waits ? profile.maturity : 0,
    });
  });
}
