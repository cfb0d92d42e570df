/** Answers of a relay as a busy network would have them, with names that people with bad manners would choose. */
import { createHash } from 'node:crypto';
import type * as Relay from '../../protocol/relay.ts';
import type { ChartPoint, RelayCharts, RelayPeers, RelayTips } from '../../protocol/relay-views.ts';
import type { FakeAnswers } from './fake-relay.ts';

/** What an outsider may have written wherever outsiders write. */
export const MARKUP = '<img src=x onerror=alert(1)>';
export const TIP_HEIGHT = 48_213;
export const ADDRESS = 'dnilz1qw508d6qejxtdg4y5r3zarvary0c5xw7k8xwqjx';
const OTHER_ADDRESS = 'dnilz1q0kcs5qtjw4q7fjt7yyvcr2kqplmnm4d2hrcrn0';
const REWARD = 5_000_000_000n;

export const NETWORK: Relay.RelayNetwork = {
  name: 'dev',
  magic: 'f1c2d3a4',
  address_prefix: 'dnilz',
  test_money: true,
  maturity: 100,
  block_time_seconds: 60,
};

/** A hash of its own for every name. */
export function hashOf(name: string): string {
  return createHash('sha256').update(name).digest('hex');
}

const amount = <Name extends string>(name: Name, nits: bigint) =>
  ({ [name]: Number(nits) / 1e8, [`${name}_nits`]: String(nits) }) as Record<Name, number> &
    Record<`${Name}_nits`, string>;

const hex = (text: string) => Buffer.from(text).toString('hex');

export function blockRow(height: number, now: number): Relay.BlockRow {
  const size = 1_200 + ((height * 7_919) % 900_000);
  const fees = BigInt(size) * 3n;
  return {
    hash: `00000000${hashOf(`block ${height}`).slice(8)}`,
    height,
    time: now - (TIP_HEIGHT - height) * 61 - 12,
    difficulty: 18_345.6 + height / 10,
    transactions: 1 + ((height * 37) % 2_100),
    size,
    weight: size * 3,
    ...amount('reward', REWARD + fees),
    ...amount('fees', fees),
    finder: height % 3 === 0 ? OTHER_ADDRESS : ADDRESS,
    coinbase_hex: `03${height.toString(16).padStart(6, '0')}${hex(height % 4 === 0 ? MARKUP : '/nilz pool/')}`,
  };
}

function transactionRow(index: number): Relay.TxRow {
  const vsize = 141 + (index % 9) * 68;
  const rate = [1, 1.5, 2, 4.2, 8, 12, 30, 75][index % 8] ?? 1;
  return {
    txid: hashOf(`waiting ${index}`),
    vsize,
    ...amount('fee', BigInt(Math.round(vsize * rate))),
    fee_rate: rate,
    ...amount('output', BigInt(1 + index) * 123_456_789n),
    inputs: 1 + (index % 9),
    outputs: 2,
    is_coinbase: false,
  };
}

export function mempoolRow(index: number, now: number): Relay.MempoolRow {
  return { ...transactionRow(index), time: now - index * 4 };
}

export function transaction(name: string, now: number, outputs = 3): Relay.RelayTransaction {
  return {
    txid: hashOf(name),
    vsize: 312,
    ...amount('fee', 2_496n),
    fee_rate: 8,
    ...amount('output', 7_500_000_000n),
    is_coinbase: false,
    wtxid: hashOf(`${name} with witness`),
    version: 2,
    lock_time: 0,
    size: 475,
    weight: 1_246,
    block: { hash: blockRow(48_100, now).hash, height: 48_100, time: now - 6_900, index: 4 },
    confirmations: TIP_HEIGHT - 48_100 + 1,
    first_seen: null,
    waits_for: [],
    inputs: [ADDRESS, OTHER_ADDRESS].map((address, index) => ({
      txid: hashOf(`spent ${index}`),
      vout: index,
      coinbase_hex: null,
      ...amount('value', 3_750_001_248n),
      address,
      script_hex: '',
      witness: [`3044${hashOf('r')}${hashOf('s').slice(0, 60)}01`, `02${hashOf('key')}`],
      sequence: 0xffff_fffd,
    })),
    outputs: Array.from({ length: outputs }, (_, index) =>
      index === 1
        ? {
            index,
            ...amount('value', 0n),
            address: null,
            type: 'nulldata',
            script_hex: `6a${Buffer.byteLength(MARKUP).toString(16)}${hex(MARKUP)}`,
            asm: `OP_RETURN ${hex(MARKUP)}`,
            spent: false,
            spent_by: null,
          }
        : {
            index,
            ...amount('value', 3_750_000_000n),
            address: ADDRESS,
            type: 'witness_v0_keyhash',
            script_hex: `0014${hashOf('key hash').slice(0, 40)}`,
            asm: `0 ${hashOf('key hash').slice(0, 40)}`,
            spent: index === 0,
            spent_by: index === 0 ? { txid: hashOf('spender'), input: 0 } : null,
          },
    ),
    hex: '02000000000102'.repeat(60),
  };
}

export function addressAnswer(now: number): Relay.RelayAddress {
  return {
    address: ADDRESS,
    used: true,
    ...amount('balance', 1_234_567_890_123n),
    ...amount('spendable', 1_229_567_890_123n),
    ...amount('immature', 5_000_000_000n),
    ...amount('pending', -120_000_000n),
    ...amount('pending_in', 30_000_000n),
    ...amount('pending_out', 150_000_000n),
    ...amount('received', 2_000_000_000_000n),
    ...amount('sent', 765_432_109_877n),
    script_hex: `0014${hashOf('key hash').slice(0, 40)}`,
    transactions: 412,
    history: Array.from({ length: 50 }, (_, index) => ({
      txid: hashOf(`history ${index}`),
      height: index === 0 ? null : TIP_HEIGHT - index * 3,
      time: now - index * 183,
      ...amount('delta', index % 3 === 1 ? -150_000_000n : 5_000_000_000n),
      confirmations: index === 0 ? 0 : index * 3 + 1,
      is_coinbase: index % 3 === 2,
    })),
    next: 'older',
  };
}

function coins(now: number): Relay.RelayCoins {
  return {
    tip: { height: TIP_HEIGHT, hash: blockRow(TIP_HEIGHT, now).hash, time: now - 12 },
    coins: Array.from({ length: 6 }, (_, index) => ({
      address: ADDRESS,
      txid: hashOf(`coin ${index}`),
      vout: index,
      ...amount('value', 5_000_000_000n),
      height: index === 5 ? null : TIP_HEIGHT - 300 + index * 58,
      confirmations: index === 5 ? 0 : 301 - index * 58,
      is_coinbase: index === 4,
      state:
        index === 5 ? ('pending' as const) : index === 4 ? ('immature' as const) : ('spendable' as const),
      matures_in: index === 4 ? 31 : 0,
    })),
    next: null,
  };
}

export function template(now: number): Relay.TemplateSummary {
  return {
    height: TIP_HEIGHT + 1,
    previous: blockRow(TIP_HEIGHT, now).hash,
    time: now,
    transactions: 183,
    weight: 402_000,
    ...amount('fees', 812_345n),
    ...amount('reward', REWARD + 812_345n),
    difficulty: 23_402.1,
    bits: '1b02cc60',
    fee_rates: { min: 1, median: 4.2, max: 75 },
  };
}

function charts(now: number): RelayCharts {
  const points = Array.from({ length: 200 }, (_, index): ChartPoint => {
    const difficulty = 20_000 * (1 + 0.3 * Math.sin(index / 21) + 0.02 * Math.sin(index * 3));
    return {
      height: TIP_HEIGHT - 199 + index,
      time: now - (199 - index) * 61,
      difficulty,
      block_seconds: index === 0 ? null : 61 + 30 * Math.sin(index * 1.7),
      hash_rate: index === 0 ? null : (difficulty * 2 ** 32) / 60,
      ...amount('fees', BigInt(Math.round(400_000 + 300_000 * Math.sin(index / 9)))),
      transactions: 90,
      size: 40_000,
    };
  });
  return { blocks: 200, step: 1, points, next_difficulty: 23_402.1, block_time_seconds: 60 };
}

function tips(now: number): RelayTips {
  const stale = (height: number, status: RelayTips['tips'][number]['status'], length: number) => ({
    height,
    hash: hashOf(`stale ${height}`),
    status,
    branch_length: length,
    fork_height: height - length,
    time: now - (TIP_HEIGHT - height) * 61,
  });
  const tip = blockRow(TIP_HEIGHT, now);
  return {
    tips: [
      { ...stale(TIP_HEIGHT, 'active', 0), hash: tip.hash },
      stale(48_150, 'valid-fork', 2),
      stale(47_001, 'headers-only', 1),
      stale(46_000, 'invalid', 1),
    ],
  };
}

function peers(now: number): RelayPeers {
  return {
    node: {
      agent: '/nilzcoin:0.1.0/',
      protocol_version: 70_016,
      services: ['NETWORK', 'WITNESS'],
      connections: 3,
      inbound: 1,
      outbound: 2,
      uptime_seconds: 86_400 * 3.2,
      size_on_disk: 412_345_678,
      warnings: [],
    },
    peers: ['/nilzcoin:0.1.0/', MARKUP, '/bcoin:v2.2.0/'].map((agent, id) => ({
      id,
      agent,
      inbound: id === 1,
      network: id === 2 ? 'ipv6' : 'ipv4',
      version: 70_016,
      services: ['NETWORK', 'WITNESS'],
      height: id === 1 ? null : TIP_HEIGHT,
      connected_since: now - 3_600 * (id + 1),
      ping_seconds: id === 1 ? null : 0.0234,
      bytes_sent: 12_345_678,
      bytes_received: 9_876_543,
    })),
  };
}

export function chainAnswer(
  now: number,
  limit: number,
  before = TIP_HEIGHT + 1,
): Relay.RelayChain & { time: number } {
  const last = Math.max(-1, before - 1 - limit);
  const blocks = Array.from({ length: before - 1 - last }, (_, index) => blockRow(before - 1 - index, now));
  const tip = blockRow(TIP_HEIGHT, now);
  return {
    time: now,
    network: NETWORK,
    tip: { height: tip.height, hash: tip.hash, time: tip.time },
    headers: tip.height,
    syncing: false,
    difficulty: tip.difficulty,
    next_difficulty: 23_402.1,
    hash_rate: 1.63e12,
    chain_work: `${'0'.repeat(50)}3f21a0b4c55d12`,
    median_time: tip.time - 330,
    blocks,
    next: last < 0 ? null : last + 1,
  };
}

function blockAnswer(height: number, now: number, offset: number): Relay.RelayBlock {
  const row = blockRow(height, now);
  const rows = Array.from({ length: Math.min(50, row.transactions - offset) }, (_, index) => ({
    ...transactionRow(offset + index + height),
    txid: hashOf(`${height} ${offset + index}`),
    is_coinbase: offset + index === 0,
  }));
  return {
    ...row,
    on_best_chain: true,
    confirmations: TIP_HEIGHT - height + 1,
    version: 0x2000_0000,
    merkle_root: hashOf(`root ${height}`),
    bits: '1b02cc60',
    target: `0000000002cc6000${'0'.repeat(48)}`,
    nonce: 2_847_193_044,
    median_time: row.time - 330,
    chain_work: `${'0'.repeat(50)}3f21a0b4c55d12`,
    stripped_size: Math.round(row.size * 0.66),
    previous: blockRow(height - 1, now).hash,
    following: height === TIP_HEIGHT ? null : blockRow(height + 1, now).hash,
    rows,
    next: offset + 50 < row.transactions ? offset + 49 : null,
  };
}

const MEMPOOL_SIZE = 120;
const BANDS = [75, 30, 12, 8, 4, 2, 1] as const;

function mempoolAnswer(now: number, limit: number): Relay.RelayMempool {
  return {
    size: MEMPOOL_SIZE,
    vsize: 2_412_345,
    ...amount('fees', 9_812_345n),
    usage_bytes: 4_123_456,
    max_bytes: 67_108_864,
    min_fee_rate: 1,
    histogram: BANDS.map((from, index) => ({
      from,
      to: BANDS[index - 1] ?? null,
      transactions: 3 + index * 11,
      vsize: 40_000 + index * 200_000,
    })),
    rows: Array.from({ length: Math.min(limit, MEMPOOL_SIZE) }, (_, index) => mempoolRow(index, now)),
    next: limit < MEMPOOL_SIZE ? 'older' : null,
  };
}

/** What a relay answers, whatever its page asks for. */
export function sampleAnswers(now = Math.floor(Date.now() / 1000)): FakeAnswers {
  const limitOf = (query: URLSearchParams) => Number(query.get('limit') ?? 50);
  const spending = transaction('spending', now);
  const waiting = { ...transaction('waiting', now, 2), block: null, confirmations: 0, first_seen: now - 20 };
  const block = (height: number) => (query: URLSearchParams) => ({
    body: blockAnswer(height, now, query.has('after') ? Number(query.get('after')) + 1 : 0),
  });
  return {
    '/chain': (query) => ({
      body: chainAnswer(now, limitOf(query), Number(query.get('before') ?? TIP_HEIGHT + 1)),
    }),
    '/health': () => ({
      body: {
        service: 'nilz-relay',
        id: 'sample-1',
        version: '0.1.0',
        status: 'ok',
        time: now,
        uptime_seconds: 86_400,
        node: { state: 'ok', reason: null, since: now - 86_400 },
        network: NETWORK,
        height: TIP_HEIGHT,
        tip: chainAnswer(now, 1).tip,
        tip_age_seconds: 12,
        listeners: 3,
      } satisfies Relay.RelayHealth,
    }),
    '/mempool': (query) => ({ body: mempoolAnswer(now, limitOf(query)) }),
    '/template': () => ({ body: { template: template(now) } }),
    '/fees': () => ({
      body: {
        min_fee_rate: 1,
        estimates: [2, 6, 12].map((blocks) => ({ blocks, fee_rate: blocks === 12 ? null : 12 / blocks })),
      } satisfies Relay.RelayFees,
    }),
    '/charts': () => ({ body: charts(now) }),
    '/tips': () => ({ body: tips(now) }),
    '/peers': () => ({ body: peers(now) }),
    [`/address/${ADDRESS}`]: () => ({ body: addressAnswer(now) }),
    [`/address/${ADDRESS}/utxos`]: () => ({ body: coins(now) }),
    [`/tx/${spending.txid}`]: () => ({ body: spending }),
    [`/tx/${waiting.txid}`]: () => ({ body: waiting }),
    [`/block/${TIP_HEIGHT}`]: block(TIP_HEIGHT),
    [`/block/${blockRow(TIP_HEIGHT, now).hash}`]: block(TIP_HEIGHT),
    [`/block/${48_100}`]: block(48_100),
    '/search/48100': () => ({ body: { kind: 'block', id: blockRow(TIP_HEIGHT, now).hash, hint: null } }),
    [`/search/${encodeURIComponent(MARKUP)}`]: () => ({
      body: { kind: 'none', id: null, hint: `"${MARKUP}" is none of these` },
    }),
  };
}
