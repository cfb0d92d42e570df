import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { COIN } from '../../../protocol/amount.ts';
import { displayHash, parseDisplayHash } from '../../../protocol/bytes.ts';
import { totalOf } from '../../../wallet/chain/balance.ts';
import { UndeliveredPaymentError } from '../../../wallet/wallet.ts';
import { WalletError } from '../../../wallet/wallet-error.ts';
import { fundedWallet, STRANGER, shownId } from '../../kit/wallet-kit.ts';

type Step =
  | { readonly do: 'pay'; readonly amount: number; readonly away: boolean }
  | { readonly do: 'bump' | 'cancel'; readonly which: number; readonly away: boolean }
  | { readonly do: 'mine'; readonly blocks: number }
  | { readonly do: 'unmine' | 'forget' | 'look' | 'refuse' };

const away = fc.boolean();
const which = fc.nat(20);
const aStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('pay' as const), amount: fc.integer({ min: 1_000, max: 60_000_000 }), away }),
  fc.record({ do: fc.constantFrom('bump' as const, 'cancel' as const), which, away }),
  fc.record({ do: fc.constant('mine' as const), blocks: fc.integer({ min: 1, max: 3 }) }),
  fc.record({
    do: fc.constantFrom('unmine' as const, 'forget' as const, 'look' as const, 'refuse' as const),
  }),
);

/** A wallet that does what it is told to, and remembers what it meant by each of its transactions. */
async function world() {
  const { chain, wallet, store, address } = await fundedWallet(COIN);
  await chain.strangerPays(address, COIN);
  await chain.strangerPays(address, COIN / 2n);
  chain.mine();
  const depth = chain.height;
  /** By txid: which payment it makes, or takes back. */
  const intents = new Map<string, { readonly intent: number; readonly cancels: boolean }>();
  const cancelled = new Set<number>();
  let next = 0;

  const attempt = async (work: () => Promise<{ txid: Uint8Array }>, intent: number, cancels: boolean) => {
    try {
      intents.set(displayHash((await work()).txid), { intent, cancels });
    } catch (error) {
      if (!(error instanceof UndeliveredPaymentError)) {
        assert.ok(error instanceof WalletError, String(error));
        assert.notEqual(error.code, 'bad-backend', error.message);
        return;
      }
      intents.set(displayHash(error.payment.txid), { intent, cancels });
    } finally {
      chain.away = false;
    }
    if (cancels) cancelled.add(intent);
  };

  return {
    ...{ chain, wallet, store, intents, cancelled },
    async take(step: Step): Promise<void> {
      const leaving = {
        beforeBroadcast: async () => {
          chain.away = 'away' in step && step.away;
        },
      };
      if (step.do === 'pay') {
        const to = [{ address: STRANGER, amount: BigInt(step.amount) }];
        await attempt(() => wallet.pay({ to, acceptHighFee: true }, leaving), next++, false);
      } else if (step.do === 'bump' || step.do === 'cancel') {
        const ids = [...intents.keys()];
        const id = ids[step.which % Math.max(1, ids.length)];
        if (id === undefined) return;
        const { intent, cancels } = intents.get(id) ?? { intent: 0, cancels: false };
        const choice = { acceptHighFee: true };
        const act = step.do === 'bump' ? wallet.bump : wallet.cancel;
        const isCancelling = cancels || step.do === 'cancel';
        await attempt(() => act.call(wallet, parseDisplayHash(id), choice, leaving), intent, isCancelling);
      } else if (step.do === 'mine') chain.mine(step.blocks);
      else if (step.do === 'unmine' && chain.height > depth) chain.unmine();
      else if (step.do === 'forget') chain.mempool = [];
      else if (step.do === 'refuse') {
        chain.refusals = ['mempool full'];
        await wallet.balance();
        chain.refusals = [];
      } else await wallet.balance();
    },
  };
}

test('whatever happens, a payment is made once or taken back once, and the money adds up', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(aStep, { maxLength: 25 }), async (steps) => {
      const { chain, wallet, store, intents, take } = await world();
      for (const step of steps) await take(step);
      for (let round = 0; round < 4; round++) {
        await wallet.balance();
        chain.mine(2);
      }
      const { total, refused } = await wallet.balance();
      assert.deepEqual((await store.read()).outgoing, [], 'everything is settled or given up');
      assert.deepEqual(refused, []);
      const mined = chain.blocks
        .flat()
        .map(shownId)
        .flatMap((id) => intents.get(id) ?? []);
      const payments = mined.map(({ intent }) => intent);
      assert.equal(new Set(payments).size, payments.length, 'no payment is made twice');
      const { rows } = await wallet.history({ limit: 1_000, scope: 'wallet' });
      assert.equal(
        rows.reduce((sum, { net }) => sum + net, 0n),
        totalOf(total),
      );
      assert.equal(total.pending, 0n);
    }),
    { numRuns: 25 },
  );
});
