/** Every screen of the wallet's page, on phone, tablet and desk, in both colour schemes: it fits and nothing jumps. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeAddress } from '../../protocol/address.ts';
import { COIN } from '../../protocol/amount.ts';
import {
  launchBrowser,
  layoutShift,
  namelessParts,
  sidewaysScroll,
  sidewaysScrollByWidth,
  watchedPage,
  withoutBrowser,
} from '../kit/browser.ts';
import { STRANGER_SCRIPT } from '../kit/fake-chain.ts';
import { type GuiBench, GuiWindow, startGui } from '../kit/wallet-gui-kit.ts';
import { assertClean } from '../kit/wallet-pages.ts';

const SCREENS = [
  'overview',
  'receive',
  'send',
  'history',
  'addresses',
  'contacts',
  'tools',
  'tools/sign',
  'tools/verify',
  'tools/psbt',
  'settings',
  'more',
  'wallets',
  'create',
  'restore',
  'watch',
];
/** Far below what anybody notices. */
const MAX_SHIFT = 0.02;
/** More than one page of the history. */
const REWARDS = 70;
const LONG_LABEL = 'A label as long as labels may be, with Ünïcödé and no end in it!';
const skip = withoutBrowser();

/** A wallet with everything that a screen could show; its id and one of its transactions. */
async function fullWallet(bench: GuiBench): Promise<string> {
  const window = await GuiWindow.open(bench.gui);
  const wallet = await window.createWallet('a-wallet-with-a-rather-long-name-of-40-x');
  const first = await window.ask('receive/new-address', { wallet, label: LONG_LABEL });
  const second = await window.ask('receive/new-address', { wallet, label: 'mined' });
  await bench.chain.strangerPays(first.address, 934_567n * COIN + 1n);
  bench.chain.mine(REWARDS, second.address);
  const stranger = encodeAddress(STRANGER_SCRIPT, bench.chain.profile.address) ?? '';
  await window.ask('contacts/set', { wallet, name: 'W'.repeat(40), address: stranger });
  await window.ask('note', { wallet, address: first.address, text: 'x'.repeat(120) });
  const to = [{ address: stranger, amount_nits: '123456789' }];
  const plan = await window.ask('plan', { wallet, to, fee: { preset: 'normal' } });
  const { txid } = await window.ask('pay', { wallet, plan: plan.id });
  await window.ask('note', { wallet, txid, text: 'y'.repeat(200) });
  return txid;
}

for (const [width, height, colorScheme] of [
  [360, 740, 'dark'],
  [800, 1000, 'light'],
  [1600, 1000, 'dark'],
] as const) {
  test(`at a width of ${width} every screen fits, and nothing jumps`, { skip }, async (context) => {
    const bench = await startGui(context);
    const txid = await fullWallet(bench);
    const browser = await launchBrowser(context);
    const watched = await watchedPage(browser, bench.gui.url, {
      viewport: { width, height },
      colorScheme,
    });
    const { page } = watched;
    await page.goto(bench.gui.freshLink());
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await page.waitForURL(/\/overview$/);
    for (const screen of [...SCREENS, `transaction/${txid}`]) {
      await page.goto(`${bench.gui.url}/${screen}`);
      await page.locator('main:not(.is-waiting)').waitFor();
      await page.getByText('live', { exact: true }).waitFor();
      if (screen === 'history') await page.getByText(`${REWARDS + 2} transactions`).waitFor();
      if (screen === 'overview') await page.getByText('Sent').first().waitFor({ state: 'attached' });
      assert.equal(await sidewaysScroll(page), 0, `${screen} can be scrolled sideways`);
      const shift = await layoutShift(page);
      assert.ok(shift < MAX_SHIFT, `${screen} jumps by ${shift}`);
      assert.deepEqual(await namelessParts(page), [], screen);
    }
    assertClean(watched);
  });
}

test('every screen fits at every width from a phone to a desk', { skip }, async (context) => {
  const bench = await startGui(context);
  const txid = await fullWallet(bench);
  const watched = await watchedPage(await launchBrowser(context), bench.gui.url);
  const { page } = watched;
  await page.goto(bench.gui.freshLink());
  await page.getByRole('button', { name: 'Show', exact: true }).click();
  await page.waitForURL(/\/overview$/);
  for (const screen of [...SCREENS, `transaction/${txid}`]) {
    await page.goto(`${bench.gui.url}/${screen}`);
    await page.locator('main:not(.is-waiting)').waitFor();
    await page.getByText('live', { exact: true }).waitFor();
    if (screen === 'overview') await page.getByText('Sent').first().waitFor({ state: 'attached' });
    assert.deepEqual(await sidewaysScrollByWidth(page), {}, screen);
  }
  assertClean(watched);
});
