/** The wallet's page in a browser, as a person uses it. */
import assert from 'node:assert/strict';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { encodeAddress } from '../../protocol/address.ts';
import type { RunningWalletGui } from '../../wallet/gui/gui-server.ts';
import { type WatchedPage, watchedPage } from './browser.ts';
import { STRANGER_SCRIPT } from './fake-chain.ts';
import type { GuiBench } from './wallet-gui-kit.ts';

export const PAGE_PASSPHRASE = 'tulip harbor 7 engine quartz';

/** A window that came by a fresh link. */
export async function walletWindow(
  browser: Browser,
  gui: RunningWalletGui,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const watched = await watchedPage(browser, gui.url, options);
  await watched.page.goto(gui.freshLink());
  await watched.page.getByRole('heading', { level: 1 }).waitFor();
  return watched;
}

/** Nothing went wrong and nobody else was asked. The browser itself notes refusals of the named statuses. */
export function assertClean({ complaints, strangers }: WatchedPage, ...statuses: readonly number[]): void {
  const expected = statuses.map((status) => `the server responded with a status of ${status}`);
  assert.deepEqual(
    complaints.filter((text) => !expected.some((words) => text.includes(words))),
    [],
  );
  assert.deepEqual(strangers, []);
}

/** Makes a wallet, its words checked on the way. @returns the words */
export async function createWallet(page: Page, name: string): Promise<string> {
  await page.getByRole('link', { name: /^Create a new wallet/ }).click();
  await page.getByLabel('Name', { exact: true }).fill(name);
  await writeNewPassphrase(page, 'Passphrase');
  await page.getByRole('button', { name: 'Go on' }).click();
  const grid = page.getByRole('list', { name: 'The words of the wallet' });
  await grid.waitFor();
  const words = await grid.locator('.word').allTextContents();
  await page.getByLabel('I have written the words down').check();
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByText('Read from your paper').waitFor();
  const labels = await page.locator('.word-questions label').allTextContents();
  for (const label of labels) {
    const place = Number(label.replace(/\D/g, ''));
    await page.getByLabel(label, { exact: true }).fill(words[place - 1] ?? '');
  }
  await page.getByRole('button', { name: 'Create the wallet' }).click();
  await page.waitForURL(/\/overview$/);
  return words.join(' ');
}

/** Restores a wallet up to the result of the search. */
export async function restoreWallet(page: Page, name: string, words: string): Promise<void> {
  await page.getByRole('link', { name: /^Restore from words/ }).click();
  await page.getByLabel('The words').fill(words);
  await page.getByText('These words belong together.').waitFor();
  await page.getByLabel('Name', { exact: true }).fill(name);
  await writeNewPassphrase(page, 'A passphrase for this machine');
  await page.getByRole('button', { name: 'Restore' }).click();
  await page.getByRole('button', { name: 'To the wallet' }).waitFor();
}

async function writeNewPassphrase(page: Page, label: string): Promise<void> {
  await page.getByLabel(label, { exact: true }).fill(PAGE_PASSPHRASE);
  await page.getByLabel('The same again').fill(PAGE_PASSPHRASE);
}

/** Opens a wallet of the list. */
export async function openWallet(page: Page, name: string, passphrase = PAGE_PASSPHRASE): Promise<void> {
  const card = page.getByRole('listitem').filter({ has: page.getByText(name, { exact: true }) });
  const field = card.getByLabel('Passphrase');
  if (!(await field.isVisible())) await card.getByText(name, { exact: true }).click();
  await field.fill(passphrase);
  await card.getByRole('button', { name: 'Open' }).click();
}

/** Follows a way of the side bar. */
export async function goTo(page: Page, name: string): Promise<void> {
  await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name, exact: true }).click();
  await page.locator('main:not(.is-waiting)').waitFor();
}

/** The address that is shown under Receive. */
export async function receiveAddress(page: Page): Promise<string> {
  await goTo(page, 'Receive');
  const address = page.locator('.receive-address .grouped');
  await address.waitFor();
  return (await address.getAttribute('aria-label')) ?? '';
}

/** Fills the form of a payment and goes on to its review. */
export async function reviewPayment(page: Page, to: string, amount: string): Promise<void> {
  await page.getByLabel('Pay to').fill(to);
  await page.getByLabel('Amount in NILZ').fill(amount);
  await page.getByText('Leaves your wallet:').waitFor();
  await page.getByRole('button', { name: 'Review' }).click();
  await page.getByRole('heading', { name: 'Is this right?' }).waitFor();
}

/** Makes the payment that was reviewed. @returns its id */
export async function sendReviewed(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'Send now' }).click();
  const follow = page.getByRole('link', { name: 'Follow it' });
  await follow.waitFor();
  return (await follow.getAttribute('href'))?.split('/').at(-1) ?? '';
}

/** A figure that the page shows, such as the balance: its value by its name. */
export function spendable(page: Page, amount: string) {
  return page.locator('.balance-value').filter({ hasText: amount });
}

/** The rows of the history, without what tells how long ago it was: what, with whom, how much, and the id. */
export async function historyRows(page: Page): Promise<string[]> {
  const rows = page.getByRole('table', { name: 'History' }).locator('tbody tr');
  await rows.first().waitFor();
  const told = (await rows.all()).map(async (row) => {
    const texts = ['What', 'With', 'State', 'Amount'].map((label) =>
      row.locator(`[data-label="${label}"]`).textContent(),
    );
    const id = await row.locator('.row-link').getAttribute('href');
    return [...(await Promise.all(texts)), id].join(' | ');
  });
  return Promise.all(told);
}

/** Somebody to pay. */
export function stranger(bench: GuiBench): string {
  return encodeAddress(STRANGER_SCRIPT, bench.chain.profile.address) ?? '';
}

/** A wallet with coins in blocks, one for each amount, and its page on the overview. */
export async function fundedPage(bench: GuiBench, page: Page, ...coins: readonly bigint[]): Promise<string> {
  await createWallet(page, 'mine');
  const address = await receiveAddress(page);
  for (const amount of coins) await bench.chain.strangerPays(address, amount);
  bench.chain.mine();
  await goTo(page, 'Overview');
  return address;
}
