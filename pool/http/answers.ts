import type Router from '@koa/router';
import * as z from 'zod';
import { AddressError } from '../../protocol/address.ts';
import { HttpError } from '../../service/http.ts';
import { readPayoutAddress } from '../nodes/node-network.ts';
import { AnswerCache } from './answer-cache.ts';
import { chainOf } from './chain.ts';
import { CHAIN_LIMIT } from './chain-window.ts';
import type { PoolView } from './pool-view.ts';
import { readQuery, wholeNumberText } from './request-fields.ts';
import { historyMinutes, statsOf } from './stats.ts';

/** Answers that are made of many rows stand this long; who looks again sooner sees the same. */
const KEEP_MS = 1_000;

const StatsQuery = z.object({ wallet: z.string().optional(), history_minutes: historyMinutes });
const ChainQuery = z.object({ limit: wholeNumberText(1, CHAIN_LIMIT).default(20) });

/** Adds the answers that anybody may read. */
export function answersTo(router: Router, view: PoolView): void {
  const cache = new AnswerCache<object>(KEEP_MS, () => view.clock.steadyMs());
  router.get('/stats', async (ctx) => {
    const query = readQuery(ctx, StatsQuery);
    const address = query.wallet === undefined ? undefined : readAddress(view, query.wallet, 'wallet');
    const question = `stats ${address ?? ''} ${query.history_minutes ?? ''}`;
    ctx.body = await cache.get(question, () => statsOf(view, address, query.history_minutes));
  });
  router.get('/blockchain.json', async (ctx) => {
    const { limit } = readQuery(ctx, ChainQuery);
    ctx.body = await cache.get(`chain ${limit}`, () => chainOf(view, limit));
  });
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
