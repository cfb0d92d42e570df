import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { windowOn } from '../../../node/sync/chain-view.ts';
import { HeaderPresync, type PresyncStep, SEGMENT_HEADERS } from '../../../node/sync/header-presync.ts';
import { equalBytes } from '../../../protocol/bytes.ts';
import type { Header } from '../../../protocol/header.ts';
import { changeProfile, PROFILES } from '../../../protocol/network.ts';
import { ChainKit, type KitBlock } from '../../kit/chain-kit.ts';
import { BlockStore, SimulatedChain } from '../../kit/simulated-chain.ts';

const LONG = 2 * SEGMENT_HEADERS + 500;
/** Work of one block of regtest. */
const UNIT = 2n;

let store: BlockStore;
let long: KitBlock[];
let headers: Header[];

before(() => {
  store = new BlockStore(new ChainKit());
  long = store.mine(store.kit.genesis, LONG);
  headers = long.map(({ block }) => block.header);
});

function begin(): HeaderPresync {
  const chain = new SimulatedChain(store, store.kit.clock);
  const { hash, chainWork } = chain.tip;
  return new HeaderPresync({ profile: chain.profile, hash, chainWork, window: windowOn(chain, chain.tip) });
}

/** Plays a peer that has `branch`, until the pre-sync wants nothing more; what it wanted stored. */
function play(presync: HeaderPresync, branch: readonly KitBlock[], threshold: bigint) {
  const stored: Header[] = [];
  let after: Uint8Array = store.kit.genesis.hash;
  for (let asked = 1; ; asked++) {
    const at = branch.findIndex(({ hash }) => equalBytes(hash, after)) + 1;
    const batch = branch.slice(at, at + 2_000).map(({ block }) => block.header);
    const step = presync.take(batch, batch.length < 2_000, threshold, store.kit.clock.seconds);
    if (step.kind === 'store') stored.push(...step.headers);
    if (step.kind === 'refused' || step.kind === 'abandoned' || (step.kind === 'store' && step.done)) {
      return { step, stored, asked };
    }
    after = step.after;
  }
}

describe('headers without enough work yet', () => {
  test('are stored at once when the first two thousand show enough', () => {
    const { stored, asked } = play(begin(), long.slice(0, 1_000), 900n * UNIT);
    assert.deepEqual([stored.length, asked], [1_000, 1]);
  });

  test('are fetched a second time when there were more, and stored in their order', () => {
    const { stored, asked } = play(begin(), long, 4_200n * UNIT);
    assert.deepEqual(stored, headers);
    assert.equal(asked, 5, 'three times to measure, twice to fetch; the rest was kept');
  });

  test('are forgotten when the branch ends before', () => {
    const { step, stored } = play(begin(), long.slice(0, 3_000), 4_000n * UNIT);
    assert.deepEqual([step.kind, stored.length], ['abandoned', 0]);
  });

  test('are not stored when the peer sends another branch the second time', () => {
    const other = store.mine(long[99]!, LONG);
    const presync = begin();
    const now = store.kit.clock.seconds;
    const threshold = 4_200n * UNIT;
    for (const from of [0, 2_000, 4_000]) {
      presync.take(headers.slice(from, from + 2_000), from === 4_000, threshold, now);
    }
    const branch = [...headers.slice(0, 100), ...other.map(({ block }) => block.header)];
    const step = presync.take(branch.slice(0, 2_000), false, threshold, now);
    assert.equal(step.kind, 'abandoned');
  });

  test('need not come in full messages', () => {
    const presync = begin();
    const steps: PresyncStep['kind'][] = [];
    for (let round = 0; round < 2; round++) {
      for (let at = 0; at < LONG; at += 700) {
        const step = presync.take(
          headers.slice(at, at + 700),
          false,
          BigInt(LONG) * UNIT,
          store.kit.clock.seconds,
        );
        steps.push(step.kind);
        if (step.kind === 'store' && step.done) return;
      }
    }
    assert.fail(steps.join(' '));
  });

  test('break a rule when their bits are not what the retarget asks for', () => {
    const wrong = { ...headers[3]!, bits: 0x207ffffe };
    const step = begin().take([...headers.slice(0, 3), wrong], false, 1_000n, store.kit.clock.seconds);
    assert.equal(step.kind === 'refused' && step.error.action, 'ban');
  });
});

test('the window of the retarget is followed on a network that has one', () => {
  const profile = changeProfile(PROFILES.dev, { powLimitBits: '207fffff', blockTimeSeconds: 10, window: 12 });
  const retargeted = new BlockStore(new ChainKit(profile));
  const { genesis, clock } = retargeted.kit;
  const quick = retargeted.kit.mineBlocks(genesis, 40);
  const chain = new SimulatedChain(retargeted, clock);
  const { hash, chainWork } = chain.tip;
  const presync = new HeaderPresync({ profile, hash, chainWork, window: windowOn(chain, chain.tip) });
  const step = presync.take(
    quick.map(({ block }) => block.header),
    true,
    10n ** 30n,
    clock.seconds,
  );
  assert.deepEqual(step, { kind: 'abandoned', reason: 'it ends with too little work' });
  assert.equal(presync.height, 40);
});
