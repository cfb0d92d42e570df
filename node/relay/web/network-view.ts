/** The node behind the relay, and whom it is connected to. */
import { RelayHealth, type RelayNetwork } from '../../../protocol/relay.ts';
import { RelayPeers } from '../../../protocol/relay-views.ts';
import { DataTable } from '../../../service/web/data-table.ts';
import { type Child, h, show } from '../../../service/web/element.ts';
import { count, duration, plural, significant, UNKNOWN } from '../../../service/web/format.ts';
import { figure, pageHead, panel, quantity, stateWord } from '../../../service/web/panel.ts';
import { Poll } from '../../../service/web/poll.ts';
import type { View } from '../../../service/web/router.ts';
import { when } from '../../../service/web/when.ts';
import { closeAll } from './closing.ts';
import { bytesText, facts, foreignText } from './parts.ts';
import type { RelayFeed } from './relay-feed.ts';

const INTERVAL_MS = 15_000;
const SHOWN_PEERS = 50;

type Peer = RelayPeers['peers'][number];

export function networkView(feed: RelayFeed): View {
  const figures = h('dl', { class: 'figures' });
  const warnings = h('div');
  const relay = h('div');
  const network = h('div');
  const peers = peerTable();
  const poll = new Poll({
    url: () => '/peers',
    read: (body) => RelayPeers.parse(body),
    intervalMs: INTERVAL_MS,
    onData: ({ node, peers: rows }) => {
      show(figures, ...nodeFigures(node));
      show(warnings, ...node.warnings.map((text) => h('p', { class: 'problem' }, foreignText(text))));
      peers.update(rows);
    },
    onError: () => undefined,
  });
  const health = new Poll({
    url: () => '/health',
    read: (body) => RelayHealth.parse(body),
    intervalMs: INTERVAL_MS,
    onData: (answer) => show(relay, ...relayFacts(answer)),
    onError: () => undefined,
  });
  const element = h(
    'div',
    { class: 'stack' },
    pageHead(null, 'Node and peers'),
    warnings,
    panel('The node', figures),
    h('div', { class: 'halves' }, panel('The network', network), panel('This relay', relay)),
    panel(
      'Peers',
      peers.element,
      h('p', { class: 'about' }, 'Without their addresses: those are nobody’s business.'),
    ),
  );
  const closers = [
    feed.onChain((chain) => show(network, networkFacts(chain.network))),
    () => poll.close(),
    () => health.close(),
  ];
  const ready = Promise.all([poll.first, health.first, feed.first]);
  return { title: 'Node and peers', element, ready, close: closeAll(closers) };
}

function nodeFigures(node: RelayPeers['node']): HTMLElement[] {
  return [
    figure('Program', foreignText(node.agent, 'agent'), `protocol ${node.protocol_version}`),
    figure(
      'Connections',
      quantity(count(node.connections)),
      `${count(node.inbound)} came in, ${count(node.outbound)} went out`,
    ),
    figure('Running for', quantity(duration(node.uptime_seconds))),
    figure('On disk', quantity(bytesText(node.size_on_disk)), 'blocks, coins and addresses'),
    figure('Offers', serviceWords(node.services)),
  ];
}

function serviceWords(services: readonly string[]): HTMLElement {
  return h(
    'span',
    { class: 'services' },
    services.length === 0 ? UNKNOWN : services.join(', ').toLowerCase(),
  );
}

function networkFacts({
  name,
  magic,
  address_prefix: prefix,
  maturity,
  block_time_seconds: aim,
}: RelayNetwork): HTMLElement {
  return facts([
    ['Name', name],
    ['Addresses begin with', h('code', {}, prefix)],
    ['Messages begin with', h('code', {}, magic)],
    ['A block every', duration(aim)],
    ['A reward can be spent after', plural(maturity, 'block')],
  ]);
}

function relayFacts({ id, version, uptime_seconds: uptime, listeners, node }: RelayHealth): Child[] {
  return [
    facts([
      ['Label', foreignText(id)],
      ['Version', version],
      ['Running for', duration(uptime)],
      [
        'Its node',
        stateWord(node.state === 'ok' ? 'answers' : node.state, node.state === 'ok' ? 'good' : 'warn'),
      ],
      ['Pages that listen', count(listeners)],
    ]),
    h(
      'p',
      { class: 'about ways-on' },
      h('a', { href: '/openapi.json' }, 'The same for programs'),
      h('a', { href: '/health' }, 'Health'),
    ),
  ];
}

function peerTable(): DataTable<Peer> {
  return new DataTable<Peer>({
    caption: 'Peers',
    key: ({ id }) => String(id),
    fold: SHOWN_PEERS,
    empty: 'The node is alone: nobody has connected to it yet, and it was given nobody to connect to.',
    columns: [
      { label: 'Program', hint: 'what it calls itself', cell: ({ agent }) => foreignText(agent, 'agent') },
      { label: 'Way', cell: ({ inbound, network }) => `${inbound ? 'came in' : 'went out'}, ${network}` },
      { label: 'Height', numeric: true, hint: 'last block in common', cell: ({ height }) => count(height) },
      { label: 'Connected', cell: ({ connected_since: since }) => when(since) },
      { label: 'Ping', numeric: true, cell: ({ ping_seconds: ping }) => pingText(ping) },
      { label: 'Sent', numeric: true, detail: true, cell: ({ bytes_sent: sent }) => bytesText(sent) },
      { label: 'Received', numeric: true, detail: true, cell: ({ bytes_received: got }) => bytesText(got) },
      { label: 'Protocol', numeric: true, detail: true, cell: ({ version }) => String(version) },
    ],
  });
}

function pingText(seconds: number | null): string {
  return seconds === null ? UNKNOWN : `${significant(seconds * 1_000)}\u00a0ms`;
}
