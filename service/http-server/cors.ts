import type { Middleware } from 'koa';

/** Any origin. */
export const ANY_ORIGIN = '*';

export interface CorsOptions {
  /** `https://example.org`, or {@link ANY_ORIGIN}; none keeps pages of other sites out. */
  readonly origins: readonly string[];
  /** Request headers that they may send beside the harmless ones. */
  readonly headers?: readonly string[];
}

const PREFLIGHT_SECONDS = 86_400;
/** What a page may read of an answer beside its body. */
const EXPOSED = 'Retry-After, ETag';

/** Lets pages of other sites read the answers (Fetch standard, CORS protocol). No credentials are ever allowed. */
export function cors({ origins, headers = ['Content-Type'] }: CorsOptions): Middleware {
  const isAny = origins.includes(ANY_ORIGIN);
  return (ctx, next) => {
    if (!isAny) ctx.vary('Origin');
    const origin = ctx.get('origin');
    const allowed = isAny ? ANY_ORIGIN : origins.find((each) => each === origin);
    if (allowed === undefined) return next();
    ctx.set('Access-Control-Allow-Origin', allowed);
    if (ctx.method !== 'OPTIONS' || ctx.get('access-control-request-method') === '') {
      ctx.set('Access-Control-Expose-Headers', EXPOSED);
      return next();
    }
    ctx.set('Access-Control-Allow-Methods', 'GET, HEAD, POST');
    ctx.set('Access-Control-Allow-Headers', headers.join(', '));
    ctx.set('Access-Control-Max-Age', String(PREFLIGHT_SECONDS));
    ctx.status = 204;
    return undefined;
  };
}

/** What is wrong with a setting that lists origins, as "must be …"; undefined when nothing is. */
export function originsComplaint(origins: readonly string[]): string | undefined {
  const wrong = origins.find((each) => each !== ANY_ORIGIN && !isOrigin(each));
  return wrong === undefined
    ? undefined
    : `must be origins such as https://example.org, or *: "${wrong}" is none`;
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && /^https?:/.test(text) && new URL(text).origin === text;
}
