/**
 * The explorer's page in a real browser, before a relay that answers what each test wants: bad manners, lost
 * connections, reorganisations and races are had at will. `explorer-live.test.ts` has the real relay.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Page } from 'playwright-core';
import decodeQr from 'qr/decode.js';
import type { BlockRow } from '../../protocol/relay.ts';
import {
  launchBrowser,
  layoutShift,
  namelessParts,
  sidewaysScroll,
  sidewaysScrollByWidth,
  type WatchedPage,
  watchedPage,
  withoutBrowser,
} from '../kit/browser.ts';
import { FakeRelay } from '../kit/fake-relay.ts';
import {
  ADDRESS,
  blockRow,
  chainAnswer,
  hashOf,
  MARKUP,
  mempoolRow,
  NETWORK,
  sampleAnswers,
  TIP_HEIGHT,
  template,
  transaction,
} from '../kit/relay-samples.ts';

const PHONE = { width: 360, height: 740 };
const TABLET = { width: 800, height: 1000 };
const DESK = { width: 1600, height: 1000 };
/** Far below what anybody notices. */
const MAX_SHIFT = 0.02;
const skip = withoutBrowser();
const NOW = Math.floor(Date.now() / 1000);
const { blocks: BLOCKS } = chainAnswer(NOW, 12);
const TIP = blockRow(TIP_HEIGHT, NOW);

const HELLO = {
  instance: 'first',
  id: 'sample-1',
  node: { state: 'ok', reason: null, since: null },
  network: NETWORK,
  tip: { height: TIP.height, hash: TIP.hash, time: TIP.time },
  template: template(NOW),
  mempool: { size: 120, vsize: 2_412_345 },
};

async function startRelay(context: TestContext, port = 0): Promise<FakeRelay> {
  const relay = await FakeRelay.start(port);
  context.after(() => relay.stop());
  relay.answers = sampleAnswers(NOW);
  relay.greet(HELLO);
  return relay;
}

function assertClean({ complaints, strangers }: WatchedPage): void {
  // The browser itself notes answers that are refusals.
  assert.deepEqual(
    complaints.filter((text) => !/Failed to load resource.*(404|422|502)/.test(text)),
    [],
  );
  assert.deepEqual(strangers, []);
}

/** Has the relay tell of a block on top of these, and answer so from then on. */
function connect(relay: FakeRelay, block: BlockRow, below: readonly BlockRow[]): void {
  const tip = { height: block.height, hash: block.hash, time: block.time };
  const chain = { ...chainAnswer(NOW, 12), tip, blocks: [block, ...below].slice(0, 12) };
  relay.answers = { ...relay.answers, '/chain': () => ({ body: chain }) };
  relay.emit({ type: 'block_connected', block });
}

/** The heading of the view, when it is there. */
async function heading(page: Page, name: string | RegExp): Promise<void> {
  await page.getByRole('heading', { level: 1, name }).waitFor({ state: 'attached' });
}

async function live(page: Page): Promise<void> {
  await page.getByText('live', { exact: true }).waitFor();
}

test('every view fits a phone, a tablet and a desk, dark and light, and does not jump', {
  skip,
}, async (context) => {
  const relay = await startRelay(context);
  const browser = await launchBrowser(context);
  const paths = [
    '/',
    '/explorer/blocks',
    `/explorer/block/${TIP_HEIGHT}`,
    `/explorer/tx/${hashOf('spending')}`,
    `/explorer/tx/${hashOf('waiting')}`,
    `/explorer/address/${ADDRESS}`,
    '/explorer/mempool',
    '/explorer/charts',
    '/explorer/forks',
    '/explorer/network',
    '/explorer/broadcast',
    `/explorer/search/${encodeURIComponent(MARKUP)}`,
    `/explorer/block/${'0'.repeat(64)}`,
  ];
  for (const viewport of [PHONE, TABLET, DESK]) {
    for (const colorScheme of ['light', 'dark'] as const) {
      const watched = await watchedPage(browser, relay.url, { viewport, colorScheme });
      for (const path of paths) {
        await watched.page.goto(relay.url + path);
        await live(watched.page);
        await watched.page.locator('main:not(.is-waiting)').waitFor();
        const place = `${path} at ${viewport.width}`;
        assert.equal(await sidewaysScroll(watched.page), 0, place);
        const shift = await layoutShift(watched.page);
        assert.ok(shift < MAX_SHIFT, `${place} jumps by ${shift}`);
        assert.deepEqual(await namelessParts(watched.page), [], place);
      }
      assertClean(watched);
    }
  }
  const { page } = await watchedPage(browser, relay.url);
  for (const path of paths) {
    await page.goto(relay.url + path);
    await live(page);
    await page.locator('main:not(.is-waiting)').waitFor();
    assert.deepEqual(await sidewaysScrollByWidth(page), {}, path);
  }
});

test('whatever people wrote into the chain or call themselves is text', { skip }, async (context) => {
  const relay = await startRelay(context);
  const watched = await watchedPage(await launchBrowser(context), relay.url, { viewport: DESK });
  const { page } = watched;
  const places: readonly [path: string, where: (page: Page) => ReturnType<Page['locator']>][] = [
    ['/explorer/blocks', (at) => at.getByRole('table', { name: 'Blocks' })],
    [`/explorer/tx/${hashOf('spending')}`, (at) => at.getByRole('region', { name: 'Outputs' })],
    ['/explorer/network', (at) => at.getByRole('table', { name: 'Peers' })],
    [`/explorer/search/${encodeURIComponent(MARKUP)}`, (at) => at.getByRole('heading', { level: 1 })],
  ];
  for (const [path, where] of places) {
    await page.goto(relay.url + path);
    await where(page).getByText(MARKUP).first().waitFor();
    assert.equal(await page.locator('img').count(), 0, path);
  }
  assertClean(watched);
});

test('a new block arrives by itself: on the strip, in the figures, in the depth of a payment', {
  skip,
}, async (context) => {
  const relay = await startRelay(context);
  const browser = await launchBrowser(context);
  const home = await watchedPage(browser, relay.url, { viewport: DESK });
  const payment = await watchedPage(browser, relay.url, { viewport: DESK });
  await home.page.goto(relay.url);
  await live(home.page);
  await payment.page.goto(`${relay.url}/explorer/tx/${hashOf('spending')}`);
  await payment.page.getByText('114 confirmations').waitFor();
  await live(payment.page);

  connect(relay, { ...blockRow(TIP_HEIGHT + 1, NOW), time: NOW }, BLOCKS);
  await home.page.locator('.strip-blocks a').first().getByText('48,214').waitFor();
  assert.equal(await home.page.locator('.strip-blocks li').count(), 12);
  await home.page
    .getByRole('table', { name: 'Newest blocks' })
    .getByRole('link', { name: '48,214' })
    .waitFor();
  await payment.page.getByText('115 confirmations').waitFor();

  relay.emit({ type: 'template', template: { ...template(NOW), height: TIP_HEIGHT + 2, transactions: 7 } });
  await home.page.locator('.strip-next').getByText('7 payments').waitFor();
  assertClean(home);
  assertClean(payment);
});

test('a payment is seen as it arrives, and followed into its block and out of it again', {
  skip,
}, async (context) => {
  const relay = await startRelay(context);
  const watched = await watchedPage(await launchBrowser(context), relay.url, { viewport: DESK });
  const { page } = watched;
  await page.goto(relay.url);
  await live(page);
  const row = { ...mempoolRow(7, NOW), txid: hashOf('arriving') };
  relay.emit({ type: 'mempool', size: 121, vsize: 2_412_500, added: [row], removed: [], left_out: 0 });
  const newest = page.getByRole('table', { name: 'Newest transactions' });
  const link = newest.getByTitle(row.txid);
  await link.waitFor();
  assert.match((await newest.getByRole('row').nth(1).textContent()) ?? '', new RegExp(row.txid.slice(0, 6)));

  const waiting = { ...transaction('arriving', NOW), block: null, confirmations: 0, first_seen: NOW };
  const path = `/tx/${row.txid}`;
  relay.answers = { ...relay.answers, [path]: () => ({ body: waiting }) };
  await link.click();
  await heading(page, new RegExp(row.txid));
  await page.getByText('waiting', { exact: true }).waitFor();

  const block = { ...blockRow(TIP_HEIGHT + 1, NOW), time: NOW };
  const place = { hash: block.hash, height: block.height, time: NOW, index: 1 };
  relay.answers = {
    ...relay.answers,
    [path]: () => ({ body: { ...waiting, block: place, confirmations: 1 } }),
  };
  connect(relay, block, BLOCKS);
  await page.getByText('1 confirmation', { exact: true }).waitFor();
  await page.getByRole('status').filter({ hasText: 'Confirmed in block 48214' }).waitFor();
  assert.equal(
    await page.locator('.figure').getByRole('link', { name: '48,214' }).getAttribute('href'),
    `/explorer/block/${block.hash}`,
  );

  relay.answers = {
    ...relay.answers,
    [path]: () => ({ body: waiting }),
    '/chain': () => ({ body: chainAnswer(NOW, 12) }),
  };
  relay.emit({ type: 'block_disconnected', hash: block.hash, height: block.height });
  await page.getByText('waiting', { exact: true }).waitFor();

  relay.answers = {
    ...relay.answers,
    [path]: () => ({ status: 404, body: { error: { code: 'not-found', message: 'none' } } }),
  };
  relay.emit({
    type: 'mempool',
    size: 120,
    vsize: 2_412_345,
    added: [],
    removed: [{ txid: row.txid, reason: 'replaced' }],
    left_out: 0,
  });
  await page.getByRole('alert').filter({ hasText: 'This transaction is gone.' }).waitFor();
  assertClean(watched);
});

test('blocks that leave the best chain leave the strip, and those in their place stand there', {
  skip,
}, async (context) => {
  const relay = await startRelay(context);
  const watched = await watchedPage(await launchBrowser(context), relay.url, { viewport: DESK });
  const { page } = watched;
  await page.goto(relay.url);
  await live(page);
  await page.locator('.strip-blocks').getByTitle(TIP.hash).first().waitFor();
  const rival = { ...TIP, hash: hashOf('rival') };
  relay.emit({ type: 'block_disconnected', hash: TIP.hash, height: TIP.height });
  connect(relay, rival, BLOCKS.slice(1));
  const child = { ...blockRow(TIP_HEIGHT + 1, NOW), hash: hashOf('rival child') };
  connect(relay, child, [rival, ...BLOCKS.slice(1)]);
  await page.locator(`.strip-blocks a[title="${hashOf('rival child')}"]`).waitFor();
  assert.equal(await page.locator(`.strip-blocks a[title="${rival.hash}"]`).count(), 1);
  assert.equal(await page.locator(`.strip-blocks a[title="${TIP.hash}"]`).count(), 0);
  assertClean(watched);
});

test('a search leads to what is found, and a miss says what can be searched for', {
  skip,
}, async (context) => {
  const relay = await startRelay(context);
  const watched = await watchedPage(await launchBrowser(context), relay.url, { viewport: DESK });
  const { page } = watched;
  await page.goto(`${relay.url}/explorer/forks`);
  await live(page);
  const search = page.getByRole('searchbox', { name: 'Find a block, a transaction or an address' });
  await search.fill(' 48,100 ');
  await page.keyboard.press('Enter');
  await heading(page, '48,213');
  assert.equal(new URL(page.url()).pathname, `/explorer/block/${TIP.hash}`);
  // The search is not a place of its own: back leads to where one came from.
  await page.goBack();
  await heading(page, 'Forks and stale tips');
  await search.fill(MARKUP);
  await page.keyboard.press('Enter');
  await page.getByText('the height of a block: 0 to 48,213').waitFor();
  assertClean(watched);
});

test('a transaction is read before it is handed in, and a refusal says why', { skip }, async (context) => {
  const relay = await startRelay(context);
  const watched = await watchedPage(await launchBrowser(context), relay.url, { viewport: DESK });
  const { page } = watched;
  await page.goto(`${relay.url}/explorer/broadcast`);
  await live(page);
  const button = page.locator('form.broadcast').getByRole('button', { name: 'Broadcast' });
  const input = page.getByLabel('Signed transaction in hex');
  assert.equal(await button.isDisabled(), true);
  await input.fill('02000000zz');
  await page.getByText(/This is no transaction/).waitFor();
  assert.equal(await button.isDisabled(), true);

  // A spend of nothing to OP_RETURN "hi", without witness.
  const raw = `01000000${'01'}${'11'.repeat(32)}00000000${'00'}ffffffff${'01'}${'0000000000000000'}${'046a026869'}00000000`;
  await input.fill(`${raw.slice(0, 40)}\n ${raw.slice(40)}`);
  await page.getByText('1 coin', { exact: true }).waitFor();
  relay.answers = {
    ...relay.answers,
    '/tx': () => ({
      status: 422,
      body: { error: { code: 'rejected', message: 'the node refuses it: bad-txns-inputs-missingorspent' } },
    }),
  };
  await button.click();
  await page.getByRole('alert').filter({ hasText: 'bad-txns-inputs-missingorspent' }).waitFor();

  relay.answers = { ...relay.answers, '/tx': () => ({ body: { txid: hashOf('waiting') } }) };
  await button.click();
  await heading(page, new RegExp(hashOf('waiting')));
  assert.deepEqual(
    relay.posted.map(({ body }) => JSON.parse(body)),
    [{ hex: raw }, { hex: raw }],
  );
  assertClean(watched);
});

test('an answer that cannot be had now is asked for again; a name that means nothing is told so', {
  skip,
}, async (context) => {
  const relay = await startRelay(context);
  const watched = await watchedPage(await launchBrowser(context), relay.url, { viewport: DESK });
  const { page } = watched;
  const good = relay.answers;
  const path = `/address/${ADDRESS}`;
  const busy = { error: { code: 'node-busy', message: 'the node has too much to do' } };
  relay.answers = { ...good, [path]: () => ({ status: 502, body: busy }) };
  await page.goto(`${relay.url}/explorer${path}`);
  await page.getByRole('alert').filter({ hasText: 'the node has too much to do' }).waitFor();
  relay.answers = good;
  await page.getByRole('alert').waitFor({ state: 'hidden' });
  await page.getByRole('table', { name: 'History' }).waitFor();

  await page.goto(`${relay.url}/explorer/address/${encodeURIComponent(MARKUP)}`);
  await page.getByRole('alert').filter({ hasText: 'This is no address of this network.' }).waitFor();
  await page.goto(`${relay.url}/explorer/block/99999999`);
  await page.getByRole('alert').filter({ hasText: 'Heights go up to 48,213 now.' }).waitFor();
  assert.equal(await page.locator('img').count(), 0);
  assertClean(watched);
});

test('the QR code of an address reads as the address', { skip }, async (context) => {
  const relay = await startRelay(context);
  const watched = await watchedPage(await launchBrowser(context), relay.url, { viewport: DESK });
  const { page } = watched;
  await page.goto(`${relay.url}/explorer/address/${ADDRESS}`);
  const code = page.getByRole('img', { name: `QR code of the address ${ADDRESS}` });
  await code.waitFor();
  const size = Number((await code.getAttribute('viewBox'))?.split(' ').at(-1));
  const path = (await code.locator('path').getAttribute('d')) ?? '';
  assert.equal(decodeQr(pixels(path, size)).toLowerCase(), ADDRESS);
  assertClean(watched);
});

/** The drawing of a code as a picture, each module four pixels wide. */
function pixels(path: string, modules: number): { width: number; height: number; data: Uint8Array } {
  const scale = 4;
  const width = modules * scale;
  const data = new Uint8Array(width * width * 4).fill(255);
  for (const [, x, y, run] of path.matchAll(/M(\d+) (\d+)h(\d+)/g)) {
    for (let row = Number(y) * scale; row < (Number(y) + 1) * scale; row++) {
      const begin = (row * width + Number(x) * scale) * 4;
      data.fill(0, begin, begin + Number(run) * scale * 4);
    }
  }
  for (let alpha = 3; alpha < data.length; alpha += 4) data[alpha] = 255;
  return { width, height: width, data };
}

test('older pages of a list come when they are asked for', { skip }, async (context) => {
  const relay = await startRelay(context);
  const watched = await watchedPage(await launchBrowser(context), relay.url, { viewport: DESK });
  const { page } = watched;
  await page.goto(`${relay.url}/explorer/blocks`);
  const table = page.getByRole('table', { name: 'Blocks' });
  await table.getByRole('link', { name: '48,164', exact: true }).waitFor();
  assert.equal(await table.getByRole('link', { name: '48,163', exact: true }).count(), 0);
  await page.getByRole('button', { name: 'Show older' }).click();
  await table.getByRole('link', { name: '48,163', exact: true }).waitFor();
  await table.getByRole('link', { name: '48,114', exact: true }).waitFor();

  await page.goto(`${relay.url}/explorer/block/${TIP_HEIGHT}`);
  const rows = page.getByRole('table', { name: 'Transactions of the block' }).getByRole('row');
  await rows.nth(50).waitFor();
  await page.getByRole('button', { name: 'Show more' }).click();
  await rows.nth(100).waitFor();
  assertClean(watched);
});

test('a relay that goes away is told, as is a node behind it, and both are found again', {
  skip,
}, async (context) => {
  const relay = await startRelay(context);
  const { page } = await watchedPage(await launchBrowser(context), relay.url);
  await page.goto(relay.url);
  await live(page);
  const good = relay.answers;
  const away = { error: { code: 'node-away', message: 'the node does not answer: connect ECONNREFUSED' } };
  relay.answers = { ...good, '/chain': () => ({ status: 502, body: away }) };
  relay.emit({
    type: 'node',
    node: { state: 'away', reason: 'connect ECONNREFUSED', since: NOW },
    tip: null,
  });
  await page.getByText('The node behind this relay does not answer.').waitFor();
  relay.answers = good;
  relay.emit({ type: 'node', node: { state: 'ok', reason: null, since: NOW }, tip: HELLO.tip });
  await page.getByText('The node behind this relay does not answer.').waitFor({ state: 'hidden' });
  await live(page);

  await relay.stop();
  await page.getByText('The relay does not answer.').waitFor();
  assert.match((await page.locator('.banner').textContent()) ?? '', /What you see is from/);
  await startRelay(context, Number(new URL(page.url()).port));
  await live(page);
  await page.getByText('The relay does not answer.').waitFor({ state: 'hidden' });
});
