/**
 * The dashboard of a real pool with a real miner, in a real browser: every view, links and the back button, a
 * miner that lies about its name, a lost connection, and no request to anybody else.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
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
import { Devnet } from '../kit/devnet.ts';
import { temporaryDirectory } from '../kit/pool-kit.ts';
import { StratumMiner } from '../kit/stratum-miner.ts';

const EASY = ['--start-difficulty', '0.00001'];
const MARKUP = '<img src=x onerror=alert(1)>';
const PHONE = { width: 360, height: 740 };
const TABLET = { width: 1024, height: 768 };
const DESK = { width: 1600, height: 1000 };
/** Far below what anybody notices. */
const MAX_SHIFT = 0.02;
const skip = withoutBrowser();

/** Nothing went wrong and nobody else was asked. */
function assertClean({ complaints, strangers }: WatchedPage): void {
  assert.deepEqual(complaints, []);
  assert.deepEqual(strangers, []);
}

/** The heading of the view, when it is there. */
async function heading(page: Page, name: string | RegExp): Promise<void> {
  await page.getByRole('heading', { level: 1, name }).waitFor({ state: 'attached' });
}

test('one clicks through every view, and back; links lead where they say', { skip }, async (context) => {
  const devnet = await Devnet.start(await temporaryDirectory(context), EASY);
  context.after(() => devnet.kill());
  const url = devnet.ready.pool.httpUrl;
  const carol = devnet.address('carol');
  const browser = await launchBrowser(context);
  const watched = await watchedPage(browser, url, { viewport: DESK });
  const { page } = watched;

  await page.goto(url);
  await page.getByText('dev: test money').waitFor();
  await page.keyboard.press('Tab');
  await page.getByRole('link', { name: 'To the content' }).and(page.locator(':focus')).waitFor();
  await page.getByText('live', { exact: true }).waitFor();
  // The shares of the built-in miner arrive by themselves.
  await page.locator('.live-row').first().waitFor();
  const row = page.getByRole('table', { name: 'Workers' }).getByRole('row').filter({ hasText: 'devnet' });
  await row.getByText('ok').waitFor();

  await row.getByRole('link', { name: 'devnet' }).click();
  await heading(page, 'devnet');
  assert.equal(new URL(page.url()).pathname, `/address/${carol}/worker/devnet`);
  await page
    .getByRole('link', { name: /^dnilz1/ })
    .first()
    .click();
  await heading(page, new RegExp(carol));
  await page.getByRole('heading', { name: 'Earnings' }).waitFor();
  assert.equal(await page.title(), `Address ${carol} · NilzCoin pool`);

  await page.goBack();
  await heading(page, 'devnet');
  await page.goForward();
  await heading(page, new RegExp(carol));
  await page.reload();
  await heading(page, new RegExp(carol));

  const views = page.getByRole('navigation', { name: 'Views' });
  await views.getByRole('link', { name: 'Blocks' }).click();
  await heading(page, 'Blocks');
  await views.getByRole('link', { name: 'Payouts' }).click();
  await heading(page, 'Payouts');
  await page.getByText(/Paid is who is owed at least/).waitFor();
  await views.getByRole('link', { name: 'Overview' }).click();
  await page.getByRole('heading', { name: 'Pool hash rate' }).waitFor();
  for (const range of ['6 h', '24 h', '1 h']) {
    await page.getByRole('button', { name: range, exact: true }).click();
    await page.getByRole('button', { name: range, exact: true, pressed: true }).waitFor();
  }

  await page.getByRole('searchbox', { name: 'Find an address' }).fill(`${carol}.devnet`);
  await page.keyboard.press('Enter');
  await heading(page, new RegExp(carol));
  assertClean(watched);
});

test('connecting is told with the own address filled in, ready to be copied', { skip }, async (context) => {
  const devnet = await Devnet.start(await temporaryDirectory(context), ['--no-mine', ...EASY]);
  context.after(() => devnet.kill());
  const { httpUrl: url, stratumUrl } = devnet.ready.pool;
  const browser = await launchBrowser(context);
  const watched = await watchedPage(browser, url, { permissions: ['clipboard-read', 'clipboard-write'] });
  const { page } = watched;

  await page.goto(url);
  await page.getByRole('link', { name: 'Connect the first miner' }).click();
  await heading(page, 'Connect a miner');
  await page.getByLabel('Address', { exact: true }).fill(devnet.address('bob'));
  await page.getByLabel('Name of this machine').fill('attic');
  const command = `minerd -a sha256d -o ${stratumUrl} -u ${devnet.address('bob')}.attic -p x`;
  await page.getByText(command, { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Copy the command for cpuminer', exact: true }).click();
  await page.getByRole('status').filter({ hasText: 'Copied the command for cpuminer' }).waitFor();
  assert.equal(await page.evaluate('navigator.clipboard.readText()'), command);
  for (const name of ['cpuminer-opt', 'NilzCoin miner', 'Bitaxe', 'cgminer']) {
    await page.getByRole('heading', { name, exact: true }).waitFor();
  }

  // 0.00001 × 2³² hashes at 1 kH/s.
  await page.getByLabel('Hash rate of your miner').fill('1 kH/s');
  await page.getByText('First share expected in about 43 s.').waitFor();
  await page.getByLabel('Hash rate of your miner').fill('fast');
  await page.getByText(/A number with H\/s/).waitFor();
  assertClean(watched);
});

test('whatever a miner calls itself is text, and a refused share is told', { skip }, async (context) => {
  const devnet = await Devnet.start(await temporaryDirectory(context), EASY);
  context.after(() => devnet.kill());
  const { httpUrl: url, stratumUrl } = devnet.ready.pool;
  const bob = devnet.address('bob');
  const liar = await StratumMiner.connect(stratumUrl);
  context.after(() => liar.socket.destroy());
  await liar.request('mining.subscribe', [MARKUP]);
  await liar.request('mining.authorize', [`${bob}.liar`, 'x']);
  const browser = await launchBrowser(context);
  const watched = await watchedPage(browser, url, { viewport: DESK });
  const { page } = watched;

  await page.goto(`${url}/address/${encodeURIComponent(bob)}`);
  await heading(page, new RegExp(bob));
  await page.getByText('live', { exact: true }).waitFor();
  // Until the page listens to this address only, a share of nobody known may pass it by.
  const refused = page.locator('.live-row[data-kind="rejected"]').first();
  const beat = setInterval(
    () =>
      liar.send({
        id: 7,
        method: 'mining.submit',
        params: [`${bob}.liar`, 'none', '00000000', '00000000', '00000000'],
      }),
    200,
  );
  context.after(() => clearInterval(beat));
  await refused.getByText('job-not-found').waitFor();
  clearInterval(beat);
  assertClean(watched);

  // Names that this pool lets in are harmless; a page must not rely on that.
  await page.route(/\/stats/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({
      response,
      body: (await response.text()).replaceAll('"devnet"', JSON.stringify(MARKUP)),
    });
  });
  await page.goto(url);
  await page.getByRole('list', { name: 'Programs' }).getByText(MARKUP).waitFor();
  const link = page.getByRole('table', { name: 'Workers' }).getByRole('link', { name: MARKUP });
  await link.waitFor();
  await link.click();
  await heading(page, MARKUP);
  assert.equal(await page.locator('img').count(), 0);
  assertClean(watched);
  // What the page asks next would be fetched here while the pool already stops.
  await page.unrouteAll({ behavior: 'ignoreErrors' });
});

test('an address that is none is told so where one looks for it', { skip }, async (context) => {
  const devnet = await Devnet.start(await temporaryDirectory(context), ['--no-mine', ...EASY]);
  context.after(() => devnet.kill());
  const url = devnet.ready.pool.httpUrl;
  const browser = await launchBrowser(context);
  const { page, complaints } = await watchedPage(browser, url);
  await page.goto(`${url}/address/${encodeURIComponent(MARKUP)}`);
  await page.getByRole('alert').filter({ hasText: 'address' }).waitFor();
  assert.equal(await page.locator('img').count(), 0);
  // The browser itself notes the status 400.
  assert.deepEqual(
    complaints.filter((text) => !text.includes('400 (Bad Request)')),
    [],
  );
  const answer = await fetch(`${url}/nothing/here`);
  assert.equal(answer.status, 404);
});

test('every view fits a phone, a tablet and a wide desk, dark and light, without scrolling sideways', {
  skip,
}, async (context) => {
  const directory = await temporaryDirectory(context);
  const mining = await Devnet.start(directory, EASY);
  context.after(() => mining.kill());
  for (let blocks = 0; blocks < 3; blocks++) await mining.nextBlock();
  await mining.interrupt();
  // With all that was mined, and without news that would rightly move what is shown.
  const devnet = await Devnet.start(directory, ['--no-mine', ...EASY]);
  context.after(() => devnet.kill());
  const url = devnet.ready.pool.httpUrl;
  const carol = devnet.address('carol');
  const browser = await launchBrowser(context);
  const paths = [
    '/',
    '/mined',
    '/paid',
    `/connect?address=${carol}`,
    `/address/${carol}`,
    `/address/${carol}/worker/devnet`,
  ];
  for (const viewport of [PHONE, TABLET, DESK]) {
    for (const colorScheme of ['light', 'dark'] as const) {
      const watched = await watchedPage(browser, url, { viewport, colorScheme });
      for (const path of paths) {
        await watched.page.goto(url + path);
        await watched.page.getByText('live', { exact: true }).waitFor();
        const place = `${path} at ${viewport.width}`;
        assert.equal(await sidewaysScroll(watched.page), 0, place);
        const shift = await layoutShift(watched.page);
        assert.ok(shift < MAX_SHIFT, `${place} jumps by ${shift}`);
        assert.deepEqual(await namelessParts(watched.page), [], place);
      }
      assertClean(watched);
    }
  }
  const { page } = await watchedPage(browser, url);
  for (const path of paths) {
    await page.goto(url + path);
    await page.getByText('live', { exact: true }).waitFor();
    assert.deepEqual(await sidewaysScrollByWidth(page), {}, path);
  }
});

test('a pool that goes away is told, and found again without a reload', { skip }, async (context) => {
  const directory = await temporaryDirectory(context);
  const first = await Devnet.start(directory, EASY);
  context.after(() => first.kill());
  const url = first.ready.pool.httpUrl;
  const browser = await launchBrowser(context);
  const { page } = await watchedPage(browser, url);
  await page.goto(url);
  await page.getByText('live', { exact: true }).waitFor();
  await first.kill();
  await page.getByText('The pool does not answer.').waitFor();
  assert.match((await page.locator('.banner').textContent()) ?? '', /What you see is from/);

  const second = await Devnet.start(directory, [...EASY, '--http-port', new URL(url).port]);
  context.after(() => second.kill());
  await page.getByText('live', { exact: true }).waitFor();
  await page.getByText('The pool does not answer.').waitFor({ state: 'hidden' });
});
