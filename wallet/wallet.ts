/** A wallet at work: its labels, what they have, what happened to them, payments, and what is signed for others. */
import { displayHash } from '../protocol/bytes.ts';
import type { NetworkProfile } from '../protocol/network.ts';
import type { OutPoint, Transaction } from '../protocol/transaction.ts';
import type { Hash } from '../protocol/units.ts';
import { balanceOf } from './chain/balance.ts';
import { searchAddresses, type WalletCoin } from './chain/chain-view.ts';
import type { KeptPayment } from './chain/outgoing.ts';
import type { AddressRow } from './history/address-rows.ts';
import type { BalancePoint } from './history/balance-chart.ts';
import type { SyncProgress } from './history/book-sync.ts';
import type { HistoryEntry } from './history/history.ts';
import type { HistoryChoice, HistoryPage, HistoryRequest } from './history/history-page.ts';
import type { WalletCheck } from './history/wallet-check.ts';
import { WalletHistory } from './history/wallet-history.ts';
import {
  type Contact,
  type Contents,
  mnemonicOf,
  type WalletKeys,
  type WalletSettings,
} from './keys/contents.ts';
import type { KeyPlace } from './keys/key-ring.ts';
import { checkWords, exportXpub, type ImportedAddress, importKey } from './keys/own-keys.ts';
import {
  type NoteSubject,
  withContact,
  withFrozen,
  withNote,
  withoutContact,
  withSettings,
} from './keys/owner-notes.ts';
import {
  addressOf,
  labels,
  newAddress,
  owns,
  renameLabel,
  requireNoAddress,
} from './keys/receive-addresses.ts';
import type { ExportedAccount } from './keys/watch-key.ts';
import { type MessageRequest, signMessage } from './messages/message-signing.ts';
import {
  type MessageForm,
  type MessageVerdict,
  type SignedMessage,
  verifyMessage,
} from './messages/message-verdict.ts';
import { type FeeChoice, type FeeOffer, feeOffer } from './payments/fee-offer.ts';
import { payeeScript } from './payments/payee.ts';
import type { PaymentPlan, PaymentRequest } from './payments/payment-plan.ts';
import type { ReplacementRequest } from './payments/replacement.ts';
import {
  keep,
  type Payment,
  type PayOptions,
  pay,
  planned,
  plannedReplacement,
  type ReplacementChoice,
  replace,
} from './payments/sending.ts';
import {
  type CreatedPsbt,
  combinePsbt,
  completePsbt,
  createPsbt,
  createPsbtOfPlan,
  type DespiteWarnings,
  type FinalizedPsbt,
  inspectPsbt,
  type PsbtSource,
  type PsbtWithReport,
  payPsbt,
  reservePsbt,
  type SignedPsbtText,
  signPsbt,
} from './psbt/wallet-psbt.ts';
import {
  type PreparedPayment,
  preparePayment,
  prepareReplacement,
  signPrepared,
  type UnsignedPayment,
} from './services/prepared-payment.ts';
import type {
  BalanceChartRequest,
  NewAddress,
  ScanResult,
  WalletAddress,
  WalletBalance,
  WalletLabel,
} from './wallet-answers.ts';
import { type LookOptions, WalletContext, type WalletOptions } from './wallet-context.ts';
import { WalletError } from './wallet-error.ts';

export type { KeptPayment } from './chain/outgoing.ts';
export { type Payment, type PayOptions, UndeliveredPaymentError } from './payments/sending.ts';
export type * from './wallet-answers.ts';
export type { WalletOptions } from './wallet-context.ts';

export class Wallet {
  readonly profile: NetworkProfile;
  readonly #context: WalletContext;
  readonly #history: WalletHistory;

  constructor(options: WalletOptions) {
    this.profile = options.profile;
    this.#context = new WalletContext(options);
    this.#history = new WalletHistory(this.#context);
  }

  /** The labels with their addresses. Does not need the chain. */
  labels(): Promise<WalletLabel[]> {
    return labels(this.#context);
  }

  /** A receive address nobody has seen yet, for a label that is made if it is new. Does not need the chain. */
  newAddress(name: string): Promise<NewAddress> {
    return newAddress(this.#context, name);
  }

  /**
   * Gives a label another name: its addresses, coins and history stay. Does not need the chain.
   * @returns the name as it is kept
   * @throws WalletError `unknown-label`; `bad-label`, also when another label has the name
   */
  renameLabel(label: string, newName: string): Promise<string> {
    return renameLabel(this.#context, label, newName);
  }

  /**
   * The newest receive address of a label.
   * @throws WalletError `unknown-label`
   */
  addressOf(label: string): Promise<WalletAddress> {
    return addressOf(this.#context, label);
  }

  /**
   * Whether an address is one of this wallet's, given out or not: of all keys it knows. Does not need the chain.
   * @param label then addresses that were given out for other labels do not count
   * @throws WalletError when it is no address that can be paid
   */
  owns(address: string, label?: string): Promise<boolean> {
    return owns(this.#context, address, label);
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

  /** When the owner last showed that they have the words, Unix seconds; undefined for never. */
  async wordsChecked(): Promise<number | undefined> {
    return (await this.#context.store.read()).wordsChecked ?? undefined;
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
  async close(): Promise<void> {
    await this.#context.close();
    await this.#history.close();
  }

  /** Looks for addresses in use beyond the ones known, further with a larger gap limit; see {@link scanKeys}. */
  async scan(options: LookOptions = {}): Promise<ScanResult> {
    const { contents, view } = await this.#context.lookBy((look) => searchAddresses({ ...look, ...options }));
    const { receive, change } = view.discovery;
    return { used: contents.used, found: receive.length + change.length };
  }

  async balance(): Promise<WalletBalance> {
    const { contents, view } = await this.#history.look();
    const coins = [...view.coins, ...view.undelivered];
    const names = new Set([...contents.labels.map(({ name }) => name), ...coins.map(({ label }) => label)]);
    const labels = [...names].map((label) => ({
      label,
      ...balanceOf(coins.filter((coin) => coin.label === label)),
    }));
    return { chain: view.chain, labels, total: balanceOf(coins), refused: view.refused };
  }

  /** The unspent coins. */
  async coins(): Promise<readonly WalletCoin[]> {
    return (await this.#history.look()).view.coins;
  }

  /**
   * A page of what happened: newest first, pending ones before all others. A page after the first is of the same
   * moment as that.
   * @throws WalletError `unknown-label`, `history-changed`
   */
  history(request: HistoryRequest): Promise<HistoryPage> {
    return this.#history.page(request);
  }

  /** One transaction as the whole wallet sees it; undefined when it is none of the wallet's. */
  historyEntry(txid: Hash): Promise<HistoryEntry | undefined> {
    return this.#history.entry(displayHash(txid));
  }

  /** All that was chosen as a table (RFC 4180). @throws WalletError `unknown-label` */
  historyCsv(choice: HistoryChoice = {}): Promise<string> {
    return this.#history.csv(choice);
  }

  /** What the wallet, or one label, had after each block; at most so many points. @throws WalletError `unknown-label` */
  balanceChart({ label, points = 400 }: BalanceChartRequest = {}): Promise<BalancePoint[]> {
    return this.#history.chart(label, points);
  }

  /** All addresses that were given out or used, and imported ones. */
  addresses(): Promise<AddressRow[]> {
    return this.#history.addresses();
  }

  /** Reads what is new in the history, the first time all of it. */
  async sync(onProgress?: (progress: SyncProgress) => void): Promise<void> {
    await this.#history.read(onProgress);
  }

  /** Whether what the chain says adds up, and what the owner should know. */
  check(): Promise<WalletCheck> {
    return this.#history.check();
  }

  /** What fees there are to choose from at present. */
  fees(): Promise<FeeOffer> {
    return feeOffer(this.#context.backend);
  }

  /**
   * What a payment would look like, without making it.
   * @throws WalletError when it cannot be made: no such label, an address, amount or fee rate that cannot be paid, a
   *   coin that may not be spent, too few coins ({@link InsufficientFundsError})
   */
  async plan(request: PaymentRequest): Promise<PaymentPlan> {
    return planned(this.#context, request, await this.#context.look());
  }

  /**
   * Makes a payment: chooses coins, signs, writes it down, and hands it in. Once written down it is handed in again
   * with every look at the chain until it is settled, also after a crash.
   * @throws WalletError as {@link plan}; `high-fee` when the fee looks like a mistake and was not accepted;
   *   `watch-only`; PaymentRejectedError when the chain refuses it, and then it is forgotten; UndeliveredPaymentError
   *   when it is kept but was not handed in yet
   */
  pay(request: PaymentRequest, options: PayOptions = {}): Promise<Payment> {
    return pay(this.#context, request, options);
  }

  /**
   * What {@link bump} would send.
   * @throws WalletError `unknown-payment`, `not-replaceable`, `bad-fee-rate`; InsufficientFundsError
   */
  async planBump(txid: Hash, choice: FeeChoice = {}): Promise<PaymentPlan> {
    return plannedReplacement(this.#context, 'bump', txid, choice, await this.#context.look());
  }

  /**
   * Raises the fee of a payment that waits for a block (BIP 125): the same payees are paid by another transaction,
   * which takes its place. It is kept and handed in as {@link pay} does.
   * @throws WalletError as {@link planBump} and {@link pay}
   */
  bump(txid: Hash, choice: ReplacementChoice = {}, options: PayOptions = {}): Promise<Payment> {
    return replace(this.#context, 'bump', txid, choice, options);
  }

  /** What {@link cancel} would send. @throws WalletError as {@link planBump} */
  async planCancel(txid: Hash, choice: FeeChoice = {}): Promise<PaymentPlan> {
    return plannedReplacement(this.#context, 'cancel', txid, choice, await this.#context.look());
  }

  /**
   * Takes a payment back that waits for a block: another transaction, which returns its coins to their labels, takes
   * its place. Whether it came in time, the chain says: see {@link history}.
   * @throws WalletError as {@link planBump} and {@link pay}
   */
  cancel(txid: Hash, choice: ReplacementChoice = {}, options: PayOptions = {}): Promise<Payment> {
    return replace(this.#context, 'cancel', txid, choice, options);
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
  keep(payment: KeptPayment): Promise<void> {
    return keep(this.#context, payment);
  }

  /** Coins that are not to be spent until they are asked for by hand. What is so already stays so. */
  setFrozen(outPoints: readonly OutPoint[], frozen: boolean): Promise<void> {
    return this.#write((contents) => withFrozen(contents, outPoints, frozen));
  }

  async contacts(): Promise<readonly Contact[]> {
    return (await this.#context.store.read()).contacts;
  }

  /** @throws WalletError `bad-name`; `bad-address`, `wrong-network` when nobody could pay to the address */
  async setContact(name: string, address: string): Promise<void> {
    requireNoAddress('bad-name', name, this.profile.address);
    payeeScript(address, this.profile.name, this.profile.address);
    await this.#write((contents) => withContact(contents, name, address));
  }

  /** @throws WalletError `unknown-contact` */
  removeContact(name: string): Promise<void> {
    return this.#write((contents) => withoutContact(contents, name));
  }

  /**
   * Writes something beside an address or a transaction; an empty text takes it away.
   * @throws WalletError `bad-note`, `bad-address`, `wrong-network`, `unknown-payment`
   */
  async setNote(subject: NoteSubject, text: string): Promise<void> {
    if ('address' in subject) payeeScript(subject.address, this.profile.name, this.profile.address);
    else requireTxid(subject.txid);
    await this.#write((contents) => withNote(contents, subject, text));
  }

  async settings(): Promise<WalletSettings> {
    return (await this.#context.store.read()).settings;
  }

  /** Those not named stay. @throws WalletError `bad-setting` */
  setSettings(changes: Partial<WalletSettings>): Promise<void> {
    return this.#write((contents) => withSettings(contents, changes));
  }

  /** The address of a key of this wallet, such as a plan's change would go to. */
  async addressOfPlace(place: KeyPlace): Promise<string> {
    return this.#context.ringOf(await this.#context.store.read()).address(place);
  }

  /** A payment for a signer elsewhere; see {@link createPsbt}. A plan is taken as it is. */
  createPsbt(payment: PaymentRequest | PaymentPlan): Promise<CreatedPsbt> {
    return 'outputs' in payment
      ? createPsbtOfPlan(this.#context, payment)
      : createPsbt(this.#context, payment);
  }

  /** Keeps the coins of a PSBT for it: see {@link reservePsbt}. Does not need the chain. */
  reservePsbt(psbt: PsbtSource): Promise<readonly OutPoint[]> {
    return reservePsbt(this.#context, psbt);
  }

  /**
   * What a PSBT would do. Does not need the chain, as the next three, unless the signed transaction is given.
   * @throws WalletError `bad-psbt`; `coins-gone` when the chain does not know what a signed transaction spends
   */
  inspectPsbt(psbt: PsbtSource): Promise<PsbtWithReport> {
    return inspectPsbt(this.#context, psbt);
  }

  /** Signs the own inputs of a PSBT. @throws WalletError as {@link signPsbt} */
  signPsbt(psbt: PsbtSource, options: DespiteWarnings = {}): Promise<SignedPsbtText> {
    return signPsbt(this.#context, psbt, options);
  }

  /** All that several PSBTs of one transaction know. @throws WalletError `bad-psbt` */
  combinePsbt(psbts: readonly PsbtSource[]): Promise<PsbtWithReport> {
    return combinePsbt(this.#context, psbts);
  }

  /** Completes the signed inputs of a PSBT. @throws WalletError `bad-psbt` */
  finalizePsbt(psbt: PsbtSource): Promise<FinalizedPsbt> {
    return completePsbt(this.#context, psbt);
  }

  /** Sends a signed PSBT. @throws WalletError as {@link payPsbt}; as {@link pay} does when it is handed in */
  payPsbt(psbt: PsbtSource, options: DespiteWarnings = {}): Promise<Payment> {
    return payPsbt(this.#context, psbt, options);
  }

  /** Signs a message for an own address. @throws WalletError as {@link signMessage} */
  signMessage(request: MessageRequest): Promise<SignedMessage & { readonly form: MessageForm }> {
    return signMessage(this.#context, request);
  }

  /** Whether the owner of any address signed a message. @throws WalletError as {@link verifyMessage} */
  async verifyMessage(signed: SignedMessage): Promise<MessageVerdict> {
    return verifyMessage(signed, this.profile);
  }

  #write(step: (contents: Contents) => Contents): Promise<void> {
    return this.#context.store.update(async (contents) => ({ contents: step(contents), result: undefined }));
  }
}

function requireTxid(text: string): void {
  if (/^[0-9a-f]{64}$/.test(text)) return;
  throw new WalletError('unknown-payment', `${JSON.stringify(text)} is no txid: it has 64 hex digits`);
}
