/**
 * Whose change is it? A change output belongs to the label whose coins paid for its transaction. That can be read
 * from the chain alone: a P2WPKH input names the key that signed it, and this key is either one that has a label (a
 * receive key, a single key) or a change key, whose coin again belongs to whoever paid for it. Where several labels
 * pay together, the first input says whose the change is.
 */
import { displayHash } from '../../protocol/bytes.ts';
import type { Transaction } from '../../protocol/transaction.ts';
import type { Hash } from '../../protocol/units.ts';
import { type Contents, DEFAULT_LABEL } from '../keys/contents.ts';
import { CHANGE, IMPORTED, type KeyPlace, type KeyRing } from '../keys/key-ring.ts';
import type { TransactionReader } from './transaction-reader.ts';

/** The label of a key that has one: any but those of the change chain. */
export type LabelOf = (place: KeyPlace) => string;

/** Reads all labels at once: asking the contents for one key after the other would take long for many keys. */
export function labelsByKey({ labels, imported }: Pick<Contents, 'labels' | 'imported'>): LabelOf {
  const byIndex = new Map(
    labels.flatMap(({ name, receive }) => receive.map((index) => [index, name] as const)),
  );
  return ({ chain, index }) =>
    (chain === IMPORTED ? imported[index]?.label : byIndex.get(index)) ?? DEFAULT_LABEL;
}

export interface SenderLookup {
  readonly ring: KeyRing;
  readonly labelOf: LabelOf;
  /** Senders found before, by txid as shown. */
  readonly known: Readonly<Record<string, string>>;
  readonly reader: Pick<TransactionReader, 'listed'>;
}

/** What one transaction says about its sender. */
type Clue =
  /** A key with a label signed, or (undefined) no key of this wallet did. */
  | { readonly label: string | undefined }
  /** A change key signed: ask who paid for the transaction of that coin. */
  | { readonly paidBy: Hash };

/**
 * The label that paid for each of these transactions; those that no key of this wallet signed are left out. Asks
 * for all unknown ones at once, then for those that they lead to, and so on: one round for each link of the
 * longest unknown chain.
 * @returns by txid as shown; whatever was found on the way is included, what was known is not
 */
export async function findSenders(
  txids: readonly Hash[],
  { ring, labelOf, known, reader }: SenderLookup,
): Promise<Map<string, string>> {
  const clues = new Map<string, Clue>();
  let wanted = new Map(txids.map((txid) => [displayHash(txid), txid]));
  while (wanted.size > 0) {
    const asked = [...wanted].filter(([id]) => known[id] === undefined && !clues.has(id));
    wanted = new Map();
    const found = await reader.listed(asked.map(([, txid]) => txid));
    found.forEach(({ transaction }, at) => {
      const clue = clueOf(transaction, ring, labelOf);
      clues.set(asked[at]?.[0] ?? '', clue);
      if ('paidBy' in clue) wanted.set(displayHash(clue.paidBy), clue.paidBy);
    });
  }
  return followed(clues, known);
}

/** The first input signed by a key of ours decides. */
function clueOf(transaction: Transaction, ring: KeyRing, labelOf: LabelOf): Clue {
  for (const { witness, previous } of transaction.inputs) {
    const place = ring.findWitness(witness);
    if (place !== undefined) {
      return place.chain === CHANGE ? { paidBy: previous.txid } : { label: labelOf(place) };
    }
  }
  return { label: undefined };
}

/** Walks from each clue to the one that has a label, and remembers it for all that were passed. */
function followed(clues: ReadonlyMap<string, Clue>, known: Readonly<Record<string, string>>) {
  const senders = new Map<string, string>();
  for (const id of clues.keys()) {
    const trail: string[] = [];
    let at = id;
    let clue = clues.get(at);
    while (clue !== undefined && 'paidBy' in clue && !senders.has(at)) {
      trail.push(at);
      at = displayHash(clue.paidBy);
      clue = clues.get(at);
    }
    const label = senders.get(at) ?? (clue && 'label' in clue ? clue.label : known[at]);
    if (label !== undefined) senders.set(at, label);
    // A change coin that a stranger paid belongs to the default label, and so does what it pays for.
    for (const passed of trail) senders.set(passed, label ?? DEFAULT_LABEL);
  }
  return senders;
}
