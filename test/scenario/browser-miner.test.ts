/**
 * Mining in a real browser, on the page of a real pool in front of a real node: shares that are accepted, blocks,
 * stop and go, leaving, and a pool that is restarted.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as z from 'zod';
import { withoutBrowser } from '../kit/browser.ts';
import { Devnet } from '../kit/devnet.ts';
import { MINED_BY_HAND } from '../kit/devnet-mining.ts';
import { acceptedBeyond, becomes, figureOf, openMinePage } from '../kit/mine-page.ts';
import { temporaryDirectory } from '../kit/pool-kit.ts';

const skip = withoutBrowser();

const Stats = z.object({
  workers: z.array(
    z.object({
      address: z.string(),
      worker: z.string(),
      accepted: z.number(),
      rejected: z.record(z.string(), z.number()),
      agent: z.string().nullable(),
      connections: z.number(),
    }),
  ),
});
type PoolWorker = z.infer<typeof Stats>['workers'][number];

/** What the pool says of a worker. */
async function poolWorker(devnet: Devnet, address: string, name: string): Promise<PoolWorker> {
  const answer = await fetch(`${devnet.ready.pool.httpUrl}/stats`);
  const { workers } = Stats.parse(await answer.json());
  const worker = workers.find((each) => each.address === address && each.worker === name);
  assert.ok(worker, `the pool knows ${address}.${name}`);
  return worker;
}

/** Resolves when the pool says that a worker has so many connections. */
function connectionsOf(devnet: Devnet, address: string, name: string, wanted: number): Promise<void> {
  return becomes(async () => (await poolWorker(devnet, address, name)).connections === wanted);
}

test('pressed start, a page mines: shares are accepted, a block is found, stop stops, and again', {
  skip,
}, async (context) => {
  const devnet = await Devnet.start(await temporaryDirectory(context), MINED_BY_HAND);
  context.after(() => devnet.kill());
  const bob = devnet.address('bob');
  const { page, complaints, strangers } = await openMinePage(context, devnet.ready.pool.httpUrl);
  await page.getByText('not mining').waitFor();
  assert.equal(page.workers().length, 0, 'nothing starts by itself');

  const found = devnet.nextBlock();
  await page.getByLabel('Your address').fill(bob);
  await page.getByLabel('Name of this device').fill('sofa');
  await page.getByRole('button', { name: 'Start mining' }).click();
  await page.locator('.state').getByText('mining', { exact: true }).waitFor();
  assert.ok(page.workers().length >= 1);
  await found;
  const first = await acceptedBeyond(page, 0);
  await figureOf(page, 'Blocks found')
    .getByText(/^[1-9]/)
    .waitFor();
  await becomes(async () => (await page.title()).includes('H/s'));
  assert.match((await page.locator('.thread-rate').first().textContent()) ?? '', /H\/s/);

  assert.equal((await poolWorker(devnet, bob, 'sofa')).agent, 'nilzcoin-browser');

  await page.getByRole('button', { name: 'Stop' }).click();
  await page.getByText('Stopped. These are the last figures.').waitFor();
  assert.equal(page.workers().length, 0, 'no worker is left');
  await connectionsOf(devnet, bob, 'sofa', 0);
  const credited = await poolWorker(devnet, bob, 'sofa');
  assert.ok(credited.accepted >= first);
  assert.equal(credited.accepted, Number(await figureOf(page, 'Accepted').textContent()));
  const { stale: _, ...rejected } = credited.rejected;
  assert.equal(Math.max(0, ...Object.values(rejected)), 0, JSON.stringify(rejected));

  await page.getByRole('button', { name: 'Start mining' }).click();
  await acceptedBeyond(page, 0);
  assert.deepEqual(complaints, []);
  assert.deepEqual(strangers, []);
});

test('what was chosen is there after a reload, nothing mines by itself, and leaving the page ends mining', {
  skip,
}, async (context) => {
  const devnet = await Devnet.start(await temporaryDirectory(context), MINED_BY_HAND);
  context.after(() => devnet.kill());
  const carol = devnet.address('carol');
  const { page, complaints } = await openMinePage(context, devnet.ready.pool.httpUrl);
  await page.getByLabel('Your address').fill(carol);
  await page.getByLabel('Limit of each thread').fill('50');
  await page.getByRole('button', { name: 'Start mining' }).click();
  await acceptedBeyond(page, 0);

  await page.reload();
  await page.getByText('Begins when you press start.').waitFor();
  assert.equal(page.workers().length, 0);
  await connectionsOf(devnet, carol, 'browser', 0);
  assert.equal(await page.getByLabel('Your address').inputValue(), carol);
  assert.equal(await page.getByLabel('Limit of each thread').inputValue(), '50');

  await page.getByRole('button', { name: 'Start mining' }).click();
  await acceptedBeyond(page, 0);
  await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: 'Overview' }).click();
  await page.getByRole('heading', { name: 'Pool hash rate' }).waitFor();
  await connectionsOf(devnet, carol, 'browser', 0);
  await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: 'Mine here' }).click();
  await page.getByText('Begins when you press start.').waitFor();
  await page.goBack();
  await page.goBack();
  await page.locator('.state').getByText('not mining').waitFor();
  assert.equal(page.workers().length, 0);
  assert.deepEqual(complaints, []);
});

test('a pool that is restarted is told of, found again, and mined for without a press', {
  skip,
}, async (context) => {
  const directory = await temporaryDirectory(context);
  const first = await Devnet.start(directory, MINED_BY_HAND);
  context.after(() => first.kill());
  const { page } = await openMinePage(context, first.ready.pool.httpUrl);
  await page.getByLabel('Your address').fill(first.address('bob'));
  await page.getByRole('button', { name: 'Start mining' }).click();
  await acceptedBeyond(page, 0);

  await first.kill();
  await page.locator('.state').getByText('no connection').waitFor();
  await page.getByText('It tries again by itself.').waitFor();
  const { port } = new URL(first.ready.pool.httpUrl);
  const second = await Devnet.start(directory, [...MINED_BY_HAND, '--http-port', port]);
  context.after(() => second.kill());
  await page.locator('.state').getByText('mining', { exact: true }).waitFor();
  const before = Number(await figureOf(page, 'Accepted').textContent());
  await acceptedBeyond(page, before);
});
