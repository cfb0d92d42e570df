import type Router from '@koa/router';
import type { Context } from 'koa';
import * as z from 'zod';
import { AddressError } from '../../protocol/address.ts';
import { readPayoutAddress } from '../../protocol/payout-address.ts';
import { HttpError } from '../../service/http.ts';
import { AnswerCache } from '../../service/http-server/answer-cache.ts';
import { readQuery, wholeNumberText } from '../../service/http-server/request-fields.ts';
import type { AccountsView } from '../accounting/accounts-view.ts';
import { addressAnswer } from './address.ts';
import { blocksOf } from './blocks.ts';
import { chainOf } from './chain.ts';
import { CHAIN_LIMIT } from './chain-window.ts';
import { earningsOf, earningsOfAll } from './earnings.ts';
import { nextPayoutOf, payoutsOf } from './payouts.ts';
import type { PoolView } from './pool-view.ts';
import { historyMinutes, statsOf } from './stats.ts';

/** Answers that are made of many rows stand this long; who looks again sooner sees the same. */
const KEEP_MS = 1_000;
const DEFAULT_PAGE = 50;
const MAX_PAGE = 500;
const DEFAULT_ADDRESS_MINUTES = 1_440;

const StatsQuery = z.object({ wallet: z.string().optional(), history_minutes: historyMinutes });
const AddressQuery = z.object({
  history_minutes: historyMinutes,
  worker: z.string().max(64, 'must be the name of a worker, at most 64 characters').optional(),
});
const PageQuery = z.object({
  limit: wholeNumberText(1, MAX_PAGE).default(DEFAULT_PAGE),
  before: wholeNumberText(1, Number.MAX_SAFE_INTEGER).optional(),
});
const EarningsQuery = z.object({
  wallet: z.string().optional(),
  limit: wholeNumberText(1, MAX_PAGE).default(DEFAULT_PAGE),
  before: wholeNumberText(1, Number.MAX_SAFE_INTEGER).optional(),
  after: z.string().max(120, 'must be an address').optional(),
});
const Nothing = z.object({});
const ChainQuery = z.object({ limit: wholeNumberText(1, CHAIN_LIMIT).default(20) });

/** Adds the answers that anybody may read. */
export function answersTo(router: Router, view: PoolView): void {
  const cache = new AnswerCache(KEEP_MS, () => view.clock.steadyMs());
  workAnswers(router, view, cache);
  if (view.accounts !== undefined) moneyAnswers(router, view, view.accounts, cache);
}

/** What miners do, and the chain. */
function workAnswers(router: Router, view: PoolView, cache: AnswerCache): void {
  router.get('/stats', async (ctx) => {
    const query = readQuery(ctx, StatsQuery);
    const address = query.wallet === undefined ? undefined : readAddress(view, query.wallet, 'wallet');
    const question = `stats ${address ?? ''} ${query.history_minutes ?? ''}`;
    sendJson(ctx, await cache.get(question, () => statsOf(view, address, query.history_minutes)));
  });
  router.get('/workers/:address', async (ctx) => {
    const { history_minutes: minutes = DEFAULT_ADDRESS_MINUTES, worker } = readQuery(ctx, AddressQuery);
    const address = readAddress(view, ctx.params.address ?? '', 'address');
    const question = `address ${address} ${minutes} ${worker ?? '*'}`;
    sendJson(ctx, await cache.get(question, () => addressAnswer(view, address, minutes, worker)));
  });
  router.get('/blockchain.json', async (ctx) => {
    const { limit } = readQuery(ctx, ChainQuery);
    sendJson(ctx, await cache.get(`chain ${limit}`, () => chainOf(view, limit)));
  });
}

/** What they earn. */
function moneyAnswers(router: Router, view: PoolView, accounts: AccountsView, cache: AnswerCache): void {
  router.get('/earnings', async (ctx) => {
    const { wallet, limit, before, after } = readQuery(ctx, EarningsQuery);
    if (wallet === undefined) {
      if (before !== undefined) throw new HttpError(400, 'the parameter "before" goes with "wallet"');
      sendJson(
        ctx,
        await cache.get(`totals ${limit} ${after ?? ''}`, () => earningsOfAll(accounts, limit, after)),
      );
      return;
    }
    if (after !== undefined) throw new HttpError(400, 'the parameter "after" goes without "wallet"');
    const address = readAddress(view, wallet, 'wallet');
    const question = `earnings ${address} ${limit} ${before ?? ''}`;
    sendJson(ctx, await cache.get(question, () => earningsOf(accounts, address, limit, before)));
  });
  router.get('/payouts', async (ctx) => {
    const { limit, before } = readQuery(ctx, PageQuery);
    sendJson(
      ctx,
      await cache.get(`payouts ${limit} ${before ?? ''}`, () => payoutsOf(accounts, limit, before)),
    );
  });
  router.get('/next_payout', async (ctx) => {
    readQuery(ctx, Nothing);
    sendJson(ctx, await cache.get('next', () => nextPayoutOf(accounts, view.clock.wallMs())));
  });
  router.get('/blocks', async (ctx) => {
    const { limit, before } = readQuery(ctx, PageQuery);
    sendJson(
      ctx,
      await cache.get(`blocks ${limit} ${before ?? ''}`, () => blocksOf(accounts, limit, before)),
    );
  });
}

function sendJson(ctx: Context, json: Buffer): void {
  ctx.type = 'application/json';
  ctx.body = json;
}

/**
 * The address that a request names, in its one spelling.
 * @throws HttpError 400 saying what is wrong with it
 */
function readAddress({ network }: PoolView, text: string, name: string): string {
  try {
    return readPayoutAddress(text, network).address;
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    throw new HttpError(400, `the parameter "${name}": ${error.message} (the pool is on "${network.name}")`);
  }
}
