/**
 * The wallet's page against a real devnet, in a real browser: a wallet is made, is paid from the devnet's faucet
 * account, pays, sees it confirmed, and a second wallet with the same words finds the same history.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { profileByName } from '../../protocol/network.ts';
import { systemClock } from '../../service/clock.ts';
import { createLogger } from '../../service/log.ts';
import { openBackend } from '../../wallet/chain/backend-choice.ts';
import { type RunningWalletGui, startWalletGui } from '../../wallet/gui/gui-server.ts';
import { launchBrowser, withoutBrowser } from '../kit/browser.ts';
import { Devnet } from '../kit/devnet.ts';
import { MINED_BY_HAND, mineBlock } from '../kit/devnet-mining.ts';
import { CHEAP } from '../kit/wallet-gui-kit.ts';
import {
  assertClean,
  createWallet,
  goTo,
  historyRows,
  receiveAddress,
  restoreWallet,
  reviewPayment,
  sendReviewed,
  spendable,
  walletWindow,
} from '../kit/wallet-pages.ts';
import { temporaryDirectory } from '../service/temporary-directory.ts';

const SILENT = createLogger({ name: 'test', level: 'silent' });
const skip = withoutBrowser();

/** The page's server, over the devnet's relay. */
async function startPage(context: TestContext, devnet: Devnet, directory: string): Promise<RunningWalletGui> {
  const { url } = devnet.ready.relay;
  const place = { nodeUrl: url, relayUrl: url };
  const backend = openBackend(place);
  const gui = await startWalletGui({
    profile: profileByName('dev'),
    place,
    backend,
    directory,
    port: 0,
    portSetting: '--gui-port',
    clock: systemClock,
    log: SILENT,
    cost: CHEAP,
  });
  context.after(async () => {
    await gui.stop();
    backend.close();
  });
  return gui;
}

test('a wallet is made, paid, pays, sees it confirmed, and is found again by its words', {
  skip,
}, async (context) => {
  const directory = await temporaryDirectory(context);
  const devnet = await Devnet.start(join(directory, 'net'), MINED_BY_HAND);
  context.after(() => devnet.kill());
  const gui = await startPage(context, devnet, join(directory, 'wallets'));
  const browser = await launchBrowser(context);
  const mine = await walletWindow(browser, gui);
  const bank = await walletWindow(browser, gui);

  const words = await createWallet(mine.page, 'mine');
  await mine.page.getByText('Nothing has happened yet.').waitFor();
  const address = await receiveAddress(mine.page);

  // The devnet's accounts are a wallet like any other; its faucet's label pays.
  await restoreWallet(bank.page, 'bank', devnet.ready.mnemonic);
  await bank.page.getByRole('button', { name: 'To the wallet' }).click();
  await spendable(bank.page, '50,000.00').waitFor();
  await goTo(bank.page, 'Send');
  await bank.page.getByLabel('Pay from').selectOption('faucet');
  await reviewPayment(bank.page, address, '25');
  const paid = await sendReviewed(bank.page);

  // Nobody reloads: it is seen waiting, and then in a block.
  await mine.page.getByText('This address was paid.').waitFor();
  await goTo(mine.page, 'Overview');
  await mine.page.locator('.balance-part').filter({ hasText: 'Pending' }).getByText('25.00').waitFor();
  await mine.page.getByRole('table', { name: 'Last transactions' }).getByText('pending').waitFor();
  await mineBlock(devnet);
  await spendable(mine.page, '25.00').waitFor();

  await goTo(mine.page, 'Send');
  await reviewPayment(mine.page, devnet.address('alice'), '10.5');
  const review = mine.page.getByRole('region', { name: 'Is this right?' });
  await review.getByText('14.49999859').waitFor();
  const sent = await sendReviewed(mine.page);
  await mine.page.getByRole('link', { name: 'Follow it' }).click();
  const state = mine.page.getByRole('region', { name: 'In short' });
  await state.getByText('pending', { exact: true }).waitFor();
  await state.getByRole('button', { name: 'Raise the fee' }).waitFor();
  await mineBlock(devnet);
  await state.getByText(/^1.confirmation$/).waitFor();
  await state.getByRole('button', { name: 'Raise the fee' }).waitFor({ state: 'detached' });

  await goTo(mine.page, 'History');
  const history = await historyRows(mine.page);
  assert.equal(history.length, 2);
  assert.ok(history[0]?.includes(sent) && history[0].includes('−10.50000141'), history[0]);
  assert.ok(history[1]?.includes(paid) && history[1].includes('+25.00'), history[1]);

  // The same words, in a wallet that knows nothing else.
  const again = await walletWindow(browser, gui);
  await restoreWallet(again.page, 'again', words);
  await again.page.getByText('2 addresses were used by this wallet before').waitFor();
  await again.page.getByText('14.49999859').waitFor();
  await again.page.getByRole('button', { name: 'To the wallet' }).click();
  await spendable(again.page, '14.49999859').waitFor();
  await goTo(again.page, 'History');
  assert.deepEqual(await historyRows(again.page), history);
  for (const watched of [mine, bank, again]) assertClean(watched);
});
