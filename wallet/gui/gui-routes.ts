/** `POST /api/NAME` for every question of the table. */
import Router from '@koa/router';
import type { Context } from 'koa';
import { ClientRates } from '../../service/http-server/rate-limit.ts';
import { CALLS, type CallName, callPath } from './api.ts';
import { readCallRequest } from './call-request.ts';
import type { Handlers } from './calls/handlers.ts';
import { HISTORY_CALLS } from './calls/history-calls.ts';
import { KEY_CALLS } from './calls/key-calls.ts';
import { MONEY_CALLS } from './calls/money-calls.ts';
import { NOTE_CALLS } from './calls/note-calls.ts';
import { PAYMENT_CALLS } from './calls/payment-calls.ts';
import { PSBT_CALLS } from './calls/psbt-calls.ts';
import { WALLET_CALLS } from './calls/wallet-calls.ts';
import type { GuiDesk } from './gui-desk.ts';
import type { LinkTokens } from './link-tokens.ts';
import type { Sessions } from './sessions.ts';

/** Questions about the session itself, which need more than the desk. */
type SessionCall = 'session/open' | 'session/close';

const HANDLERS: Handlers<Exclude<CallName, SessionCall>> = {
  ...WALLET_CALLS,
  ...MONEY_CALLS,
  ...HISTORY_CALLS,
  ...PAYMENT_CALLS,
  ...NOTE_CALLS,
  ...KEY_CALLS,
  ...PSBT_CALLS,
};

/** What a page asks by itself, without the person: it does not put off the auto-lock. */
const READING: ReadonlySet<CallName> = new Set<CallName>([
  'overview',
  'balance-chart',
  'history',
  'transaction',
  'addresses',
  'coins',
  'labels',
  'receive/address',
  'fees',
  'contacts',
  'settings',
  'wallets/lock',
]);

const BODY_LIMIT_BYTES = 512 * 1024;
/** Partly signed transactions carry the whole transactions whose coins they spend. */
const PSBT_BODY_LIMIT_BYTES = 8 * 1024 * 1024;
/** Of all windows together: far more than people click, and less than a runaway page asks. */
const RATE = { perSecond: 40, burst: 400 };

export interface GuiRoutesOptions {
  readonly desk: GuiDesk;
  readonly tokens: LinkTokens;
  readonly sessions: Sessions;
  readonly steadyMs: () => number;
}

export function guiRouter({ desk, tokens, sessions, steadyMs }: GuiRoutesOptions): Router {
  const router = new Router({ sensitive: true, strict: true });
  const rates = new ClientRates(RATE, steadyMs);
  const admit = (ctx: Context): string => {
    const session = sessions.require(ctx.get('authorization'));
    rates.take('127.0.0.1', 1);
    return session;
  };
  router.post(callPath('session/open'), async (ctx) => {
    const { token } = await readCallRequest(ctx, CALLS['session/open'].request, BODY_LIMIT_BYTES);
    tokens.redeem(token);
    ctx.body = { session: sessions.open(), state: await desk.state() };
  });
  router.post(callPath('session/close'), async (ctx) => {
    const session = admit(ctx);
    await readCallRequest(ctx, CALLS['session/close'].request, BODY_LIMIT_BYTES);
    sessions.close(session);
    ctx.body = {};
  });
  for (const name of Object.keys(HANDLERS) as (keyof typeof HANDLERS)[]) {
    router.post(callPath(name), async (ctx) => {
      admit(ctx);
      ctx.body = await answer(name, ctx, desk);
    });
  }
  return router;
}

async function answer(name: keyof typeof HANDLERS, ctx: Context, desk: GuiDesk): Promise<object> {
  const limitBytes = name.startsWith('psbt/') ? PSBT_BODY_LIMIT_BYTES : BODY_LIMIT_BYTES;
  const request = await readCallRequest(ctx, CALLS[name].request, limitBytes);
  if ('wallet' in request && !READING.has(name)) desk.shelf.touch(request.wallet);
  // Which handler takes which request is checked where the table of handlers is put together.
  const handler = HANDLERS[name] as (request: unknown, desk: GuiDesk) => Promise<object>;
  return handler(request, desk);
}
