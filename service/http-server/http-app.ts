import type Router from '@koa/router';
import Koa, { type Context, type Middleware, type Next } from 'koa';
import helmet from 'koa-helmet';
import { discardBody, HttpError } from '../http.ts';
import type { Logger } from '../log.ts';
import { type CorsOptions, cors } from './cors.ts';
import { logFailure } from './log-failure.ts';

/** What is counted of answers, since the start. */
export interface AnswerCounters {
  /** Answers by the first digit of their status. */
  readonly statuses: Record<number, number>;
  /** Requests refused because of what they asked: parameters, bodies, paths, methods. */
  badRequests: number;
}

export function newAnswerCounters(): AnswerCounters {
  return { statuses: {}, badRequests: 0 };
}

export interface HttpAppOptions {
  readonly router: Router;
  readonly cors: CorsOptions;
  readonly log: Logger;
  readonly counters: AnswerCounters;
  /** Comes before all answers; what it throws is answered like what they throw. */
  readonly guard?: Middleware | undefined;
  /** What answers the paths that are no part of the API. */
  readonly pages?: Middleware | undefined;
  /** Makes of a failure what the client is told, where it is not our own fault; undefined where it is. */
  readonly explain?: (error: unknown) => HttpError | undefined;
}

/** The words for statuses that stand for themselves. */
const CODES: Readonly<Record<number, string>> = {
  400: 'bad-request',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not-found',
  405: 'method-not-allowed',
  413: 'too-large',
  415: 'unsupported-type',
  422: 'rejected',
  429: 'too-many-requests',
  501: 'method-not-allowed',
  503: 'unavailable',
};
const MAX_PATH_SHOWN = 80;

/**
 * An API for everybody: its routes, safe headers, CORS, and errors as `{error: {code, message, field?}}`. Of a
 * failure that is our own fault the client learns that it is, and the log the rest.
 */
export function httpApp(options: HttpAppOptions): Koa {
  const { router, log, counters, guard, pages } = options;
  const app = new Koa();
  app.on('error', (error: Error) => logFailure(error, log));
  app.use(safeHeaders());
  app.use(async (ctx, next) => {
    await next();
    const family = Math.trunc(ctx.status / 100);
    counters.statuses[family] = (counters.statuses[family] ?? 0) + 1;
    if (family === 4) counters.badRequests += 1;
  });
  app.use((ctx, next) => tellErrors(ctx, next, options));
  app.use(cors(options.cors));
  if (guard !== undefined) app.use(guard);
  app.use(router.routes()).use(router.allowedMethods());
  if (pages !== undefined) app.use(pages);
  return app;
}

/** Nothing of an answer may run, be framed, or be taken for another type. Pages set their own policy. */
function safeHeaders(): Middleware {
  const protect = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    },
    crossOriginResourcePolicy: { policy: 'cross-origin' },
    strictTransportSecurity: false,
    crossOriginOpenerPolicy: false,
    originAgentCluster: false,
    referrerPolicy: { policy: 'no-referrer' },
  });
  return (ctx, next) => {
    ctx.set('Cache-Control', 'no-store');
    return protect(ctx, next);
  };
}

async function tellErrors(ctx: Context, next: Next, { router, log, explain }: HttpAppOptions): Promise<void> {
  try {
    await next();
    if (ctx.status === 405) {
      throw new HttpError(405, `${shortPath(ctx)} takes ${String(ctx.response.get('allow'))} only`);
    }
    if (ctx.status === 404 && !ctx.body) throw nothingThere(ctx, router);
    if (ctx.status === 501) throw new HttpError(501, `the method ${ctx.method} is unknown here`);
  } catch (error) {
    const told = error instanceof HttpError ? error : (pathError(error) ?? explain?.(error));
    if (told === undefined) log.error({ err: error, path: ctx.path }, 'an HTTP request failed');
    answerError(ctx, told ?? new HttpError(500, 'this went wrong here; the log of the service says how'));
  }
  // A body that nobody read would keep the client from reading the answer.
  if (ctx.status >= 400) await discardBody(ctx.req);
  // Of a body without end no more is read.
  if (!ctx.req.complete) ctx.set('Connection', 'close');
}

/** The router cannot decode a path such as `/%ff`. */
function pathError(error: unknown): HttpError | undefined {
  return error instanceof URIError || (error instanceof Error && /malformed|decode/i.test(error.message))
    ? new HttpError(400, 'the path cannot be decoded')
    : undefined;
}

function answerError(ctx: Context, { status, message, details }: HttpError): void {
  const { code = CODES[status] ?? 'internal', field, retryAfterSeconds, facts } = details;
  ctx.status = status;
  if (retryAfterSeconds !== undefined) ctx.set('Retry-After', String(retryAfterSeconds));
  ctx.set('Cache-Control', 'no-store');
  ctx.body = {
    error: {
      code,
      message,
      ...(field !== undefined && { field }),
      ...(retryAfterSeconds !== undefined && { retry_after_seconds: retryAfterSeconds }),
      ...facts,
    },
  };
}

function nothingThere(ctx: Context, router: Router): HttpError {
  const paths = router.stack.map(({ path, methods }) => `${methods.at(-1) ?? ''} ${String(path)}`);
  return new HttpError(404, `there is no ${shortPath(ctx)}; there are: ${paths.join(', ')}`);
}

function shortPath({ path }: Context): string {
  return path.length > MAX_PATH_SHOWN ? `${path.slice(0, MAX_PATH_SHOWN)}…` : path;
}
