/** The coins of the wallet: freeze some, or pay with exactly some. */
import { announce } from '../../../service/web/announce.ts';
import { h, show } from '../../../service/web/element.ts';
import { plural } from '../../../service/web/format.ts';
import { panel } from '../../../service/web/panel.ts';
import type { CoinRow } from '../../gui/api-values.ts';
import { SEND_PATH } from '../paths.ts';
import { money, plainButton } from '../pieces/money.ts';
import { refusalWords } from '../pieces/refusal.ts';
import { leaveDraft } from '../send/draft.ts';
import type { LiveQuery } from '../session/live-query.ts';
import { liveQuery, type WalletPlace } from '../session/place.ts';
import { coinsOf, coinTable } from './coin-table.ts';

export class CoinPanel {
  readonly element: HTMLElement;
  readonly #place: WalletPlace;
  readonly #query: LiveQuery;
  readonly #chosen = new Set<string>();
  readonly #sum = h('p', { class: 'about', role: 'status' });
  readonly #problem = h('div', { role: 'alert' });
  readonly #pay: HTMLButtonElement;
  readonly #freeze: HTMLButtonElement;
  readonly #thaw: HTMLButtonElement;
  readonly #table = coinTable({
    caption: 'Coins',
    isChosen: ({ out_point: outPoint }) => this.#chosen.has(outPoint),
    onChoose: ({ out_point: outPoint }, isChosen) => {
      if (isChosen) this.#chosen.add(outPoint);
      else this.#chosen.delete(outPoint);
      this.#show();
    },
    empty: 'No coins. Whatever is paid to the wallet stands here, piece by piece.',
  });
  #coins: readonly CoinRow[] = [];

  constructor(place: WalletPlace) {
    this.#place = place;
    this.#pay = plainButton('Pay with these', () => {
      leaveDraft({ coins: [...this.#chosen] });
      place.go(SEND_PATH);
    });
    this.#freeze = plainButton('Freeze', () => void this.#set(true));
    this.#thaw = plainButton('Unfreeze', () => void this.#set(false));
    this.element = panel(
      'Coins',
      h(
        'p',
        { class: 'about' },
        'A frozen coin stays where it is: no payment takes it until it is unfrozen.',
      ),
      h(
        'div',
        { class: 'coin-actions' },
        this.#sum,
        h('div', { class: 'buttons' }, this.#pay, this.#freeze, this.#thaw),
      ),
      this.#problem,
      this.#table.element,
    );
    this.#query = liveQuery(place, {
      ask: (signal) => place.ask('coins', { wallet: place.wallet }, signal),
      onData: ({ coins }) => {
        this.#coins = coinsOf(coins, undefined);
        const here = new Set(coins.map(({ out_point: outPoint }) => outPoint));
        for (const outPoint of [...this.#chosen]) if (!here.has(outPoint)) this.#chosen.delete(outPoint);
        this.#show();
      },
    });
  }

  get first(): Promise<void> {
    return this.#query.first;
  }

  close(): void {
    this.#query.close();
  }

  async #set(frozen: boolean): Promise<void> {
    const coins = this.#chosenCoins().filter((coin) => coin.frozen !== frozen);
    if (coins.length === 0) return;
    show(this.#problem);
    try {
      await this.#place.ask('coins/freeze', {
        wallet: this.#place.wallet,
        coins: coins.map(({ out_point: outPoint }) => outPoint),
        frozen,
      });
      announce(`${plural(coins.length, 'coin')} ${frozen ? 'frozen' : 'unfrozen'}`);
      this.#chosen.clear();
      this.#query.soon();
    } catch (error) {
      show(this.#problem, ...refusalWords(error));
    }
    this.#show();
  }

  #chosenCoins(): CoinRow[] {
    return this.#coins.filter(({ out_point: outPoint }) => this.#chosen.has(outPoint));
  }

  #show(): void {
    this.#table.update(this.#coins);
    const chosen = this.#chosenCoins();
    const total = chosen.reduce((sum, { value_nits: nits }) => sum + BigInt(nits), 0n);
    this.#pay.disabled =
      chosen.length === 0 || chosen.some(({ frozen, status }) => frozen || status === 'immature');
    this.#freeze.disabled = !chosen.some(({ frozen }) => !frozen);
    this.#thaw.disabled = !chosen.some(({ frozen }) => frozen);
    show(
      this.#sum,
      ...(chosen.length === 0
        ? [plural(this.#coins.length, 'coin')]
        : [`${plural(chosen.length, 'coin')} chosen, `, money(total)]),
    );
  }
}
