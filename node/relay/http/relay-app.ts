import Router from '@koa/router';
import type Koa from 'koa';
import type { Context, Middleware } from 'koa';
import * as z from 'zod';
import { HttpError, readBody } from '../../../service/http.ts';
import { AnswerCache } from '../../../service/http-server/answer-cache.ts';
import type { ClientAddress } from '../../../service/http-server/client-address.ts';
import { httpApp } from '../../../service/http-server/http-app.ts';
import { type ClientRates, rateLimit } from '../../../service/http-server/rate-limit.ts';
import { parseFields, readJsonBody, readQuery } from '../../../service/http-server/request-fields.ts';
import { RpcCallError, UnreachableError } from '../../../service/rpc-client.ts';
import { healthAnswer } from '../answers/view-answers.ts';
import { relayMetrics } from '../metrics.ts';
import type { RelayView } from '../relay-view.ts';
import { nodeAway } from '../upstream/node-link.ts';
import { openApi } from './openapi.ts';
import type { Question, Route } from './route.ts';
import { ROUTES } from './routes.ts';

export interface RelayAppOptions {
  readonly view: RelayView;
  readonly cache: RelayCaches;
  readonly corsOrigins: readonly string[];
  readonly clientAddress: ClientAddress;
  /** The explorer. */
  readonly pages?: Middleware | undefined;
}

/** Answers for others who ask the same. */
export interface RelayCaches {
  /** Until something happens on the chain, or for a second. */
  readonly short: AnswerCache;
  /** What a hash stands for. */
  readonly lasting: AnswerCache;
}

const KEEP_MS = 1_000;
/** However long an answer took, others get it for no longer than this. */
const MAX_REST_MS = 5_000;
const LONG_MS = 24 * 3_600_000;
const MAX_ANSWERS = 2_000;
const SHORT_BYTES = 64 * 1024 * 1024;
const LASTING_BYTES = 64 * 1024 * 1024;
const FOR_EVER = 'public, max-age=31536000, immutable';
const HASH = /^[0-9a-f]{64}$/i;
/** Who only asks whether the relay is there is never told to wait. */
const FREE_PATHS = ['/health', '/metrics'];

export function relayCaches(steadyMs: () => number): RelayCaches {
  const limits = { answers: MAX_ANSWERS, restMs: MAX_REST_MS };
  return {
    short: new AnswerCache(KEEP_MS, steadyMs, { ...limits, bytes: SHORT_BYTES }),
    lasting: new AnswerCache(LONG_MS, steadyMs, { ...limits, bytes: LASTING_BYTES }),
  };
}

/** The relay's HTTP answers (docs/relay.md): everything is for everybody, nothing mines or administers. */
export function relayApp(options: RelayAppOptions): Koa {
  const { view, clientAddress, corsOrigins, pages } = options;
  const { reading, writing } = view.rates;
  const router = new Router({ sensitive: true, strict: true });
  const readMetrics = relayMetrics(view);
  router.get('/health', (ctx) => {
    const health = healthAnswer(view);
    ctx.status = health.status === 'trouble' ? 503 : 200;
    ctx.body = health;
  });
  router.get('/metrics', async (ctx) => {
    const { type, text } = await readMetrics();
    ctx.type = type;
    ctx.body = text;
  });
  const description = Buffer.from(JSON.stringify(openApi(ROUTES)));
  router.get('/openapi.json', (ctx) => {
    ctx.type = 'application/json';
    ctx.body = description;
  });
  for (const route of ROUTES) serve(router, route, options);
  return httpApp({
    router,
    cors: { origins: corsOrigins },
    log: view.log,
    counters: view.counters,
    guard: rateLimit(clientAddress, (method, path) => ratesOf(method, path, reading, writing)),
    pages,
    explain: explainNode,
  });
}

function ratesOf(method: string, path: string, reading: ClientRates, writing: ClientRates) {
  if (FREE_PATHS.includes(path) || method === 'OPTIONS') return undefined;
  return method === 'POST' && path === '/tx' ? writing : reading;
}

function serve(router: Router, route: Route, { view, cache, clientAddress }: RelayAppOptions): void {
  const answer: Middleware = async (ctx) => {
    const question = await read(ctx, route);
    // Said before anything is looked up: what is kept is of no use to whoever wants to know how things stand.
    view.link.assertThere();
    const cost = route.cost(question) - 1;
    if (cost > 0) view.rates.reading.take(clientAddress(ctx.req), cost);
    const work = async (): Promise<object> => route.answer.parse(await route.run(view, question)) as object;
    ctx.type = 'application/json';
    const name = `${route.path} ${JSON.stringify(question)}`;
    if (route.keep === 'never') {
      ctx.body = JSON.stringify(await work());
      // Whoever has handed something in finds it in the next answer.
      cache.short.clear();
    } else if (route.keep === 'for-ever' && isByHash(question)) {
      ctx.body = await cache.lasting.get(name, work);
      ctx.set('Cache-Control', FOR_EVER);
    } else ctx.body = await cache.short.get(name, work);
  };
  const path = route.path.replaceAll(/\{(\w+)\}/g, ':$1');
  if (route.method === 'get') router.get(path, answer);
  else router.post(path, answer);
}

async function read(ctx: Context, route: Route): Promise<Question<unknown, unknown, unknown>> {
  const path = parseFields(route.pathFields, ctx.params ?? {}, 'field');
  const { body, bodyLimitBytes } = route;
  if (body === undefined) return { path, query: readQuery(ctx, route.query), body: {} };
  if (route.takesText && ctx.is('text/plain')) {
    const text = Buffer.from(await readBody(ctx.req, bodyLimitBytes ?? 0))
      .toString('latin1')
      .trim();
    const [field = ''] = Object.keys(body.shape);
    return { path, query: {}, body: parseFields(body, { [field]: text }, 'field') };
  }
  return { path, query: {}, body: await readJsonBody(ctx, body, bodyLimitBytes) };
}

function isByHash({ path }: Question<unknown, unknown, unknown>): boolean {
  const named = z.object({ id: z.string() }).safeParse(path);
  return named.success && HASH.test(named.data.id);
}

/** What the node did wrong or could not do, as the client is told it. */
function explainNode(error: unknown): HttpError | undefined {
  if (error instanceof UnreachableError) return nodeAway(error.message);
  if (error instanceof RpcCallError) {
    return new HttpError(502, `the node cannot answer this now: ${error.message}`, { code: 'node-away' });
  }
  return undefined;
}
