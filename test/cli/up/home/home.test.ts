import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { startHome } from '../../../../cli/up/home/home.ts';
import { HomeState, WalletLink } from '../../../../cli/up/home/home-state.ts';
import { profileByName } from '../../../../protocol/network.ts';
import { systemClock } from '../../../../service/clock.ts';
import { createLogger } from '../../../../service/log.ts';
import { askRaw } from '../../../kit/http-client.ts';

const NOBODY = 'http://127.0.0.1:1';
const LINK = 'http://127.0.0.1:5030/#token=fresh';

interface Told {
  readonly status: number;
  readonly body: object;
}

const NODE: Told = { status: 200, body: { height: 7, tip_age_seconds: 3, peers: 2 } };
const RELAY: Told = {
  status: 200,
  body: { status: 'ok', node: { state: 'ok', reason: null }, listeners: 1 },
};
const FAUCET_FACTS = {
  trouble: null,
  empty: false,
  paused: false,
  amount_nits: '1000000000',
  left_today_nits: '5',
  queue: 0,
};
const FAUCET: Told = { status: 200, body: FAUCET_FACTS };
const POOL: Told = { status: 200, body: { trouble: null, connections: 4 } };

/** A service that answers `/health` so; its URL, and how often it was asked. */
async function service(
  context: TestContext,
  { status, body }: Told,
): Promise<{ url: string; asked: () => number }> {
  let asked = 0;
  const server = createServer((request, response) => {
    assert.equal(request.url, '/health');
    asked += 1;
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((accept) => server.listen(0, '127.0.0.1', accept));
  context.after(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked: () => asked };
}

interface Services {
  readonly node: string;
  readonly relay: string;
  readonly faucet: string;
  readonly pool: string;
}

/** Starts a landing page for them. Returns its URL. */
async function home(context: TestContext, { node, relay, faucet, pool }: Services): Promise<string> {
  const running = await startHome({
    host: '127.0.0.1',
    port: 0,
    profile: profileByName('dev'),
    places: {
      nodeUrl: node,
      peerAddress: '127.0.0.1:5001',
      relayUrl: relay,
      explorerUrl: `${relay}/explorer`,
      faucetUrl: faucet,
      poolUrl: pool,
      stratumUrl: 'stratum+tcp://127.0.0.1:3333',
      lanUrls: [],
    },
    wallet: {
      url: 'http://127.0.0.1:5030',
      freshLink: () => LINK,
      counts: async () => ({ wallets: 2, open: 1 }),
    },
    miner: undefined,
    minerAddress: 'dnilz1carol',
    accounts: async () => [],
    commandOptions: '',
    clock: systemClock,
    log: createLogger({ name: 'test', level: 'silent' }),
  });
  context.after(() => running.stop());
  return running.homeUrl;
}

async function stateOf(url: string): Promise<HomeState> {
  return HomeState.parse(await (await fetch(`${url}/state`)).json());
}

describe('the landing page', () => {
  test('tells of every service what it says of itself', async (context) => {
    const services = {
      node: (await service(context, NODE)).url,
      relay: (await service(context, RELAY)).url,
      faucet: (await service(context, FAUCET)).url,
      pool: (await service(context, POOL)).url,
    };
    const state = await stateOf(await home(context, services));
    assert.equal(state.node.height, 7);
    assert.ok(Math.abs(state.time - 3 - (state.node.tip_time ?? 0)) < 0.001);
    assert.deepEqual(
      [state.node, state.explorer, state.faucet, state.pool, state.miner].map((each) => each.state),
      ['ok', 'ok', 'ok', 'ok', 'off'],
    );
    assert.equal(state.explorer.listeners, 1);
    assert.equal(state.faucet.amount_nits, '1000000000');
    assert.equal(state.pool.connections, 4);
  });

  test('tells who does not answer, and why, while the others are told as they are', async (context) => {
    const pool = await service(context, { status: 500, body: { error: 'broken' } });
    const services = {
      node: NOBODY,
      relay: NOBODY,
      faucet: (await service(context, FAUCET)).url,
      pool: pool.url,
    };
    const state = await stateOf(await home(context, services));
    assert.equal(state.node.state, 'away');
    assert.match(state.node.reason ?? '', /ECONNREFUSED|bad port/);
    assert.deepEqual(
      [state.node.height, state.explorer.listeners, state.pool.connections],
      [null, null, null],
    );
    assert.equal(state.pool.reason, 'it answers with HTTP 500');
    assert.equal(state.faucet.state, 'ok');
  });

  const troubles: readonly (readonly [name: keyof Services, told: Told, reason: RegExp])[] = [
    [
      'relay',
      {
        status: 503,
        body: { status: 'trouble', node: { state: 'away', reason: 'it is gone' }, listeners: 0 },
      },
      /the node is away: it is gone/,
    ],
    [
      'relay',
      { status: 200, body: { status: 'syncing', node: { state: 'syncing', reason: null }, listeners: 0 } },
      /still fetching/,
    ],
    ['faucet', { status: 503, body: { ...FAUCET_FACTS, trouble: 'no node' } }, /no node/],
    ['faucet', { status: 200, body: { ...FAUCET_FACTS, empty: true } }, /nothing left/],
    ['faucet', { status: 200, body: { ...FAUCET_FACTS, paused: true, empty: true } }, /paused/],
    ['pool', { status: 503, body: { trouble: 'the disk is full', connections: 0 } }, /disk is full/],
  ];
  for (const [name, told, reason] of troubles) {
    test(`tells the trouble of the ${name}: ${reason.source}`, async (context) => {
      const { url } = await service(context, told);
      const nobody: Services = { node: NOBODY, relay: NOBODY, faucet: NOBODY, pool: NOBODY };
      const state = await stateOf(await home(context, { ...nobody, [name]: url }));
      const part = state[name === 'relay' ? 'explorer' : name];
      assert.equal(part.state, 'trouble');
      assert.match(part.reason ?? '', reason);
    });
  }

  test('asks the services once for all who look at the same time', async (context) => {
    const node = await service(context, NODE);
    const url = await home(context, { node: node.url, relay: NOBODY, faucet: NOBODY, pool: NOBODY });
    await Promise.all(Array.from({ length: 20 }, () => stateOf(url)));
    assert.equal(node.asked(), 1);
  });

  test('runs nothing but its own scripts, and says what there is', async (context) => {
    const url = await home(context, { node: NOBODY, relay: NOBODY, faucet: NOBODY, pool: NOBODY });
    const page = await fetch(url);
    assert.match(await page.text(), /<title>NilzCoin<\/title>/);
    assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'none'/);
    assert.equal(page.headers.get('access-control-allow-origin'), null);
    const missing = await fetch(`${url}/nothing`);
    assert.equal(missing.status, 404);
    assert.match(await missing.text(), /GET \/state/);
  });

  test('gives a link into the wallet to its own page', async (context) => {
    const url = await home(context, { node: NOBODY, relay: NOBODY, faucet: NOBODY, pool: NOBODY });
    const answer = await fetch(`${url}/wallet-link`, { method: 'POST', headers: { Origin: url } });
    assert.deepEqual(WalletLink.parse(await answer.json()), { url: LINK });
    const { wallet } = await stateOf(url);
    assert.deepEqual([wallet.url, wallet.wallets, wallet.open], ['http://127.0.0.1:5030', 2, 1]);
  });

  const strangers: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    'a page of another site': { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' },
    'another port of this machine': { Origin: 'http://127.0.0.1:5020', 'Sec-Fetch-Site': 'same-site' },
    'a frame without an origin': { Origin: 'null' },
    'who names no origin': {},
    'a name that was made to lead here': { Origin: 'http://evil.example', Host: 'evil.example' },
  };
  for (const [name, headers] of Object.entries(strangers)) {
    test(`gives no link into the wallet to ${name}`, async (context) => {
      const url = await home(context, { node: NOBODY, relay: NOBODY, faucet: NOBODY, pool: NOBODY });
      const { hostname, port } = new URL(url);
      const lines = Object.entries({ Host: `${hostname}:${port}`, ...headers }).map(
        ([header, value]) => `${header}: ${value}`,
      );
      const request = ['POST /wallet-link HTTP/1.1', 'Connection: close', 'Content-Length: 0', ...lines];
      const answer = await askRaw(url, `${request.join('\r\n')}\r\n\r\n`);
      assert.match(answer, /^HTTP\/1\.1 403 /);
      assert.doesNotMatch(answer, /token/);
    });
  }
});
