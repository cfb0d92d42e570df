import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MockableClock } from '../../../node/clock.ts';
import { type WarningSources, warningsOf } from '../../../node/rpc/warnings.ts';
import { type NetworkProfile, PROFILES } from '../../../protocol/network.ts';
import { startTestNode } from '../node-kit.ts';

const TIP_SECONDS = 1_800_000_000;

function warnings(
  profile: NetworkProfile,
  facts: { nowSeconds: number; peersAheadSeconds: number },
): string[] {
  const clock = new MockableClock();
  clock.setMockTime(facts.nowSeconds);
  const tip = { medianTime: TIP_SECONDS } as WarningSources['chain']['tip'];
  return warningsOf({
    chain: { profile, tip },
    clock,
    peers: { admin: { clockOffsetSeconds: facts.peersAheadSeconds } },
  });
}

test('a clock is warned of that is far from those of the peers, or behind the chain', () => {
  const { main, dev } = PROFILES;
  const fine = { nowSeconds: TIP_SECONDS + 100, peersAheadSeconds: 0 };
  assert.deepEqual(warnings(main, fine), []);
  assert.deepEqual(warnings(main, { ...fine, peersAheadSeconds: 60 }), []);
  assert.match(
    warnings(main, { ...fine, peersAheadSeconds: 61 })[0] ?? '',
    /clock is 61 s behind those of its peers/,
  );
  assert.match(
    warnings(main, { ...fine, peersAheadSeconds: -61 })[0] ?? '',
    /clock is 61 s ahead of those of its/,
  );
  const both = warnings(dev, { nowSeconds: TIP_SECONDS - 10_000, peersAheadSeconds: 10_000 });
  assert.equal(both.length, 2);
  assert.match(both[0] ?? '', /10000 s behind the median time of the chain/);
});

test('a node without peers knows of no other clock', async (context) => {
  const node = await startTestNode(context);
  const { timeoffset, warnings: told } = await node.call('getnetworkinfo');
  assert.deepEqual([timeoffset, told], [0, []]);
});
