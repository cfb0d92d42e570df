/**
 * A newcomer's whole way with nothing but a browser, from the landing page of `npm start`: a wallet is made, coins
 * are claimed from the faucet, seen waiting, confirmed and in the explorer, and somebody is paid.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { launchBrowser, watchedPage, withoutBrowser } from '../kit/browser.ts';
import { Devnet } from '../kit/devnet.ts';
import { MINED_BY_HAND, mineBlock } from '../kit/devnet-mining.ts';
import {
  createWallet,
  goTo,
  receiveAddress,
  reviewPayment,
  sendReviewed,
  spendable,
} from '../kit/wallet-pages.ts';
import { temporaryDirectory } from '../service/temporary-directory.ts';

const skip = withoutBrowser();

/** What a link opens in a tab of its own. */
async function newTab(page: Page, linkName: string | RegExp): Promise<Page> {
  const opened = page.context().waitForEvent('page');
  await page.getByRole('link', { name: linkName }).first().click();
  return opened;
}

test('with the browser alone: a wallet, coins from the faucet, the explorer, and a payment', {
  skip,
}, async (context) => {
  const devnet = await Devnet.start(await temporaryDirectory(context), MINED_BY_HAND);
  context.after(() => devnet.kill());
  const { homeUrl, relay, faucet, walletUrl } = devnet.ready;
  const browser = await launchBrowser(context);
  const { page: wallet, complaints, strangers } = await watchedPage(browser, walletUrl);

  await wallet.goto(homeUrl);
  await wallet.getByRole('button', { name: 'Make a wallet in the browser' }).click();
  await wallet.waitForURL(`${walletUrl}/**`);
  await wallet.getByText('dev: test money').waitFor();
  // The token is not left where others could see it.
  assert.ok(!wallet.url().includes('token'), wallet.url());
  await createWallet(wallet, 'default');
  const address = await receiveAddress(wallet);

  const site = await wallet.context().newPage();
  await site.goto(homeUrl);
  const alice = await site
    .getByRole('table', { name: 'Accounts' })
    .locator(`[title="${devnet.address('alice')}"]`)
    .getAttribute('title');
  await site.getByRole('link', { name: 'Claim some coins' }).click();
  await site.getByLabel('Your address').fill(address);
  await site.getByText('Looks right.').waitFor();
  await site.getByRole('button', { name: /^Claim/ }).click();
  const step = site.locator('[aria-current="step"]');
  await step.filter({ hasText: 'Sent' }).waitFor();
  await site.getByRole('link', { name: 'Watch it in the explorer' }).click();
  await site.getByText('none yet', { exact: true }).waitFor();
  const claimed = new URL(site.url()).pathname.split('/').at(-1);

  await wallet.getByText('This address was paid.').waitFor();
  await goTo(wallet, 'Overview');
  const last = wallet.getByRole('table', { name: 'Last transactions' });
  await last.getByRole('row').filter({ hasText: 'pending' }).getByText('+10.00').waitFor();
  await spendable(wallet, '0.00').waitFor();
  await mineBlock(devnet);
  await spendable(wallet, '10.00').waitFor();
  await last.getByText(/confirmation/).waitFor();

  await last.getByRole('link', { name: 'Received' }).click();
  const explorer = await newTab(wallet, 'Look at it in the explorer');
  await explorer.getByRole('heading', { level: 1, name: claimed ?? '' }).waitFor();
  await explorer
    .getByText(/confirmation/)
    .first()
    .waitFor();
  assert.ok(explorer.url().startsWith(relay.url));

  await goTo(wallet, 'Send');
  await reviewPayment(wallet, alice ?? '', '3');
  const paid = await sendReviewed(wallet);
  await wallet.getByText('The payment is signed and on its way.').waitFor();
  await explorer.goto(`${relay.explorerUrl}/tx/${paid}`);
  await explorer.getByText('none yet', { exact: true }).waitFor();
  await mineBlock(devnet);
  await wallet
    .getByRole('region', { name: 'Sent' })
    .getByText(/confirmation/)
    .waitFor();
  await explorer.getByText('none yet', { exact: true }).waitFor({ state: 'detached' });
  await goTo(wallet, 'Overview');
  await spendable(wallet, '6.99999859').waitFor();

  assert.deepEqual(complaints, []);
  const known = [homeUrl, relay.url, faucet.url, walletUrl].map((url) => new URL(url).host);
  assert.deepEqual(
    strangers.filter((url) => !known.includes(new URL(url).host)),
    [],
  );
  assert.equal(devnet.stderr, '');
});
