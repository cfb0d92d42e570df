import type Router from '@koa/router';
import * as z from 'zod';
import { type AdminGuardOptions, adminOnly } from '../../service/http-server/admin-guard.ts';
import { readJsonBody, readQuery } from '../../service/http-server/request-fields.ts';
import { ORDER_METHODS } from '../stratum/orders.ts';
import { edgesOf } from './edges.ts';
import { settle } from './payouts.ts';
import type { PoolView } from './pool-view.ts';
import { inspectionOf, sendOrder, sessionsOf, switchInspector } from './sessions.ts';

const MAX_PARAMS = 8;

const Nothing = z.object({});
const SettleBody = z.object({ dry_run: z.boolean('must be true or false').default(false) });

const SendBody = z.object({
  method: z.enum(ORDER_METHODS, `must be one of ${ORDER_METHODS.join(', ')}`),
  params: z
    .array(z.unknown(), 'must be a list')
    .max(MAX_PARAMS, `must have at most ${MAX_PARAMS} items`)
    .default([]),
});

const InspectBody = z.object({ on: z.boolean('must be true or false') });

/** Adds what needs the admin token: whatever changes something, and what is nobody else's business. */
export function adminAnswers(
  router: Router,
  view: PoolView,
  visitors: Pick<AdminGuardOptions, 'clientAddress' | 'wrongTokensPerMinute'>,
): void {
  const { token, counters, log, accounts } = view;
  const guard = adminOnly({ token, realm: 'nilz pool', counters, log, ...visitors });
  router.get('/sessions', guard, (ctx) => {
    readQuery(ctx, Nothing);
    ctx.body = sessionsOf(view);
  });
  router.get('/edges', guard, (ctx) => {
    readQuery(ctx, Nothing);
    ctx.body = edgesOf(view.edges);
  });
  router.post('/sessions/:id/send', guard, async (ctx) => {
    const { method, params } = await readJsonBody(ctx, SendBody);
    ctx.body = sendOrder(view, ctx.params.id ?? '', method, params);
  });
  router.post('/sessions/:id/inspect', guard, async (ctx) => {
    const { on } = await readJsonBody(ctx, InspectBody);
    ctx.body = switchInspector(view, ctx.params.id ?? '', on);
  });
  router.get('/sessions/:id/inspect', guard, (ctx) => {
    readQuery(ctx, Nothing);
    ctx.body = inspectionOf(view, ctx.params.id ?? '');
  });
  if (accounts === undefined) return;
  router.post('/settle', guard, async (ctx) => {
    const { dry_run: dryRun } = await readJsonBody(ctx, SettleBody);
    ctx.body = await settle(accounts, dryRun);
  });
}
