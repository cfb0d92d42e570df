import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { COIN } from '../../../protocol/amount.ts';
import { displayHash } from '../../../protocol/bytes.ts';
import { DEV_MNEMONIC, PROFILES } from '../../../protocol/network.ts';
import { openBackend } from '../../../wallet/chain/backend-choice.ts';
import { type ChainChange, type WatchState, watchChain } from '../../../wallet/chain/chain-watch.ts';
import { MemoryStore } from '../../../wallet/keys/wallet-store.ts';
import { firstContents } from '../../../wallet/open-wallet.ts';
import { Wallet } from '../../../wallet/wallet.ts';
import { FakeRelay } from '../../kit/fake-relay.ts';
import { BACKEND_KINDS, type BackendBench, startBackendBench } from './backend-kit.ts';

const PROFILE = PROFILES.regtest;
const QUICK = { firstPauseMs: 10, longestPauseMs: 20 };

/** What a watch tells, and a way to wait for some of it. */
function listener() {
  const told: (ChainChange | WatchState)[] = [];
  const waiting = new Set<() => void>();
  const tell = (what: ChainChange | WatchState) => {
    told.push(what);
    for (const look of waiting) look();
  };
  /** Resolves with the first of what is told from now on that fits. */
  const next = <T extends ChainChange | WatchState>(
    fits: (what: ChainChange | WatchState) => what is T,
  ): Promise<T> => {
    let from = told.length;
    return new Promise((accept) => {
      const look = () => {
        for (; from < told.length; from += 1) {
          const what = told[from];
          if (what === undefined || !fits(what)) continue;
          waiting.delete(look);
          accept(what);
          return;
        }
      };
      waiting.add(look);
    });
  };
  const state = (name: WatchState['name']) =>
    next((what): what is WatchState => typeof what === 'object' && what.name === name);
  const change = (wanted: ChainChange) => next((what): what is ChainChange => what === wanted);
  return { tell, state, change };
}

function watched(t: TestContext, url: string, cookieFile: string | undefined, pollMs: number) {
  const place = { nodeUrl: url, cookieFile };
  const backend = openBackend(place);
  const stop = new AbortController();
  t.after(() => {
    stop.abort();
    backend.close();
  });
  const { tell, ...heard } = listener();
  const first = heard.state('live');
  watchChain(place, {
    backend,
    onChange: tell,
    onState: tell,
    signal: stop.signal,
    random: () => 0,
    timing: { pollMs, livePollMs: 60_000, mempoolMs: 5, reader: QUICK },
  });
  return { ...heard, first, stop };
}

for (const kind of BACKEND_KINDS)
  describe(`a watch of a real ${kind}`, () => {
    async function scene(t: TestContext): Promise<BackendBench> {
      const bench = await startBackendBench(kind, PROFILE);
      t.after(() => bench.stop());
      return bench;
    }

    test('is live, and hears at once of blocks and of payments', async (t) => {
      const bench = await scene(t);
      const watch = watched(t, bench.url, bench.cookieFile, 60_000);
      await watch.first;
      const store = new MemoryStore(firstContents(DEV_MNEMONIC, PROFILE));
      const wallet = new Wallet({ store, profile: PROFILE, backend: bench.backend });
      const { address } = await wallet.addressOf('bob');
      const [tip, live] = [watch.change('tip'), watch.state('live')];
      await bench.mine(1, address);
      await tip;
      const state = await live;
      assert.ok(state.name === 'live' && state.chain.height === 1);
      assert.equal(displayHash(state.chain.tip), displayHash((await bench.backend.chain()).tip));
      const waits = watch.change('mempool');
      await wallet.pay({ from: 'alice', to: [{ address, amount: COIN }] });
      await waits;
    });
  });

describe('a watch', () => {
  const chainAnswer = (hash: string) => ({
    time: 1,
    network: {
      ...{ name: 'regtest', magic: '00000000', address_prefix: 'x', test_money: true },
      ...{ maturity: 1, block_time_seconds: 1 },
    },
    tip: { height: 1, hash: hash.repeat(64), time: 1 },
    ...{ headers: 1, syncing: false, difficulty: 1, next_difficulty: null, hash_rate: null },
    ...{ chain_work: '0', median_time: 1, blocks: [], next: null },
  });
  const health = { body: { service: 'nilz-relay' } };
  const hello = {
    ...{ instance: 'i', id: 'x', node: { state: 'ok', reason: null, since: null } },
    ...{ network: null, tip: null, template: null, mempool: null },
  };

  async function relay(t: TestContext): Promise<FakeRelay> {
    const fake = await FakeRelay.start();
    t.after(() => fake.stop());
    fake.answers = { '/health': () => health, '/chain': () => ({ body: chainAnswer('a') }) };
    return fake;
  }

  test('says that the backend is away, and when it is back, and that anything may have happened', async (t) => {
    const fake = await relay(t);
    fake.greet(hello);
    const watch = watched(t, fake.url, undefined, 10);
    await watch.first;
    const away = watch.state('away');
    const port = Number(new URL(fake.url).port);
    await fake.stop();
    const state = await away;
    assert.match(state.name === 'away' ? state.reason : '', /cannot reach http:\/\/127/);
    const [back, missed] = [watch.state('live'), watch.change('missed')];
    const again = await FakeRelay.start(port);
    t.after(() => again.stop());
    again.greet(hello);
    again.answers = fake.answers;
    await Promise.all([back, missed]);
  });

  test('asks every now and then where no events come, and notices a new tip so', async (t) => {
    const fake = await relay(t);
    // What greets so is no relay's event: nothing is heard.
    fake.greet({ type: 'goodbye' });
    const place = { nodeUrl: fake.url };
    const backend = openBackend(place);
    const stop = new AbortController();
    t.after(() => {
      stop.abort();
      backend.close();
    });
    const { tell, state, change } = listener();
    const polling = state('polling');
    const options = { backend, onChange: tell, onState: tell, signal: stop.signal, random: () => 0 };
    watchChain(place, { ...options, timing: { pollMs: 10, reader: QUICK } });
    await polling;
    const tip = change('tip');
    fake.answers = { ...fake.answers, '/chain': () => ({ body: chainAnswer('b') }) };
    await tip;
  });

  test('of nobody says so at first, and goes on asking', async (t) => {
    const fake = await relay(t);
    const port = Number(new URL(fake.url).port);
    await fake.stop();
    const place = { nodeUrl: `http://127.0.0.1:${port}` };
    const backend = openBackend(place);
    const stop = new AbortController();
    t.after(() => {
      stop.abort();
      backend.close();
    });
    const { tell, state } = listener();
    const away = state('away');
    const options = { backend, onChange: tell, onState: tell, signal: stop.signal, random: () => 0 };
    watchChain(place, { ...options, timing: { pollMs: 10, reader: QUICK } });
    await away;
    const live = state('live');
    const again = await FakeRelay.start(port);
    t.after(() => again.stop());
    again.greet(hello);
    again.answers = { '/health': () => health, '/chain': () => ({ body: chainAnswer('a') }) };
    await live;
  });

  test('that was ended before it began asks nothing', async (t) => {
    const fake = await relay(t);
    const stop = new AbortController();
    stop.abort();
    const backend = { kind: async () => assert.fail(), chain: async () => assert.fail() };
    const nothing = () => assert.fail();
    watchChain(
      { nodeUrl: fake.url },
      { backend, onChange: nothing, onState: nothing, signal: stop.signal, random: () => 0 },
    );
  });
});
