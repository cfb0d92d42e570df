/**
 * Payments on the wallet's page, in a real browser over a chain in memory: what is missing is said, all that there is
 * can be sent, payments are raised and taken back, coins are chosen and frozen, and a wallet without keys pays by way
 * of one that has them.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COIN } from '../../protocol/amount.ts';
import { launchBrowser, withoutBrowser } from '../kit/browser.ts';
import { startGui } from '../kit/wallet-gui-kit.ts';
import {
  assertClean,
  fundedPage,
  goTo,
  PAGE_PASSPHRASE,
  reviewPayment,
  sendReviewed,
  spendable,
  stranger,
  walletWindow,
} from '../kit/wallet-pages.ts';

const skip = withoutBrowser();

test('a payment says what it needs, takes all that there is, and is raised and taken back while it waits', {
  skip,
}, async (context) => {
  const bench = await startGui(context);
  const watched = await walletWindow(await launchBrowser(context), bench.gui);
  const { page } = watched;
  await fundedPage(bench, page, 2n * COIN);
  await goTo(page, 'Send');
  for (const [amount, complaint] of [
    ['1e3', 'Only digits and one point'],
    ['-1', 'not negative'],
    ['1,5', 'without commas'],
    ['0.000000001', '8 decimals at most'],
    ['NaN', 'Only digits and one point'],
  ] as const) {
    await page.getByLabel('Amount in NILZ').fill(amount);
    await page.getByRole('button', { name: 'Review' }).click();
    await page.locator('.complaint').getByText(complaint).waitFor();
  }
  await page.getByLabel('Pay to').fill('bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4');
  await page.getByRole('button', { name: 'Review' }).click();
  await page.locator('.complaint').getByText('is an address of Bitcoin').waitFor();

  await page.getByLabel('Pay to').fill(stranger(bench));
  await page.getByLabel('Amount in NILZ').fill('2');
  await page.getByText('Need 0.0000011').first().waitFor();
  await page.getByRole('button', { name: 'Max' }).click();
  await page.getByText('Leaves your wallet: 2.00').waitFor();
  assert.equal(await page.getByLabel('Amount in NILZ').inputValue(), '1.9999989');

  await reviewPayment(page, stranger(bench), '0.5');
  await sendReviewed(page);
  await page.getByRole('link', { name: 'Follow it' }).click();
  await page.getByRole('button', { name: 'Raise the fee' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('My own').click();
  await dialog.getByLabel('Nits per virtual byte').fill('20');
  await dialog.getByText('0.0000282').first().waitFor();
  await dialog.getByRole('button', { name: 'Send it with this fee' }).click();
  await dialog.waitFor({ state: 'detached' });
  const state = page.getByRole('region', { name: 'In short' });
  await state.getByText('0.0000282').waitFor();
  assert.equal(bench.chain.mempool.length, 1);

  await state.getByRole('button', { name: 'Cancel it' }).click();
  await dialog.getByText('My own').click();
  await dialog.getByLabel('Nits per virtual byte').fill('60');
  await dialog.getByText('0.000066').first().waitFor();
  await dialog.getByRole('button', { name: 'Take the payment back' }).click();
  await dialog.waitFor({ state: 'detached' });
  bench.chain.mine();
  await goTo(page, 'Overview');
  await spendable(page, '1.999934').waitFor();
  assertClean(watched, 422);
});

test('a payment of all there is says which coins stay, and why', { skip }, async (context) => {
  const bench = await startGui(context);
  const watched = await walletWindow(await launchBrowser(context), bench.gui);
  const { page } = watched;
  await fundedPage(bench, page, 2n * COIN, 400n);
  await goTo(page, 'Send');
  await page.getByLabel('Pay to').fill(stranger(bench));
  await page.getByText('My own').click();
  await page.getByLabel('Nits per virtual byte').fill('20');
  await page.getByRole('button', { name: 'Max' }).click();
  await page.getByRole('button', { name: 'Review' }).click();
  const review = page.getByRole('region', { name: 'Is this right?' });
  await review.getByText('Stays with you').waitFor();
  await review.getByText('1 coin worth less than the fee to spend').waitFor();
  assertClean(watched);
});

test('coins are chosen and frozen, and no payment takes a frozen one', { skip }, async (context) => {
  const bench = await startGui(context);
  const watched = await walletWindow(await launchBrowser(context), bench.gui);
  const { page } = watched;
  await fundedPage(bench, page, 3n * COIN, 4n * COIN);
  await goTo(page, 'Addresses');
  const coins = page.getByRole('table', { name: 'Coins' });
  await coins.getByRole('row').filter({ hasText: '4.00' }).getByRole('checkbox').check();
  await page.getByRole('button', { name: 'Freeze', exact: true }).click();
  await coins.getByText('frozen').waitFor();
  await goTo(page, 'Send');
  await page.getByLabel('Pay to').fill(stranger(bench));
  await page.getByLabel('Amount in NILZ').fill('3.5');
  await page
    .getByText(/Need 0\.5/)
    .first()
    .waitFor();

  await goTo(page, 'Addresses');
  await coins.getByRole('row').filter({ hasText: '4.00' }).getByRole('checkbox').check();
  await page.getByRole('button', { name: 'Unfreeze', exact: true }).click();
  await coins.getByText('frozen').waitFor({ state: 'detached' });
  await coins.getByRole('row').filter({ hasText: '4.00' }).getByRole('checkbox').check();
  await page.getByRole('button', { name: 'Pay with these' }).click();
  await page.getByText('1 coin chosen').waitFor();
  await reviewPayment(page, stranger(bench), '1');
  // The other coin would have sufficed, too, and is smaller.
  await page.getByRole('region', { name: 'Is this right?' }).getByText('2.99999859').waitFor();
  assertClean(watched, 422);
});

test('a wallet without keys pays with a signature of the one that has them', { skip }, async (context) => {
  const bench = await startGui(context);
  const browser = await launchBrowser(context);
  const watched = await walletWindow(browser, bench.gui);
  const { page } = watched;
  await fundedPage(bench, page, 8n * COIN);
  await goTo(page, 'Settings');
  await page.getByRole('button', { name: 'Show the public key' }).click();
  const key = (await page.locator('.xpub .code-line code').first().textContent()) ?? '';

  const watching = await walletWindow(browser, bench.gui);
  const watch = watching.page;
  await watch.getByRole('link', { name: /^Watch only/ }).click();
  await watch.getByLabel('Extended public key').fill(key);
  await watch.getByLabel('Name', { exact: true }).fill('watch');
  await watch.getByLabel('Passphrase', { exact: true }).fill(PAGE_PASSPHRASE);
  await watch.getByLabel('The same again').fill(PAGE_PASSPHRASE);
  await watch.getByRole('button', { name: 'Watch it' }).click();
  await spendable(watch, '8.00').waitFor();
  await watch.getByText('watch-only').first().waitFor();
  await goTo(watch, 'Send');
  await reviewPayment(watch, stranger(bench), '6');
  await watch.getByRole('button', { name: 'Prepare for signing' }).click();
  const prepared = await watch.getByLabel('Partly signed transaction').inputValue();
  await watch.getByRole('button', { name: 'Reserve its coins' }).click();
  await watch.getByText('Reserved until it is sent: 1 coin').waitFor();
  await goTo(watch, 'Addresses');
  await watch.getByRole('table', { name: 'Coins' }).getByText('frozen').waitFor();

  await goTo(page, 'Tools');
  await page.getByRole('link', { name: /^Partly signed/ }).click();
  await page.getByLabel('Transaction', { exact: true }).fill(prepared);
  await page.getByRole('button', { name: 'Look at it' }).click();
  const seen = page.getByRole('region', { name: 'What it does' });
  await seen.getByText('6.00000141').waitFor();
  await seen.getByRole('button', { name: 'Sign it' }).click();
  await seen.getByText('signed by all').waitFor();
  const signed = await page.getByLabel('Partly signed transaction').inputValue();

  await goTo(watch, 'Tools');
  await watch.getByRole('link', { name: /^Partly signed/ }).click();
  await watch.getByLabel('Transaction', { exact: true }).fill(signed);
  await watch.getByRole('button', { name: 'Look at it' }).click();
  await watch.getByRole('button', { name: 'Send it' }).click();
  await watch.waitForURL(/\/transaction\/[0-9a-f]{64}$/);
  await watch.getByRole('region', { name: 'In short' }).getByText('pending', { exact: true }).waitFor();
  assert.equal(bench.chain.mempool.length, 1);
  assertClean(watched);
  assertClean(watching);
});
