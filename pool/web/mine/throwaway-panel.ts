/** The words of a new wallet, shown once: what they are, how they bring the wallet back, and then they are gone. */
import { copyable } from '../../../service/web/copy.ts';
import { h, show } from '../../../service/web/element.ts';
import { checkbox } from '../../../wallet/web/pieces/field.ts';
import type { ThrowawayWallet } from './throwaway-wallet.ts';

/** Networks that `nilz --network` knows by name; others are a file of their own (docs/private-network.md). */
const NAMED_NETWORKS: readonly string[] = ['main', 'test', 'dev', 'regtest'];

export class ThrowawayPanel {
  readonly element = h('div', { class: 'throwaway' });
  readonly #onUse: (address: string) => void;
  readonly #onCancel: () => void;

  /**
   * @param onUse told of the address once its words are written down
   * @param onCancel told that the wallet is not wanted
   */
  constructor(onUse: (address: string) => void, onCancel: () => void) {
    this.#onUse = onUse;
    this.#onCancel = onCancel;
    this.element.hidden = true;
  }

  get isOpen(): boolean {
    return !this.element.hidden;
  }

  /** Shows the words of a wallet of a network. */
  open({ words, address }: ThrowawayWallet, network: string): void {
    const heading = h('h3', { class: 'throwaway-title', tabindex: -1 }, 'Write these twelve words down');
    const done = checkbox('I have written the words down, in this order.');
    const use = h(
      'button',
      { type: 'button', class: 'main-button', disabled: true },
      'Hide the words, use the address',
    );
    const cancel = h('button', { type: 'button', class: 'plain-button' }, 'Throw it away');
    done.input.addEventListener('change', () => {
      use.disabled = !done.input.checked;
    });
    use.addEventListener('click', () => {
      this.close();
      this.#onUse(address);
    });
    cancel.addEventListener('click', () => {
      this.close();
      this.#onCancel();
    });
    show(
      this.element,
      heading,
      h(
        'p',
        {},
        'They are the wallet: whoever has them has its coins, and nothing else brings them back. This page has just made them; it shows them once, and neither keeps nor sends them.',
      ),
      h(
        'ol',
        { class: 'word-grid', 'aria-label': 'The words of the wallet' },
        ...words.split(' ').map((word) => h('li', {}, h('span', { class: 'word' }, word))),
      ),
      h('p', { class: 'throwaway-address' }, 'Its address: ', copyable(address, 'the address', 14, 8)),
      h(
        'p',
        { class: 'about' },
        'To spend what it earns, restore it from the words: in the page of the wallet, or with ',
        h('code', {}, `./nilz wallet restore --network ${networkWords(network)}`),
        '. It is made for trying out: where coins are worth something, make a wallet with a program of your own.',
      ),
      done.element,
      h('div', { class: 'buttons' }, use, cancel),
    );
    this.element.hidden = false;
    heading.focus();
  }

  /** Takes the words out of the page. */
  close(): void {
    show(this.element);
    this.element.hidden = true;
  }
}

function networkWords(network: string): string {
  return NAMED_NETWORKS.includes(network) ? network : 'FILE';
}
