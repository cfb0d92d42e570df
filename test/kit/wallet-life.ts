/** What may happen to a wallet on a chain in memory, one thing after the other: for tests of properties. */
import fc from 'fast-check';
import { COIN } from '../../protocol/amount.ts';
import { InsufficientFundsError } from '../../wallet/payments/coins.ts';
import type { Wallet } from '../../wallet/wallet.ts';
import type { FakeChain } from './fake-chain.ts';
import { STRANGER } from './wallet-kit.ts';

export const LABELS = ['default', 'rent', 'food'] as const;
const label = fc.constantFrom(...LABELS);
const coins = fc.integer({ min: 1, max: 9 }).map(BigInt);
/** Something that may happen to a wallet of these labels. */
export const lifeStep = fc.oneof(
  fc.record({ do: fc.constant('receive' as const), label, coins }),
  fc.record({ do: fc.constant('mine' as const), label: fc.option(label) }),
  fc.record({ do: fc.constant('pay' as const), from: fc.option(label), to: fc.option(label), coins }),
  fc.record({
    do: fc.constant('reorganise' as const),
    depth: fc.integer({ min: 1, max: 3 }),
    keep: fc.boolean(),
  }),
  fc.record({ do: fc.constant('address' as const), label }),
);
export type LifeStep = typeof lifeStep extends fc.Arbitrary<infer T> ? T : never;

/** Lets it happen. */
export async function happen(wallet: Wallet, chain: FakeChain, what: LifeStep): Promise<void> {
  if (what.do === 'receive') {
    await chain.strangerPays((await wallet.addressOf(what.label)).address, what.coins * COIN);
  } else if (what.do === 'mine') {
    chain.mine(1, what.label === null ? undefined : (await wallet.addressOf(what.label)).address);
  } else if (what.do === 'address') {
    await wallet.newAddress(what.label);
  } else if (what.do === 'reorganise') {
    const depth = Math.min(what.depth, chain.height);
    for (let n = 0; n < depth; n += 1) chain.unmine();
    // Rewards of the lost blocks are gone, and with them what spent them.
    if (!what.keep) chain.mempool = [];
    chain.mine(depth + 1);
  } else {
    const address = what.to === null ? STRANGER : (await wallet.addressOf(what.to)).address;
    const from = what.from === null ? {} : { from: what.from };
    try {
      await wallet.pay({ ...from, to: [{ address, amount: what.coins * COIN }] });
    } catch (error) {
      if (!(error instanceof InsufficientFundsError)) throw error;
    }
  }
}
