/** The one view of the landing page. */
import { codeLine } from '../../../service/web/copy.ts';
import { DataTable } from '../../../service/web/data-table.ts';
import { h, show } from '../../../service/web/element.ts';
import { count, duration } from '../../../service/web/format.ts';
import { exactAmount, pageHead, panel } from '../../../service/web/panel.ts';
import type { PolledFeed } from '../../../service/web/polled-feed.ts';
import type { View } from '../../../service/web/router.ts';
import type { Account, HomeState } from '../home/home-state.ts';
import { firstSteps } from './first-steps.ts';
import { serviceCards } from './service-cards.ts';

export function homeView(feed: PolledFeed<HomeState>): View {
  const lead = h('p', { class: 'lead' });
  const cards = serviceCards();
  const steps = firstSteps();
  const accounts = accountsPanel(() => feed.state);
  const element = h(
    'div',
    // Out of sight until there is something to show: empty cards would jump.
    { class: 'stack home is-waiting' },
    h('div', {}, pageHead(null, 'A whole coin on this machine'), lead),
    h('div', { class: 'cards' }, ...cards.elements),
    h('div', { class: 'halves' }, steps.element, accounts.element),
  );
  const close = feed.onState((state) => {
    element.classList.remove('is-waiting');
    show(lead, leadText(state));
    cards.update(state);
    steps.update(state);
    accounts.update(state);
  });
  return { title: '', element, ready: feed.first, close };
}

function leadText({ network, node }: HomeState): string {
  const pace = `about every ${duration(network.block_time_seconds)}`;
  return `The network ${network.name} is at height ${count(node.height)} and finds a block ${pace}. What a block brings its finder can be spent ${count(network.maturity)} blocks later.`;
}

function accountsPanel(state: () => HomeState | undefined): {
  element: HTMLElement;
  update: (state: HomeState) => void;
} {
  const table = new DataTable<Account>({
    caption: 'Accounts',
    key: ({ name }) => name,
    compact: true,
    columns: [
      { label: 'Name', cell: ({ name }) => name },
      { label: 'Address', cell: ({ address }) => addressLink(state(), address) },
      {
        label: 'Has',
        numeric: true,
        cell: ({ balance_nits }) => exactAmount(balance_nits, state()?.network.coin ?? ''),
      },
    ],
    empty: 'Nothing is known of them while the node does not answer.',
  });
  const words = h('div', { class: 'words' });
  const element = panel(
    'Accounts with coins',
    h(
      'p',
      { class: 'about' },
      'For trying out, the same on every machine: their words are public. Never use them for anything of value. ' +
        'The change of a payment goes to another address of the same words; a wallet of them shows it all.',
    ),
    table.element,
    words,
  );
  element.classList.add('accounts');
  return {
    element,
    update: (newest) => {
      table.update(newest.accounts);
      show(words, h('span', { class: 'words-name' }, 'Their words'), codeLine(newest.words, 'the words'));
    },
  };
}

function addressLink(state: HomeState | undefined, address: string): HTMLElement {
  const short = `${address.slice(0, 9)}…${address.slice(-5)}`;
  const href = `${state?.explorer.url ?? ''}/address/${encodeURIComponent(address)}`;
  return h('a', { href, class: 'hash', title: address }, short);
}
