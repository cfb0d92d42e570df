/** One claim, from the promise to the block. */
import { announce } from '../../service/web/announce.ts';
import { copyable } from '../../service/web/copy.ts';
import { type Child, h, show } from '../../service/web/element.ts';
import { count } from '../../service/web/format.ts';
import { exactAmount, pageHead, panel, unknown } from '../../service/web/panel.ts';
import { Poll, RefusedError } from '../../service/web/poll.ts';
import type { View } from '../../service/web/router.ts';
import { nowSeconds, setServerTime, untilThen, when } from '../../service/web/when.ts';
import { type Claim, readClaim } from './answers.ts';
import type { FaucetFeed } from './faucet-feed.ts';
import { HOME_PATH } from './paths.ts';

const INTERVAL_MS = 2_000;

/** The ways of a claim that is paid: what each means before it is reached, while it lasts, and afterwards. */
const STEPS = [
  {
    state: 'queued',
    name: 'Promised',
    before: '',
    now: 'It is written down and waits for the next payment.',
    after: 'It is written down.',
  },
  {
    state: 'sent',
    name: 'Sent',
    before: 'A transaction will carry it, with other claims.',
    now: 'Its transaction is on the way and waits for a block.',
    after: 'Its transaction went to the miners.',
  },
  {
    state: 'confirmed',
    name: 'Confirmed',
    before: 'A block will make it final.',
    now: 'A block has it: the coins are yours.',
    after: '',
  },
] as const;

export function claimView(feed: FaucetFeed, id: string): View {
  const steps = h('ol', { class: 'steps' });
  const facts = h('dl', { class: 'facts-list' });
  const problem = h('div', { class: 'problem', role: 'alert' });
  problem.hidden = true;
  const content = panel('Your claim', steps, facts);
  const element = h(
    'div',
    { class: 'stack claim' },
    pageHead('Claim', h('span', { class: 'hash' }, id.slice(0, 8))),
    problem,
    content,
    h(
      'p',
      { class: 'about' },
      'The link of this page lasts: it shows the claim after a reload, tomorrow, and on another device. ',
      h('a', { href: HOME_PATH }, 'Back to the faucet'),
    ),
  );
  let claim: Claim | undefined;
  const update = (): void => {
    if (claim === undefined) return;
    show(steps, ...stepItems(claim));
    show(facts, ...factRows(claim, feed));
  };
  const poll = new Poll({
    url: () => `/claims/${encodeURIComponent(id)}`,
    read: readClaim,
    intervalMs: INTERVAL_MS,
    onData: (news) => {
      setServerTime(news.time);
      if (claim !== undefined && claim.state !== news.state) announce(`The claim is ${news.state}.`);
      claim = news;
      problem.hidden = true;
      content.hidden = false;
      update();
    },
    onError: (error) => {
      // That the faucet is away is said by the frame.
      if (!(error instanceof RefusedError) || error.status === 429) return;
      content.hidden = claim === undefined;
      problem.hidden = false;
      show(problem, ...problemWords(error));
    },
  });
  const closers = [feed.onState(update), () => poll.close()];
  return {
    title: `Claim ${id.slice(0, 8)}`,
    element,
    ready: Promise.all([poll.first, feed.first]),
    close: () => closers.forEach((close) => void close()),
  };
}

function stepItems({ state, reason }: Claim): HTMLElement[] {
  if (state === 'refused') {
    return [step('Refused', reason ?? 'It will not be paid.', 'refused', true)];
  }
  const reached = STEPS.findIndex((each) => each.state === state);
  return STEPS.map(({ name, before, now, after }, index) => {
    const isCurrent = index === reached;
    const words = isCurrent ? (reason ?? now) : index < reached ? after : before;
    return step(name, words, index <= reached ? 'done' : 'open', isCurrent);
  });
}

function step(name: string, about: string, mark: string, isCurrent: boolean): HTMLElement {
  return h(
    'li',
    { class: 'step', 'data-mark': mark, 'aria-current': isCurrent ? 'step' : null },
    h('span', { class: 'step-name' }, name),
    h('span', { class: 'step-about' }, about),
  );
}

function factRows(claim: Claim, feed: FaucetFeed): HTMLElement[] {
  const { network, explorer_url: explorerUrl } = feed.state ?? {};
  const { txid, confirmations, retry_at: retryAt } = claim;
  const isWaiting = retryAt !== null && retryAt > nowSeconds();
  return [
    row('Amount', exactAmount(claim.amount_nits, network?.coin ?? '')),
    row('To', copyable(claim.address, 'the address', 12, 8)),
    row('Claimed', when(claim.created)),
    row('Transaction', ...(txid === null ? [unknown()] : transactionParts(txid, explorerUrl ?? null))),
    row('Confirmations', confirmations === null ? unknown() : count(confirmations)),
    row('Next claim', isWaiting ? h('span', {}, 'in ', untilThen(retryAt)) : 'now, if you like'),
  ];
}

function transactionParts(txid: string, explorerUrl: string | null): Child[] {
  const link =
    explorerUrl === null ? null : h('a', { href: `${explorerUrl}/tx/${txid}` }, 'Watch it in the explorer');
  return [copyable(txid, 'the transaction', 10, 10), link];
}

function row(name: string, ...values: readonly Child[]): HTMLElement {
  return h('div', { class: 'fact' }, h('dt', {}, name), h('dd', {}, ...values));
}

function problemWords({ status, message }: RefusedError): Child[] {
  if (status !== 404) return [h('p', {}, message)];
  return [
    h('p', {}, h('strong', {}, 'There is no such claim.')),
    h('p', {}, 'Check the link, or ', h('a', { href: HOME_PATH }, 'make a claim'), '.'),
  ];
}
