/**
 * What the pool answers over HTTP, as far as the pages show it (docs/pool-api.md). Whatever is missing is
 * unknown and becomes null; what has another type than it should have is an error, never a number that
 * somebody made up. Times are seconds since 1970, amounts come as whole nits in a text.
 */
import * as z from 'zod/mini';
import type { Reader } from '../../service/web/poll.ts';

// Schemas compiled with `new Function` are what the page's content policy forbids.
z.config({ jitless: true });

/** A value that may be absent, which is the same as null. */
function known<T extends z.ZodMiniType>(schema: T) {
  return z.pipe(
    z.optional(z.nullable(schema)),
    z.transform((value) => value ?? null),
  );
}

/** A list that may be absent, which is the same as empty. */
function list<T extends z.ZodMiniType>(schema: T) {
  return z._default(z.array(schema), []);
}

const number = z.number();
const text = z.string();
const Counts = z._default(z.record(text, number), {});

const HashRate = z.object({
  window_seconds: number,
  covered_seconds: known(number),
  hashes_per_second: known(number),
});
export type HashRate = z.infer<typeof HashRate>;

/** What happened in one step of time. */
const HistoryStep = z.object({
  time: number,
  seconds: number,
  hashes_per_second: known(number),
  accepted: known(number),
  rejected: known(number),
});
export type HistoryStep = z.infer<typeof HistoryStep>;

const Worker = z.object({
  address: text,
  worker: text,
  state: known(text),
  hash_rate: list(HashRate),
  accepted: known(number),
  late: known(number),
  stale: known(number),
  rejected: z._default(z.union([Counts, number]), {}),
  difficulty: known(number),
  best_share: known(number),
  since: known(number),
  last_share_time: known(number),
  agent: known(text),
  connections: known(number),
  history: list(HistoryStep),
});
export type Worker = z.infer<typeof Worker>;

const Luck = z.object({
  blocks: known(number),
  effort_mean: known(number),
  meaning: known(text),
});
export type Luck = z.infer<typeof Luck>;

const Block = z.object({
  hash: text,
  height: number,
  time: known(number),
  state: known(text),
  confirmations: known(number),
  maturity: known(number),
  reward_nits: known(text),
  effort: known(number),
  difficulty: known(number),
  address: known(text),
  worker: known(text),
  reason: known(text),
});
export type Block = z.infer<typeof Block>;
const Next = known(z.union([number, text]));
/** What to ask for to get the next page. */
export type PageMark = z.infer<typeof Next>;

const Blocks = z.object({ blocks: list(Block), next: Next });

const Network = z.object({
  name: text,
  coin: known(text),
  test_money: known(z.boolean()),
  difficulty: known(number),
  height: known(number),
  tip: known(text),
  maturity: known(number),
  block_time_seconds: known(number),
  address: known(
    z.object({ hrp: text, p2pkh: known(number), p2sh: known(number), only_p2wpkh: z.boolean() }),
  ),
  coin_type: known(number),
});

const Connect = z.object({
  stratum: known(text),
  stratum_tls: known(text),
  websocket: known(text),
  start_difficulty: known(number),
  share_interval_seconds: known(number),
  minimum_difficulty: known(number),
});
export type Connect = z.infer<typeof Connect>;

const ShareLog = z.object({
  head: text,
  batch: known(number),
  sequence: known(number),
  time: known(number),
});
export type ShareLog = z.infer<typeof ShareLog>;

const Stats = z.object({
  time: number,
  started: known(number),
  network: Network,
  nodes: list(
    z.object({
      url: text,
      state: text,
      active: known(z.boolean()),
      since: known(number),
      reason: known(text),
      height: known(number),
    }),
  ),
  scheme: known(text),
  fee_percent: known(z.union([number, text])),
  connect: known(Connect),
  hash_rate: list(HashRate),
  shares: z.object({
    since: known(number),
    accepted: known(number),
    late: known(number),
    stale: known(number),
    rejected: Counts,
  }),
  round: known(z.object({ started: known(number), shares: known(number), effort: known(number) })),
  luck: known(Luck),
  best_share: known(z.object({ difficulty: number, address: text, worker: text, time: number })),
  share_log: known(ShareLog),
  workers_online: known(number),
  miners: known(number),
  workers_total: known(number),
  workers: list(Worker),
  agents: list(z.object({ agent: text, connections: number })),
  blocks_total: Counts,
  blocks: list(Block),
  history: list(HistoryStep),
});
export type Stats = z.infer<typeof Stats>;

const Credit = z.object({
  block: known(text),
  height: known(number),
  time: known(number),
  amount_nits: known(text),
  state: known(text),
  confirmations: known(number),
  direct: known(z.boolean()),
});
export type Credit = z.infer<typeof Credit>;

const Payout = z.object({
  id: known(number),
  txid: known(text),
  time: known(number),
  state: known(text),
  total_nits: known(text),
  fee_nits: known(text),
  confirmations: known(number),
  items: list(z.object({ address: text, amount_nits: known(text) })),
});
export type Payout = z.infer<typeof Payout>;
const Payouts = z.object({ payouts: list(Payout), next: Next });

const Earnings = z.object({
  immature_nits: known(text),
  confirmed_nits: known(text),
  paid_nits: known(text),
  owed_nits: known(text),
  in_payout_nits: known(text),
  orphaned_nits: known(text),
  credits: list(Credit),
  payouts: list(Payout),
});
export type Earnings = z.infer<typeof Earnings>;

const AddressAnswer = z.object({
  address: text,
  hash_rate: list(HashRate),
  workers: list(Worker),
  earnings: known(Earnings),
  round_share: known(number),
  luck: known(Luck),
});
export type AddressAnswer = z.infer<typeof AddressAnswer>;

const NextPayout = z.object({
  time: known(number),
  minimum_nits: known(text),
  trouble: known(text),
  total_nits: known(text),
  due_total: known(number),
  waits_total: known(number),
  due: list(z.object({ address: text, amount_nits: known(text) })),
  waits: list(z.object({ address: text, owed_nits: known(text), why: known(text) })),
});
export type NextPayout = z.infer<typeof NextPayout>;

/** What comes over `/live`; other types of message may be added and are passed over. */
const LiveMessage = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('share'),
    address: text,
    worker: text,
    difficulty: known(number),
    share_difficulty: known(number),
    late: known(z.boolean()),
    time: number,
  }),
  z.object({
    type: z.literal('reject'),
    address: known(text),
    worker: known(text),
    reason: text,
    message: known(text),
    time: known(number),
  }),
  z.object({ type: z.literal('block'), height: number, hash: text, state: known(text) }),
  z.object({ type: z.literal('payout'), state: known(text), txid: known(text) }),
  z.object({ type: z.literal('rates'), address: known(text), hash_rate: list(HashRate) }),
  z.object({ type: z.literal('chain_head'), head: text, batch: known(number), sequence: known(number) }),
]);
export type LiveMessage = z.infer<typeof LiveMessage>;
export type LiveShare = Extract<LiveMessage, { type: 'share' | 'reject' }>;

/** Reads an answer by its schema. The error names the field. */
function reading<T extends z.ZodMiniType>(schema: T): Reader<z.infer<T>> {
  return (body) => {
    const result = schema.safeParse(body);
    if (result.success) return result.data;
    const [issue] = result.error.issues;
    throw new Error(
      `the pool's answer cannot be read: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`,
    );
  };
}

export const readStats = reading(Stats);
export const readBlocks = pageReader(reading(Blocks), ({ blocks }) => blocks);
export const readPayouts = pageReader(reading(Payouts), ({ payouts }) => payouts);
export const readAddress = reading(AddressAnswer);
export const readNextPayout = reading(NextPayout);

/** A page of a list, whatever its rows are called. */
function pageReader<T extends { readonly next: PageMark }, Row>(
  read: Reader<T>,
  rowsOf: (answer: T) => readonly Row[],
): Reader<{ readonly rows: readonly Row[]; readonly next: PageMark }> {
  return (body) => {
    const answer = read(body);
    return { rows: rowsOf(answer), next: answer.next };
  };
}

/** A live message, or undefined where it is of a kind this page does not know. */
export function readLive(message: unknown): LiveMessage | undefined {
  const result = LiveMessage.safeParse(message);
  return result.success ? result.data : undefined;
}
