/** What a payment offers to whoever mines it: one of the presets, or a rate of one's own. */
import { type Child, h, show } from '../../../service/web/element.ts';
import { amount, roughDuration } from '../../../service/web/format.ts';
import type { CallRequest } from '../../gui/api.ts';
import type { FeePreset, Fees } from '../../gui/api-values.ts';
import { Choice, Field } from '../pieces/field.ts';
import { COIN } from '../pieces/money.ts';
import { refusalWords } from '../pieces/refusal.ts';
import type { LiveQuery } from '../session/live-query.ts';
import { liveQuery, networkOf, type WalletPlace } from '../session/place.ts';

type Kind = FeePreset | 'own';

const NAMES: Readonly<Record<Kind, string>> = {
  economy: 'Economy',
  normal: 'Normal',
  fast: 'Fast',
  own: 'My own',
};

export interface FeeChoiceOptions {
  readonly preset: FeePreset;
  /** A replacement has to offer more than the preset may come to: that is what the plan says. */
  readonly isReplacement?: boolean;
  readonly onChange: () => void;
}

export class FeeChoice {
  readonly element: HTMLElement;
  readonly #place: WalletPlace;
  readonly #isReplacement: boolean;
  readonly #choice: Choice<Kind>;
  readonly #rate: Field;
  readonly #about = h('p', { class: 'about fee-about' });
  readonly #query: LiveQuery;
  #fees: Fees | undefined;

  constructor(place: WalletPlace, { preset, isReplacement = false, onChange }: FeeChoiceOptions) {
    this.#place = place;
    this.#isReplacement = isReplacement;
    const kinds: readonly Kind[] = ['economy', 'normal', 'fast', 'own'];
    this.#choice = new Choice<Kind>(
      'Fee',
      kinds.map((value) => ({
        value,
        name: NAMES[value],
        about: value === 'own' ? 'a rate you choose' : '—',
      })),
      preset,
    );
    this.#rate = new Field({
      label: 'Nits per virtual byte',
      inputMode: 'decimal',
      maxLength: 10,
      check: (value) => this.#rateComplaint(value),
    });
    this.#rate.element.hidden = true;
    this.element = h('div', { class: 'fee-choice' }, this.#choice.element, this.#rate.element, this.#about);
    this.#choice.onChange((kind) => {
      this.#rate.element.hidden = kind !== 'own';
      if (kind === 'own') this.#rate.input.focus();
      this.showFee(undefined);
      onChange();
    });
    this.#rate.onInput(() => {
      this.showFee(undefined);
      onChange();
    });
    this.#query = liveQuery(place, {
      ask: (signal) => place.ask('fees', { wallet: place.wallet }, signal),
      onData: (fees) => this.#take(fees),
      onError: (error) => {
        if (this.#fees === undefined) show(this.#about, ...refusalWords(error));
      },
    });
  }

  get first(): Promise<void> {
    return this.#query.first;
  }

  /** As the server is asked; undefined while it is no rate. */
  get fee(): CallRequest<'plan'>['fee'] | undefined {
    const kind = this.#choice.value;
    if (kind !== 'own') return { preset: kind };
    return this.#rateComplaint(this.#rate.value) === undefined ? { fee_rate: this.#rate.value } : undefined;
  }

  /** Another one to begin with, as the settings of the wallet have it. */
  set preset(preset: FeePreset) {
    this.#choice.value = preset;
  }

  /** @returns whether there is a fee */
  validate(): boolean {
    return this.#choice.value !== 'own' || this.#rate.validate();
  }

  focus(): void {
    this.#rate.input.focus();
  }

  /** What the fee is, for the payment at hand; undefined while that is not known. */
  showFee(nits: string | undefined): void {
    const parts: Child[] = [...this.#words()];
    if (nits !== undefined)
      parts.unshift(h('strong', {}, `${amount(nits)} ${COIN}`), parts.length > 0 ? '. ' : '.');
    show(this.#about, ...parts);
  }

  close(): void {
    this.#query.close();
  }

  #take(fees: Fees): void {
    const isFirst = this.#fees === undefined;
    this.#fees = fees;
    const seconds = networkOf(this.#place).block_time_seconds;
    for (const preset of ['economy', 'normal', 'fast'] as const) {
      const { fee_rate: rate, blocks } = fees.presets[preset];
      this.#choice.describe(
        preset,
        h('span', {}, `${rate} nit/vB`),
        h('span', {}, `about ${roughDuration(blocks * seconds)}`),
      );
    }
    this.#rate.say(`From ${fees.minimum_fee_rate} to ${fees.maximum_fee_rate}, with at most three decimals.`);
    if (isFirst) {
      this.#rate.value = fees.presets.normal.fee_rate;
      this.showFee(undefined);
    }
  }

  /** That an estimate is none is said. */
  #words(): Child[] {
    const kind = this.#choice.value;
    if (this.#fees === undefined || kind === 'own' || this.#isReplacement) return [];
    return this.#fees.presets[kind].source === 'fallback'
      ? ['The node has seen too few payments for an estimate: this is the least that it takes.']
      : [];
  }

  #rateComplaint(value: string): string | undefined {
    const fees = this.#fees;
    if (fees === undefined) return 'The fees are not known yet.';
    if (!/^\d{1,6}(\.\d{1,3})?$/.test(value)) return 'Digits, and at most three decimals: 1.5.';
    const rate = Number(value);
    if (rate < Number(fees.minimum_fee_rate)) return `The node takes nothing below ${fees.minimum_fee_rate}.`;
    if (rate > Number(fees.maximum_fee_rate))
      return `More than ${fees.maximum_fee_rate} is most likely a mistake.`;
    return undefined;
  }
}
