import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEV_MNEMONIC } from '../../protocol/network.ts';
import { MemoryStore } from '../../wallet/keys/wallet-store.ts';
import { firstContents } from '../../wallet/open-wallet.ts';
import { WalletContext } from '../../wallet/wallet-context.ts';
import { FakeChain } from '../kit/fake-chain.ts';
import { PROFILE } from '../kit/wallet-kit.ts';

/** A wallet that counts how often it looks at its coins. */
function counted(gatherMs?: number) {
  const chain = new FakeChain(PROFILE);
  let looks = 0;
  const coins = chain.coins.bind(chain);
  chain.coins = (addresses) => {
    looks += 1;
    return coins(addresses);
  };
  const store = new MemoryStore(firstContents(DEV_MNEMONIC, PROFILE));
  const context = new WalletContext({
    ...{ store, profile: PROFILE, backend: chain },
    ...(gatherMs !== undefined && { gatherMs }),
  });
  return { chain, context, looks: () => looks };
}

test('those who want a look at the same time share one where looks are gathered', async () => {
  const { context, looks } = counted(5);
  const [first, second, third] = await Promise.all([context.look(), context.look(), context.look()]);
  assert.equal(looks(), 1);
  assert.equal(first, second);
  assert.equal(second, third);
});

test('who asks after a look has begun gets one of its own, which sees what happened since', async () => {
  const { chain, context, looks } = counted(1);
  let begun: (() => void) | undefined;
  const hasBegun = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const chainOf = chain.chain.bind(chain);
  chain.chain = () => {
    begun?.();
    return chainOf();
  };
  const before = context.look();
  await hasBegun;
  chain.mine();
  const after = await context.look();
  assert.equal(looks(), 2);
  assert.equal(after.view.chain.height, (await chain.chain()).height);
  await before;
});

test('a look that fails is nobody else’s later', async () => {
  const { chain, context } = counted(1);
  const chainOf = chain.chain.bind(chain);
  chain.chain = () => Promise.reject(new Error('away'));
  await assert.rejects(Promise.all([context.look(), context.look()]), /away/);
  chain.chain = chainOf;
  assert.ok((await context.look()).view.coins.length > 0);
});

test('without gathering every look is its own', async () => {
  const { context, looks } = counted();
  await Promise.all([context.look(), context.look()]);
  assert.equal(looks(), 2);
});
