/** A faucet's payouts on a {@link ModelChain}: books, loop, payer and watch are the real ones. */
import { BackendPayoutChain } from '../../../faucet/payouts/backend-payout-chain.ts';
import { Payer } from '../../../faucet/payouts/payer.ts';
import { PayoutLoop } from '../../../faucet/payouts/payout-loop.ts';
import { Purse } from '../../../faucet/payouts/purse.ts';
import { FaucetStore } from '../../../faucet/store/faucet-store.ts';
import { RpcCallError, UnreachableError } from '../../../service/rpc-client.ts';
import { PayoutWatch } from '../../../wallet/services/payout-watch.ts';
import { Settlement } from '../../../wallet/services/settlement.ts';
import { WalletError } from '../../../wallet/wallet-error.ts';
import { HandClock } from '../hand-clock.ts';
import { SILENT } from '../surroundings.ts';
import {
  allAtOnce,
  type Fate,
  PROFILE,
  payeeAddress,
  SETTLED_DEPTH,
  type ServiceModel,
} from './service-model.ts';
import type { NotingWallet, WrittenPayout } from './signatures.ts';

interface Life {
  readonly store: FaucetStore;
  readonly loop: PayoutLoop;
  readonly stopping: AbortController;
}

export class FaucetModel implements ServiceModel {
  readonly label = 'faucet';
  readonly #fate: Fate;
  readonly #file: string;
  readonly #clock = new HandClock();
  readonly #owed = new Map<string, bigint>();
  #life: Life | undefined;
  #claims = 0;

  constructor(fate: Fate, file: string) {
    this.#fate = fate;
    this.#file = file;
  }

  readonly find = async (id: Uint8Array): Promise<WrittenPayout | undefined> => {
    const payouts = await this.#alive.store.payouts.toWatch({ above: -1, upTo: -1 });
    const payout = payouts.find(({ transactions }) =>
      transactions.some(({ txid }) => Buffer.compare(txid, id) === 0),
    );
    return (
      payout && { id: payout.id, state: payout.progress.state, debts: payout.items.map((item) => item.id) }
    );
  };

  get #alive(): Life {
    if (this.#life === undefined) throw new Error('the faucet is down');
    return this.#life;
  }

  /** A claim of somebody who was never here before. */
  async owe(): Promise<void> {
    this.#claims += 1;
    const address = payeeAddress(`claimant ${this.#claims}`);
    const amount = BigInt(this.#fate.random.int(1, 1_000)) * 1_000_000n;
    const claim = {
      id: this.#claims.toString(16).padStart(32, '0'),
      address,
      client: `${this.#claims}`,
      proof: 'none',
      amount,
      createdMs: this.#clock.wallMs(),
      spend: undefined,
    } as const;
    this.#owed.set(address, amount);
    await this.#alive.store.claims.enter(claim, 0, () => undefined);
  }

  async work(): Promise<void> {
    const { random } = this.#fate;
    this.#clock.pass(random.pick([100, 5_000, 31_000, 61_000]));
    const works: Promise<unknown>[] = [this.#alive.loop.step()];
    const claims = random.once(3) ? random.int(1, 4) : 0;
    for (let count = 0; count < claims; count++) works.push(this.owe());
    await allAtOnce(works, isOrdinary);
  }

  async finish(): Promise<void> {
    this.#clock.pass(61_000);
    await this.#alive.loop.step();
  }

  async rise(wallet: NotingWallet): Promise<void> {
    const { chain, onStep } = this.#fate;
    const store = await FaucetStore.open({ file: this.#file, network: 'model' });
    const purse = await Purse.open({ wallet, label: this.label, backend: chain });
    const stopping = new AbortController();
    const clock = this.#clock;
    const paying = {
      book: store.payouts,
      wallet: purse.wallet,
      chain: new BackendPayoutChain(chain, store.payouts, PROFILE.address),
      clock,
      log: SILENT,
      onStep,
    };
    const loop = new PayoutLoop({
      profile: PROFILE,
      store,
      purse,
      backend: chain,
      payer: new Payer({
        store,
        settlement: new Settlement(paying),
        objection: async () => undefined,
        log: SILENT,
      }),
      watch: new PayoutWatch({ ...paying, settledDepth: SETTLED_DEPTH }),
      settledDepth: SETTLED_DEPTH,
      clock,
      log: SILENT,
      signal: stopping.signal,
      pollMs: 1_000_000,
      intervalMs: 2_000,
      onChange: () => undefined,
    });
    this.#life = { store, loop, stopping };
  }

  async fall(): Promise<void> {
    const life = this.#life;
    life?.stopping.abort();
    await life?.store.close();
    this.#life = undefined;
  }

  owed(): ReadonlyMap<string, bigint> {
    return this.#owed;
  }

  async isDone(): Promise<boolean> {
    const { claims, payouts } = this.#alive.store;
    const open = await payouts.toWatch({ above: -1, upTo: -1 });
    return open.length === 0 && (await claims.queued(1)).length === 0;
  }
}

/** What may go wrong in a faucet on any day: it is tried again. */
function isOrdinary(error: unknown): boolean {
  return [UnreachableError, RpcCallError, WalletError].some((kind) => error instanceof kind);
}
