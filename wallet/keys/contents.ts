/** What a wallet remembers: the document inside the encryption, and the pure steps that change it. */
import { z } from 'zod';
import { WalletError } from '../wallet-error.ts';

/** Where everything goes that has no label of its own. */
export const DEFAULT_LABEL = 'default';

const MAX_LABEL_LENGTH = 64;
const keyIndex = z
  .int()
  .min(0)
  .max(2 ** 31 - 1);
const txid = z.string().regex(/^[0-9a-f]{64}$/);

const outgoingSchema = z.strictObject({
  /** As shown. */
  txid,
  /** The signed transaction. */
  hex: z.string().regex(/^(?:[0-9a-f]{2})+$/),
  label: z.string(),
  /** When it was signed, Unix seconds. */
  time: z.int(),
});

/** A signed payment that is not known to be settled: it is handed in again until it is. */
export type Outgoing = z.infer<typeof outgoingSchema>;

/** Layout of format version 1. */
export const contentsSchema = z.strictObject({
  mnemonic: z.string(),
  /** In the order they were made, each with the indexes of its receive addresses. */
  labels: z.array(z.strictObject({ name: z.string(), receive: z.array(keyIndex) })),
  /** How many receive addresses were given out: the next one has this index. */
  given: keyIndex,
  /** One more than the highest index seen used on each chain. */
  used: z.strictObject({ receive: keyIndex, change: keyIndex }),
  /**
   * Which label paid for a transaction (by txid as shown), for those whose change or whose standing depends on it.
   * It can be found again in the chain; this saves the search.
   */
  senders: z.record(txid, z.string()),
  outgoing: z.array(outgoingSchema),
  /** HASH160 of the known public keys of each chain, joined, base64: deriving them again would take long. */
  keyHashes: z.strictObject({ receive: z.string(), change: z.string() }),
});
export type Contents = z.infer<typeof contentsSchema>;

/** The contents of a wallet that has just got its words: nothing is given out or known yet. */
export function newContents(mnemonic: string): Contents {
  return {
    mnemonic,
    labels: [],
    given: 0,
    used: { receive: 0, change: 0 },
    senders: {},
    outgoing: [],
    keyHashes: { receive: '', change: '' },
  };
}

/**
 * A label as it is stored: without blanks around it, in Unicode form NFC.
 * @throws WalletError `bad-label` on an empty, overlong or invisible one
 */
export function parseLabel(text: string): string {
  const label = text.normalize('NFC').trim();
  if (label === '' || label.length > MAX_LABEL_LENGTH || /[\p{C}\p{Zl}\p{Zp}]/u.test(label)) {
    throw new WalletError(
      'bad-label',
      `${JSON.stringify(text)} is no label: allowed are 1 to ${MAX_LABEL_LENGTH} visible characters`,
    );
  }
  return label;
}

/** The label of a receive address. */
export function labelOfReceive(contents: Contents, index: number): string {
  return contents.labels.find((label) => label.receive.includes(index))?.name ?? DEFAULT_LABEL;
}

/** Gives a receive address to a label, which is made if it is new. An address that has a label keeps it. */
export function withReceive(contents: Contents, name: string, index: number): Contents {
  if (contents.labels.some((label) => label.receive.includes(index))) return contents;
  const exists = contents.labels.some((label) => label.name === name);
  const labels = exists
    ? contents.labels.map((label) =>
        label.name === name ? { name, receive: [...label.receive, index] } : label,
      )
    : [...contents.labels, { name, receive: [index] }];
  return { ...contents, labels, given: Math.max(contents.given, index + 1) };
}

/** What a look at the chain taught. Merging the same thing twice changes nothing. */
export interface Discovery {
  /** Indexes of receive addresses seen used. */
  readonly receive: readonly number[];
  /** Indexes of change addresses seen used. */
  readonly change: readonly number[];
  /** By txid as shown. */
  readonly senders: ReadonlyMap<string, string>;
  /** Txids, as shown, of outgoing payments that need no more care. */
  readonly settled: ReadonlySet<string>;
}

/** The newest senders are kept; an older one that is asked for is looked up again. */
const MAX_SENDERS = 5_000;

/**
 * Adds what was discovered, perhaps from older contents than these. A used receive address that this wallet did
 * not give out (another copy of it did) goes to the default label.
 */
export function withDiscovery(contents: Contents, discovery: Discovery): Contents {
  const { receive, change, senders, settled } = discovery;
  const labelled = receive.reduce((so, index) => withReceive(so, DEFAULT_LABEL, index), contents);
  const allSenders = Object.entries({ ...contents.senders, ...Object.fromEntries(senders) });
  return {
    ...labelled,
    used: {
      receive: Math.max(contents.used.receive, ...receive.map((index) => index + 1)),
      change: Math.max(contents.used.change, ...change.map((index) => index + 1)),
    },
    senders: Object.fromEntries(allSenders.slice(-MAX_SENDERS)),
    outgoing: contents.outgoing.filter((payment) => !settled.has(payment.txid)),
  };
}
