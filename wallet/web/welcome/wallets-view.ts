/** Where one begins: the wallets of this machine, opened with their passphrases, and the ways to a new one. */
import { type Child, h, show } from '../../../service/web/element.ts';
import { pageHead, panel, stateWord } from '../../../service/web/panel.ts';
import type { View } from '../../../service/web/router.ts';
import type { WalletRow } from '../../gui/api-values.ts';
import { wayCard } from '../more-view.ts';
import { CREATE_PATH, RESTORE_PATH, WATCH_PATH } from '../paths.ts';
import { ActionForm } from '../pieces/action-form.ts';
import { icon } from '../pieces/icons.ts';
import { notice, ownText, plainButton } from '../pieces/money.ts';
import { passphraseField } from '../pieces/passphrase-fields.ts';
import { refusalCode, sentence } from '../pieces/refusal.ts';
import type { Place } from '../session/place.ts';

export interface WalletsOptions {
  readonly onOpen: (row: WalletRow) => void;
  /** Why one is here. */
  readonly words: string | undefined;
  /** The wallet that was shown last. */
  readonly last: string | undefined;
}

export function walletsView(place: Place, { onOpen, words, last }: WalletsOptions): View {
  const list = h('ul', { class: 'wallet-list' });
  const cards = new Map<string, WalletCard>();
  const head = h('div');
  const welcome = h('p', { class: 'lead' });
  const listPanel = panel('Wallets on this machine', list);
  const close = place.feed.onState(({ wallets, network }) => {
    const isEmpty = wallets.length === 0;
    show(head, pageHead(null, isEmpty ? 'Welcome' : 'Open a wallet'));
    show(
      welcome,
      isEmpty
        ? `A wallet holds the keys to your ${network.coin}. It is a file on this machine, encrypted with a passphrase of yours; nobody else can open it or bring it back.`
        : '',
    );
    listPanel.hidden = isEmpty;
    const favourite =
      wallets.find(({ id }) => id === last) ?? (wallets.length === 1 ? wallets[0] : undefined);
    for (const row of wallets) {
      const known = cards.get(row.id);
      if (known === undefined) {
        cards.set(row.id, new WalletCard(place, row, { onOpen, isFirst: row.id === favourite?.id }));
      } else known.update(row);
    }
    show(list, ...wallets.map(({ id }) => cards.get(id)?.element ?? null));
  });
  const element = h(
    'div',
    { class: 'stack welcome' },
    head,
    welcome,
    words === undefined ? null : notice('plain', words),
    listPanel,
    h(
      'nav',
      { class: 'way-cards', 'aria-label': 'New wallets' },
      wayCard(CREATE_PATH, 'Create a new wallet', 'With twelve words that bring it back', icon('wallet')),
      wayCard(RESTORE_PATH, 'Restore from words', 'A wallet that you had before', icon('history')),
      wayCard(WATCH_PATH, 'Watch only', 'See what keys own that are kept elsewhere', icon('overview')),
    ),
  );
  // The field that one came for, as soon as it can be seen.
  requestAnimationFrame(() => element.querySelector<HTMLInputElement>('.wallet-card[open] input')?.focus());
  return {
    title: 'Wallets',
    element,
    ready: Promise.resolve(),
    close: () => {
      close();
      for (const card of cards.values()) card.close();
    },
  };
}

/** One wallet of the list: open, or with the field that opens it. */
class WalletCard {
  readonly element = h('li', { class: 'wallet-item' });
  readonly #place: Place;
  readonly #options: { readonly onOpen: (row: WalletRow) => void; readonly isFirst: boolean };
  #form: ActionForm | undefined;
  #shown: boolean | undefined;
  #isOpening = false;

  constructor(
    place: Place,
    row: WalletRow,
    options: { readonly onOpen: (row: WalletRow) => void; readonly isFirst: boolean },
  ) {
    this.#place = place;
    this.#options = options;
    this.update(row);
  }

  update(row: WalletRow): void {
    // What is being typed stays, and what is being opened says so itself.
    if (this.#shown === row.is_open || this.#isOpening) return;
    this.#shown = row.is_open;
    this.#form?.close();
    show(this.element, row.is_open ? this.#open(row) : this.#closed(row));
  }

  close(): void {
    this.#form?.close();
  }

  #open(row: WalletRow): HTMLElement {
    const go = h('button', { type: 'button', class: 'main-button' }, 'Show');
    go.addEventListener('click', () => this.#options.onOpen(row));
    const lock = plainButton('Lock', () => {
      lock.disabled = true;
      this.#place.ask('wallets/lock', { wallet: row.id }).catch(() => {
        lock.disabled = false;
      });
    });
    return h(
      'div',
      { class: 'wallet-card is-open' },
      ...headOf(row),
      h('div', { class: 'buttons' }, go, lock),
    );
  }

  #closed(row: WalletRow): HTMLElement {
    const field = passphraseField();
    this.#form = new ActionForm({
      content: [field.element],
      fields: [field],
      button: 'Open',
      busy: 'Opening…',
      run: async (signal) => {
        const passphrase = field.value;
        this.#isOpening = true;
        try {
          const answer = await this.#place.ask('wallets/open', { wallet: row.id, passphrase }, signal);
          field.value = '';
          this.#options.onOpen(answer.wallet);
        } finally {
          this.#isOpening = false;
        }
      },
      onError: (error) => {
        if (refusalCode(error) !== 'wrong-passphrase' || !(error instanceof Error)) return false;
        field.complain(sentence(error.message));
        field.input.select();
        return false;
      },
    });
    return h(
      'details',
      { class: 'wallet-card', name: 'wallet', open: this.#options.isFirst },
      h('summary', {}, ...headOf(row)),
      this.#form.element,
    );
  }
}

function headOf({ name, file, is_open: isOpen, kind }: WalletRow): Child[] {
  return [
    h(
      'span',
      { class: 'wallet-card-head' },
      icon('wallet'),
      h('span', { class: 'wallet-card-name' }, ownText(name)),
      isOpen ? stateWord('open', 'good') : stateWord('locked'),
      kind === 'watch' ? stateWord('watch-only') : null,
    ),
    h('span', { class: 'wallet-card-file hash', title: file }, ownText(file)),
  ];
}
