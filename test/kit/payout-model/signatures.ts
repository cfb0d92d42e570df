/** What a service signs, counted at the signer, and the rule that no debt may have two signatures that could both count. */
import assert from 'node:assert/strict';
import { displayHash } from '../../../protocol/bytes.ts';
import { outPointKey, type Transaction, txid } from '../../../protocol/transaction.ts';
import type { UnsignedPayment } from '../../../wallet/services/prepared-payment.ts';
import { Wallet, type WalletOptions } from '../../../wallet/wallet.ts';
import type { ModelChain } from './model-chain.ts';

/** What the books of a service say of a transaction. */
export interface WrittenPayout {
  readonly id: number;
  readonly state: string;
  /** Names of what it pays. */
  readonly debts: readonly string[];
}

export type FindPayout = (txid: Uint8Array) => Promise<WrittenPayout | undefined>;

/** A transaction that was signed, as often as it was. */
interface Signature {
  readonly transaction: Transaction;
  readonly payout: number;
  times: number;
}

export class Signatures {
  readonly #chain: ModelChain;
  /** By debt, then by txid. */
  readonly #byDebt = new Map<string, Map<string, Signature>>();
  /** How many transactions were signed that share a coin with one before them for the same debt. */
  replacements = 0;
  /** How many were signed for a debt whose payment before could never be mined any more. */
  renewals = 0;
  /** How often the very same transaction was signed again. */
  repetitions = 0;
  total = 0;

  constructor(chain: ModelChain) {
    this.#chain = chain;
  }

  /** Judges a signature that is about to be made. */
  async judge(transaction: Transaction, find: FindPayout): Promise<void> {
    const id = displayHash(txid(transaction));
    const written = await find(txid(transaction));
    assert.ok(written !== undefined, `${id} is signed and stands in no book`);
    assert.equal(written.state, 'sending', `${id} is signed for a payout that is not on its way`);
    assert.ok(written.debts.length > 0, `${id} is signed and pays nobody`);
    this.#chain.note(transaction);
    this.total += 1;
    for (const debt of written.debts) this.#judge(id, { transaction, payout: written.id, times: 1 }, debt);
  }

  #judge(id: string, signature: Signature, debt: string): void {
    const signed = this.#byDebt.get(debt) ?? new Map<string, Signature>();
    this.#byDebt.set(debt, signed);
    const same = signed.get(id);
    if (same !== undefined) {
      same.times += 1;
      this.repetitions += 1;
      return;
    }
    for (const [other, earlier] of signed) {
      if (sharesCoin(earlier.transaction, signature.transaction)) this.replacements += 1;
      else if (this.#chain.isOutOfReach(earlier.transaction)) this.renewals += 1;
      else assert.fail(`${debt} is paid by ${other} and by ${id}, and both could be mined`);
    }
    signed.set(id, signature);
  }
}

function sharesCoin(a: Transaction, b: Transaction): boolean {
  const spent = new Set(a.inputs.map(({ previous }) => outPointKey(previous)));
  return b.inputs.some(({ previous }) => spent.has(outPointKey(previous)));
}

export interface NotingWalletOptions extends WalletOptions {
  readonly signatures: Signatures;
  readonly find: FindPayout;
  /** Called before and after a signature: the process may die there. */
  readonly atSignature: () => void;
}

/** A wallet of which every signature is judged. */
export class NotingWallet extends Wallet {
  readonly #options: NotingWalletOptions;

  constructor(options: NotingWalletOptions) {
    super(options);
    this.#options = options;
  }

  override async signPrepared(payment: UnsignedPayment): Promise<Transaction> {
    const { signatures, find, atSignature } = this.#options;
    atSignature();
    await signatures.judge(payment.transaction, find);
    const signed = await super.signPrepared(payment);
    atSignature();
    return signed;
  }

  override pay(): Promise<never> {
    return assert.fail('a service keeps its payments itself');
  }
}
