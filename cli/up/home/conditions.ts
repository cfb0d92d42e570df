/** How each service says it is: what `GET /health` of each answers, as far as the landing page shows it. */
import * as z from 'zod';
import type { HomeState } from './home-state.ts';

/** A service that takes longer than this is as good as away. */
const PATIENCE_MS = 2_000;

const NodeHealth = z.object({ height: z.int(), tip_age_seconds: z.number(), peers: z.int() });
const RelayHealth = z.object({
  status: z.string(),
  node: z.object({ state: z.string(), reason: z.string().nullable() }),
  listeners: z.int(),
});
const FaucetHealth = z.object({
  trouble: z.string().nullable(),
  empty: z.boolean(),
  paused: z.boolean(),
  amount_nits: z.string(),
  left_today_nits: z.string(),
  queue: z.int(),
});
const PoolHealth = z.object({ trouble: z.string().nullable(), connections: z.int() });

type Condition = Pick<HomeState['node'], 'state' | 'reason'>;
const OK: Condition = { state: 'ok', reason: null };

/** What a service answered, or why it did not. */
type Answered<T> = { readonly health: T } | { readonly away: Condition };

/** @param url of the node's RPC */
export async function nodeCondition(url: string, nowSeconds: number) {
  const answer = await healthOf(url, NodeHealth);
  if ('away' in answer) return { ...answer.away, height: null, tip_time: null, peers: null };
  const { height, tip_age_seconds: age, peers } = answer.health;
  return { ...OK, height, tip_time: nowSeconds - age, peers };
}

/** @param url of the relay */
export async function relayCondition(url: string) {
  const answer = await healthOf(url, RelayHealth);
  if ('away' in answer) return { ...answer.away, listeners: null };
  const { status, node, listeners } = answer.health;
  return { ...conditionOf(status === 'ok' ? null : relayTrouble(node)), listeners };
}

function relayTrouble({ state, reason }: z.infer<typeof RelayHealth>['node']): string {
  if (state === 'syncing') return 'the node is still fetching the chain';
  return reason === null ? 'the node is away' : `the node is away: ${reason}`;
}

/** @param url of the faucet */
export async function faucetCondition(url: string) {
  const answer = await healthOf(url, FaucetHealth);
  if ('away' in answer) return { ...answer.away, amount_nits: null, left_today_nits: null, queue: null };
  const { trouble, empty, paused, amount_nits, left_today_nits, queue } = answer.health;
  const closed = paused ? 'it is paused' : empty ? 'it has nothing left to give' : null;
  return { ...conditionOf(trouble ?? closed), amount_nits, left_today_nits, queue };
}

/** @param url of the pool's HTTP port */
export async function poolCondition(url: string) {
  const answer = await healthOf(url, PoolHealth);
  if ('away' in answer) return { ...answer.away, connections: null };
  return { ...conditionOf(answer.health.trouble), connections: answer.health.connections };
}

function conditionOf(trouble: string | null): Condition {
  return trouble === null ? OK : { state: 'trouble', reason: trouble };
}

/** Asks for `/health`. A service in trouble says so with 503 and the same fields. */
async function healthOf<T>(url: string, schema: z.ZodType<T>): Promise<Answered<T>> {
  try {
    const response = await fetch(new URL('/health', url), { signal: AbortSignal.timeout(PATIENCE_MS) });
    const health = schema.safeParse(await response.json());
    if (health.success) return { health: health.data };
    return { away: { state: 'away', reason: `it answers with HTTP ${response.status}` } };
  } catch (error) {
    return { away: { state: 'away', reason: reasonOf(error) } };
  }
}

/** `fetch` keeps the word of the system in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
