import Router from '@koa/router';
import type { Context, Middleware } from 'koa';
import * as z from 'zod';
import { HttpError } from '../../service/http.ts';
import { AnswerCache } from '../../service/http-server/answer-cache.ts';
import type { ClientAddress } from '../../service/http-server/client-address.ts';
import { readJsonBody, readQuery } from '../../service/http-server/request-fields.ts';
import { clientOf } from '../../service/limits.ts';
import { claimAnswer, claimPagePath, stateAnswer } from './answers.ts';
import type { FaceView } from './face-view.ts';
import { faceMetrics } from './metrics.ts';
import type { Visitor } from './proof-desk.ts';

/** Longer than any address, and than any answer of a captcha or solved challenge. */
const MAX_ADDRESS = 120;
const MAX_CAPTCHA_TOKEN = 10_000;
const MAX_CHALLENGE = 400;
/** Who looks again sooner sees the same state. */
const KEEP_STATE_MS = 500;

const Address = z
  .string('must be an address')
  .trim()
  .min(1, 'must be an address')
  .max(MAX_ADDRESS, `is longer than any address (${MAX_ADDRESS} characters)`);

function proofText(maxLength: number) {
  return z
    .string('must be a text')
    .min(1, 'is empty')
    .max(maxLength, `is longer than ${maxLength} characters`)
    .nullish()
    .transform((text) => text ?? undefined);
}

const ClaimBody = z.object({
  address: Address,
  captcha_token: proofText(MAX_CAPTCHA_TOKEN),
  challenge: proofText(MAX_CHALLENGE),
});
const ChallengeQuery = z.object({ address: Address });
const Nothing = z.object({});

/** The faucet's HTTP answers (docs/faucet.md). */
export function faucetRouter(view: FaceView, clientAddress: ClientAddress, adminOnly: Middleware): Router {
  const router = new Router({ sensitive: true, strict: true });
  const visitorOf = (ctx: Context): Visitor => {
    const ip = clientAddress(ctx.req);
    return { ip, client: clientOf(ip) };
  };
  stateAnswers(router, view);
  claimAnswers(router, view, visitorOf);
  adminAnswers(router, view, adminOnly);
  return router;
}

function stateAnswers(router: Router, view: FaceView): void {
  const { desk, clock, proof, explorerUrl } = view;
  const cache = new AnswerCache(KEEP_STATE_MS, () => clock.steadyMs());
  const readMetrics = faceMetrics(view);
  const state = (): Promise<Buffer> =>
    cache.get('state', async () =>
      stateAnswer({
        state: await desk.state(),
        nowMs: clock.wallMs(),
        proof: proof.describe(),
        explorerUrl,
      }),
    );
  router.get('/state', async (ctx) => {
    readQuery(ctx, Nothing);
    sendJson(ctx, await state());
  });
  // The same for those who watch over it: they go by the status.
  router.get('/health', async (ctx) => {
    readQuery(ctx, Nothing);
    const { trouble } = await desk.state();
    sendJson(ctx, await state());
    ctx.status = trouble === undefined ? 200 : 503;
  });
  router.get('/metrics', async (ctx) => {
    const { type, text } = await readMetrics();
    ctx.type = type;
    ctx.body = text;
  });
}

function claimAnswers(router: Router, view: FaceView, visitorOf: (ctx: Context) => Visitor): void {
  const { desk, proof, clock, counters } = view;
  router.get('/challenge', async (ctx) => {
    const { address } = readQuery(ctx, ChallengeQuery);
    const visitor = visitorOf(ctx);
    // Nobody works for what would be refused anyway.
    await desk.precheck(address, visitor.client);
    ctx.body = proof.challenge(address, visitor);
  });
  router.post('/claim', async (ctx) => {
    const claim = await readJsonBody(ctx, ClaimBody);
    const visitor = visitorOf(ctx);
    const { client } = visitor;
    await desk.precheck(claim.address, client);
    const shown = await proof.check(claim, visitor);
    const record = await desk.claim({ address: claim.address, client, ...shown });
    proof.claimed();
    counters.claims += 1;
    ctx.status = 201;
    ctx.set('Location', claimPagePath(record.id));
    ctx.body = claimAnswer(record, clock.wallMs());
  });
  router.get('/claims/:id', async (ctx) => {
    readQuery(ctx, Nothing);
    const id = ctx.params.id ?? '';
    const record = /^[0-9a-f]{32}$/.test(id) ? await desk.find(id) : undefined;
    if (record === undefined)
      throw new HttpError(404, 'there is no claim with this id', { code: 'no-claim' });
    ctx.body = claimAnswer(record, clock.wallMs());
  });
}

function adminAnswers(router: Router, { desk }: FaceView, adminOnly: Middleware): void {
  router.post('/pause', adminOnly, async (ctx) => {
    await readJsonBody(ctx, Nothing);
    await desk.pause();
    ctx.body = { paused: true };
  });
  router.post('/resume', adminOnly, async (ctx) => {
    await readJsonBody(ctx, Nothing);
    await desk.resume();
    ctx.body = { paused: false };
  });
}

function sendJson(ctx: Context, json: Buffer): void {
  ctx.type = 'application/json';
  ctx.body = json;
}
