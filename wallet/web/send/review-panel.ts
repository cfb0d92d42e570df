/** The last look at a payment before it is made. */
import { h } from '../../../service/web/element.ts';
import { panel } from '../../../service/web/panel.ts';
import type { CallRequest } from '../../gui/api.ts';
import type { PlanView, PsbtView, SentPayment } from '../../gui/api-values.ts';
import { ActionForm } from '../pieces/action-form.ts';
import { checkbox } from '../pieces/field.ts';
import { notice, plainButton } from '../pieces/money.ts';
import { refusalCode } from '../pieces/refusal.ts';
import { networkOf, type WalletPlace } from '../session/place.ts';
import { payRequest, planFacts, planWarnings } from './plan-facts.ts';

export interface ReviewOptions {
  readonly request: CallRequest<'plan'>;
  readonly signal: AbortSignal;
  readonly onBack: () => void;
  /** The coins are others now, and so is what it costs: to be looked at again. */
  readonly onChanged: (plan: PlanView) => void;
  readonly onSent: (payment: SentPayment) => void;
  /** A wallet without keys leaves the signature to another one. */
  readonly onUnsigned: (psbt: PsbtView) => void;
}

export function reviewPanel(place: WalletPlace, plan: PlanView, options: ReviewOptions): HTMLElement {
  const { request, onBack, onChanged, onSent, onUnsigned } = options;
  const warnings = planWarnings(plan);
  const isWatching = place.row.kind === 'watch';
  const understood = checkbox('I have read this, and want it so.');
  const form = new ActionForm({
    content: [
      planFacts(plan),
      ...warnings.map((words) => notice('warn', words)),
      warnings.length === 0 ? null : understood.element,
      isWatching
        ? notice(
            'plain',
            'This wallet has no private keys: it prepares the payment, and the one that has them signs it.',
          )
        : null,
    ],
    fields: [],
    button: isWatching ? 'Prepare for signing' : 'Send now',
    isReady: () => warnings.length === 0 || understood.input.checked,
    busy: isWatching ? 'Preparing…' : 'Signing and sending…',
    beside: [plainButton('Back', onBack)],
    run: async () => {
      // Not ended with the view: a payment that was begun is made, whoever looks.
      if (isWatching)
        onUnsigned(await place.ask('psbt/create', { wallet: place.wallet, plan: plan.id }, options.signal));
      else onSent(await place.ask('pay', payRequest(place, plan)));
    },
    onError: (error) => {
      const code = refusalCode(error);
      if (code !== 'plan-changed' && code !== 'no-plan') return false;
      void place.ask('plan', request, options.signal).then(onChanged, onBack);
      return false;
    },
  });
  const { test_money: isTestMoney, name } = networkOf(place);
  return panel(
    'Is this right?',
    isTestMoney ? h('p', { class: 'about above' }, `On ${name}: test money, worth nothing.`) : null,
    form.element,
  );
}
