/** The ends of all branches the node knows: the best chain, and blocks that lost a race. */
import { RelayTips } from '../../../protocol/relay-views.ts';
import { DataTable } from '../../../service/web/data-table.ts';
import { h, show } from '../../../service/web/element.ts';
import { count, plural } from '../../../service/web/format.ts';
import { pageHead, panel, stateWord, type Tone } from '../../../service/web/panel.ts';
import { Poll } from '../../../service/web/poll.ts';
import type { View } from '../../../service/web/router.ts';
import { when } from '../../../service/web/when.ts';
import { closeAll } from './closing.ts';
import { blockLink, heightLink } from './parts.ts';
import type { RelayFeed } from './relay-feed.ts';

const INTERVAL_MS = 30_000;

type Tip = RelayTips['tips'][number];

/** What Bitcoin Core's words for a tip mean. */
const STATES: Readonly<Record<Tip['status'], { readonly tone: Tone | null; readonly meaning: string }>> = {
  active: { tone: 'good', meaning: 'the end of the best chain: the one with the most work' },
  'valid-fork': { tone: 'warn', meaning: 'fully checked and good, but another branch has more work' },
  'valid-headers': {
    tone: null,
    meaning: 'its blocks are here, but were never checked: it never had the most work',
  },
  'headers-only': { tone: null, meaning: 'only its headers are known' },
  invalid: { tone: 'bad', meaning: 'breaks a rule: no node follows it' },
  unknown: { tone: null, meaning: 'the node does not say what it is' },
};

export function forksView(feed: RelayFeed): View {
  const words = h('p', { class: 'lead' });
  const table = tipTable();
  const poll = new Poll({
    url: () => '/tips',
    read: (body) => RelayTips.parse(body),
    intervalMs: INTERVAL_MS,
    onData: ({ tips }) => {
      show(words, summary(tips));
      table.update(tips);
    },
    onError: () => undefined,
  });
  const element = h(
    'div',
    { class: 'stack' },
    pageHead(null, 'Forks and stale tips'),
    words,
    panel('Ends of branches', table.element),
    panel('What the states mean', meanings()),
  );
  const closers = [
    feed.onEvent((event) => {
      if (event.type === 'block_connected' || event.type === 'block_disconnected') poll.soon();
    }),
    feed.onMissed(() => poll.soon()),
    () => poll.close(),
  ];
  return { title: 'Forks', element, ready: poll.first, close: closeAll(closers) };
}

function meanings(): HTMLElement {
  const rows = Object.entries(STATES).map(([word, { tone, meaning }]) =>
    h('div', { class: 'meaning' }, h('dt', {}, stateWord(word, tone)), h('dd', {}, meaning)),
  );
  return h('dl', { class: 'meanings' }, ...rows);
}

function summary(tips: readonly Tip[]): string {
  const others = tips.filter(({ status }) => status !== 'active');
  if (others.length === 0) {
    return 'Every block this node knows is on the best chain. When two are found at nearly the same time, the one that loses shows up here.';
  }
  const longest = Math.max(...others.map(({ branch_length: length }) => length));
  return `${plural(others.length, 'branch', 'branches')} beside the best chain, the longest of ${plural(longest, 'block')}.`;
}

function tipTable(): DataTable<Tip> {
  return new DataTable<Tip>({
    caption: 'Ends of branches',
    compact: true,
    key: ({ hash }) => hash,
    empty: 'The node has told of no chain yet.',
    columns: [
      { label: 'Height', numeric: true, cell: ({ height, hash }) => heightLink(height, hash) },
      {
        label: 'State',
        cell: ({ status }) => stateWord(status, STATES[status].tone, STATES[status].meaning),
      },
      {
        label: 'Branch',
        numeric: true,
        roomy: true,
        hint: 'blocks above the last one that it shares with the best chain',
        cell: ({ branch_length: length }) => (length === 0 ? '—' : plural(length, 'block')),
      },
      {
        label: 'Leaves the chain at',
        numeric: true,
        detail: true,
        cell: ({ status, fork_height: height }) => (status === 'active' ? count(null) : heightLink(height)),
      },
      { label: 'Time', cell: ({ time }) => when(time) },
      { label: 'Hash', roomy: true, cell: ({ hash }) => blockLink(hash, 8, 10) },
    ],
  });
}
