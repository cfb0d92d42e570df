import type Router from '@koa/router';
import * as z from 'zod';
import { type AdminGuardOptions, adminOnly } from './admin-guard.ts';
import { settle } from './payouts.ts';
import type { PoolView } from './pool-view.ts';
import { readJsonBody, readQuery } from './request-fields.ts';
import { sessionsOf } from './sessions.ts';

const Nothing = z.object({});
const SettleBody = z.object({ dry_run: z.boolean('must be true or false').default(false) });

/** Adds what needs the admin token: whatever changes something, and what is nobody else's business. */
export function adminAnswers(
  router: Router,
  view: PoolView,
  visitors: Pick<AdminGuardOptions, 'clientAddress' | 'wrongTokensPerMinute'>,
): void {
  const { token, counters, log, accounts } = view;
  const guard = adminOnly({ token, counters, log, ...visitors });
  router.get('/sessions', guard, (ctx) => {
    readQuery(ctx, Nothing);
    ctx.body = sessionsOf(view);
  });
  if (accounts === undefined) return;
  router.post('/settle', guard, async (ctx) => {
    const { dry_run: dryRun } = await readJsonBody(ctx, SettleBody);
    ctx.body = await settle(accounts, dryRun);
  });
}
