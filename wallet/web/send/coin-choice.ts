/** Which coins pay, for those who want to say so: all of the chosen ones, and no others. */
import { h, show } from '../../../service/web/element.ts';
import { plural } from '../../../service/web/format.ts';
import type { CoinRow } from '../../gui/api-values.ts';
import { coinsOf, coinTable } from '../coins/coin-table.ts';
import { money, plainButton } from '../pieces/money.ts';
import type { LiveQuery } from '../session/live-query.ts';
import { liveQuery, type WalletPlace } from '../session/place.ts';

export class CoinChoice {
  readonly element: HTMLDetailsElement;
  readonly #place: WalletPlace;
  readonly #onChange: () => void;
  readonly #chosen = new Set<string>();
  readonly #sum = h('p', { class: 'about', role: 'status' });
  readonly #table = coinTable({
    caption: 'Coins to pay with',
    isChosen: (coin) => this.#chosen.has(coin.out_point),
    onChoose: (coin, isChosen) => this.#choose(coin, isChosen),
    empty: 'There is no coin that can be spent now.',
  });
  #query: LiveQuery | undefined;
  #coins: readonly CoinRow[] = [];
  #label: string | undefined;

  constructor(place: WalletPlace, onChange: () => void) {
    this.#place = place;
    this.#onChange = onChange;
    this.element = h(
      'details',
      { class: 'folded' },
      h('summary', {}, 'Choose the coins'),
      h(
        'p',
        { class: 'about' },
        'Without a choice the wallet takes confirmed coins, as few as it can. Chosen ones are all spent.',
      ),
      this.#sum,
      plainButton('Choose none', () => {
        this.choose([]);
        this.#onChange();
      }),
      this.#table.element,
    );
    // A wallet may have many: they are asked for when somebody wants to see them.
    this.element.addEventListener('toggle', () => this.element.open && this.#begin());
  }

  /** `TXID:INDEX` of each; none for the wallet's own choice. */
  get value(): readonly string[] {
    return [...this.#chosen];
  }

  /** Only coins of this label; undefined for all. */
  set label(label: string | undefined) {
    this.#label = label;
    const others = new Set(this.#usable().map(({ out_point: outPoint }) => outPoint));
    if (this.#query !== undefined)
      for (const outPoint of this.value) if (!others.has(outPoint)) this.#chosen.delete(outPoint);
    this.#show();
  }

  choose(outPoints: readonly string[]): void {
    this.#chosen.clear();
    for (const outPoint of outPoints) this.#chosen.add(outPoint);
    if (outPoints.length > 0) {
      this.element.open = true;
      this.#begin();
    }
    this.#show();
  }

  close(): void {
    this.#query?.close();
  }

  #begin(): void {
    this.#query ??= liveQuery(this.#place, {
      ask: (signal) => this.#place.ask('coins', { wallet: this.#place.wallet }, signal),
      onData: ({ coins }) => {
        this.#coins = coins;
        const here = new Set(coins.map(({ out_point: outPoint }) => outPoint));
        for (const outPoint of this.value) if (!here.has(outPoint)) this.#chosen.delete(outPoint);
        this.#show();
      },
    });
  }

  #choose({ out_point: outPoint }: CoinRow, isChosen: boolean): void {
    if (isChosen) this.#chosen.add(outPoint);
    else this.#chosen.delete(outPoint);
    this.#show();
    this.#onChange();
  }

  #usable(): CoinRow[] {
    return coinsOf(this.#coins, this.#label).filter(
      ({ frozen, status, own }) => !frozen && (status === 'spendable' || (status === 'pending' && own)),
    );
  }

  #show(): void {
    this.#table.update(this.#usable());
    const chosen = this.#coins.filter(({ out_point: outPoint }) => this.#chosen.has(outPoint));
    const total = chosen.reduce((sum, coin) => sum + BigInt(coin.value_nits), 0n);
    show(
      this.#sum,
      ...(this.#chosen.size === 0
        ? ['None chosen: the wallet chooses.']
        : [
            `${plural(this.#chosen.size, 'coin')} chosen`,
            ...(chosen.length > 0 ? [', ', money(total)] : []),
          ]),
    );
  }
}
