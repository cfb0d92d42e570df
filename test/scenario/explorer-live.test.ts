/** The explorer in a real browser, before a real relay and a real node: what it shows is what happened. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { bytesToHex, displayHash } from '../../protocol/bytes.ts';
import { encodeTransaction, txid } from '../../protocol/transaction.ts';
import { launchBrowser, type WatchedPage, watchedPage, withoutBrowser } from '../kit/browser.ts';
import { addressOf, alice, bob, carol, genesisFunds, payOn } from '../node/payment-kit.ts';
import { startTestRelay } from '../node/relay/relay-kit.ts';

const DESK = { width: 1600, height: 1000 };
const FEE = 600n;
const skip = withoutBrowser();

function assertClean({ complaints, strangers }: WatchedPage, allowed = /^$/): void {
  assert.deepEqual(
    complaints.filter((text) => !allowed.test(text)),
    [],
  );
  assert.deepEqual(strangers, []);
}

/** The heading of the view, when it is there. */
async function heading(page: Page, name: string | RegExp): Promise<void> {
  await page.getByRole('heading', { level: 1, name }).waitFor({ state: 'attached' });
}

async function search(page: Page, text: string): Promise<void> {
  await page.getByRole('searchbox', { name: 'Find a block, a transaction or an address' }).fill(text);
  await page.keyboard.press('Enter');
}

test('a payment is broadcast, waits, is mined, leaves its block and is mined again, all on one page', {
  skip,
}, async (context) => {
  const { relay, node } = await startTestRelay(context);
  await node.mine(3);
  const payment = payOn(genesisFunds(alice), bob, FEE);
  const id = displayHash(txid(payment));
  const hex = bytesToHex(encodeTransaction(payment));
  const watched = await watchedPage(await launchBrowser(context), relay.url, { viewport: DESK });
  const { page } = watched;

  await page.goto(relay.url);
  await page.getByText('regtest: test money, worth nothing').waitFor();
  await page.getByText('live', { exact: true }).waitFor();
  await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: 'Broadcast' }).click();
  await page.getByLabel('Signed transaction in hex').fill(hex);
  await page.getByText(id).waitFor();
  await page.locator('form.broadcast').getByRole('button', { name: 'Broadcast' }).click();
  await heading(page, new RegExp(id));
  await page.getByText('waiting', { exact: true }).waitFor();

  const [hash = ''] = await node.mine(1);
  await page.getByText('1 confirmation', { exact: true }).waitFor();
  await node.mine(1);
  await page.getByText('2 confirmations', { exact: true }).waitFor();
  await page.locator('.figure').getByRole('link', { name: '4', exact: true }).click();
  await heading(page, '4');
  await page.getByRole('table', { name: 'Transactions of the block' }).getByTitle(id).waitFor();
  await page.getByRole('link', { name: 'Later →' }).click();
  await heading(page, '5');
  await page.goBack();
  await page.goBack();
  await heading(page, new RegExp(id));

  await node.call('invalidateblock', hash);
  await page.getByText('waiting', { exact: true }).waitFor();
  // An empty block in its place, then one with the payment: the old one is a stale tip.
  await node.call('generateblock', addressOf(carol), []);
  await node.mine(1);
  await page.getByText('1 confirmation', { exact: true }).waitFor();
  await page.goto(`${relay.url}/explorer/block/${hash}`);
  await page.getByText('stale', { exact: true }).waitFor();
  await page.getByRole('link', { name: 'Forks and stale tips' }).click();
  await page
    .getByRole('table', { name: 'Ends of branches' })
    .getByText('invalid', { exact: true })
    .first()
    .waitFor();

  await page.goto(`${relay.url}/explorer/broadcast`);
  await page.getByLabel('Signed transaction in hex').fill(hex);
  await page.locator('form.broadcast').getByRole('button', { name: 'Broadcast' }).click();
  await page.getByRole('alert').filter({ hasText: 'The node refuses it.' }).waitFor();
  // The browser itself notes the refusal.
  assertClean(watched, /422/);
});

test('an address shows what it owns, and every name that is searched for leads to its thing', {
  skip,
}, async (context) => {
  const { relay, node } = await startTestRelay(context);
  await node.mine(2, carol);
  const payment = payOn(genesisFunds(alice), bob, FEE);
  await node.send(payment);
  const [hash = ''] = await node.mine(1, carol);
  const id = displayHash(txid(payment));
  const address = addressOf(bob);
  const watched = await watchedPage(await launchBrowser(context), relay.url, { viewport: DESK });
  const { page } = watched;

  await page.goto(`${relay.url}/explorer/address/${addressOf(carol)}`);
  const immature = page.locator('.figure').filter({ hasText: 'Immature' });
  await immature.getByText('150.00').waitFor();
  await page.getByRole('table', { name: 'Coins' }).getByText('immature', { exact: true }).first().waitFor();
  await page.getByText('live', { exact: true }).waitFor();
  await node.mine(1, carol);
  await immature.getByText('200.00').waitFor();
  // Alice's funds that are now bob's are paid to carol: seen before they are in a block.
  const change = payOn(
    { txid: txid(payment), index: 0, value: payment.outputs[0]?.value ?? 0n, owner: bob },
    carol,
    FEE,
  );
  await node.send(change);
  await page
    .getByRole('table', { name: 'History' })
    .getByTitle(displayHash(txid(change)))
    .waitFor();

  await search(page, address);
  await heading(page, new RegExp(address));
  await page.getByRole('table', { name: 'History' }).getByTitle(id).waitFor();
  await search(page, id);
  await heading(page, new RegExp(id));
  await search(page, hash);
  await heading(page, '3');
  await search(page, '0');
  await heading(page, '0');
  await page.getByText('none: this is the first').waitFor();
  await search(page, 'no such thing');
  await page.getByText('What can be searched for:').waitFor();
  assertClean(watched);
});

test('every view shows what a real node says, without an error', { skip }, async (context) => {
  const { relay, node } = await startTestRelay(context);
  await node.mine(5);
  await node.send(payOn(genesisFunds(alice), bob, FEE));
  const tip = await node.call('getbestblockhash');
  const watched = await watchedPage(await launchBrowser(context), relay.url, { viewport: DESK });
  const { page } = watched;
  const views: readonly [path: string, sight: string | RegExp][] = [
    ['/', /regtest, height 5/],
    ['/explorer', /regtest, height 5/],
    ['/explorer/blocks', 'The best chain'],
    ['/explorer/mempool', 'next block'],
    ['/explorer/charts', 'Time per block'],
    ['/explorer/forks', /Every block this node knows is on the best chain/],
    ['/explorer/network', 'The node is alone'],
    [`/explorer/bytes/header/${tip}`, tip],
  ];
  for (const [path, sight] of views) {
    await page.goto(relay.url + path);
    await page.getByText('live', { exact: true }).waitFor();
    await page.getByText(sight).first().waitFor();
  }
  assertClean(watched);
});
