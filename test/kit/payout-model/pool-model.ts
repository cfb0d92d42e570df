/** A pool's payouts on a {@link ModelChain}: ledger, follower, settlements and watch are the real ones. */
import { SettlementError } from '../../../pool/accounting/accounts-view.ts';
import { ChainFollower } from '../../../pool/accounting/chain-follower.ts';
import { NodeChain } from '../../../pool/accounting/node-chain.ts';
import { parseFee } from '../../../pool/accounting/scheme.ts';
import { Ledger } from '../../../pool/ledger/ledger.ts';
import type { Debt } from '../../../pool/ledger/payout-rows.ts';
import { NodePayoutChain } from '../../../pool/payouts/node-payout-chain.ts';
import { openOperatorWallet } from '../../../pool/payouts/operator-wallet.ts';
import { PayoutService } from '../../../pool/payouts/payout-service.ts';
import { PoolSettlement } from '../../../pool/payouts/settlement.ts';
import { COIN } from '../../../protocol/amount.ts';
import { RpcCallError, UnreachableError } from '../../../service/rpc-client.ts';
import { ChainMovedError } from '../../../wallet/services/payout-chain.ts';
import { PayoutWatch } from '../../../wallet/services/payout-watch.ts';
import { Settlement } from '../../../wallet/services/settlement.ts';
import { WalletError } from '../../../wallet/wallet-error.ts';
import { HandClock } from '../hand-clock.ts';
import { SILENT } from '../surroundings.ts';
import { modelNode } from './model-node.ts';
import {
  allAtOnce,
  type Fate,
  fundAddress,
  PROFILE,
  payeeAddress,
  SETTLED_DEPTH,
  type ServiceModel,
} from './service-model.ts';
import type { NotingWallet, WrittenPayout } from './signatures.ts';

const TERMS = { scheme: 'pplns', fee: parseFee('1') } as const;
const PAYEES = 6;

interface Life {
  readonly ledger: Ledger;
  readonly follower: ChainFollower;
  readonly service: PayoutService;
  readonly stopping: AbortController;
  hasLooked: boolean;
}

export class PoolModel implements ServiceModel {
  readonly label = 'pool';
  readonly #fate: Fate;
  readonly #file: string;
  readonly #clock = new HandClock();
  readonly #owed = new Map<string, bigint>();
  #life: Life | undefined;
  #blocks = 0;

  constructor(fate: Fate, file: string) {
    this.#fate = fate;
    this.#file = file;
  }

  readonly find = async (id: Uint8Array): Promise<WrittenPayout | undefined> => {
    const { payouts, rounds } = this.#alive.ledger;
    for (const { id: payout, progress, transactions } of await payouts.page(1_000)) {
      if (!transactions.some(({ txid }) => Buffer.compare(txid, id) === 0)) continue;
      const credits = await Promise.all(
        Array.from({ length: PAYEES }, (_, payee) => rounds.creditsTo(payeeAddress(`miner ${payee}`), 1_000)),
      );
      const carried = credits.flat().filter(({ payoutId }) => payoutId === payout);
      const debts = carried.map(({ blockId, amount }) => `${blockId} ${amount}`);
      return { id: payout, state: progress.state, debts };
    }
    return undefined;
  };

  get #alive(): Life {
    if (this.#life === undefined) throw new Error('the pool is down');
    return this.#life;
  }

  /** A block of the pool matures, and is divided among some of the miners. */
  async owe(): Promise<void> {
    const { random } = this.#fate;
    const { blocks, rounds } = this.#alive.ledger;
    this.#blocks += 1;
    const hash = new Uint8Array(32).fill(1);
    new DataView(hash.buffer).setUint32(0, this.#blocks);
    const reward = 50n * COIN;
    await blocks.enter({
      hash,
      previous: new Uint8Array(32),
      height: 0,
      bits: PROFILE.powLimitBits,
      timeMs: this.#clock.wallMs(),
      reward,
      worker: undefined,
      delivery: 'accepted',
      reason: undefined,
    });
    const block = await blocks.byHash(hash);
    const blockId = block?.id ?? 0;
    const payees = new Set(Array.from({ length: random.int(1, 4) }, () => random.int(0, PAYEES - 1)));
    const credits = [...payees].map((payee) => ({
      address: payeeAddress(`miner ${payee}`),
      weight: 1n,
      counted: 1n,
      // No two debts of a model are alike.
      amount: BigInt(random.int(1, 1_000)) * 1_000_000n + BigInt(this.#blocks * PAYEES + payee),
      isDirect: false,
    }));
    const sums = {
      startSequence: 0,
      endSequence: this.#blocks,
      work: 1n,
      weight: 1n,
      counted: 1n,
      operator: 0n,
    };
    await rounds.enter({ blockId, terms: TERMS, ...sums, batch: 0, head: hash }, credits);
    await blocks.judge(new Map([[blockId, 'confirmed']]));
    for (const { address, amount } of credits) {
      this.#owed.set(address, (this.#owed.get(address) ?? 0n) + amount);
    }
  }

  /** A reorganisation takes a block of the pool away, paid for or not, or brings all of them back. */
  async judge(isConfirmed: boolean): Promise<void> {
    if (this.#blocks === 0) return;
    const { blocks } = this.#alive.ledger;
    const all = Array.from({ length: this.#blocks }, (_, at) => at + 1);
    const some = isConfirmed ? all : [this.#fate.random.pick(all)];
    await blocks.judge(new Map(some.map((id) => [id, isConfirmed ? 'confirmed' : 'orphaned'])));
  }

  async work(): Promise<void> {
    const { random } = this.#fate;
    const life = this.#alive;
    this.#clock.pass(1_000);
    if (random.once(8)) await this.judge(false);
    else if (random.once(3)) await this.judge(true);
    const works: Promise<unknown>[] = [];
    if (!life.hasLooked || random.once(2)) {
      if (random.once(2)) life.follower.nudge();
      works.push(life.follower.step().then(() => Object.assign(life, { hasLooked: true })));
    }
    if (life.hasLooked) {
      const settlements = random.int(0, 3);
      for (let count = 0; count < settlements; count++) {
        works.push(life.service.settle({ dryRun: random.once(6) }));
      }
    }
    if (random.once(3)) works.push(this.owe());
    await allAtOnce(works, isOrdinary);
  }

  async finish(): Promise<void> {
    const { follower, service } = this.#alive;
    await this.judge(true);
    follower.nudge();
    await follower.step();
    await service.settle({ dryRun: false }).catch((error: unknown) => {
      if (!(error instanceof SettlementError)) throw error;
    });
  }

  async rise(wallet: NotingWallet): Promise<void> {
    const { chain, onStep } = this.#fate;
    const ledger = await Ledger.open({ file: this.#file, network: 'model', log: SILENT });
    const stopping = new AbortController();
    const { signal } = stopping;
    const nodeChain = new NodeChain(modelNode(chain), signal);
    const book = ledger.payouts;
    const service = await openOperatorWallet(
      { wallet, label: this.label, buriedDepth: SETTLED_DEPTH },
      fundAddress(this.label),
    );
    const common = {
      book,
      wallet: service,
      chain: new NodePayoutChain(nodeChain, book),
      clock: this.#clock,
      log: SILENT,
      onStep,
    };
    const payouts = new PayoutService({
      settlement: new PoolSettlement({
        book,
        minimum: 1_000n,
        settlement: new Settlement({ ...common, split: (debt: Debt, most) => book.split(debt, most) }),
      }),
      watch: new PayoutWatch({ ...common, settledDepth: SETTLED_DEPTH }),
      book,
      clock: this.#clock,
      log: SILENT,
      intervalMs: 0,
      signal,
    });
    const follower = new ChainFollower({
      chain: nodeChain,
      seen: await ledger.blocks.chainSeen(),
      log: SILENT,
      signal,
      pollMs: 1_000_000,
      checkNetwork: async () => undefined,
      onMove: async (move) => {
        await payouts.look(move);
        await ledger.blocks.see(move.tip);
      },
    });
    this.#life = { ledger, follower, service: payouts, stopping, hasLooked: false };
    await payouts.start();
  }

  async fall(): Promise<void> {
    const life = this.#life;
    life?.stopping.abort(new Error('the model ends it'));
    await life?.service.stop();
    await life?.ledger.close();
    this.#life = undefined;
  }

  owed(): ReadonlyMap<string, bigint> {
    return this.#owed;
  }

  async isDone(): Promise<boolean> {
    const { payouts } = this.#alive.ledger;
    const open = (await payouts.page(1_000)).some(
      ({ progress: { state } }) => state === 'sending' || state === 'confirmed',
    );
    return !open && (await payouts.debts()).length === 0;
  }
}

/** What may go wrong in a pool on any day: it is tried again. */
function isOrdinary(error: unknown): boolean {
  const kinds = [SettlementError, ChainMovedError, UnreachableError, RpcCallError, WalletError];
  return kinds.some((kind) => error instanceof kind);
}
