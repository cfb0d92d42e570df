/** What a wallet remembers: the document inside the encryption, and the pure steps that change it. */
import { z } from 'zod';
import { WalletError } from '../wallet-error.ts';
import { CHANGE, IMPORTED, type KeyPlace } from './key-ring.ts';

/** Where everything goes that has no label of its own. */
export const DEFAULT_LABEL = 'default';

export const MAX_LABEL_LENGTH = 64;
const keyIndex = z
  .int()
  .min(0)
  .max(2 ** 31 - 1);
const TXID = /^[0-9a-f]{64}$/;
const txid = z.string().regex(TXID);
const unixTime = z.int().min(0);
const coinNameText = z.string().regex(/^[0-9a-f]{64}:\d{1,10}$/);
const hexOf = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`));

const outgoingSchema = z.strictObject({
  /** As shown. */
  txid,
  /** The signed transaction. */
  hex: z.string().regex(/^(?:[0-9a-f]{2})+$/),
  label: z.string(),
  /** When it was signed, Unix seconds. */
  time: z.int(),
  /** Txids, as shown, of the payments that this one takes the place of. */
  replaces: z.array(txid).optional(),
});

/** A signed payment that is not known to be settled: it is handed in again until it is. */
export type Outgoing = z.infer<typeof outgoingSchema>;

const keysSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('words'),
    mnemonic: z.string(),
    /** N of m/84'/coin type'/N' (BIP 84). */
    account: keyIndex,
  }),
  z.strictObject({
    kind: z.literal('watch'),
    /** The account's extended public key, with the version bytes that BIP 32 gives the network. */
    xpub: z.string(),
    account: keyIndex.nullable(),
    /** Of the master key, if it was told: an offline signer finds its key by it (BIP 174). */
    fingerprint: hexOf(4).nullable(),
  }),
]);

/** Where the keys of a wallet come from: words, or an account's public half, which sees all and signs nothing. */
export type WalletKeys = z.infer<typeof keysSchema>;

const importedKeySchema = z.strictObject({
  publicKey: hexOf(33),
  /** Null where only the public half is known. */
  privateKey: hexOf(32).nullable(),
  label: z.string(),
});

/** A single key from elsewhere. The words do not restore it. */
export type ImportedKey = z.infer<typeof importedKeySchema>;

/** Fees that have a name; what each is worth, the chain says. */
export const FEE_PRESETS = ['economy', 'normal', 'fast'] as const;
export type FeePreset = (typeof FEE_PRESETS)[number];

/** A day: who wants a wallet open for longer wants it never locked, which is 0. */
export const MAX_AUTO_LOCK_MINUTES = 24 * 60;

const settingsSchema = z.strictObject({
  /** Minutes without its owner after which a page forgets the passphrase; 0: never. */
  autoLockMinutes: z.int().min(0).max(MAX_AUTO_LOCK_MINUTES),
  fee: z.enum(FEE_PRESETS),
});

/** What the owner chose once for all. */
export type WalletSettings = z.infer<typeof settingsSchema>;

/** By hand: there are thousands, and the owner waits for them whenever the wallet is opened. */
function isSenders(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.entries(value).every(([id, label]) => TXID.test(id) && typeof label === 'string');
}

/** Layout of format version 2. */
export const contentsSchema = z.strictObject({
  keys: keysSchema,
  /** In the order they were imported; none is ever taken out, so an index names one for good. */
  imported: z.array(importedKeySchema),
  /** When the wallet was made or restored, Unix seconds; null when that was not written down. */
  created: unixTime.nullable(),
  /** When the owner last showed that they have the words, Unix seconds. */
  wordsChecked: unixTime.nullable(),
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
  senders: z.custom<Record<string, string>>(isSenders),
  outgoing: z.array(outgoingSchema),
  /** HASH160 of the known public keys of each chain, joined, base64: deriving them again would take long. */
  keyHashes: z.strictObject({ receive: z.string(), change: z.string() }),
  /** What the owner wrote beside addresses and transactions (by txid as shown). */
  notes: z.strictObject({
    addresses: z.record(z.string(), z.string()),
    transactions: z.record(txid, z.string()),
  }),
  /** Whom the owner pays, by name; no name is there twice. */
  contacts: z.array(z.strictObject({ name: z.string(), address: z.string() })),
  /** Coins that are not to be spent, as "txid:index" with the txid as shown. */
  frozen: z.array(coinNameText),
  /** Coins kept for a payment that is signed elsewhere, each with its txid as shown, which signatures do not change. */
  reserved: z.record(coinNameText, txid).optional(),
  settings: settingsSchema,
});
export type Contents = z.infer<typeof contentsSchema>;

export type Contact = Contents['contacts'][number];

/** Keys from the words of a mnemonic. */
export function wordKeys(mnemonic: string, account = 0): WalletKeys {
  return { kind: 'words', mnemonic, account };
}

/** @throws WalletError `watch-only` when the words are elsewhere */
export function mnemonicOf({ keys }: Contents): string {
  if (keys.kind === 'words') return keys.mnemonic;
  throw new WalletError('watch-only', 'this wallet only watches: its words are kept elsewhere');
}

/**
 * The contents of a wallet that has just got its keys: nothing is given out or known yet.
 * @param created Unix seconds
 */
export function newContents(keys: WalletKeys, created: number | null = null): Contents {
  return {
    keys,
    imported: [],
    created,
    wordsChecked: null,
    labels: [],
    given: 0,
    used: { receive: 0, change: 0 },
    senders: {},
    outgoing: [],
    keyHashes: { receive: '', change: '' },
    notes: { addresses: {}, transactions: {} },
    contacts: [],
    frozen: [],
    settings: { autoLockMinutes: 10, fee: 'normal' },
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

/** The label of a receive key or an imported one; undefined for change, which belongs to whoever paid. */
export function labelOfPlace(contents: Contents, { chain, index }: KeyPlace): string | undefined {
  if (chain === CHANGE) return undefined;
  if (chain === IMPORTED) return contents.imported[index]?.label ?? DEFAULT_LABEL;
  return labelOfReceive(contents, index);
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

/**
 * Gives a label another name wherever it stands, so that nothing of what it has or did is lost.
 * @param name as {@link parseLabel} gave it
 * @throws WalletError `unknown-label`; `bad-label` when another label has the name: two are not made one by mistake
 */
export function withRenamedLabel(contents: Contents, label: string, name: string): Contents {
  const { labels, imported, senders, outgoing } = contents;
  const names = namesOfLabels(contents);
  if (!names.has(label)) {
    const known = labels.map((each) => each.name).join(', ');
    throw new WalletError('unknown-label', `the wallet has no label "${label}"; there are: ${known}`);
  }
  if (name === label) return contents;
  if (names.has(name)) {
    throw new WalletError('bad-label', `there is a label ${name} already: two labels cannot become one`);
  }
  const renamed = (each: string) => (each === label ? name : each);
  return {
    ...contents,
    labels: labels.map((each) => ({ ...each, name: renamed(each.name) })),
    imported: imported.map((each) => ({ ...each, label: renamed(each.label) })),
    senders: Object.fromEntries(Object.entries(senders).map(([id, each]) => [id, renamed(each)])),
    outgoing: outgoing.map((each) => ({ ...each, label: renamed(each.label) })),
  };
}

/** Of those too that have no receive address of their own. */
function namesOfLabels({ labels, imported, senders, outgoing }: Contents): Set<string> {
  return new Set([
    ...labels.map((each) => each.name),
    ...imported.map((each) => each.label),
    ...outgoing.map((each) => each.label),
    ...Object.values(senders),
  ]);
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
 * not give out (another copy of it did) goes to the default label. A sender whose label got another name since is left
 * out: the next look asks for it again.
 */
export function withDiscovery(contents: Contents, discovery: Discovery): Contents {
  const { receive, change, senders, settled } = discovery;
  const labelled = receive.reduce((so, index) => withReceive(so, DEFAULT_LABEL, index), contents);
  const names = namesOfLabels(contents).add(DEFAULT_LABEL);
  const found = [...senders].filter(([, label]) => names.has(label));
  const allSenders = Object.entries({ ...contents.senders, ...Object.fromEntries(found) });
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
