/** The form of a payment. What it would cost is shown while it is filled in. */
import { type Child, h, show } from '../../../service/web/element.ts';
import { panel } from '../../../service/web/panel.ts';
import type { CallRequest } from '../../gui/api.ts';
import type { PlanView } from '../../gui/api-values.ts';
import { ActionForm } from '../pieces/action-form.ts';
import { money } from '../pieces/money.ts';
import { refusalCode, refusalWords } from '../pieces/refusal.ts';
import { refusalFacts } from '../session/client.ts';
import type { LiveQuery } from '../session/live-query.ts';
import { liveQuery, networkOf, type WalletPlace } from '../session/place.ts';
import { CoinChoice } from './coin-choice.ts';
import { takeDraft } from './draft.ts';
import { FeeChoice } from './fee-choice.ts';
import { PayeeRows } from './payee-rows.ts';
import { SourceChoice } from './source-choice.ts';

export interface SendFormOptions {
  /** What was asked for can be made so. */
  readonly onReview: (plan: PlanView, request: CallRequest<'plan'>) => void;
}

/** Typing is over when nothing was typed for so long. */
const TYPING_MS = 350;

export class SendForm {
  readonly element: HTMLElement;
  readonly first: Promise<unknown>;
  readonly #place: WalletPlace;
  readonly #payees: PayeeRows;
  readonly #source: SourceChoice;
  readonly #fee: FeeChoice;
  readonly #coins: CoinChoice;
  readonly #form: ActionForm;
  readonly #preview = h('div', { class: 'preview', role: 'status' });
  readonly #queries: readonly LiveQuery[];
  readonly #ending = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asked = 0;

  constructor(place: WalletPlace, { onReview }: SendFormOptions) {
    this.#place = place;
    const changed = () => this.#hurry();
    this.#payees = new PayeeRows({ network: networkOf(place), onChange: changed });
    this.#source = new SourceChoice(place, () => {
      this.#coins.label = this.#source.value;
      changed();
    });
    this.#fee = new FeeChoice(place, { preset: 'normal', onChange: changed });
    this.#coins = new CoinChoice(place, changed);
    this.#form = new ActionForm({
      content: [
        this.#payees.element,
        this.#source.element,
        this.#fee.element,
        this.#coins.element,
        this.#preview,
      ],
      fields: [],
      button: 'Review',
      busy: 'Looking at the coins…',
      run: (signal) => this.#review(onReview, signal),
    });
    this.element = panel('Payment', this.#form.element);
    const contacts = liveQuery(place, {
      ask: (signal) => place.ask('contacts', { wallet: place.wallet }, signal),
      onData: (answer) => {
        this.#payees.contacts = answer.contacts;
      },
    });
    let isFirst = true;
    const settings = liveQuery(place, {
      ask: (signal) => place.ask('settings', { wallet: place.wallet }, signal),
      onData: ({ fee }) => {
        if (isFirst) this.#fee.preset = fee;
        isFirst = false;
      },
    });
    this.#queries = [contacts, settings];
    this.first = Promise.all([this.#source.first, this.#fee.first, settings.first]);
    const { address, coins } = takeDraft();
    if (address !== undefined) this.#payees.begin(address);
    if (coins !== undefined) this.#coins.choose(coins);
  }

  focus(): void {
    this.#payees.focus();
  }

  /** Begins anew: what stood in it was paid. */
  clear(): void {
    this.#payees.reset();
    this.#coins.choose([]);
    show(this.#preview);
    this.#form.forget();
  }

  /** Asks again what it would cost. */
  replan(): void {
    void this.#plan();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#ending.abort();
    this.#form.close();
    this.#fee.close();
    this.#coins.close();
    this.#source.close();
    for (const query of this.#queries) query.close();
  }

  /** As the server is asked; undefined while something is missing. */
  get #request(): CallRequest<'plan'> | undefined {
    const to = this.#payees.wishes;
    const { fee } = this.#fee;
    if (to === undefined || fee === undefined) return undefined;
    const from = this.#source.value;
    const coins = this.#coins.value;
    return {
      wallet: this.#place.wallet,
      to: [...to],
      fee,
      ...(from !== undefined && { from }),
      ...(coins.length > 0 && { coins: [...coins] }),
    };
  }

  #hurry(): void {
    clearTimeout(this.#timer);
    this.#form.forget();
    this.#asked += 1;
    this.#timer = setTimeout(() => void this.#plan(), TYPING_MS);
  }

  /** Shows what the payment would cost, or why it cannot be made. */
  async #plan(): Promise<void> {
    const request = this.#request;
    this.#asked += 1;
    const asked = this.#asked;
    if (request === undefined) {
      this.#fee.showFee(undefined);
      this.#payees.showMax(undefined);
      show(this.#preview);
      return;
    }
    try {
      const plan = await this.#place.ask('plan', request, this.#ending.signal);
      if (asked !== this.#asked) return;
      this.#fee.showFee(plan.fee_nits);
      const at = request.to.findIndex(({ amount_nits: nits }) => nits === 'max');
      this.#payees.showMax(plan.to[at]?.amount_nits);
      show(this.#preview, h('p', {}, 'Leaves your wallet: ', h('strong', {}, money(plan.total_nits))));
    } catch (error) {
      if (asked !== this.#asked || this.#ending.signal.aborted) return;
      this.#fee.showFee(undefined);
      this.#payees.showMax(undefined);
      show(this.#preview, ...shortfallWords(error));
    }
  }

  async #review(onReview: SendFormOptions['onReview'], signal: AbortSignal): Promise<void> {
    const wrong = this.#payees.fields.filter((field) => !field.validate());
    if (wrong.length > 0) {
      wrong[0]?.input.focus();
      return;
    }
    if (!this.#fee.validate()) {
      this.#fee.focus();
      return;
    }
    const request = this.#request;
    if (request === undefined) return;
    clearTimeout(this.#timer);
    show(this.#preview);
    onReview(await this.#place.ask('plan', request, signal), request);
  }
}

/** "Need 0.5 NILZ more", or whatever else is in the way. */
function shortfallWords(error: unknown): Child[] {
  const { missing_nits: missing } = refusalFacts(error);
  if (refusalCode(error) === 'insufficient-funds' && missing !== undefined) {
    return [
      h(
        'div',
        { class: 'notice', 'data-tone': 'warn' },
        h('p', {}, h('strong', {}, `Need `, money(missing), ' more'), `, the fee included.`),
        ...refusalWords(error),
      ),
    ];
  }
  return [h('div', { class: 'notice', 'data-tone': 'warn' }, ...refusalWords(error))];
}
