/**
 * What a newcomer does with `npm start`, in a real browser: from the landing page to the faucet, from there to the
 * explorer, where the payment waits and then is in a block, and to the pool, which says who found that block.
 */
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Page } from 'playwright-core';
import { type Miner, startMiner } from '../../miner/miner.ts';
import { createLogger } from '../../service/log.ts';
import {
  launchBrowser,
  layoutShift,
  namelessParts,
  sidewaysScroll,
  sidewaysScrollByWidth,
  watchedPage,
  withoutBrowser,
} from '../kit/browser.ts';
import { Devnet, nilz } from '../kit/devnet.ts';
import { temporaryDirectory } from '../service/temporary-directory.ts';

const EASY = ['--start-difficulty', '0.00001'];
const PASSPHRASE = { NILZ_PASSPHRASE: 'correct horse battery staple' };
const SILENT = createLogger({ name: 'test', level: 'silent' });
const MAX_SHIFT = 0.02;
const skip = withoutBrowser();

/** A wallet of one's own, which knows nothing but the relay. */
class OwnWallet {
  readonly #place: readonly string[];

  private constructor(place: readonly string[]) {
    this.#place = place;
  }

  static async make(directory: string, relayUrl: string): Promise<OwnWallet> {
    await mkdir(directory);
    const wallet = new OwnWallet(['--datadir', directory, '--relay-url', relayUrl, '--json']);
    await wallet.run('init', '--yes');
    return wallet;
  }

  async run(...words: readonly string[]): Promise<unknown> {
    const finished = await nilz(['wallet', ...words, ...this.#place], { env: PASSPHRASE });
    assert.equal(finished.code, 0, finished.stderr);
    return JSON.parse(finished.stdout);
  }

  async newAddress(): Promise<string> {
    const { address } = (await this.run('new-address', '--label', 'me')) as { address: string };
    return address;
  }

  async balanceNits(): Promise<string | undefined> {
    const { labels } = (await this.run('balance')) as { labels: { label: string; total_nits: string }[] };
    return labels.find(({ label }) => label === 'me')?.total_nits;
  }
}

/** A miner of bob's, at the pool. */
async function startOwnMiner(devnet: Devnet, context: TestContext): Promise<Miner> {
  const user = `${devnet.address('bob')}.attic`;
  const pools = [{ url: devnet.ready.pool.stratumUrl, user }];
  const miner = await startMiner({ pools, threads: 1, log: SILENT });
  context.after(() => miner.stop());
  return miner;
}

async function heading(page: Page, name: string | RegExp): Promise<void> {
  await page.getByRole('heading', { level: 1, name }).waitFor({ state: 'attached' });
}

test('a newcomer finds the way from the landing page to coins in a block, and to who found it', {
  skip,
}, async (context) => {
  const directory = await temporaryDirectory(context);
  // Nothing is mined before one has seen the payment wait.
  const devnet = await Devnet.start(directory, ['--no-mine', ...EASY]);
  context.after(() => devnet.kill());
  const { homeUrl, relay, faucet, pool } = devnet.ready;
  const wallet = await OwnWallet.make(join(directory, 'own'), relay.url);
  const address = await wallet.newAddress();
  const browser = await launchBrowser(context);
  const { page, complaints, strangers } = await watchedPage(browser, homeUrl);

  await page.goto(homeUrl);
  await heading(page, 'A whole coin on this machine');
  for (const name of ['Explorer', 'Faucet', 'Pool', 'Node']) {
    await page.getByRole('region', { name, exact: true }).getByText('running').waitFor();
  }
  await page.getByRole('region', { name: 'Miner', exact: true }).getByText('off', { exact: true }).waitFor();
  await page.getByRole('link', { name: 'Claim some coins' }).click();

  await page.getByLabel('Your address').fill(address);
  await page.getByText('Looks right.').waitFor();
  await page.getByRole('button', { name: /^Claim/ }).click();
  await page.waitForURL(/\/claim\/[0-9a-f]+$/);
  const claimPage = page.url();
  const step = page.locator('[aria-current="step"]');
  await step.filter({ hasText: 'Sent' }).waitFor();
  await page.getByRole('link', { name: 'Watch it in the explorer' }).click();

  await page.getByText('none yet', { exact: true }).waitFor();
  const txid = new URL(page.url()).pathname.split('/').at(-1) ?? '';
  assert.match(txid, /^[0-9a-f]{64}$/);
  await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: 'Waiting' }).click();
  await heading(page, 'Waiting transactions');
  const waiting = page.getByRole('table', { name: 'Transactions that wait' });
  await waiting
    .getByRole('link')
    .and(page.locator(`[href$="${txid}"]`))
    .click();
  await page.getByText('none yet', { exact: true }).waitFor();

  const miner = await startOwnMiner(devnet, context);
  const { height, hash } = await devnet.nextBlock();
  await miner.stop();
  // The page hears of it by itself.
  const block = page.getByRole('link', { name: String(height), exact: true });
  await block.first().click();
  await heading(page, String(height));
  await page.getByText(hash).first().waitFor();
  const held = page.getByRole('table', { name: 'Transactions of the block' });
  await held
    .getByRole('link')
    .and(page.locator(`[href$="${txid}"]`))
    .waitFor();

  await page.goto(homeUrl);
  await page.getByRole('link', { name: 'Blocks', exact: true }).click();
  await heading(page, 'Blocks');
  const found = page
    .getByRole('table', { name: 'Blocks found' })
    .getByRole('row')
    .filter({ has: page.locator(`[title="${hash}"]`) });
  await found.getByRole('link', { name: 'attic' }).waitFor();
  assert.equal(await found.locator(`[title="${devnet.address('bob')}"]`).count(), 1);

  await page.goto(claimPage);
  await step.filter({ hasText: 'Confirmed' }).waitFor();
  assert.equal(await wallet.balanceNits(), '1000000000');
  assert.deepEqual(complaints, []);
  const known = [homeUrl, relay.url, faucet.url, pool.httpUrl].map((url) => new URL(url).host);
  assert.deepEqual(
    strangers.filter((url) => !known.includes(new URL(url).host)),
    [],
  );
});

test('the landing page fits every screen and does not jump, and says when nobody answers any more', {
  skip,
}, async (context) => {
  const devnet = await Devnet.start(await temporaryDirectory(context), EASY);
  context.after(() => devnet.kill());
  const browser = await launchBrowser(context);
  for (const [width, height] of [
    [360, 740],
    [800, 900],
    [1600, 1000],
  ] as const) {
    for (const colorScheme of ['light', 'dark'] as const) {
      const watched = await watchedPage(browser, devnet.ready.homeUrl, {
        viewport: { width, height },
        colorScheme,
      });
      await watched.page.goto(devnet.ready.homeUrl);
      await watched.page.getByText('live', { exact: true }).waitFor();
      await watched.page.getByRole('table', { name: 'Accounts' }).getByText('alice').waitFor();
      assert.equal(await sidewaysScroll(watched.page), 0, `at ${width}`);
      const shift = await layoutShift(watched.page);
      assert.ok(shift < MAX_SHIFT, `at ${width} it jumps by ${shift}`);
      assert.deepEqual(await namelessParts(watched.page), []);
      assert.deepEqual(await sidewaysScrollByWidth(watched.page), {});
      assert.deepEqual([watched.complaints, watched.strangers], [[], []]);
      await watched.page.context().close();
    }
  }
  const { page } = await watchedPage(browser, devnet.ready.homeUrl);
  await page.goto(devnet.ready.homeUrl);
  await page.getByRole('region', { name: 'Miner', exact: true }).getByText(/H\/s/).waitFor();
  await devnet.kill();
  await page.getByText('The machine that runs all this does not answer.').waitFor();
});
