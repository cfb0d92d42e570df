/** What the answers of the wallet's page are made of. Times are seconds since 1970, unknown is null. */
import * as z from 'zod/mini';

const number = z.number();
const count = z.int().check(z.gte(0));
const text = z.string();
const flag = z.boolean();
/** As shown: 64 hex digits. */
export const Txid = z.string().check(z.regex(/^[0-9a-f]{64}$/, 'must be 64 hex digits'));
/** `TXID:INDEX` of an output. */
export const OutPointText = z
  .string()
  .check(z.regex(/^[0-9a-f]{64}:(0|[1-9]\d{0,9})$/, 'must be TXID:INDEX, the id in 64 hex digits'));
/** Whole nits in decimal digits: exact, unlike a number. */
export const NitsText = z
  .string()
  .check(z.regex(/^(0|[1-9]\d{0,18})$/, 'must be whole nits in decimal digits'));
/** The same, perhaps below zero. */
const signedNits = z.string().check(z.regex(/^-?\d{1,20}$/));
/** Nits per virtual byte in decimal digits with at most three decimals: "1", "2.5". */
const feeRate = z.string().check(z.regex(/^\d{1,6}(\.\d{1,3})?$/));

/** The fee presets, from slow and cheap to quick. */
export const FeePreset = z.enum(['economy', 'normal', 'fast']);
export type FeePreset = z.infer<typeof FeePreset>;

/** A wallet file of this network, open or not. */
export const WalletRow = z.object({
  /** What requests name it by. */
  id: text,
  name: text,
  /** Path of the file. */
  file: text,
  is_open: flag,
  /** `watch` knows no private keys; null while it is closed. */
  kind: z.nullable(z.enum(['words', 'watch'])),
  /** Minutes without the person after which it is locked, 0 for never; null while it is closed. */
  auto_lock_minutes: z.nullable(number),
  /** Why it cannot be opened as it is: damaged, of another network. */
  problem: z.nullable(text),
});
export type WalletRow = z.infer<typeof WalletRow>;

/** How the node or relay is that the wallet asks. */
export const BackendState = z.object({
  /** `starting`: nothing was heard yet. */
  state: z.enum(['starting', 'ok', 'syncing', 'away']),
  /** Why it is not ok, as a sentence. */
  reason: z.nullable(text),
  /** Where it is, without a password. */
  url: text,
  height: z.nullable(number),
  /** Hash of the newest block as shown. */
  tip: z.nullable(text),
});
export type BackendState = z.infer<typeof BackendState>;

/** Everything that the page knows without a wallet. */
export const GuiState = z.object({
  time: number,
  network: z.object({
    name: text,
    coin: text,
    test_money: flag,
    block_time_seconds: number,
    /** Blocks after which a block's reward may be spent. */
    maturity: number,
    /** Of a payment URI. */
    uri_scheme: text,
    /** The forms of addresses, as `AddressFormat` of protocol/address.ts. */
    address: z.object({ hrp: text, p2pkh: z.nullable(number), p2sh: z.nullable(number) }),
  }),
  backend: BackendState,
  /** Its pages; a transaction is at `/tx/TXID` below, an address at `/address/ADDRESS`. Null where there is none. */
  explorer_url: z.nullable(text),
  wallets: z.array(WalletRow),
  /** The longest that a label, a note or a contact's name may be. */
  limits: z.object({ label: number, note: number, contact: number }),
});
export type GuiState = z.infer<typeof GuiState>;

const balance = { spendable_nits: NitsText, pending_nits: NitsText, immature_nits: NitsText };

/** A payment of the wallet that the chain does not take. */
export const RefusedRow = z.object({
  txid: Txid,
  label: text,
  reason: text,
  /** True: its coins are free again. False: it may still be taken, and is handed in again. */
  given_up: flag,
});
export type RefusedRow = z.infer<typeof RefusedRow>;

export const Overview = z.object({
  kind: z.enum(['words', 'watch']),
  height: number,
  tip: text,
  /** Whether the node is still catching up: the numbers are of an older chain. */
  syncing: flag,
  total: z.object(balance),
  labels: z.array(z.object({ label: text, ...balance })),
  refused: z.array(RefusedRow),
  /** When the owner last showed that they have the words; null for never, and for a wallet without words. */
  words_checked: z.nullable(number),
  /** Whether there are words that could be lost. */
  has_words: flag,
});
export type Overview = z.infer<typeof Overview>;

export const HISTORY_DIRECTIONS = ['sent', 'received', 'mined', 'moved'] as const;
export const HISTORY_STATUSES = ['confirmed', 'pending', 'immature'] as const;

/** Somebody at an end of a payment; what is no address is null, and so is the label of a stranger. */
const counterparty = z.object({
  address: z.nullable(text),
  label: z.nullable(text),
  amount_nits: NitsText,
});

export const HistoryRow = z.object({
  txid: Txid,
  direction: z.enum(HISTORY_DIRECTIONS),
  status: z.enum(HISTORY_STATUSES),
  confirmations: count,
  /** Of its block; null while it waits for one. */
  height: z.nullable(count),
  /** Blocks until a reward can be spent; null for what is none. */
  blocks_left: z.nullable(count),
  /** Of the block; null while it waits for one. */
  time: z.nullable(number),
  /** Why the chain does not take a pending payment, as a sentence. */
  problem: z.nullable(text),
  /** The label as which it is told; null in the scope of the wallet. */
  label: z.nullable(text),
  /** All labels of the wallet that it concerns. */
  labels: z.array(text),
  /** What was paid, received or mined, without the fee. */
  amount_nits: NitsText,
  /** Null when others paid it. */
  fee_nits: z.nullable(NitsText),
  /** What it did to the balance. */
  net_nits: signedNits,
  /** Whom a `sent` paid. */
  paid: z.array(counterparty),
  /** The addresses of the wallet that were paid. */
  received: z.array(counterparty),
  /** The label of this wallet that paid for a `received`. */
  from: z.nullable(text),
  note: text,
});
export type HistoryRow = z.infer<typeof HistoryRow>;

/** What can be done with a transaction of the wallet. */
export const TransactionView = z.object({
  row: HistoryRow,
  can_bump: flag,
  can_cancel: flag,
});
export type TransactionView = z.infer<typeof TransactionView>;

/** The wallet's balance after a block. */
export const ChartPoint = z.object({ time: number, balance_nits: signedNits });
export type ChartPoint = z.infer<typeof ChartPoint>;

export const ReceiveAddress = z.object({
  address: text,
  path: z.nullable(text),
  label: text,
  /** Addresses before it that nobody ever paid to: from 20 on, a restore may miss it. Null where it is not new. */
  unused_before: z.nullable(count),
});
export type ReceiveAddress = z.infer<typeof ReceiveAddress>;

export const AddressRow = z.object({
  address: text,
  /** As in "m/84'/1'/0'/0/5"; null for an imported key. */
  path: z.nullable(text),
  chain: z.enum(['receive', 'change', 'imported']),
  index: number,
  label: z.nullable(text),
  note: text,
  used: flag,
  balance_nits: NitsText,
});
export type AddressRow = z.infer<typeof AddressRow>;

export const CoinRow = z.object({
  out_point: OutPointText,
  address: text,
  label: text,
  value_nits: NitsText,
  status: z.enum(['spendable', 'immature', 'pending']),
  confirmations: count,
  /** A pending one of the wallet's own may be spent already. */
  own: flag,
  frozen: flag,
});
export type CoinRow = z.infer<typeof CoinRow>;

const presetFee = z.object({
  fee_rate: feeRate,
  /** Within so many blocks, as the node guesses. */
  blocks: number,
  /** `fallback`: the node has no estimate, this is the lowest that it takes or close to it. */
  source: z.enum(['estimate', 'fallback']),
});
export const Fees = z.object({
  minimum_fee_rate: feeRate,
  maximum_fee_rate: feeRate,
  presets: z.object({ economy: presetFee, normal: presetFee, fast: presetFee }),
});
export type Fees = z.infer<typeof Fees>;

/** Coins together. */
const CoinPile = z.object({ coins: number, amount_nits: NitsText });

/** A payment as it would be made now; `pay` with its id makes exactly this one, once. */
export const PlanView = z.object({
  id: text,
  kind: z.enum(['payment', 'bump', 'cancel']),
  /** The transaction whose place it takes. */
  replaces: z.nullable(Txid),
  from: z.array(text),
  to: z.array(z.object({ address: text, label: z.nullable(text), amount_nits: NitsText })),
  amount_nits: NitsText,
  fee_nits: NitsText,
  fee_rate: feeRate,
  vsize: number,
  total_nits: NitsText,
  coins: z.array(CoinRow),
  /** Null when nothing worth an output is left over. */
  change: z.nullable(z.object({ address: text, amount_nits: NitsText })),
  /** What a payment of all there is leaves all the same; null where nothing does. */
  stays: z.nullable(z.object({ no_room: CoinPile, worthless: CoinPile })),
  /** Why the fee looks like a mistake; `pay` has to say that it is none. Null where it is usual. */
  high_fee: z.nullable(text),
  /** What else to think about before it is sent, as sentences. */
  warnings: z.array(text),
});
export type PlanView = z.infer<typeof PlanView>;

export const SentPayment = z.object({
  txid: Txid,
  /** False: it is kept and handed in again, the node could not be asked. `note` says so. */
  delivered: flag,
  note: z.nullable(text),
});
export type SentPayment = z.infer<typeof SentPayment>;

export const Contact = z.object({ name: text, address: text });
export type Contact = z.infer<typeof Contact>;

export const WalletSettings = z.object({ auto_lock_minutes: number, fee: FeePreset });
export type WalletSettings = z.infer<typeof WalletSettings>;

/** What a partly signed transaction does (BIP 174). */
export const PsbtView = z.object({
  /** Base64. */
  psbt: text,
  /** `final`: nothing is missing, it can be sent. */
  state: z.enum(['unsigned', 'partly-signed', 'signed', 'final']),
  txid: Txid,
  inputs: z.array(
    z.object({
      out_point: text,
      address: z.nullable(text),
      amount_nits: z.nullable(NitsText),
      ours: flag,
      signed: flag,
    }),
  ),
  outputs: z.array(
    z.object({ address: z.nullable(text), amount_nits: NitsText, ours: flag, is_change: flag }),
  ),
  /** Null where an input does not tell its amount. */
  fee_nits: z.nullable(NitsText),
  fee_rate: z.nullable(feeRate),
  /** What leaves the wallet, the fee included; below zero when it gains. Null where that is not known. */
  spent_nits: z.nullable(signedNits),
  /** Whether this wallet can sign something that is not signed yet. */
  can_sign: flag,
  /** A grave one keeps it from being signed or sent. */
  warnings: z.array(z.object({ code: text, message: text, grave: flag })),
});
export type PsbtView = z.infer<typeof PsbtView>;

/** What a scan of the chain has looked at. */
export const ScanView = z.object({
  chain: z.enum(['receive', 'change']),
  scanned: count,
  used: count,
});
export type ScanView = z.infer<typeof ScanView>;

export const CheckView = z.object({
  /** False when the node contradicts itself: nothing that it says of the wallet should be believed. */
  sound: flag,
  /** Each with its finding, as a sentence. */
  findings: z.array(z.object({ name: text, ok: flag, detail: text })),
});
export type CheckView = z.infer<typeof CheckView>;

export const MessageForm = z.enum(['bip322', 'recoverable']);
export type MessageForm = z.infer<typeof MessageForm>;

/** A signature that cannot be read is refused with `bad-signature` instead. */
export const MessageVerdict = z.object({
  /** `inconclusive`: of a kind that this program cannot check. */
  state: z.enum(['valid', 'invalid', 'inconclusive']),
  /** As a sentence. */
  reason: z.nullable(text),
  form: z.nullable(MessageForm),
});
export type MessageVerdict = z.infer<typeof MessageVerdict>;
