/**
 * The byte inspector in a real browser: real blocks and third-party signatures byte by byte, a block as long as one
 * may be, keys, touch, links to a field, pasted hex, and the hashes that the page computes itself.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Page } from 'playwright-core';
import { bytesToHex, displayHash } from '../../protocol/bytes.ts';
import { encodeTransaction, txid } from '../../protocol/transaction.ts';
import {
  launchBrowser,
  layoutShift,
  sidewaysScroll,
  type WatchedPage,
  watchedPage,
  withoutBrowser,
} from '../kit/browser.ts';
import { answersAbout, longestBlock, realBlock, transactionAnswers } from '../kit/bytes-samples.ts';
import { type FakeAnswers, FakeRelay } from '../kit/fake-relay.ts';
import { sampleAnswers } from '../kit/relay-samples.ts';
import { alice, bob, genesisFunds, payOn } from '../node/payment-kit.ts';
import { startTestRelay } from '../node/relay/relay-kit.ts';
import { readRaw, readVectors } from '../protocol/vectors.ts';

const PHONE = { width: 360, height: 740 };
const DESK = { width: 1600, height: 1000 };
const MAX_SHIFT = 0.02;
const skip = withoutBrowser();

/** A relay with these answers, and a page that is watched. */
async function opened(
  context: TestContext,
  answers: FakeAnswers,
  path: string,
  options: object = { viewport: DESK },
): Promise<WatchedPage> {
  const relay = await FakeRelay.start();
  context.after(() => relay.stop());
  relay.answers = { ...sampleAnswers(), ...answers };
  const watched = await watchedPage(await launchBrowser(context), relay.url, options);
  await watched.page.goto(`${relay.url}${path}`);
  return watched;
}

function assertClean({ complaints, strangers }: WatchedPage): void {
  assert.deepEqual(complaints, []);
  assert.deepEqual(strangers, []);
}

const fieldName = (page: Page) => page.locator('.field-name');

/** Waits until the panel shows the field. */
async function shows(page: Page, name: string): Promise<void> {
  await fieldName(page)
    .filter({ hasText: new RegExp(`^${name.replace(/[[\]]/g, '\\$&')}$`) })
    .waitFor();
}

test('a header says what each byte is, and how it is proof of work', { skip }, async (context) => {
  const { hash, answers } = answersAbout(realBlock('block1'));
  const watched = await opened(context, answers, `/explorer/bytes/header/${hash}`);
  const { page } = watched;
  await page.getByRole('heading', { level: 1, name: hash }).waitFor();
  const bytes = await page.locator('.hex-bytes').allTextContents();
  assert.equal(
    bytes.join('').replaceAll(/\s/g, ''),
    bytesToHex(readRaw('blocks/block1.raw').subarray(0, 80)),
  );
  // By pointer: resting shows, leaving shows what was chosen before, a click chooses.
  await page.locator('.hex-run').filter({ hasText: 'ff ff 00 1d' }).hover();
  await shows(page, 'bits');
  await page.getByText('Defined by:').first().hover();
  await shows(page, 'header');
  await page.locator('.hex-run').filter({ hasText: '01 e3 62 99' }).click();
  await shows(page, 'nonce');
  await page.locator('.readings').getByText('2,573,394,689').waitFor();
  assert.equal(new URL(page.url()).hash, '#nonce');
  // The hash that the page has computed, and what another nonce would have made.
  await page.getByText('the hash meets the target').first().waitFor();
  await page.getByLabel('Nonce').fill('1');
  await page.getByText('the hash is above the target').waitFor();
  assert.ok((await layoutShift(page)) < MAX_SHIFT);
  assertClean(watched);
});

test('keys go from field to field, and what is chosen is a link', { skip }, async (context) => {
  const { id, answers } = transactionAnswers(0);
  const watched = await opened(context, answers, `/explorer/bytes/tx/${id}#inputs[1].sequence`);
  const { page } = watched;
  await shows(page, 'sequence');
  await page.getByText('signals that it may be replaced').waitFor();
  await page.locator('.hex').focus();
  await page.keyboard.press('ArrowRight');
  await shows(page, 'txid');
  assert.equal(new URL(page.url()).hash, '#inputs[2].previous.txid');
  await page.keyboard.press('ArrowLeft');
  await shows(page, 'sequence');
  await page.keyboard.press('Home');
  await shows(page, 'version');
  await page.keyboard.press('ArrowRight');
  await shows(page, 'marker');
  await page.keyboard.press('End');
  await shows(page, 'lockTime');
  // Whoever hears the page is told.
  await page
    .getByRole('status')
    .filter({ hasText: 'lockTime: after block 500' })
    .waitFor({ state: 'attached' });
  // Without any pointer or colour: from part to part by buttons.
  await page
    .getByRole('navigation', { name: 'Part of' })
    .getByRole('button', { name: 'transaction' })
    .click();
  await page
    .locator('.field-parts')
    .getByRole('button', { name: /outputs/ })
    .click();
  await page.locator('.field-parts').getByRole('button', { name: /\[0\]/ }).click();
  await page
    .locator('.field-parts')
    .getByRole('button', { name: /script/ })
    .click();
  await page
    .locator('.readings')
    .getByRole('link', { name: /^dnilz1q/ })
    .waitFor();
  await page.reload();
  await shows(page, 'script');
  assertClean(watched);
});

test('each signature is checked by the page, over the digest a third party computed', {
  skip,
}, async (context) => {
  interface Vector {
    cases: { inputs: { sighash: string }[] }[];
  }
  const { cases } = readVectors<Vector>('sighash-p2wpkh.json');
  const { id, answers } = transactionAnswers(0);
  const watched = await opened(context, answers, `/explorer/bytes/tx/${id}`);
  const { page } = watched;
  const section = page.getByRole('region', { name: 'From the digest to the signature' });
  for (const [index, { sighash }] of cases[0]!.inputs.entries()) {
    await section.getByLabel('Input').fill(String(index));
    await section.getByText(sighash).waitFor();
    await section.getByText('the signature is valid').waitFor();
    await section.getByText('the coin is locked to this key').waitFor();
  }
  await section.getByLabel('Input').fill('99');
  assert.equal(await section.getByLabel('Input').getAttribute('aria-invalid'), 'true');
  await page.getByText('3 × 164 + 488 = 980').waitFor();
  assertClean(watched);
});

test('a block leads to its merkle root and to its witness commitment', { skip }, async (context) => {
  const { hash, answers } = answersAbout(realBlock('block482683'));
  const watched = await opened(context, answers, `/explorer/bytes/block/${hash}`);
  const { page } = watched;
  await page.getByText('12 → 6 → 3 → 2 → 1').waitFor();
  await page.getByText('the header commits to these transactions').waitFor();
  await page.getByText('the coinbase commits to these witnesses').waitFor();
  await page.getByRole('spinbutton', { name: /^Transaction/ }).fill('11');
  await page.getByText('level 2, paired with itself').waitFor();
  // A block of Bitcoin spends by other scripts, too: nothing of it is taken for markup.
  assert.equal(await page.locator('.inspector img').count(), 0);
  assertClean(watched);
});

test('a block of four million bytes is looked at like a header', { skip }, async (context) => {
  const { hash, answers } = answersAbout(longestBlock());
  const watched = await opened(context, answers, `/explorer/bytes/block/${hash}`);
  const { page } = watched;
  await page.getByRole('heading', { level: 2, name: /^A block, 3,99\d,\d{3} bytes$/ }).waitFor();
  await page.getByText('the header commits to other transactions').waitFor();
  const hex = page.locator('.hex');
  await hex.focus();
  await page.keyboard.press('End');
  await shows(page, 'lockTime');
  assert.ok((await page.locator('.hex-row').count()) < 100, 'only rows in sight are on the page');
  await page.locator('.hex-row').last().waitFor();
  await page.evaluate("document.querySelector('.hex').scrollTo(0, 1000000)");
  await page.locator('.hex-offset', { hasText: '0a2c20' }).waitFor();
  await page.getByRole('navigation', { name: 'Part of' }).getByRole('button', { name: 'block' }).click();
  await page
    .locator('.field-parts')
    .getByRole('button', { name: /transactions/ })
    .click();
  await page.getByRole('button', { name: 'After' }).click();
  await page.getByText(/^26 to 50 of/).waitFor();
  assertClean(watched);
});

test('pasted hex is shown, and what is none is refused in words', { skip }, async (context) => {
  const watched = await opened(context, {}, '/explorer/bytes');
  const { page } = watched;
  const box = page.getByLabel(/^Hex of a header/);
  const button = page.getByRole('button', { name: 'Show its bytes' });
  await box.fill('<img src=x onerror=alert(1)>');
  await button.click();
  await page.getByRole('alert').filter({ hasText: 'not hex: it holds "<"' }).waitFor();
  const { cases } = readVectors<{ cases: { signed: string }[] }>('sighash-p2wpkh.json');
  await box.fill(cases[0]!.signed);
  await button.click();
  await page.getByRole('heading', { level: 2, name: /^A transaction/ }).waitFor();
  assert.equal(await page.getByRole('alert').count(), 0);
  // The value of the coin is part of what is signed and stands elsewhere.
  await page.getByLabel('NILZ').fill('1');
  await page.getByText('the signature is not valid').waitFor();
  await page.getByLabel('NILZ').fill('7.76318791');
  await page.getByText('the signature is valid').waitFor();
  const { frames } = readVectors<{ frames: { hex: string }[] }>('peer/bcoin-regtest.json');
  await box.fill(frames[0]!.hex);
  await button.click();
  await page.getByRole('heading', { level: 2, name: /^A message between nodes/ }).waitFor();
  await page
    .locator('.field-parts')
    .getByRole('button', { name: /payload/ })
    .click();
  await page
    .locator('.field-parts')
    .getByRole('button', { name: /userAgent/ })
    .click();
  await page.locator('.readings').getByText('/bcoin:v1.0.2/').waitFor();
  await box.fill('00');
  await button.click();
  await page.getByRole('alert').filter({ hasText: 'no header, transaction, block or message' }).waitFor();
  assert.equal(await page.locator('.inspector').count(), 0);
  assertClean(watched);
});

test('on a phone bytes are tapped, and nothing is wider than the screen', { skip }, async (context) => {
  const { id, answers } = transactionAnswers(0);
  const options = { viewport: PHONE, hasTouch: true, isMobile: true, colorScheme: 'dark' };
  const watched = await opened(context, answers, `/explorer/bytes/tx/${id}`, options);
  const { page } = watched;
  await page.locator('.hex-run').nth(4).tap();
  await shows(page, 'txid');
  assert.equal(await sidewaysScroll(page), 0);
  assertClean(watched);
});

test('a payment and its block, as a real relay gives them, prove themselves', { skip }, async (context) => {
  const { relay, node } = await startTestRelay(context);
  await node.mine(1);
  const payment = payOn(genesisFunds(alice), bob, 600n);
  const id = displayHash(txid(payment));
  await node.call('sendrawtransaction', bytesToHex(encodeTransaction(payment)));
  const [hash = ''] = await node.mine(1);
  const watched = await watchedPage(await launchBrowser(context), relay.url, { viewport: DESK });
  const { page } = watched;
  await page.goto(`${relay.url}/explorer/tx/${id}`);
  await page.getByRole('link', { name: /^Byte by byte/ }).click();
  await page.getByText('the signature is valid').waitFor();
  await page.getByText('the coin is locked to this key').waitFor();
  await page
    .locator('.sum')
    .filter({ hasText: /^600.nits ÷/ })
    .waitFor();
  // By its height; the page names it by its hash.
  await page.goto(`${relay.url}/explorer/bytes/block/2`);
  await page.getByRole('heading', { level: 1, name: hash }).waitFor();
  await page.getByText('the hash meets the target').first().waitFor();
  await page.getByText('the header commits to these transactions').waitFor();
  await page.getByText('the coinbase commits to these witnesses').waitFor();
  await page.getByRole('link', { name: 'Its header alone' }).click();
  await page.getByRole('heading', { level: 2, name: 'A block header, 80 bytes' }).waitFor();
  assertClean(watched);
});

test('what the relay does not have is said, and the view goes on', { skip }, async (context) => {
  const watched = await opened(context, {}, `/explorer/bytes/block/${'0'.repeat(64)}`);
  const { page } = watched;
  await page.getByRole('alert').filter({ hasText: 'There is no such thing here.' }).waitFor();
  assert.equal(await page.locator('.inspector').count(), 0);
});
