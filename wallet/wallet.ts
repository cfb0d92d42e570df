/** A wallet at work: its labels, what they have, what happened to them, and payments. */
import { bytesToHex, displayHash } from '../protocol/bytes.ts';
import type { NetworkProfile } from '../protocol/network.ts';
import { encodeTransaction, outPointKey, type Transaction, txid } from '../protocol/transaction.ts';
import type { Hash } from '../protocol/units.ts';
import { UnreachableError } from '../service/rpc-client.ts';
import { type ChainState, PaymentRejectedError } from './chain/backend.ts';
import { type Balance, balanceOf } from './chain/balance.ts';
import type { ChainView, WalletCoin } from './chain/chain-view.ts';
import type { RefusedPayment } from './chain/outgoing.ts';
import type { HistoryEntry } from './history/history.ts';
import { type HistoryRequest, readHistory } from './history/wallet-history.ts';
import {
  type Contents,
  type Discovery,
  mnemonicOf,
  parseLabel,
  type WalletKeys,
  withDiscovery,
  withReceive,
} from './keys/contents.ts';
import { CHANGE, type KeyPlace, type KeyRing, RECEIVE } from './keys/key-ring.ts';
import { checkWords, exportXpub, type ImportedAddress, importKey } from './keys/own-keys.ts';
import type { ExportedAccount } from './keys/watch-key.ts';
import { isAddressOf, networkOf, payeeScript } from './payments/payee.ts';
import { buildPayment, signPayment } from './payments/payment.ts';
import {
  type PaymentPlan,
  type PaymentRequest,
  planPayment,
  requireLabel,
  requireTrueCoins,
} from './payments/payment-plan.ts';
import { planReplacement, type ReplacementRequest } from './payments/replacement.ts';
import {
  type PreparedPayment,
  preparePayment,
  prepareReplacement,
  signPrepared,
  type UnsignedPayment,
} from './services/prepared-payment.ts';
import { type LookOptions, WalletContext, type WalletOptions, withKeys } from './wallet-context.ts';
import { WalletError } from './wallet-error.ts';

export type { WalletOptions } from './wallet-context.ts';

export interface WalletAddress {
  readonly address: string;
  /** As in "m/84'/1'/0'/0/5" (BIP 32); null for a key of no account. */
  readonly path: string | null;
}

export interface WalletLabel {
  readonly label: string;
  /** In the order they were made. */
  readonly addresses: readonly WalletAddress[];
}

/** What the wallet has, by label, at one moment. */
export interface WalletBalance {
  readonly chain: ChainState;
  readonly labels: readonly (Balance & { readonly label: string })[];
  readonly total: Balance;
  /** Payments of this wallet that the chain does not take. */
  readonly refused: readonly RefusedPayment[];
}

/** A signed payment. */
export interface Payment extends PaymentPlan {
  readonly txid: Hash;
  readonly transaction: Transaction;
}

export interface PayOptions {
  /**
   * Called with the signed payment before anything else knows of it: when it rejects, the payment was never made.
   * A service writes it down here, so that whatever is sent was recorded first.
   */
  readonly beforeBroadcast?: (payment: Payment) => Promise<void>;
}

/** The payment is signed and kept, but the backend could not be asked to take it; it is handed in again later. */
export class UndeliveredPaymentError extends Error {
  override readonly name = 'UndeliveredPaymentError';
  readonly payment: Payment;

  constructor(payment: Payment, cause: UnreachableError) {
    const id = displayHash(payment.txid);
    super(
      `${cause.message}. The payment ${id} is signed and kept in the wallet: every later look at the chain hands it in again, so do not send it a second time`,
      { cause },
    );
    this.payment = payment;
  }
}

export class Wallet {
  readonly profile: NetworkProfile;
  readonly #context: WalletContext;

  constructor(options: WalletOptions) {
    this.profile = options.profile;
    this.#context = new WalletContext(options);
  }

  /** The labels with their addresses. Does not need the chain. */
  async labels(): Promise<WalletLabel[]> {
    const contents = await this.#context.store.read();
    const ring = this.#context.ringOf(contents);
    return contents.labels.map(({ name, receive }) => ({
      label: name,
      addresses: receive.map((index) => addressAt(ring, { chain: RECEIVE, index })),
    }));
  }

  /** A receive address nobody has seen yet, for a label that is made if it is new. Does not need the chain. */
  async newAddress(name: string): Promise<WalletAddress & NewAddress> {
    const label = parseLabel(name);
    if (isAddressOf(label, this.profile.address) || networkOf(label) !== undefined) {
      throw new WalletError(
        'bad-label',
        `${label} is an address: as a label it would hide whom a payment goes to`,
      );
    }
    return this.#context.store.update(async (contents) => {
      const ring = this.#context.ringOf(contents);
      const index = contents.given;
      const updated = withReceive(contents, label, index);
      const address = addressAt(ring, { chain: RECEIVE, index });
      const unusedBefore = index - contents.used.receive;
      return { contents: withKeys(updated, ring), result: { ...address, label, unusedBefore } };
    });
  }

  /**
   * The newest receive address of a label.
   * @throws WalletError `unknown-label`
   */
  async addressOf(label: string): Promise<WalletAddress> {
    const contents = await this.#context.store.read();
    const index = requireLabel(contents, label).receive.at(-1);
    if (index === undefined) throw new RangeError(`label ${label} has no address`);
    return addressAt(this.#context.ringOf(contents), { chain: RECEIVE, index });
  }

  /**
   * Whether an address is one of this wallet's, given out or not: of all keys it knows. Does not need the chain.
   * @param label then addresses that were given out for other labels do not count
   * @throws WalletError when it is no address that can be paid
   */
  async owns(address: string, label?: string): Promise<boolean> {
    const contents = await this.#context.store.read();
    const script = payeeScript(address, this.profile.name, this.profile.address);
    const place = this.#context.ringOf(contents).findScript(script);
    if (place === undefined || place.chain === CHANGE || label === undefined) return place !== undefined;
    const holder = contents.labels.find(({ receive }) => receive.includes(place.index));
    return holder === undefined || holder.name === label;
  }

  /**
   * The words everything can be restored from.
   * @throws WalletError `watch-only` when they are elsewhere
   */
  async mnemonic(): Promise<string> {
    return mnemonicOf(await this.#context.store.read());
  }

  /** Whether the wallet has its keys, or only sees what belongs to them. */
  async kind(): Promise<WalletKeys['kind']> {
    return (await this.#context.store.read()).keys.kind;
  }

  /** Brings a single key in. @throws WalletError as {@link importKey} */
  importKey(text: string, label?: string): Promise<ImportedAddress> {
    return importKey(this.#context, text, label);
  }

  /** The public half of the account: what a wallet that only watches is made from. */
  exportXpub(): Promise<ExportedAccount> {
    return exportXpub(this.#context);
  }

  /** Whether these are the wallet's words; when they are, it remembers so. @throws WalletError `watch-only` */
  checkWords(text: string): Promise<boolean> {
    return checkWords(this.#context, text);
  }

  /** @throws WalletError `wrong-passphrase` when the present one is another; `no-file` when there is none */
  changePassphrase(current: string, next: string): Promise<void> {
    return this.#context.store.changePassphrase(current, next);
  }

  /** Forgets the keys once what is going on has ended; every later call throws WalletError `locked`. */
  close(): Promise<void> {
    return this.#context.close();
  }

  /** Looks for addresses in use beyond the ones known; see {@link scanKeys}. */
  async scan(options: LookOptions): Promise<void> {
    await this.#context.look(options);
  }

  async balance(): Promise<WalletBalance> {
    const { contents, view } = await this.#context.look();
    const names = new Set([
      ...contents.labels.map(({ name }) => name),
      ...view.coins.map(({ label }) => label),
    ]);
    const labels = [...names].map((label) => ({
      label,
      ...balanceOf(view.coins.filter((coin) => coin.label === label)),
    }));
    return { chain: view.chain, labels, total: balanceOf(view.coins), refused: view.refused };
  }

  /** The unspent coins. */
  async coins(): Promise<readonly WalletCoin[]> {
    return (await this.#context.look()).view.coins;
  }

  /** Newest first, pending ones before all others. */
  async history(request: HistoryRequest): Promise<HistoryEntry[]> {
    const { contents, view } = await this.#context.look();
    if (request.label !== undefined) requireLabel(contents, request.label);
    const ring = this.#context.ringOf(contents);
    return readHistory(request, {
      contents,
      view,
      ring,
      backend: this.#context.backend,
      profile: this.profile,
    });
  }

  /**
   * What a payment would look like, without making it.
   * @throws WalletError when it cannot be made: no such label, an address or amount that cannot be paid, too few
   *   coins ({@link InsufficientFundsError})
   */
  async plan(request: PaymentRequest): Promise<PaymentPlan> {
    const { contents, view } = await this.#context.look();
    return this.#plan(request, contents, view);
  }

  /**
   * Makes a payment: chooses coins, signs, writes it down, and hands it in. Once written down it is handed in again
   * with every look at the chain until it is settled, also after a crash.
   * @throws WalletError as {@link plan}; PaymentRejectedError when the chain refuses it, and then it is forgotten;
   *   UndeliveredPaymentError when it is kept but was not handed in yet
   */
  async pay(request: PaymentRequest, { beforeBroadcast }: PayOptions = {}): Promise<Payment> {
    const payment = await this.#context.store.update(async (stored) => {
      const { contents, view } = await this.#context.lookWith(stored);
      const plan = await this.#plan(request, contents, view);
      await requireTrueCoins(plan.coins, view);
      const ring = this.#context.ringOf(contents);
      const signed = this.#sign(plan, ring);
      await beforeBroadcast?.(signed);
      return {
        contents: withKeys(withOutgoing(contents, signed, this.#context.now()), ring),
        result: signed,
      };
    });
    try {
      await this.#context.backend.broadcast(payment.transaction);
    } catch (error) {
      if (error instanceof UnreachableError) throw new UndeliveredPaymentError(payment, error);
      if (!(error instanceof PaymentRejectedError)) throw error;
      // Another look at the chain may have handed it in meanwhile, with more success.
      const [standing] = await this.#context.backend.transactions([payment.txid]);
      if (standing !== undefined) return payment;
      await this.#forget(payment);
      throw error;
    }
    return payment;
  }

  /**
   * Signs a payment for a service that keeps it itself: nothing is written down here and nobody hears of it.
   * @throws WalletError as {@link plan}
   */
  async sign(request: PaymentRequest): Promise<Payment> {
    const { contents, view } = await this.#context.look();
    const plan = await this.#plan(request, contents, view);
    await requireTrueCoins(plan.coins, view);
    return this.#sign(plan, this.#context.ringOf(contents));
  }

  /**
   * Signs a payment that takes the place of an unconfirmed one: the same payees, all coins of the other one and more
   * where they do not cover the fee. Kept and handed in by the caller, as {@link sign}.
   * @throws WalletError when a coin is not this wallet's, or the coins do not cover the fee
   */
  async signReplacement(request: ReplacementRequest): Promise<Payment> {
    const { contents, view } = await this.#context.look();
    const ring = this.#context.ringOf(contents);
    const minimumFeeRate = await this.#context.backend.minimumFeeRate();
    const plan = planReplacement(request, contents, view, { profile: this.profile, minimumFeeRate, ring });
    const known = new Set(request.coins.map(({ outPoint }) => outPointKey(outPoint)));
    await requireTrueCoins(
      plan.coins.filter(({ outPoint }) => !known.has(outPointKey(outPoint))),
      view,
    );
    return this.#sign(plan, ring);
  }

  /** {@link preparePayment}: for a service that writes a payment down before it is signed. */
  prepare(request: PaymentRequest): Promise<PreparedPayment> {
    return preparePayment(this.#context, request);
  }

  /** {@link prepareReplacement} */
  prepareReplacement(request: ReplacementRequest): Promise<PreparedPayment> {
    return prepareReplacement(this.#context, request);
  }

  /** {@link signPrepared} */
  signPrepared(payment: UnsignedPayment): Promise<Transaction> {
    return signPrepared(this.#context, payment);
  }

  /**
   * Remembers a payment that was signed here and is kept elsewhere: its coins are not spent again, and it is handed
   * in with every look until it is settled. Remembering it twice changes nothing.
   */
  async keep(payment: KeptPayment): Promise<void> {
    await this.#context.store.update(async (contents) => {
      const isKnown = contents.outgoing.some(({ txid: id }) => id === displayHash(payment.txid));
      const updated = isKnown ? contents : withOutgoing(contents, payment, this.#context.now());
      return { contents: updated, result: undefined };
    });
  }

  async #plan(request: PaymentRequest, contents: Contents, view: ChainView): Promise<PaymentPlan> {
    const minimumFeeRate = await this.#context.backend.minimumFeeRate();
    return planPayment(request, contents, view, { profile: this.profile, minimumFeeRate });
  }

  #sign(plan: PaymentPlan, ring: KeyRing): Payment {
    const { coins, outputs, change } = plan;
    const position = this.#context.random(outputs.length + 1);
    const unsigned = buildPayment({
      coins,
      outputs,
      ...(change && { change: { value: change.value, script: ring.script(change.place), position } }),
    });
    const transaction = signPayment(unsigned, coins, (coin) => ring.privateKey(coin.place));
    return { ...plan, transaction, txid: txid(transaction) };
  }

  #forget(payment: Payment): Promise<void> {
    const settled = new Set([displayHash(payment.txid)]);
    return this.#context.store.update(async (contents) => ({
      contents: withDiscovery(contents, { ...NOTHING_NEW, settled }),
      result: undefined,
    }));
  }
}

/** A signed payment and the label that pays. */
export type KeptPayment = Pick<Payment, 'txid' | 'transaction' | 'from'>;

/** What to know about an address beside itself. */
export interface NewAddress {
  readonly label: string;
  /** Addresses before it that were never used: from {@link GAP_LIMIT} on, a restore with that limit misses it. */
  readonly unusedBefore: number;
}

const NOTHING_NEW: Discovery = { receive: [], change: [], senders: new Map(), settled: new Set() };

function withOutgoing(contents: Contents, payment: KeptPayment, time: number): Contents {
  const hex = bytesToHex(encodeTransaction(payment.transaction));
  const id = displayHash(payment.txid);
  return {
    ...contents,
    senders: { ...contents.senders, [id]: payment.from },
    outgoing: [...contents.outgoing, { txid: id, hex, label: payment.from, time }],
  };
}

function addressAt(ring: KeyRing, place: KeyPlace): WalletAddress {
  return { address: ring.address(place), path: ring.path(place) };
}
