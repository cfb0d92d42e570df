import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { KeyChain } from '../../../protocol/key.ts';
import { DEV_MNEMONIC, PROFILES } from '../../../protocol/network.ts';
import { GAP_LIMIT, type ScanProgress, scanKeys } from '../../../wallet/chain/scan.ts';
import { wordKeys } from '../../../wallet/keys/contents.ts';
import { type KeyPlace, KeyRing } from '../../../wallet/keys/key-ring.ts';

const { coinType, address } = PROFILES.dev;
/** Derived once: the tests ask for the same addresses again and again. */
const shared = new KeyRing(wordKeys(DEV_MNEMONIC), { coinType, address });
shared.extend(0, 120);
shared.extend(1, 120);

function backend(receive: readonly number[], change: readonly number[]) {
  const used = new Set([
    ...receive.map((index) => shared.address({ chain: 0, index })),
    ...change.map((index) => shared.address({ chain: 1, index })),
  ]);
  const asked: string[] = [];
  return {
    asked,
    rounds: 0,
    async usedAddresses(addresses: readonly string[]) {
      this.rounds += 1;
      asked.push(...addresses);
      return addresses.map((candidate) => used.has(candidate));
    },
  };
}

test('finds every used address that no gap of 20 unused ones hides, and asks for none twice', async () => {
  const gaps = fc.array(fc.nat({ max: GAP_LIMIT - 1 }), { maxLength: 4 });
  const indexes = (list: readonly number[]) =>
    list.map((_, at) => list.slice(0, at + 1).reduce((a, b) => a + b + 1, -1));
  await fc.assert(
    fc.asyncProperty(gaps, gaps, async (receiveGaps, changeGaps) => {
      const [receive, change] = [indexes(receiveGaps), indexes(changeGaps)];
      const chain = backend(receive, change);
      assert.deepEqual(await scanKeys({ ring: shared, backend: chain }), { receive, change });
      assert.equal(new Set(chain.asked).size, chain.asked.length);
      const expected = (receive.at(-1) ?? -1) + (change.at(-1) ?? -1) + 2 + 2 * GAP_LIMIT;
      assert.equal(chain.asked.length, expected);
    }),
    { numRuns: 50 },
  );
});

test('a larger gap limit looks further', async () => {
  assert.deepEqual((await scanKeys({ ring: shared, backend: backend([0, 40], []) })).receive, [0]);
  const far = await scanKeys({ ring: shared, backend: backend([0, 40], []), gapLimit: 40 });
  assert.deepEqual(far.receive, [0, 40]);
});

test('an address that was given out is looked at even beyond the gap, and starts a gap of its own', async () => {
  const options = { ring: shared, given: { receive: 60, change: 0 } };
  assert.deepEqual((await scanKeys({ ...options, backend: backend([45, 70], []) })).receive, [45, 70]);
});

test('a wallet with nothing new asks once, only beyond what it knows', async () => {
  const chain = backend([0, 1, 2], [0]);
  const from = { receive: 3, change: 1 };
  assert.deepEqual(await scanKeys({ ring: shared, backend: chain, from }), { receive: [], change: [] });
  assert.equal(chain.rounds, 1);
  const indexOf = (candidate: string, side: KeyChain) =>
    Array.from({ length: 30 }, (_, index) => index).find(
      (index) => shared.address({ chain: side, index }) === candidate,
    );
  assert.equal(indexOf(chain.asked[0]!, 0), 3);
  assert.equal(indexOf(chain.asked[GAP_LIMIT]!, 1), 1);
});

test('progress only grows and ends with what was found', async () => {
  const seen: ScanProgress[] = [];
  await scanKeys({
    ring: shared,
    backend: backend([0, 15, 30], [3]),
    onProgress: (progress) => seen.push(progress),
  });
  for (const chain of ['receive', 'change'] as const) {
    const steps = seen.filter((progress) => progress.chain === chain);
    for (const [at, step] of steps.entries()) assert.ok(step.scanned > (steps[at - 1]?.scanned ?? 0));
    assert.deepEqual(
      steps.at(-1),
      chain === 'receive' ? { chain, scanned: 51, used: 3 } : { chain, scanned: 24, used: 1 },
    );
  }
});

test('thousands of addresses in use are found in tens of rounds, each asked for once', async () => {
  const ring = { extend: () => undefined, address: ({ chain, index }: KeyPlace) => `${chain} ${index}` };
  const asked = new Set<string>();
  let rounds = 0;
  const backend = {
    async usedAddresses(addresses: readonly string[]) {
      rounds += 1;
      for (const address of addresses) {
        assert.equal(asked.has(address), false);
        asked.add(address);
      }
      return addresses.map((address) => Number(address.slice(2)) < (address.startsWith('0') ? 300 : 5_000));
    },
  };
  const found = await scanKeys({ ring: ring as unknown as KeyRing, backend });
  assert.deepEqual([found.receive.length, found.change.length], [300, 5_000]);
  assert.ok(rounds <= 40, `${rounds} rounds`);
  assert.ok(asked.size <= 5_300 + 2 * (GAP_LIMIT + 250), `${asked.size} asked`);
});

test('what lies beyond a gap and was asked about all the same is found', async () => {
  const used = [...Array.from({ length: 80 }, (_, index) => index), 80 + GAP_LIMIT + 5];
  const { receive } = await scanKeys({ ring: shared, backend: backend(used, []) });
  assert.deepEqual(receive, used);
});
