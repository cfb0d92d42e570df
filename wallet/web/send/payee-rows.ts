/** Whom to pay and how much: one row for each, with the address book at hand. */
import { h, show } from '../../../service/web/element.ts';
import type { Contact, GuiState } from '../../gui/api-values.ts';
import { parsePaymentUri } from '../../payments/payment-uri.ts';
import { WalletError } from '../../wallet-error.ts';
import { payeeComplaint } from '../pieces/address-check.ts';
import { plainAmount, readAmount } from '../pieces/amount-text.ts';
import { Field } from '../pieces/field.ts';
import { COIN, plainButton } from '../pieces/money.ts';
import { sentence } from '../pieces/refusal.ts';

export interface PayeeWish {
  readonly address: string;
  readonly amount_nits: string;
}

export interface PayeeRowsOptions {
  readonly network: GuiState['network'];
  readonly onChange: () => void;
}

const MOST_PAYEES = 1_000;
const MAX = 'max';

export class PayeeRows {
  readonly element: HTMLElement;
  readonly #options: PayeeRowsOptions;
  readonly #list = h('ol', { class: 'payees' });
  readonly #names = h('datalist', { id: 'contact-names' });
  readonly #add: HTMLButtonElement;
  #rows: PayeeRow[] = [];
  #contacts: readonly Contact[] = [];

  constructor(options: PayeeRowsOptions) {
    this.#options = options;
    this.#add = plainButton('Pay somebody else, too', () => {
      const row = this.#append();
      row.focus();
      options.onChange();
    });
    this.element = h('div', {}, this.#names, this.#list, this.#add);
    this.#append();
  }

  /** Whom the address book has. */
  set contacts(contacts: readonly Contact[]) {
    this.#contacts = contacts;
    show(this.#names, ...contacts.map(({ name, address }) => h('option', { value: name }, address)));
    for (const row of this.#rows) row.refresh();
  }

  get fields(): readonly Field[] {
    return this.#rows.flatMap(({ fields }) => fields);
  }

  /** What is asked for; undefined while something of it is missing or wrong. Nobody is told off by asking. */
  get wishes(): readonly PayeeWish[] | undefined {
    const wishes = this.#rows.map((row) => row.wish);
    return wishes.every((wish) => wish !== undefined) ? wishes : undefined;
  }

  /** Writes an address into the first row. */
  begin(address: string): void {
    this.#rows[0]?.write(address);
  }

  focus(): void {
    this.#rows[0]?.focus();
  }

  /** One empty row. */
  reset(): void {
    this.#rows = [];
    this.#append();
  }

  /** The exact amount that Max came to; undefined while it is not known. */
  showMax(nits: string | undefined): void {
    for (const row of this.#rows) row.showMax(nits);
  }

  #append(): PayeeRow {
    const row: PayeeRow = new PayeeRow(this.#options, {
      contactOf: (name) =>
        this.#contacts.find((contact) => contact.name.toLowerCase() === name.toLowerCase()),
      onMax: () => {
        for (const other of this.#rows) if (other !== row) other.clearMax();
      },
      onRemove: () => this.#remove(row),
    });
    this.#rows = [...this.#rows, row];
    this.#show();
    return row;
  }

  #remove(row: PayeeRow): void {
    this.#rows = this.#rows.filter((other) => other !== row);
    this.#show();
    this.#rows.at(-1)?.focus();
    this.#options.onChange();
  }

  #show(): void {
    show(this.#list, ...this.#rows.map(({ element }) => element));
    for (const row of this.#rows) row.isOnly = this.#rows.length === 1;
    this.#add.hidden = this.#rows.length >= MOST_PAYEES;
  }
}

interface PayeeRowOptions {
  readonly contactOf: (name: string) => Contact | undefined;
  readonly onMax: () => void;
  readonly onRemove: () => void;
}

class PayeeRow {
  readonly element: HTMLElement;
  readonly #network: GuiState['network'];
  readonly #contactOf: PayeeRowOptions['contactOf'];
  readonly #address: Field;
  readonly #amount: Field;
  readonly #max: HTMLButtonElement;
  readonly #remove: HTMLButtonElement;
  #isMax = false;

  constructor({ network, onChange }: PayeeRowsOptions, { contactOf, onMax, onRemove }: PayeeRowOptions) {
    this.#network = network;
    this.#contactOf = contactOf;
    this.#address = new Field({
      label: 'Pay to',
      about: 'An address, the name of a contact, or a payment link.',
      placeholder: `${network.address.hrp}1…`,
      mono: true,
      list: 'contact-names',
      maxLength: 1_000,
      check: (text) => this.#payeeComplaint(text),
    });
    this.#max = plainButton('Max', () => {
      this.#setMax(!this.#isMax);
      if (this.#isMax) onMax();
      onChange();
    });
    this.#max.setAttribute('aria-pressed', 'false');
    this.#max.title = 'All that can be spent, less the fee';
    this.#amount = new Field({
      label: `Amount in ${COIN}`,
      inputMode: 'decimal',
      maxLength: 30,
      beside: this.#max,
      check: (text) => {
        const reading = this.#isMax ? undefined : readAmount(text);
        return reading !== undefined && 'complaint' in reading ? reading.complaint : undefined;
      },
    });
    this.#remove = plainButton('Take away', onRemove);
    this.element = h('li', { class: 'payee' }, this.#address.element, this.#amount.element, this.#remove);
    this.#address.onInput((text) => {
      this.#readLink(text);
      this.refresh();
      onChange();
    });
    this.#amount.onInput(() => {
      this.#setMax(false);
      onChange();
    });
  }

  get fields(): readonly Field[] {
    return [this.#address, this.#amount];
  }

  get wish(): PayeeWish | undefined {
    const text = this.#address.value;
    if (this.#payeeComplaint(text) !== undefined) return undefined;
    const address = this.#contactOf(text)?.address ?? text;
    if (this.#isMax) return { address, amount_nits: MAX };
    const reading = readAmount(this.#amount.value);
    return 'nits' in reading ? { address, amount_nits: String(reading.nits) } : undefined;
  }

  set isOnly(isOnly: boolean) {
    this.#remove.hidden = isOnly;
  }

  write(address: string): void {
    this.#address.value = address;
    this.refresh();
  }

  focus(): void {
    this.#address.input.focus();
  }

  clearMax(): void {
    if (this.#isMax) this.#setMax(false);
  }

  showMax(nits: string | undefined): void {
    if (this.#isMax) this.#amount.input.value = nits === undefined ? '' : plainAmount(BigInt(nits));
  }

  /** Says who it is that a name stands for. */
  refresh(): void {
    const contact = this.#contactOf(this.#address.value);
    this.#address.say(
      contact === undefined
        ? 'An address, the name of a contact, or a payment link.'
        : h('span', { class: 'hash contact-address' }, contact.address),
    );
  }

  #setMax(isMax: boolean): void {
    this.#isMax = isMax;
    this.#max.setAttribute('aria-pressed', String(isMax));
    this.#amount.input.placeholder = isMax ? 'all that can be spent' : '';
    if (isMax) this.#amount.value = '';
  }

  /** A payment link that was pasted fills the row. */
  #readLink(text: string): void {
    if (!text.toLowerCase().startsWith(`${this.#network.uri_scheme}:`)) return;
    try {
      const { address, amount, message, label } = parsePaymentUri(text);
      this.#address.value = address;
      if (amount !== undefined) {
        this.#setMax(false);
        this.#amount.value = plainAmount(amount);
      }
      const words = message ?? label;
      if (words !== undefined) this.#amount.say(`The link says: ${words}`);
    } catch (error) {
      if (!(error instanceof WalletError)) throw error;
      this.#address.complain(sentence(error.message));
    }
  }

  #payeeComplaint(text: string): string | undefined {
    if (text === '') return 'Who is paid?';
    const contact = this.#contactOf(text);
    const complaint = payeeComplaint(contact?.address ?? text, this.#network);
    if (complaint === undefined) return undefined;
    const looksLikeName = !/^[a-z0-9]{20,}$/i.test(text) && !text.includes(':');
    return looksLikeName ? `No contact is called “${text.slice(0, 40)}”, and it is no address.` : complaint;
  }
}
