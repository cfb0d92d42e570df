/** A payment that waits, with a higher fee or taken back: shown first, made on a yes. */
import { h, show } from '../../../service/web/element.ts';
import type { PlanView } from '../../gui/api-values.ts';
import { transactionPath } from '../paths.ts';
import { ActionForm } from '../pieces/action-form.ts';
import { Dialog } from '../pieces/dialog.ts';
import { notice, plainButton } from '../pieces/money.ts';
import { refusalCode, refusalWords } from '../pieces/refusal.ts';
import type { WalletPlace } from '../session/place.ts';
import { FeeChoice } from './fee-choice.ts';
import { payRequest, planFacts, planWarnings } from './plan-facts.ts';

const WORDS = {
  bump: {
    title: 'Raise the fee',
    about: 'The same payees get the same; more of your change goes to whoever mines it.',
    button: 'Send it with this fee',
  },
  cancel: {
    title: 'Cancel the payment',
    about:
      'A payment back to yourself takes its place, if it is mined first. Whether it is shows in the next blocks.',
    button: 'Take the payment back',
  },
} as const;

export class ReplaceDialog {
  readonly #place: WalletPlace;
  readonly #kind: keyof typeof WORDS;
  readonly #txid: string;
  readonly #plan = h('div', { class: 'plan-place' });
  readonly #fee: FeeChoice;
  readonly #form: ActionForm;
  readonly #dialog: Dialog;
  readonly #ending = new AbortController();
  #shown: PlanView | undefined;
  #asked = 0;

  /** Opens it. @param txid of the payment that waits */
  constructor(place: WalletPlace, kind: keyof typeof WORDS, txid: string) {
    this.#place = place;
    this.#kind = kind;
    this.#txid = txid;
    const { title, about, button } = WORDS[kind];
    this.#fee = new FeeChoice(place, {
      preset: 'fast',
      isReplacement: true,
      onChange: () => void this.#show(),
    });
    this.#form = new ActionForm({
      content: [h('p', { class: 'about' }, about), this.#fee.element, this.#plan],
      fields: [],
      button,
      busy: 'Signing…',
      isGrave: kind === 'cancel',
      isReady: () => this.#shown !== undefined,
      beside: [plainButton('Leave it as it is', () => this.#dialog.close())],
      run: (signal) => this.#send(signal),
    });
    this.#dialog = new Dialog(title, [this.#form.element], () => {
      this.#ending.abort();
      this.#form.close();
      this.#fee.close();
    });
    void this.#fee.first.then(() => this.#show());
  }

  async #show(): Promise<void> {
    const { fee } = this.#fee;
    this.#asked += 1;
    const asked = this.#asked;
    this.#shown = undefined;
    this.#form.update();
    if (fee === undefined) return;
    try {
      const plan = await this.#place.ask(
        `plan/${this.#kind}`,
        { wallet: this.#place.wallet, txid: this.#txid, fee },
        this.#ending.signal,
      );
      if (asked !== this.#asked) return;
      this.#shown = plan;
      this.#fee.showFee(plan.fee_nits);
      show(this.#plan, planFacts(plan), ...planWarnings(plan).map((words) => notice('warn', words)));
      this.#form.update();
    } catch (error) {
      if (asked !== this.#asked || this.#ending.signal.aborted) return;
      show(this.#plan, notice('warn', ...refusalWords(error)));
    }
  }

  async #send(signal: AbortSignal): Promise<void> {
    const plan = this.#shown;
    if (plan === undefined) return;
    try {
      const sent = await this.#place.ask('pay', payRequest(this.#place, plan), signal);
      this.#dialog.close();
      this.#place.go(transactionPath(sent.txid));
    } catch (error) {
      const code = refusalCode(error);
      if (code === 'plan-changed' || code === 'no-plan') void this.#show();
      throw error;
    }
  }
}
