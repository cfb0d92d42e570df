/**
 * What the wallet's page does where it matters, in a real browser over a chain in memory: strangers stay out, it locks,
 * a node that is away and a program that has gone are said, and text stays text.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COIN } from '../../protocol/amount.ts';
import { launchBrowser, watchedPage, withoutBrowser } from '../kit/browser.ts';
import { startGui } from '../kit/wallet-gui-kit.ts';
import {
  assertClean,
  createWallet,
  fundedPage,
  goTo,
  openWallet,
  spendable,
  stranger,
  walletWindow,
} from '../kit/wallet-pages.ts';

const MARKUP = '<img src=x onerror=alert(1)>';
const skip = withoutBrowser();

test('without its link the page shows how to get in, and nothing else; a link works once', {
  skip,
}, async (context) => {
  const { gui } = await startGui(context);
  const browser = await launchBrowser(context);
  const bare = await watchedPage(browser, gui.url);
  await bare.page.goto(`${gui.url}/overview`);
  await bare.page.getByRole('heading', { name: 'This page needs its link' }).waitFor();
  assertClean(bare);

  const link = gui.freshLink();
  const first = await watchedPage(browser, gui.url);
  await first.page.goto(link);
  await first.page.getByRole('heading', { name: 'Welcome' }).waitFor();
  assert.equal(new URL(first.page.url()).hash, '');
  // A reload of the tab goes on; another window with the same link does not begin.
  await first.page.reload();
  await first.page.getByRole('heading', { name: 'Welcome' }).waitFor();
  const second = await watchedPage(browser, gui.url);
  await second.page.goto(link);
  await second.page.getByRole('heading', { name: 'This link opens nothing' }).waitFor();
  assertClean(first);
  assertClean(second, 401, 403);
});

test('a locked wallet shows nothing, opens with its passphrase, and goes on where one was', {
  skip,
}, async (context) => {
  const bench = await startGui(context);
  const browser = await launchBrowser(context);
  const watched = await walletWindow(browser, bench.gui);
  const { page } = watched;
  const address = await fundedPage(bench, page, 5n * COIN);
  await spendable(page, '5.00').waitFor();
  await goTo(page, 'Receive');
  await page.getByRole('button', { name: 'Lock' }).click();
  await page.getByText('The wallet is locked.', { exact: true }).first().waitFor();
  assert.ok(!(await page.content()).includes(address));
  await page.goBack();
  await page.getByRole('heading', { name: 'Open a wallet' }).waitFor();
  await openWallet(page, 'mine', 'not this one');
  await page
    .getByText(/wrong passphrase/i)
    .first()
    .waitFor();
  await openWallet(page, 'mine');
  await page.getByRole('heading', { level: 1, name: 'Receive' }).waitFor();
  await page.locator(`[aria-label="${address}"]`).waitFor();

  // Whoever locks it in one window locks it in all.
  const other = await walletWindow(browser, bench.gui);
  await other.page
    .getByRole('listitem')
    .filter({ hasText: 'mine' })
    .getByRole('button', { name: 'Lock' })
    .click();
  await page.getByRole('heading', { name: 'Open a wallet' }).waitFor();
  assertClean(watched, 403);
  assertClean(other);
});

test('a node that is away is said and heals, and so is the program itself', { skip }, async (context) => {
  const bench = await startGui(context);
  const { page } = await walletWindow(await launchBrowser(context), bench.gui);
  await fundedPage(bench, page, 3n * COIN);
  await spendable(page, '3.00').waitFor();
  bench.chain.away = true;
  await page.getByText('The chain cannot be seen at present.').waitFor();
  // What was known stays.
  await spendable(page, '3.00').waitFor();
  bench.chain.away = false;
  await page.getByText('The chain cannot be seen at present.').waitFor({ state: 'hidden' });
  await bench.gui.stop();
  await page.getByText('The wallet program does not answer.').waitFor();
});

test('what people write stays text: labels, notes, contacts, links', { skip }, async (context) => {
  const bench = await startGui(context);
  const watched = await walletWindow(await launchBrowser(context), bench.gui);
  const { page } = watched;
  await createWallet(page, 'mine');
  await goTo(page, 'Receive');
  await page.getByLabel('For which label').selectOption('A new label…');
  await page.getByLabel('Name of the new label').fill(MARKUP);
  await page.getByRole('button', { name: 'Make it' }).click();
  const about = page.locator('.receive-about').getByText(MARKUP);
  await about.waitFor();
  const address = (await page.locator('.receive-address .grouped').getAttribute('aria-label')) ?? '';
  await bench.chain.strangerPays(address, COIN);
  bench.chain.mine();

  await goTo(page, 'Contacts');
  await page.getByLabel('Name', { exact: true }).fill(MARKUP);
  await page.getByLabel('Address', { exact: true }).fill(stranger(bench));
  await page.getByRole('button', { name: 'Save the contact' }).click();
  await page.getByRole('table', { name: 'Contacts' }).getByText(MARKUP).waitFor();
  // A contact is paid by name.
  await goTo(page, 'Send');
  await page.getByLabel('Pay to').fill(MARKUP);
  await page.locator('.contact-address').getByText(stranger(bench)).waitFor();

  await goTo(page, 'History');
  await page.getByRole('table', { name: 'History' }).getByRole('link', { name: 'Received' }).click();
  await page.getByLabel('Only you see it').fill(MARKUP);
  await page.getByRole('button', { name: 'Save the note' }).click();
  await goTo(page, 'History');
  await page.getByRole('table', { name: 'History' }).locator('.row-note').getByText(MARKUP).waitFor();

  // A link with an amount and words of a stranger.
  await goTo(page, 'Send');
  const words = encodeURIComponent(MARKUP);
  await page.getByLabel('Pay to').fill(`nilzcoin:${stranger(bench)}?amount=0.25&message=${words}`);
  await page.getByText(`The link says: ${MARKUP}`).waitFor();
  assert.equal(await page.getByLabel('Amount in NILZ').inputValue(), '0.25');
  await page.getByLabel('Pay to').fill(`nilzcoin:${stranger(bench)}?req-magic=1`);
  await page.getByText(/asks for "req-magic"/).waitFor();
  assert.equal(await page.locator('main img').count(), 0);
  assertClean(watched);
});
