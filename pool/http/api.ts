import Router from '@koa/router';
import Koa from 'koa';
import { discardBody, HttpError } from '../../service/http.ts';
import type { AdminGuardOptions } from '../../service/http-server/admin-guard.ts';
import { logFailure } from '../../service/http-server/log-failure.ts';
import { adminAnswers } from './admin-answers.ts';
import { answersTo } from './answers.ts';
import { healthOf } from './health.ts';
import { poolMetrics } from './metrics.ts';
import type { PoolView } from './pool-view.ts';

/** Pages of other sites may read what everybody may read; nothing here depends on who asks. */
const HEADERS = {
  'Access-Control-Allow-Origin': '*',
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

/**
 * The pool's HTTP answers (docs/pool-api.md). Reading is for everybody; what changes something needs the admin
 * token. Every number says what time it covers; what is unknown is null.
 */
export function poolApp(
  view: PoolView,
  visitors: Pick<AdminGuardOptions, 'clientAddress' | 'wrongTokensPerMinute'>,
): Koa {
  const router = new Router({ sensitive: true, strict: true });
  const readMetrics = poolMetrics(view);
  router.get('/health', (ctx) => {
    const health = healthOf(view);
    ctx.status = health.status === 'ok' ? 200 : 503;
    ctx.body = health;
  });
  router.get('/metrics', async (ctx) => {
    const { type, text } = await readMetrics();
    ctx.type = type;
    ctx.body = text;
  });
  answersTo(router, view);
  adminAnswers(router, view, visitors);

  const app = new Koa();
  app.on('error', (error: Error) => logFailure(error, view.log));
  app.use(async (ctx, next) => {
    ctx.set(HEADERS);
    await next();
    if (ctx.status >= 400 && ctx.status < 500) view.counters.badRequests += 1;
  });
  app.use((ctx, next) => tellErrors(ctx, next, view));
  app.use(router.routes()).use(router.allowedMethods());
  if (view.pages !== undefined) app.use(view.pages);
  app.use(tellWhatThereIs(router));
  return app;
}

/** Errors are JSON with one sentence; of those that are our own fault the sentence stands in the log. */
async function tellErrors(ctx: Koa.Context, next: Koa.Next, { log }: PoolView): Promise<void> {
  try {
    await next();
    if (ctx.status === 405)
      ctx.body = { error: `${ctx.path} takes ${String(ctx.response.get('allow'))} only` };
    if (ctx.status === 501) ctx.body = { error: `the method ${ctx.method} is unknown here` };
  } catch (error) {
    const isTold = error instanceof HttpError;
    if (!isTold) log.error({ err: error, path: ctx.path }, 'an HTTP request failed');
    ctx.status = isTold ? error.status : 500;
    ctx.body = { error: isTold ? error.message : 'this went wrong here; the log of the pool says how' };
  }
  // A body that nobody read would keep the client from reading the answer.
  if (ctx.status >= 400) await discardBody(ctx.req);
}

function tellWhatThereIs(router: Router): Koa.Middleware {
  return (ctx) => {
    const paths = router.stack.map(({ path, methods }) => `${methods.at(-1) ?? ''} ${String(path)}`);
    ctx.status = 404;
    ctx.body = { error: `there is no ${ctx.path.slice(0, 80)}; there are: ${paths.join(', ')}` };
  };
}
