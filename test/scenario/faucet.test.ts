/**
 * The faucet's page in a real browser: a claim from the form to the block, what is said when there is nothing to
 * give, refusals with the time to come back, a captcha, hostile text, a lost connection, and no request to anybody else.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { PROVIDERS } from '../../faucet/captcha/provider.ts';
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
import { FakeCaptcha } from '../kit/fake-captcha.ts';
import { FaceKit } from '../kit/faucet-face-kit.ts';
import { AMOUNT, claimantAddress } from '../kit/faucet-kit.ts';
import { HOUR_MS } from '../kit/hand-clock.ts';

const MARKUP = '<img src=x onerror=alert(1)>';
const ALICE = claimantAddress('alice');
const PHONE = { width: 360, height: 740 };
const TABLET = { width: 800, height: 1000 };
const DESK = { width: 1600, height: 1000 };
/** Far below what anybody notices. */
const MAX_SHIFT = 0.02;
const skip = withoutBrowser();

/** Nothing went wrong and nobody else was asked. */
function assertClean({ complaints, strangers }: WatchedPage): void {
  assert.deepEqual(complaints, []);
  assert.deepEqual(strangers, []);
}

async function submit(page: Page, address: string): Promise<void> {
  await page.getByLabel('Your address').fill(address);
  await page.getByRole('button', { name: /^Claim 1\.00 NILZ$/ }).click();
}

/** The id of the claim whose page is open. */
async function openClaim(page: Page): Promise<string> {
  await page.waitForURL(/\/claim\/[0-9a-f]{32}$/);
  return new URL(page.url()).pathname.slice('/claim/'.length);
}

async function reached(page: Page, step: string): Promise<void> {
  await page.locator('[aria-current="step"]').filter({ hasText: step }).waitFor();
}

test('a claim is worked for, made, and watched until a block has it, without a reload', {
  skip,
}, async (context) => {
  const face = await FaceKit.start(context, {
    face: { explorerUrl: 'http://127.0.0.1:1/explorer', work: { least: 8, most: 8 } },
  });
  const watched = await watchedPage(await launchBrowser(context), face.url, { viewport: DESK });
  const { page } = watched;

  await page.goto(face.url);
  await page.getByText('regtest: test money').waitFor();
  await page.getByText('live', { exact: true }).waitFor();
  await submit(page, ALICE);
  const id = await openClaim(page);
  await page.getByRole('heading', { level: 1, name: id.slice(0, 8) }).waitFor();
  const { txid } = await face.kit.untilClaim(id, ({ state }) => state === 'sent');
  await reached(page, 'Sent');
  const link = page.getByRole('link', { name: 'Watch it in the explorer' });
  assert.equal(await link.getAttribute('href'), `http://127.0.0.1:1/explorer/tx/${txid}`);
  await face.confirm(id);
  await reached(page, 'Confirmed');
  await page
    .getByRole('status')
    .filter({ hasText: 'The claim is confirmed.' })
    .waitFor({ state: 'attached' });
  assert.equal(await face.kit.received('alice'), AMOUNT);

  // The link lasts: after a reload, in another browser, and from the list of one's own.
  await page.reload();
  await reached(page, 'Confirmed');
  await page.getByRole('link', { name: 'Back to the faucet' }).click();
  await page.getByRole('link', { name: id.slice(0, 8) }).click();
  await reached(page, 'Confirmed');
  assertClean(watched);
});

test('a refusal says why and when to come back, and shows the claim that was made before', {
  skip,
}, async (context) => {
  const face = await FaceKit.start(context);
  const watched = await watchedPage(await launchBrowser(context), face.url, { viewport: TABLET });
  const { page } = watched;
  await page.goto(face.url);
  await submit(page, ALICE);
  const id = await openClaim(page);
  await page.goto(face.url);
  await submit(page, ALICE);
  const refusal = page.getByRole('alert');
  await refusal.getByText(/You can try again in \d+:\d\d:\d\d\./).waitFor();
  await refusal.getByRole('link', { name: 'The claim that you made before' }).click();
  assert.equal(await openClaim(page), id);

  await page.goto(`${face.url}/claim/${'0'.repeat(32)}`);
  await page.getByText('There is no such claim.').waitFor();
  // The browser itself notes the statuses.
  assert.deepEqual(
    watched.complaints.filter((text) => !/the server responded with a status of (429|404)/.test(text)),
    [],
  );
  assert.deepEqual(watched.strangers, []);
});

test('an address that cannot be paid is told at the field, as text, before anything is asked', {
  skip,
}, async (context) => {
  const face = await FaceKit.start(context);
  const watched = await watchedPage(await launchBrowser(context), face.url);
  const { page } = watched;
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await page.goto(face.url);
  const about = page.locator('#claim-address-about');
  const wrong: [string, RegExp][] = [
    [MARKUP, /holds the character "<"/],
    ['bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080', /has the prefix "bcrt1", this network's is "rnilz1"/],
    [`${ALICE.slice(0, -1)}${ALICE.endsWith('q') ? 'p' : 'q'}`, /bad checksum/],
    [ALICE.slice(0, 20), /./],
  ];
  for (const [address, message] of wrong) {
    await submit(page, address);
    await page.locator('#claim-address[aria-invalid="true"]').waitFor();
    assert.match((await about.textContent()) ?? '', message);
  }
  assert.ok(!asked.includes('/challenge'));
  assert.equal(await page.locator('main img').count(), 0);
  // What was told is taken back as soon as it is mended, and upper case is the same address (BIP 173).
  await page.getByLabel('Your address').fill(` ${ALICE.toUpperCase()} `);
  await about.getByText('Looks right.').waitFor();
  await page.getByRole('button', { name: /^Claim/ }).click();
  await openClaim(page);
  await page.getByText(ALICE.slice(0, 12)).first().waitFor();
  assertClean(watched);
});

test('an empty, a spent and a paused faucet say so before anybody works', { skip }, async (context) => {
  const browser = await launchBrowser(context);
  const spent = await FaceKit.start(context, { rules: { dailyCap: AMOUNT / 2n } });
  const empty = await FaceKit.start(context, { rules: { floor: AMOUNT * 1_000_000n } });
  const paused = await FaceKit.start(context);
  await paused.kit.desk.pause();
  for (const [face, words] of [
    [spent, "Today's budget is given away."],
    [empty, 'The faucet is empty.'],
    [paused, 'The faucet is paused.'],
  ] as const) {
    const watched = await watchedPage(browser, face.url);
    await watched.page.goto(face.url);
    await watched.page.getByText(words).waitFor();
    assert.equal(await watched.page.getByLabel('Your address').isVisible(), false);
    assertClean(watched);
  }
  const { page } = await watchedPage(browser, paused.url);
  await page.goto(paused.url);
  await page.getByText('The faucet is paused.').waitFor();
  await paused.kit.desk.resume();
  await page.getByLabel('Your address').waitFor();
});

test('work can be stopped, and stops with the page that it was begun on', { skip }, async (context) => {
  const face = await FaceKit.start(context, { face: { work: { least: 100_000, most: 100_000 } } });
  const watched = await watchedPage(await launchBrowser(context), face.url);
  const { page } = watched;
  await page.goto(face.url);
  await submit(page, ALICE);
  await page.getByText(/\d+ of about 100,000 attempts, about/).waitFor();
  assert.equal(page.workers().length > 0, true);
  const ended = Promise.all(page.workers().map((worker) => worker.waitForEvent('close')));
  await page.getByRole('button', { name: 'Stop' }).click();
  await ended;
  await page.getByRole('button', { name: /^Claim/ }).waitFor();
  assert.equal((await face.kit.desk.state()).queued, 0);
  assertClean(watched);
});

test('with a captcha the page shows its widget, and each answer counts once', { skip }, async (context) => {
  const fake = await FakeCaptcha.start(context);
  const face = await FaceKit.start(context, {
    rules: { clientCooldownMs: 0 },
    face: {
      captcha: {
        provider: {
          ...PROVIDERS.hcaptcha,
          verifyUrl: fake.verifyUrl,
          scriptUrl: fake.scriptUrl,
          sources: [fake.origin],
        },
        secret: fake.secret,
        siteKey: 'site-key',
        hostnames: ['127.0.0.1'],
        minScore: 0.5,
      },
    },
  });
  const watched = await watchedPage(await launchBrowser(context), face.url);
  const { page } = watched;
  await page.goto(face.url);
  const button = page.getByRole('button', { name: /^Claim/ });
  await page.getByLabel('Your address').fill(ALICE);
  await page.getByRole('button', { name: 'I am human' }).waitFor();
  assert.equal(await button.isDisabled(), true);
  await page.getByRole('button', { name: 'I am human' }).click();
  await button.click();
  const id = await openClaim(page);
  await face.kit.untilClaim(id, ({ state }) => state === 'sent');
  assert.equal(fake.asked.length, 1);
  assert.equal(fake.asked[0]?.get('secret'), fake.secret);
  assert.deepEqual(watched.complaints, []);
  assert.ok(watched.strangers.every((url) => url.startsWith(fake.origin)));
});

test('every view fits a phone, a tablet and a wide desk, dark and light, and nothing jumps', {
  skip,
}, async (context) => {
  const face = await FaceKit.start(context, {
    rules: { clientCooldownMs: 24 * HOUR_MS },
    face: { work: undefined },
  });
  const { body } = await face.post<{ id: string }>('/claim', { address: ALICE });
  await face.confirm(body.id);
  const browser = await launchBrowser(context);
  for (const viewport of [PHONE, TABLET, DESK]) {
    for (const colorScheme of ['light', 'dark'] as const) {
      const watched = await watchedPage(browser, face.url, { viewport, colorScheme });
      for (const path of ['/', `/claim/${body.id}`]) {
        await watched.page.goto(face.url + path);
        await watched.page.getByText('live', { exact: true }).waitFor();
        await watched.page.locator('.panel').first().waitFor();
        const place = `${path} at ${viewport.width}`;
        assert.equal(await sidewaysScroll(watched.page), 0, place);
        const shift = await layoutShift(watched.page);
        assert.ok(shift < MAX_SHIFT, `${place} jumps by ${shift}`);
        assert.deepEqual(await namelessParts(watched.page), [], place);
        assert.deepEqual(await sidewaysScrollByWidth(watched.page), {}, path);
        await watched.page.setViewportSize(viewport);
      }
      assertClean(watched);
    }
  }
});

test('a faucet that goes away is told, and found again without a reload', { skip }, async (context) => {
  const face = await FaceKit.start(context);
  const { page } = await watchedPage(await launchBrowser(context), face.url);
  await page.goto(face.url);
  await page.getByText('live', { exact: true }).waitFor();
  const port = Number(new URL(face.url).port);
  await face.stop();
  await page.getByText('The faucet does not answer.').waitFor();
  await face.serve({ port });
  await page.getByText('live', { exact: true }).waitFor();
  await page.getByText('The faucet does not answer.').waitFor({ state: 'hidden' });
});
