/** Who is paid, and how much: from options, a file or a payment URI, with contacts and labels by their names. */
import type { AddressFormat } from '../../protocol/address.ts';
import type { Nits } from '../../protocol/units.ts';
import { list, SettingError, string } from '../../service/config.ts';
import type { Contact } from '../keys/contents.ts';
import { isAddressOf } from '../payments/payee.ts';
import { isPaymentUri, parsePaymentUri, URI_SCHEME } from '../payments/payment-uri.ts';
import type { Wallet, WalletLabel } from '../wallet.ts';
import { EVERYTHING, exactAmount, paidAmount } from './paid-amount.ts';
import { payeeLines } from './payee-file.ts';
import { readTextFile } from './text-file.ts';

export const payeeSettings = {
  to: string({ help: 'who is paid: an address, a contact, a label of this wallet, or a payment URI' }),
  amount: string({
    help: 'what --to is paid, in NILZ with at most eight decimals; max: all that is left after the fee',
  }),
  pay: list({ help: 'WHO=AMOUNT: one of several payees; as --to and --amount, and beside them' }),
  file: string({ help: 'a file of payees (CSV): a line for each, WHO,AMOUNT' }),
};

/** Somebody to be paid, as written. */
export interface WrittenPayee {
  readonly who: string;
  readonly amount: Nits | typeof EVERYTHING;
  /** What a payment URI says of itself: words of whoever made it. */
  readonly said: string | undefined;
}

interface PayeeValues {
  readonly to: string | undefined;
  readonly amount: string | undefined;
  readonly pay: readonly string[];
  readonly file: string | undefined;
}

/**
 * The payees of a command line, in its order. Nobody is asked who they are.
 * @throws SettingError naming the option or the line; WalletError `bad-uri`
 */
export function writtenPayees({ to, amount, pay, file }: PayeeValues): WrittenPayee[] {
  const payees = [
    ...(to === undefined ? [] : [toPayee(to, amount)]),
    ...pay.map(payPayee),
    ...(file === undefined ? [] : filePayees(file)),
  ];
  if (to === undefined && amount !== undefined) throw missingPayee();
  if (payees.length === 0) throw missingPayee();
  if (payees.filter((payee) => payee.amount === EVERYTHING).length > 1)
    throw new SettingError('"max" is all that is left: only one payee can get it');
  return payees;
}

function missingPayee(): SettingError {
  return new SettingError('--to is missing: an address, a contact, a label of this wallet, or a payment URI');
}

function toPayee(to: string, amount: string | undefined): WrittenPayee {
  if (isPaymentUri(to)) return uriPayee(to, amount);
  if (amount === undefined)
    throw new SettingError('--amount is missing: what is paid, in NILZ, or max for all there is');
  return { who: to, amount: paidAmount(amount, '--amount'), said: undefined };
}

function uriPayee(uri: string, amount: string | undefined): WrittenPayee {
  const { address, amount: asked, label, message } = parsePaymentUri(uri);
  const given = amount === undefined ? undefined : exactAmount(amount, '--amount');
  if (asked === undefined && given === undefined)
    throw new SettingError('--amount is missing: the payment URI names none');
  if (asked !== undefined && given !== undefined && asked !== given)
    throw new SettingError(
      '--amount is another than the one of the payment URI: leave it out, or pay the bare address',
    );
  const said = [label, message].filter((text) => text !== undefined).join(': ');
  return { who: address, amount: asked ?? given ?? 0n, said: said === '' ? undefined : said };
}

function payPayee(text: string): WrittenPayee {
  const at = text.lastIndexOf('=');
  const who = text.slice(0, Math.max(0, at)).trim();
  const amount = text.slice(at + 1).trim();
  if (who === '' || amount === '') throw new SettingError(`--pay ${text}: must be WHO=AMOUNT`);
  if (isPaymentUri(text)) throw new SettingError('--pay takes no payment URI: give it as --to');
  return { who, amount: paidAmount(amount, `--pay ${who}=`), said: undefined };
}

function filePayees(file: string): WrittenPayee[] {
  return payeeLines(readTextFile(file, '--file'), file).map(({ who, amount, source }) => ({
    who,
    amount: paidAmount(amount, source),
    said: undefined,
  }));
}

/** The names that a wallet has for addresses. */
export class AddressNames {
  readonly #labels: readonly WalletLabel[];
  readonly #contacts: readonly Contact[];
  readonly #format: AddressFormat;

  constructor(labels: readonly WalletLabel[], contacts: readonly Contact[], format: AddressFormat) {
    this.#labels = labels;
    this.#contacts = contacts;
    this.#format = format;
  }

  static async of(wallet: Wallet): Promise<AddressNames> {
    return new AddressNames(await wallet.labels(), await wallet.contacts(), wallet.profile.address);
  }

  /**
   * The address that is meant: the one that is written, that of a contact, or the newest of a label.
   * @throws SettingError when a contact and a label have this name, or none has it and it cannot be an address
   */
  addressOf(who: string): string {
    // An address is never a name: a contact called like one would hide whom a payment goes to.
    if (isAddressOf(who, this.#format)) return who;
    const name = folded(who);
    const contact = this.#contacts.find((each) => folded(each.name) === name);
    const label = this.#labels.find((each) => each.label === who.normalize('NFC').trim());
    const own = label?.addresses.at(-1)?.address;
    if (contact !== undefined && own !== undefined)
      throw new SettingError(`${who} is a contact and a label of this wallet: write the address`);
    const known = contact?.address ?? own;
    // A mistyped address is told by whoever reads addresses.
    if (known === undefined && !MAYBE_ADDRESS.test(who)) throw unknownPayee(who);
    return known ?? who;
  }

  /** The label that an address was given out for. */
  labelOf(address: string): string | undefined {
    const written = address.toLowerCase();
    return this.#labels.find(({ addresses }) => addresses.some((own) => own.address === written))?.label;
  }

  /** The contact that an address belongs to. */
  contactOf(address: string): string | undefined {
    const written = address.toLowerCase();
    return this.#contacts.find((contact) => contact.address.toLowerCase() === written)?.name;
  }

  /** An address with the name it has here. */
  described(address: string): string {
    const [label, contact] = [this.labelOf(address), this.contactOf(address)];
    const names = [
      ...(contact === undefined ? [] : [`contact ${contact}`]),
      ...(label === undefined ? [] : [`your label ${label}`]),
    ];
    return names.length === 0 ? address : `${address} (${names.join(', ')})`;
  }
}

/** Only such characters are in an address, and fewer are in none. */
const MAYBE_ADDRESS = /^[0-9A-Za-z]{14,}$/;

function unknownPayee(who: string): SettingError {
  const uri = /^([a-z][a-z0-9+.-]*):./i.exec(who)?.[1];
  return new SettingError(
    uri === undefined
      ? `${JSON.stringify(who)} is no address, and no contact and no label of this wallet has this name`
      : `a payment URI that begins with "${uri}:" is for another program; here it begins with "${URI_SCHEME}:"`,
  );
}

/** As contacts are told apart: see `findContact`. */
function folded(name: string): string {
  return name.normalize('NFKC').trim().toLowerCase();
}
