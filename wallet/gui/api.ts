/**
 * What the page of the wallet and its server say to each other. Every question is `POST /api/NAME` with a JSON object
 * and, but for `session/open`, the session's secret as `Authorization: Bearer SECRET`; every refusal is
 * `{error: {code, message, field?, …}}`. The live feed is a WebSocket at `/live`, see {@link LiveGreeting}.
 */
import * as z from 'zod/mini';
import * as values from './api-values.ts';

const text = (longest: number) => z.string().check(z.maxLength(longest, `has at most ${longest} characters`));
const nothing = z.object({});

/** Names a wallet, as in the list of wallets. */
const wallet = text(200);
const passphrase = text(1_000);
const words = text(1_000);
const label = text(200);
const address = text(100);
/** Of a new wallet; the server says which are allowed. */
const name = text(100);
const minutes = z.int('must be whole minutes').check(z.gte(0), z.lte(1_440));
const accountNumber = z.int().check(z.gte(0), z.lte(2 ** 31 - 1));
const gapLimit = z.int().check(z.gte(1), z.lte(10_000));
const psbt = text(1_500_000);
const day = z.number();

/** How much a payment offers: a preset, or nits per virtual byte as "1.5". */
const fee = z.union([z.strictObject({ preset: values.FeePreset }), z.strictObject({ fee_rate: text(20) })]);

/** A payment that is asked for. */
const payment = {
  wallet,
  /** The label whose coins pay; left out: any. */
  from: z.optional(label),
  to: z
    .array(
      z.strictObject({
        /** An address of the network. */
        address,
        /** `max`: all that is left after the others and the fee; for one payee only. */
        amount_nits: z.union([values.NitsText, z.literal('max')]),
      }),
    )
    .check(z.minLength(1), z.maxLength(1_000)),
  fee,
  /** Spend exactly these. */
  coins: z.optional(z.array(values.OutPointText).check(z.minLength(1), z.maxLength(2_000))),
};

const historyFilter = {
  /** `wallet`: one row for each transaction; `label`: one for each label that it concerns. */
  scope: z.enum(['wallet', 'label']),
  label: z.optional(label),
  direction: z.optional(z.enum(values.HISTORY_DIRECTIONS)),
  status: z.optional(z.enum(values.HISTORY_STATUSES)),
  /** In notes, labels, addresses and ids. */
  text: z.optional(text(200)),
  /** Seconds since 1970, the first included, the second not. */
  since: z.optional(day),
  until: z.optional(day),
};

/** The table of questions: what each takes and what it answers. */
export const CALLS = {
  // Session.
  /** Changes the one-time token of a link for a session. The only one without a session. */
  'session/open': {
    request: z.strictObject({ token: text(200) }),
    answer: z.object({ session: z.string(), state: values.GuiState }),
  },
  /** Ends the session; wallets stay as they are. */
  'session/close': { request: z.strictObject({}), answer: nothing },
  state: { request: z.strictObject({}), answer: values.GuiState },

  // Wallets.
  /** Twelve new words. */
  'wallets/words': { request: z.strictObject({}), answer: z.object({ words: z.string() }) },
  /** Whether words can be restored from; `reason` says why not. */
  'wallets/words-valid': {
    request: z.strictObject({ words }),
    answer: z.object({ valid: z.boolean(), reason: z.nullable(z.string()) }),
  },
  /** Makes a new wallet and opens it. */
  'wallets/create': {
    request: z.strictObject({ name, words, passphrase, words_checked: z.boolean() }),
    answer: z.object({ wallet: values.WalletRow }),
  },
  /** Finds what the words own; the feed tells how far it is (`scan`, with the name of the wallet). */
  'wallets/restore': {
    request: z.strictObject({
      name,
      words,
      passphrase,
      account: z.optional(accountNumber),
      gap_limit: z.optional(gapLimit),
    }),
    answer: z.object({
      wallet: values.WalletRow,
      used_addresses: z.number(),
      /** Further accounts of the same words that are in use: each is a wallet of its own. */
      other_accounts: z.array(z.number()),
    }),
  },
  /** A wallet that watches the keys of an extended public key (xpub, zpub, tpub, vpub). */
  'wallets/watch': {
    request: z.strictObject({ name, xpub: text(200), passphrase, gap_limit: z.optional(gapLimit) }),
    answer: z.object({ wallet: values.WalletRow, used_addresses: z.number() }),
  },
  'wallets/open': {
    request: z.strictObject({ wallet, passphrase }),
    answer: z.object({ wallet: values.WalletRow }),
  },
  'wallets/lock': { request: z.strictObject({ wallet }), answer: nothing },
  /** The person is there: puts off the auto-lock. Reading does not. */
  'wallets/touch': { request: z.strictObject({ wallet }), answer: nothing },

  // What it has.
  overview: { request: z.strictObject({ wallet }), answer: values.Overview },
  'balance-chart': {
    request: z.strictObject({ wallet, label: z.optional(label) }),
    answer: z.object({ points: z.array(values.ChartPoint) }),
  },
  /** Newest first. `after` is `next` of the page before. */
  history: {
    request: z.strictObject({
      wallet,
      ...historyFilter,
      limit: z.int().check(z.gte(1), z.lte(500)),
      after: z.optional(text(200)),
    }),
    answer: z.object({
      rows: z.array(values.HistoryRow),
      /** Of all pages. */
      total: z.number(),
      next: z.nullable(z.string()),
    }),
  },
  'history-csv': {
    request: z.strictObject({ wallet, ...historyFilter }),
    answer: z.object({ csv: z.string(), file_name: z.string() }),
  },
  transaction: {
    request: z.strictObject({ wallet, txid: values.Txid }),
    answer: values.TransactionView,
  },
  addresses: {
    request: z.strictObject({ wallet }),
    answer: z.object({ addresses: z.array(values.AddressRow) }),
  },
  coins: { request: z.strictObject({ wallet }), answer: z.object({ coins: z.array(values.CoinRow) }) },
  'coins/freeze': {
    request: z.strictObject({
      wallet,
      coins: z.array(values.OutPointText).check(z.minLength(1), z.maxLength(2_000)),
      frozen: z.boolean(),
    }),
    answer: nothing,
  },
  /** Looks further for addresses in use than it usually does. */
  scan: {
    request: z.strictObject({ wallet, gap_limit: gapLimit }),
    answer: z.object({ used_addresses: z.number() }),
  },
  /** Whether everything adds up. */
  check: { request: z.strictObject({ wallet }), answer: values.CheckView },

  // Receive.
  /** The labels in the order they were made. */
  labels: {
    request: z.strictObject({ wallet }),
    answer: z.object({ labels: z.array(z.object({ label: z.string(), addresses: z.number() })) }),
  },
  /** Gives a label another name; the answer says how it is kept. */
  'labels/rename': {
    request: z.strictObject({ wallet, label, name: label }),
    answer: z.object({ label: z.string() }),
  },
  /** The newest address of a label. */
  'receive/address': { request: z.strictObject({ wallet, label }), answer: values.ReceiveAddress },
  /** One that nobody has seen yet; the label is made if it is new. */
  'receive/new-address': { request: z.strictObject({ wallet, label }), answer: values.ReceiveAddress },

  // Send.
  fees: { request: z.strictObject({ wallet }), answer: values.Fees },
  plan: { request: z.strictObject(payment), answer: values.PlanView },
  'plan/bump': { request: z.strictObject({ wallet, txid: values.Txid, fee }), answer: values.PlanView },
  'plan/cancel': { request: z.strictObject({ wallet, txid: values.Txid, fee }), answer: values.PlanView },
  /** Makes what was planned, to the nit, or refuses: `plan-changed`. A plan can be paid once. */
  pay: {
    request: z.strictObject({ wallet, plan: text(100), accept_high_fee: z.optional(z.boolean()) }),
    answer: values.SentPayment,
  },

  // Contacts, notes, settings.
  contacts: {
    request: z.strictObject({ wallet }),
    answer: z.object({ contacts: z.array(values.Contact) }),
  },
  'contacts/set': { request: z.strictObject({ wallet, name: text(200), address }), answer: nothing },
  'contacts/remove': { request: z.strictObject({ wallet, name: text(200) }), answer: nothing },
  /** Writes beside an address or a transaction, one of the two; an empty text removes it. */
  note: {
    request: z.strictObject({
      wallet,
      address: z.optional(address),
      txid: z.optional(values.Txid),
      text: text(1_000),
    }),
    answer: nothing,
  },
  settings: { request: z.strictObject({ wallet }), answer: values.WalletSettings },
  'settings/set': {
    request: z.strictObject({
      wallet,
      auto_lock_minutes: z.optional(minutes),
      fee: z.optional(values.FeePreset),
    }),
    answer: values.WalletSettings,
  },

  // Keys. What shows or replaces a secret asks for the passphrase again.
  'keys/words': { request: z.strictObject({ wallet, passphrase }), answer: z.object({ words: z.string() }) },
  /** Whether these are the words of the wallet; being right is remembered. */
  'keys/check-words': {
    request: z.strictObject({ wallet, words }),
    answer: z.object({ same: z.boolean() }),
  },
  'keys/xpub': {
    request: z.strictObject({ wallet }),
    answer: z.object({
      xpub: z.string(),
      /** The same as SLIP 132 writes it. */
      zpub: z.string(),
      path: z.string(),
      fingerprint: z.nullable(z.string()),
      /** With its origin in front: what an offline signer needs. */
      with_origin: z.string(),
    }),
  },
  /** A single private key, as WIF or 64 hex digits. */
  'keys/import': {
    request: z.strictObject({ wallet, passphrase, key: text(200), label }),
    answer: z.object({ address: z.string() }),
  },
  'keys/change-passphrase': {
    request: z.strictObject({ wallet, passphrase, new_passphrase: passphrase }),
    answer: nothing,
  },

  // Partly signed transactions (BIP 174).
  /** What was planned, unsigned. The plan stays: it may be made again. */
  'psbt/create': { request: z.strictObject({ wallet, plan: text(100) }), answer: values.PsbtView },
  /** Its coins are kept for it until it is sent, or they are unfrozen; the answer says how many. */
  'psbt/reserve': { request: z.strictObject({ wallet, psbt }), answer: z.object({ coins: z.number() }) },
  'psbt/inspect': { request: z.strictObject({ wallet, psbt }), answer: values.PsbtView },
  /** Grave warnings refuse, unless the person has read them: `despite_warnings`. */
  'psbt/sign': {
    request: z.strictObject({ wallet, psbt, despite_warnings: z.optional(z.boolean()) }),
    answer: values.PsbtView,
  },
  'psbt/combine': {
    request: z.strictObject({ wallet, psbts: z.array(psbt).check(z.minLength(2), z.maxLength(20)) }),
    answer: values.PsbtView,
  },
  'psbt/send': {
    request: z.strictObject({ wallet, psbt, despite_warnings: z.optional(z.boolean()) }),
    answer: values.SentPayment,
  },

  // Messages.
  'messages/sign': {
    request: z.strictObject({ wallet, address, message: text(100_000), form: values.MessageForm }),
    /** Base64. */
    answer: z.object({ signature: z.string() }),
  },
  'messages/verify': {
    request: z.strictObject({ wallet, address, message: text(100_000), signature: text(20_000) }),
    answer: values.MessageVerdict,
  },
} as const;

export type Calls = typeof CALLS;
export type CallName = keyof Calls;
export type CallRequest<Name extends CallName> = z.input<Calls[Name]['request']>;
export type CallAnswer<Name extends CallName> = z.output<Calls[Name]['answer']>;

/** Where a question is sent. */
export function callPath(call: CallName): string {
  return `/api/${call}`;
}

/**
 * Why a question is refused. Beside the codes of `WALLET_ERRORS` (HTTP 422; `wrong-passphrase` 403): `bad-request`
 * 400 with the field, `no-session` 401, `forbidden` 403, `locked` 409 (open the wallet again), `unreachable` 503 (the
 * node is away), `too-many-requests` 429, `internal` 500.
 */
export const Refusal = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    /** Of the request. */
    field: z.optional(z.string()),
    retry_after_seconds: z.optional(z.number()),
    /** With `insufficient-funds`: how much more is needed. */
    missing_nits: z.optional(z.string()),
  }),
});
export type Refusal = z.infer<typeof Refusal>;

/** What the page says first on `/live`; a socket that says something else is closed (1008). */
export const LiveGreeting = z.strictObject({ session: text(200) });
export type LiveGreeting = z.infer<typeof LiveGreeting>;

/** What the server says on `/live`: the state first, then what changes. Something comes at least every 10 seconds. */
export const LiveEvent = z.discriminatedUnion('event', [
  /** First on every connection. */
  z.object({ event: z.literal('state'), state: values.GuiState }),
  z.object({ event: z.literal('alive'), time: z.number() }),
  /** The node or relay came, went, or has a new tip. */
  z.object({ event: z.literal('backend'), backend: values.BackendState }),
  /** The list of wallets changed: one was made, opened or locked, here or in another window. */
  z.object({ event: z.literal('wallets'), wallets: z.array(values.WalletRow) }),
  /** Something of an open wallet is different, in the chain or in its file: read again what is shown. */
  z.object({ event: z.literal('changed'), wallet: z.string() }),
  /** `replaced`: its file is not what it was; `ended`: the program ends. */
  z.object({
    event: z.literal('locked'),
    wallet: z.string(),
    reason: z.enum(['asked', 'idle', 'replaced', 'ended']),
  }),
  /** How far the search of `wallets/restore`, `wallets/watch` (named by its name) or `scan` is. */
  z.object({ event: z.literal('scan'), wallet: z.string(), progress: values.ScanView }),
]);
export type LiveEvent = z.infer<typeof LiveEvent>;
