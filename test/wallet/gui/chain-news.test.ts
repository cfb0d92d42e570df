import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createLogger } from '../../../service/log.ts';
import type { BackendState } from '../../../wallet/gui/api-values.ts';
import { ChainNews } from '../../../wallet/gui/chain-news.ts';
import { FakeChain } from '../../kit/fake-chain.ts';
import { DEV } from '../../kit/wallet-gui-kit.ts';

const SILENT = createLogger({ name: 'test', level: 'silent' });

/** News of a chain in memory, at a place where nobody tells anything by itself. */
class Desk {
  readonly chain = new FakeChain(DEV);
  readonly states: BackendState[] = [];
  readonly news: ChainNews;
  readonly #waiting = new Set<() => void>();

  private constructor(nodeUrl: string, kind: 'node' | 'relay') {
    this.news = new ChainNews({
      profile: DEV,
      place: { nodeUrl },
      backend: { kind: async () => kind, chain: () => this.chain.chain() },
      onState: (state) => {
        this.states.push(state);
        for (const look of this.#waiting) look();
      },
      onChange: () => undefined,
      random: () => 0.5,
      log: SILENT,
    });
  }

  static async start(context: TestContext, kind: 'node' | 'relay' = 'node'): Promise<Desk> {
    const server = createServer((_, response) => response.writeHead(404).end());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const desk = new Desk(`http://someone:secret@127.0.0.1:${port}`, kind);
    context.after(() => {
      desk.news.stop();
      server.closeAllConnections();
      server.close();
    });
    return desk;
  }

  next(fits: (state: BackendState) => boolean): Promise<BackendState> {
    return new Promise((accept) => {
      const look = (): void => {
        const found = this.states.find(fits);
        if (found === undefined) return;
        this.#waiting.delete(look);
        accept(found);
      };
      this.#waiting.add(look);
      look();
    });
  }
}

test('nothing is known of the chain before somebody answers, and the password is never shown', async (context) => {
  const desk = await Desk.start(context);
  assert.deepEqual(
    [desk.news.state.state, desk.news.state.height, desk.news.state.tip],
    ['starting', null, null],
  );
  assert.doesNotMatch(JSON.stringify(desk.news.state), /someone|secret/);
  desk.news.start();
  const { height, tip } = await desk.next(({ state }) => state === 'ok');
  assert.equal(height, desk.chain.height);
  assert.match(tip ?? '', /^[0-9a-f]{64}$/);
});

test('a node that is away is told as such, and what was known of its chain stays', async (context) => {
  const desk = await Desk.start(context);
  desk.chain.mine(3);
  desk.news.start();
  await desk.next(({ state }) => state === 'ok');
  desk.chain.away = true;
  const { reason, height } = await desk.next(({ state }) => state === 'away');
  assert.ok(reason);
  assert.equal(height, 3);
});

test('a node of another network counts as away, and the reason says so', async (context) => {
  const desk = await Desk.start(context);
  const chain = desk.chain.chain.bind(desk.chain);
  desk.chain.chain = async () => ({ ...(await chain()), network: 'regtest', magic: '00000000' });
  desk.news.start();
  const { reason } = await desk.next(({ state }) => state === 'away');
  assert.match(reason ?? '', /regtest/);
});

test('a node that still fetches the chain is told as such', async (context) => {
  const desk = await Desk.start(context);
  const chain = desk.chain.chain.bind(desk.chain);
  desk.chain.chain = async () => ({ ...(await chain()), syncing: true });
  desk.news.start();
  const { reason } = await desk.next(({ state }) => state === 'syncing');
  assert.match(reason ?? '', /fetching/);
});

test('a relay has an explorer, a node has none', async (context) => {
  const [node, relay] = [await Desk.start(context), await Desk.start(context, 'relay')];
  for (const desk of [node, relay]) {
    desk.news.start();
    await desk.next(({ state }) => state === 'ok');
  }
  assert.equal(node.news.explorerUrl(), undefined);
  assert.equal(relay.news.explorerUrl(), `${relay.news.state.url}/explorer`);
});
