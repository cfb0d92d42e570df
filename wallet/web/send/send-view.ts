/** A payment: whom, how much, how soon; looked at before it is made, and followed afterwards. */
import { h, show } from '../../../service/web/element.ts';
import { pageHead } from '../../../service/web/panel.ts';
import type { View } from '../../../service/web/router.ts';
import type { CallRequest } from '../../gui/api.ts';
import type { PlanView } from '../../gui/api-values.ts';
import { closeAll } from '../pieces/closing.ts';
import type { WalletPlace } from '../session/place.ts';
import { reviewPanel } from './review-panel.ts';
import { SendForm } from './send-form.ts';
import { SentPanel } from './sent-panel.ts';
import { unsignedPanel } from './unsigned-panel.ts';

export function sendView(place: WalletPlace): View {
  const outlet = h('div');
  const ending = new AbortController();
  let sent: SentPanel | undefined;
  const showStep = (element: HTMLElement) => {
    show(outlet, element);
    window.scrollTo(0, 0);
    const heading = element.querySelector('h2');
    heading?.setAttribute('tabindex', '-1');
    heading?.focus({ preventScroll: true });
  };
  const form = new SendForm(place, {
    onReview: (plan, request) => review(plan, request),
  });
  const review = (plan: PlanView, request: CallRequest<'plan'>): void =>
    showStep(
      reviewPanel(place, plan, {
        signal: ending.signal,
        onBack: () => {
          showStep(form.element);
          form.replan();
        },
        onChanged: (changed) => review(changed, request),
        request,
        onSent: (payment) => {
          form.clear();
          sent = new SentPanel(place, payment, () => {
            sent?.close();
            showStep(form.element);
            form.focus();
          });
          showStep(sent.element);
        },
        onUnsigned: (psbt) => {
          form.clear();
          showStep(unsignedPanel(place, psbt));
        },
      }),
    );
  show(outlet, form.element);
  const element = h('div', { class: 'stack send' }, pageHead(null, 'Send'), outlet);
  return {
    title: 'Send',
    element,
    ready: form.first,
    close: closeAll([form, () => ending.abort(), () => sent?.close()]),
  };
}
