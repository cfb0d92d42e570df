/** What a wallet's owner writes into it by hand: contacts, notes, frozen coins, settings. Pure steps of the contents. */
import { displayHash } from '../../protocol/bytes.ts';
import type { OutPoint } from '../../protocol/transaction.ts';
import { WalletError } from '../wallet-error.ts';
import {
  type Contact,
  type Contents,
  FEE_PRESETS,
  MAX_AUTO_LOCK_MINUTES,
  parseLabel,
  type WalletSettings,
} from './contents.ts';

export const MAX_NOTE_LENGTH = 500;

/** Whom something is written about: an address, or a transaction by its txid as shown. */
export type NoteSubject = { readonly address: string } | { readonly txid: string };

/**
 * A contact's name as it is stored: of the same form as a label.
 * @throws WalletError `bad-name`
 */
export function parseContactName(text: string): string {
  try {
    return parseLabel(text);
  } catch (error) {
    if (!(error instanceof WalletError)) throw error;
    throw new WalletError('bad-name', error.message.replace('is no label', 'is no name of a contact'), {
      cause: error,
    });
  }
}

/** The contact of a name, whatever the case of its letters. */
export function findContact(contents: Contents, name: string): Contact | undefined {
  const wanted = folded(name);
  return contents.contacts.find((contact) => folded(contact.name) === wanted);
}

/** "bob" and "Bob" are one name: two people whose names differ by so little would be mixed up. */
function folded(name: string): string {
  return name.normalize('NFKC').trim().toLowerCase();
}

/**
 * Writes a contact down; one of the same name gets the new address.
 * @param address an address that can be paid: the caller has checked it
 * @throws WalletError `bad-name`
 */
export function withContact(contents: Contents, name: string, address: string): Contents {
  const contact = { name: parseContactName(name), address };
  const known = findContact(contents, contact.name);
  const contacts = known
    ? contents.contacts.map((other) => (other === known ? contact : other))
    : [...contents.contacts, contact];
  return { ...contents, contacts };
}

/** @throws WalletError `unknown-contact` */
export function withoutContact(contents: Contents, name: string): Contents {
  const contact = findContact(contents, name);
  if (contact === undefined) {
    throw new WalletError('unknown-contact', `the wallet has no contact ${JSON.stringify(name)}`);
  }
  return { ...contents, contacts: contents.contacts.filter((other) => other !== contact) };
}

/**
 * Writes a note beside an address or a transaction; an empty one takes it away.
 * @param subject the caller has checked that it is an address or a txid
 * @throws WalletError `bad-note`
 */
export function withNote(contents: Contents, subject: NoteSubject, text: string): Contents {
  const note = parseNote(text);
  const { addresses, transactions } = contents.notes;
  const notes =
    'address' in subject
      ? { addresses: withEntry(addresses, subject.address, note), transactions }
      : { addresses, transactions: withEntry(transactions, subject.txid, note) };
  return { ...contents, notes };
}

function parseNote(text: string): string {
  const note = text.normalize('NFC').trim();
  if (note.length > MAX_NOTE_LENGTH || /[\p{C}\p{Zl}\p{Zp}]/u.test(note)) {
    throw new WalletError('bad-note', `a note is one line of at most ${MAX_NOTE_LENGTH} visible characters`);
  }
  return note;
}

function withEntry(entries: Readonly<Record<string, string>>, name: string, text: string) {
  const others = Object.entries(entries).filter(([other]) => other !== name);
  return Object.fromEntries(text === '' ? others : [...others, [name, text]]);
}

/** How a frozen coin is named: "txid:index", the txid as shown. */
export function coinName({ txid, index }: OutPoint): string {
  return `${displayHash(txid)}:${index}`;
}

/**
 * Whether the owner does not want a coin to be spent, or keeps it for a payment that is signed elsewhere.
 * @param by txid, as shown, of the payment that would spend it: what is kept for that one is free for it
 */
export function isFrozen(
  { frozen, reserved }: Pick<Contents, 'frozen' | 'reserved'>,
  outPoint: OutPoint,
  by?: string,
): boolean {
  if (frozen.length === 0 && reserved === undefined) return false;
  const name = coinName(outPoint);
  const keptFor = reserved?.[name];
  return frozen.includes(name) || (keptFor !== undefined && keptFor !== by);
}

/** Keeps coins for the payment of this txid, as shown: see {@link isFrozen}. */
export function withReserved(contents: Contents, outPoints: readonly OutPoint[], txid: string): Contents {
  const added = Object.fromEntries(outPoints.map((outPoint) => [coinName(outPoint), txid]));
  return { ...contents, reserved: { ...contents.reserved, ...added } };
}

/** Coins that are kept for no payment any more. */
export function withoutReserved(contents: Contents, outPoints: readonly OutPoint[]): Contents {
  const { reserved, ...others } = contents;
  if (reserved === undefined) return contents;
  const names = new Set(outPoints.map(coinName));
  const left = Object.entries(reserved).filter(([name]) => !names.has(name));
  return left.length === 0 ? others : { ...others, reserved: Object.fromEntries(left) };
}

/** Freezes coins, or lets them be spent again, also those that were kept for a payment. What is so already stays so. */
export function withFrozen(contents: Contents, outPoints: readonly OutPoint[], frozen: boolean): Contents {
  const names = new Set(outPoints.map(coinName));
  const others = contents.frozen.filter((name) => !names.has(name));
  if (frozen) return { ...contents, frozen: [...others, ...names] };
  return withoutReserved({ ...contents, frozen: others }, outPoints);
}

/**
 * Changes settings; those not named stay.
 * @throws WalletError `bad-setting` naming the setting and what it can be
 */
export function withSettings(contents: Contents, changes: Partial<WalletSettings>): Contents {
  const settings = { ...contents.settings, ...changes };
  const { autoLockMinutes, fee } = settings;
  if (!Number.isInteger(autoLockMinutes) || autoLockMinutes < 0 || autoLockMinutes > MAX_AUTO_LOCK_MINUTES) {
    throw new WalletError(
      'bad-setting',
      `the wallet locks itself after 1 to ${MAX_AUTO_LOCK_MINUTES} minutes, or never (0); ${autoLockMinutes} is not one of these`,
    );
  }
  if (!FEE_PRESETS.includes(fee)) {
    throw new WalletError('bad-setting', `the fee is one of ${FEE_PRESETS.join(', ')}`);
  }
  return { ...contents, settings };
}

/** The owner has shown that the words are at hand. @param time Unix seconds */
export function withWordsChecked(contents: Contents, time: number): Contents {
  return { ...contents, wordsChecked: time };
}
