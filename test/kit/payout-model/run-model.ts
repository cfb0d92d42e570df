/** One random life of a service: work, blocks, reorganisations, rivals, broken lines, deaths; then everybody is paid. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { decodeAddress } from '../../../protocol/address.ts';
import { COIN } from '../../../protocol/amount.ts';
import { bytesToHex } from '../../../protocol/bytes.ts';
import { outPointKey, type Transaction } from '../../../protocol/transaction.ts';
import { MemoryStore } from '../../../wallet/keys/wallet-store.ts';
import { Wallet } from '../../../wallet/wallet.ts';
import { WalletError } from '../../../wallet/wallet-error.ts';
import { FuzzRandom } from '../fuzz-random.ts';
import { signedPayment } from '../signed-payment.ts';
import { temporaryDirectory } from '../surroundings.ts';
import { CrashError, ModelChain } from './model-chain.ts';
import {
  CONTENTS,
  Fate,
  fundAddress,
  PROFILE,
  payeeAddress,
  SETTLED_DEPTH,
  type ServiceModel,
  WalletFiles,
} from './service-model.ts';
import { Signatures } from './signatures.ts';

/** How many turns a life has; after them nothing goes wrong any more. */
const TURNS = 60;
/** So many blocks settle all that is left. */
const LAST_BLOCKS = 80;

/** What happened in one life. */
export interface ModelReport {
  readonly deaths: number;
  readonly reorganisations: number;
  readonly rivals: number;
  readonly signatures: Signatures;
}

export type MakeService = (fate: Fate, file: string) => ServiceModel;

/** Lives through one seed. @throws AssertionError when a debt could be paid twice, or is not paid in the end */
export async function liveThrough(test: TestContext, seed: number, make: MakeService): Promise<ModelReport> {
  const random = new FuzzRandom(seed);
  const chain = new ModelChain(PROFILE, SETTLED_DEPTH);
  const fate = new Fate(random, chain);
  const signatures = new Signatures(chain);
  const wallets = new WalletFiles(fate);
  const service = make(fate, join(await temporaryDirectory(test), 'books.sqlite'));
  const rise = async (): Promise<void> => {
    for (;;) {
      chain.isDead = false;
      try {
        return await service.rise(wallets.open(random.once(2), signatures, service.find));
      } catch (error) {
        if (!(error instanceof CrashError)) throw error;
        await service.fall();
      }
    }
  };
  const counts = { reorganisations: 0, rivals: 0 };
  chain.mine(SETTLED_DEPTH + 1);
  await rise();
  for (let turn = 0; turn < TURNS; turn++) {
    try {
      await service.work();
    } catch (error) {
      if (!(error instanceof CrashError)) throw error;
      await service.fall();
      await rise();
    }
    await happen(chain, random, service.label, counts);
  }
  await service.fall();
  await settleAll({ chain, fate, service, rise });
  requireExactlyPaid(chain, service);
  await service.fall();
  return { deaths: fate.deaths, ...counts, signatures };
}

/** What the world does between two turns. */
async function happen(
  chain: ModelChain,
  random: FuzzRandom,
  label: string,
  counts: { reorganisations: number; rivals: number },
): Promise<void> {
  const fund = fundAddress(label);
  const some = (): boolean => !random.once(3);
  calm(chain);
  if (random.once(10)) chain.forget(() => random.once(2));
  if (random.once(5)) await chain.strangerPays(fund, BigInt(random.int(1, 60)) * COIN);
  if (random.once(9)) {
    await chain.reorganise(random.int(1, SETTLED_DEPTH - 1), some);
    counts.reorganisations += 1;
  }
  if (random.once(12) && (await spendElsewhere(chain, random, label))) counts.rivals += 1;
  const blocks = random.once(2) ? random.int(1, 3) : 0;
  for (let mined = 0; mined < blocks; mined++) {
    await chain.mineSome(random.once(3) ? () => false : some, random.once(3) ? fund : undefined);
  }
  chain.away = random.once(15);
  if (random.once(6)) chain.lineBreaks = random.pick(['before', 'after']);
  if (random.once(4)) chain.feeRate = random.pick([1_000n, 2_500n, 6_000n]);
  if (random.once(12)) {
    chain.refusals.push(random.pick(['min relay fee not met', 'mempool full', 'txn-mempool-conflict']));
  }
}

/** Nothing is in the way of anybody. */
function calm(chain: ModelChain): void {
  Object.assign(chain, { away: false, lineBreaks: undefined, feeRate: 1_000n, refusals: [] });
}

/** The owner takes coins of the label elsewhere, with the same keys and without the service's knowledge. */
async function spendElsewhere(chain: ModelChain, random: FuzzRandom, label: string): Promise<boolean> {
  const waiting = chain.mempool;
  const owner = new Wallet({
    store: new MemoryStore(CONTENTS),
    profile: PROFILE,
    backend: chain,
    random: (end) => random.int(0, end - 1),
  });
  // The owner sees no payment that waits, and so may take its coins.
  chain.mempool = [];
  let rival: Transaction;
  try {
    const mine = (await owner.coins()).filter((coin) => coin.label === label && coin.status === 'spendable');
    if (waiting.length === 0) return false;
    // All the coins of a payout that waits, where they are in blocks: nothing of it is left.
    const taken = new Set(random.pick(waiting).inputs.map(({ previous }) => outPointKey(previous)));
    const coins = mine.map(({ outPoint }) => outPoint).filter((coin) => taken.has(outPointKey(coin)));
    if (coins.length === 0) return false;
    const to = [{ address: payeeAddress('owner'), amount: 10_000n }];
    ({ transaction: rival } = await signedPayment(owner, { from: label, to, coins, change: 'reuse' }));
  } catch (error) {
    if (!(error instanceof WalletError)) throw error;
    return false;
  } finally {
    chain.mempool = waiting;
  }
  chain.note(rival);
  return chain.mineAlone(rival);
}

interface Ending {
  readonly chain: ModelChain;
  readonly fate: Fate;
  readonly service: ServiceModel;
  readonly rise: () => Promise<void>;
}

/** Nothing goes wrong any more, and there is money enough: everything comes to its end. */
async function settleAll({ chain, fate, service, rise }: Ending): Promise<void> {
  fate.deadliness = 0;
  calm(chain);
  await chain.strangerPays(fundAddress(service.label), 10_000n * COIN);
  chain.mine(2 * SETTLED_DEPTH);
  await rise();
  for (let block = 0; block < LAST_BLOCKS; block++) {
    await service.finish();
    if (await service.isDone()) return;
    chain.mine();
  }
  assert.fail('not everybody is paid in the end');
}

/** Every address got what it was owed, once. */
function requireExactlyPaid(chain: ModelChain, service: ServiceModel): void {
  const paid = new Map<string, bigint>();
  for (const { outputs } of chain.blocks.flat()) {
    for (const { script, value } of outputs) {
      const key = bytesToHex(script);
      paid.set(key, (paid.get(key) ?? 0n) + value);
    }
  }
  for (const [address, amount] of service.owed()) {
    const { script } = decodeAddress(address, PROFILE.address);
    assert.equal(paid.get(bytesToHex(script)) ?? 0n, amount, `${address} was paid exactly what it is owed`);
  }
}
