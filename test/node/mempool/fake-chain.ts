/** The chain as the mempool sees it, with coins that a test puts there. */
import type { AdmissionChain } from '../../../node/mempool/admission.ts';
import { hashKey } from '../../../protocol/bytes.ts';
import type { Coin } from '../../../protocol/connect.ts';
import { type NetworkProfile, PROFILES } from '../../../protocol/network.ts';
import { type OutPoint, outPointKey, type Transaction, txid } from '../../../protocol/transaction.ts';
import type { Hash } from '../../../protocol/units.ts';
import type { Spendable } from '../payment-kit.ts';

export class FakeChain implements AdmissionChain {
  readonly profile: NetworkProfile;
  tip = { height: 200, medianTime: 1_800_000_000 };
  /** Runs while coins are looked up. */
  whileLookingUp: () => void = () => undefined;
  /** How many coins each look-up wanted. */
  readonly lookedUp: number[] = [];
  readonly #coins = new Map<string, Coin>();
  readonly #spent = new Map<string, Coin>();
  readonly #confirmed = new Set<string>();
  #made = 0;

  constructor(profile: NetworkProfile = PROFILES.regtest) {
    this.profile = profile;
  }

  /** A new coin of its owner. */
  fund(owner: Spendable['owner'], value: bigint, at: Partial<Coin> = {}): Spendable {
    const txid = new Uint8Array(32);
    new DataView(txid.buffer).setUint32(0, ++this.#made);
    const spendable = { txid, index: 0, value, owner };
    this.#coins.set(outPointKey(spendable), {
      value,
      script: owner.script,
      height: 1,
      coinbase: false,
      ...at,
    });
    return spendable;
  }

  /** A block with these transactions is the tip now. */
  connect(...transactions: readonly Transaction[]): void {
    for (const transaction of transactions) {
      for (const { previous } of transaction.inputs) {
        const key = outPointKey(previous);
        const coin = this.#coins.get(key);
        if (coin) this.#spent.set(key, coin);
        this.#coins.delete(key);
      }
      const id = txid(transaction);
      for (const [index, { value, script }] of transaction.outputs.entries()) {
        const coin = { value, script, height: this.tip.height + 1, coinbase: false };
        this.#coins.set(outPointKey({ txid: id, index }), coin);
      }
      this.#confirmed.add(hashKey(id));
    }
    this.tip = { ...this.tip, height: this.tip.height + 1 };
  }

  /** The tip, a block with these transactions, is taken back. */
  disconnect(...transactions: readonly Transaction[]): void {
    for (const transaction of [...transactions].reverse()) {
      const id = txid(transaction);
      for (const index of transaction.outputs.keys()) this.#coins.delete(outPointKey({ txid: id, index }));
      for (const { previous } of transaction.inputs) {
        const coin = this.#spent.get(outPointKey(previous));
        if (coin) this.#coins.set(outPointKey(previous), coin);
      }
      this.#confirmed.delete(hashKey(id));
    }
    this.tip = { ...this.tip, height: this.tip.height - 1 };
  }

  /** The coin is gone, as after a reorganisation. */
  forget(spendable: Spendable): void {
    this.#coins.delete(outPointKey(spendable));
  }

  async coins(outPoints: readonly OutPoint[]): Promise<(Coin | undefined)[]> {
    this.lookedUp.push(outPoints.length);
    const found = outPoints.map((each) => this.#coins.get(outPointKey(each)));
    this.whileLookingUp();
    await Promise.resolve();
    return found;
  }

  async transactionBlock(id: Hash): Promise<object | undefined> {
    return this.#confirmed.has(hashKey(id)) ? {} : undefined;
  }
}
