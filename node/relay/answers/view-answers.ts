/** What only people look at: charts, peers, search, health. */
import type { RelayHealth } from '../../../protocol/relay.ts';
import type { ChartPoint, RelayCharts, RelayPeers, RelaySearch } from '../../../protocol/relay-views.ts';
import { HttpError } from '../../../service/http.ts';
import { VERSION } from '../../version.ts';
import type { BlockFacts } from '../chain-reader.ts';
import type { RelayView } from '../relay-view.ts';
import { NetworkInfoAnswer } from '../upstream/node-answers.ts';
import { numberAnswer, peerAnswers } from '../upstream/plain-answers.ts';
import { readAddress } from './address-answers.ts';
import { rateBetween } from './chain-answers.ts';

/** Points of a chart at most. */
const MAX_POINTS = 200;
const HASH = /^[0-9a-f]{64}$/i;
const HEIGHT = /^\d{1,9}$/;

/** The answer of `GET /health`, whose status tells the same. */
export function healthAnswer(view: RelayView): RelayHealth {
  const { link, clock } = view;
  const { state } = link;
  const tip = link.known?.tip ?? null;
  const nowSeconds = clock.wallMs() / 1000;
  return {
    service: 'nilz-relay',
    id: view.id,
    version: VERSION,
    status: state.state === 'away' ? 'trouble' : state.state,
    time: nowSeconds,
    uptime_seconds: Math.max(0, (clock.steadyMs() - view.startedMs) / 1000),
    node: state,
    network: link.known?.network ?? null,
    height: tip?.height ?? null,
    tip,
    tip_age_seconds: tip === null ? null : Math.max(0, nowSeconds - tip.time),
    listeners: view.events.open,
  };
}

/** The answer of `GET /charts`: every point covers as many blocks as the others. */
export async function chartsAnswer(view: RelayView, blocks: number): Promise<RelayCharts> {
  const { chain, link, templates } = view;
  const { tip, network } = link.facts;
  // The genesis block was made long before the first one: what lies between is no time per block.
  const lowest = Math.max(Math.min(1, tip.height), tip.height - blocks);
  const covered = tip.height - lowest;
  const step = Math.max(1, Math.ceil(covered / MAX_POINTS));
  const heights: number[] = [];
  for (let height = tip.height; height >= lowest; height -= step) heights.unshift(height);
  const facts = await Promise.all(heights.map(async (height) => chain.facts(await chain.hashAt(height))));
  const template = await templates.current();
  return {
    blocks: covered,
    step,
    points: facts.map((each, index) => pointOf(each, facts[index - 1])),
    next_difficulty: template?.difficulty ?? null,
    block_time_seconds: network.block_time_seconds,
  };
}

function pointOf(facts: BlockFacts, before: BlockFacts | undefined): ChartPoint {
  const { row } = facts;
  return {
    height: row.height,
    time: row.time,
    difficulty: row.difficulty,
    block_seconds: before ? (row.time - before.row.time) / (row.height - before.row.height) : null,
    hash_rate: before ? rateBetween(before, facts) : null,
    fees: row.fees,
    fees_nits: row.fees_nits,
    transactions: row.transactions,
    size: row.size,
  };
}

/** The answer of `GET /peers`. */
export async function peersAnswer({ calls, link }: RelayView): Promise<RelayPeers> {
  const [network, peers, uptime] = await Promise.all([
    calls.quick('getnetworkinfo', [], NetworkInfoAnswer),
    calls.quick('getpeerinfo', [], peerAnswers),
    calls.quick('uptime', [], numberAnswer),
  ]);
  const { info } = link.facts;
  return {
    node: {
      agent: network.subversion,
      protocol_version: network.protocolversion,
      services: network.localservicesnames,
      connections: network.connections,
      inbound: network.connections_in,
      outbound: network.connections_out,
      uptime_seconds: Math.round(uptime),
      size_on_disk: info.size_on_disk,
      warnings: info.warnings,
    },
    peers: peers.map((peer) => ({
      id: peer.id,
      agent: peer.subver,
      inbound: peer.inbound,
      network: peer.network === 'not_publicly_routable' ? 'local' : peer.network,
      version: peer.version,
      services: peer.servicesnames,
      height: peer.synced_blocks < 0 ? null : peer.synced_blocks,
      connected_since: peer.conntime,
      ping_seconds: peer.pingtime ?? null,
      bytes_sent: peer.bytessent,
      bytes_received: peer.bytesrecv,
    })),
  };
}

/** The answer of `GET /search/{text}`: what a height, hash, txid or address stands for. */
export async function searchAnswer(view: RelayView, typed: string): Promise<RelaySearch> {
  const text = typed.trim().replaceAll(/[\s,_']/g, '');
  if (text === '') return miss('Type a height, the hash of a block, the id of a transaction, or an address.');
  if (HEIGHT.test(text)) {
    const id = await missing404(view.chain.hashAt(Number(text)));
    const { tip } = view.link.facts;
    return id === undefined
      ? miss(`There is no block ${text} yet: the tip is at ${tip.height}.`)
      : hit('block', id);
  }
  if (HASH.test(text)) return await searchHash(view, text.toLowerCase());
  if (/^[0-9a-f]+$/i.test(text)) {
    return miss(`A hash has 64 hex digits; these are ${text.length}.`);
  }
  try {
    return hit('address', readAddress(view, text, 'text'));
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    const { address_prefix: prefix, name } = view.link.facts.network;
    return miss(`This is no height, hash or id, and no address of ${name}: those begin with ${prefix}1.`);
  }
}

async function searchHash({ chain, transactions }: RelayView, hash: string): Promise<RelaySearch> {
  const [block, transaction] = await Promise.all([
    missing404(chain.header(hash)),
    missing404(transactions.read(hash)),
  ]);
  if (block !== undefined) return hit('block', hash);
  if (transaction !== undefined) return hit('tx', hash);
  return miss(
    'No block and no transaction of the best chain or the mempool has this hash. A transaction may have been ' +
      'replaced, or not have arrived here yet.',
  );
}

function hit(kind: RelaySearch['kind'], id: string): RelaySearch {
  return { kind, id, hint: null };
}

function miss(hint: string): RelaySearch {
  return { kind: 'none', id: null, hint };
}

async function missing404<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof HttpError && error.status === 404) return undefined;
    throw error;
  }
}
