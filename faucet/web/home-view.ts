/** The faucet as a whole: what it gives, whether it can, and the form. */
import { type Child, h, show } from '../../service/web/element.ts';
import { amount, count, windowName } from '../../service/web/format.ts';
import { exactAmount, figure, pageHead, panel, unknown } from '../../service/web/panel.ts';
import type { View } from '../../service/web/router.ts';
import { untilThen, when } from '../../service/web/when.ts';
import type { FaucetState } from './answers.ts';
import { ClaimForm } from './claim-form.ts';
import type { FaucetFeed } from './faucet-feed.ts';
import { ownClaims, rememberClaim } from './own-claims.ts';
import { claimPath } from './paths.ts';

const SHOWN_NITS = 1_000_000n;

export function homeView(feed: FaucetFeed, go: (path: string) => void): View {
  const form = new ClaimForm((claim) => {
    rememberClaim(claim);
    go(claimPath(claim.id));
  });
  const closed = h('div', { class: 'problem', role: 'status' });
  const lead = h('p', { class: 'lead' });
  const figures = h('dl', { class: 'figures faucet-figures' });
  const rules = h('ul', { class: 'rules' });
  const own = ownClaims();
  const element = h(
    'div',
    { class: 'stack faucet' },
    h('div', {}, pageHead(null, 'Coins to try things out'), lead),
    h(
      'div',
      { class: 'wide-and-narrow' },
      h('div', { class: 'stack' }, panel('Claim', closed, form.element), panel('How it goes', rules)),
      h('div', { class: 'stack' }, panel('The faucet', figures), ownPanel(own)),
    ),
  );
  const close = feed.onState((state) => {
    show(lead, leadText(state));
    const why = closedReason(state);
    closed.hidden = why === null;
    show(closed, ...(why ?? []));
    // Who could only be refused is told so before there is anything to fill in.
    form.element.hidden = why !== null;
    form.update(state);
    show(figures, ...stateFigures(state));
    show(rules, ...ruleItems(state).map((rule) => h('li', {}, rule)));
  });
  const end = (): void => {
    close();
    form.close();
  };
  return { title: '', element, ready: feed.first, close: end };
}

function leadText({ amount_nits: nits, network }: FaucetState): string {
  const worth = network.test_money
    ? ' They are test money: worth nothing, and good for everything else.'
    : '';
  return `${amount(nits)} ${network.coin} for an address of yours. Free, and without an account.${worth}`;
}

/** Why nobody is given anything at present; null while the faucet gives. */
function closedReason(state: FaucetState): Child[] | null {
  const { paused, empty, trouble } = state;
  if (paused) return sentences('The faucet is paused.', 'Its operator has closed it for a while.');
  if (empty) {
    if (BigInt(state.left_today_nits) >= BigInt(state.amount_nits)) {
      return sentences(
        'The faucet is empty.',
        'It waits for its operator to fill it. What is promised is paid.',
      );
    }
    const resets = h('span', {}, 'It starts anew in ', untilThen(state.budget_resets), '.');
    return sentences("Today's budget is given away.", resets);
  }
  if (trouble !== null && state.network.height === null) {
    return sentences('The faucet cannot pay at present.', trouble);
  }
  return null;
}

function sentences(first: string, then: Child): Child[] {
  return [h('p', {}, h('strong', {}, first)), h('p', {}, then)];
}

function stateFigures(state: FaucetState): HTMLElement[] {
  const { coin } = state.network;
  return [
    figure('A claim gets', exactAmount(state.amount_nits, coin)),
    figure(
      'Left today',
      exactAmount(state.left_today_nits, coin),
      `of ${amount(state.daily_cap_nits)} a day`,
    ),
    figure(
      'Waiting to be paid',
      state.queue === 0 ? 'nobody' : count(state.queue),
      state.sent === 0 ? 'none on the way' : `${count(state.sent)} on the way`,
    ),
    figure('In the faucet', balance(state)),
  ];
}

/** Cut to two decimals: it is about whether there is enough. */
function balance({ balance_nits: nits, network }: FaucetState): HTMLElement {
  return nits === null ? unknown() : exactAmount((BigInt(nits) / SHOWN_NITS) * SHOWN_NITS, network.coin);
}

function ruleItems({ proof, ...state }: FaucetState): string[] {
  return [
    workRule(proof),
    'Several claims are paid in one transaction, which the next block confirms.',
    `An address is given something once in ${windowName(state.address_cooldown_seconds)}, and so is a network address once in ${windowName(state.client_cooldown_seconds)}.`,
    'Every claim has a page of its own; its link lasts.',
  ];
}

function workRule(proof: FaucetState['proof']): string {
  if (proof.kind === 'captcha') return `A captcha of ${proof.title} keeps programs out.`;
  if (proof.kind === 'none') return 'Nothing is asked of you.';
  return `Your device does some work for it: about ${count(proof.attempts)} hashes, more when many come. That keeps the faucet from being emptied by programs.`;
}

function ownPanel(claims: ReturnType<typeof ownClaims>): HTMLElement | null {
  if (claims.length === 0) return null;
  const items = claims.map(({ id, created }) =>
    h('li', {}, h('a', { href: claimPath(id), class: 'hash' }, id.slice(0, 8)), ' ', when(created)),
  );
  return panel('Claims made here', h('ul', { class: 'own-claims' }, ...items));
}
