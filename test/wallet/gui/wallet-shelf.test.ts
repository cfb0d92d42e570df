/** Which wallets are open, in one program and in several. */
import assert from 'node:assert/strict';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { COIN } from '../../../protocol/amount.ts';
import { profileByName } from '../../../protocol/network.ts';
import { createWallet, freshMnemonic } from '../../../wallet/open-wallet.ts';
import { FakeChain } from '../../kit/fake-chain.ts';
import { HandClock } from '../../kit/hand-clock.ts';
import {
  CHEAP,
  DEV,
  type GuiBench,
  GuiListener,
  GuiWindow,
  PASSPHRASE,
  startGui,
} from '../../kit/wallet-gui-kit.ts';
import { temporaryDirectory } from '../../service/temporary-directory.ts';

const MINUTE_MS = 60_000;

/** A window that hears the feed. */
async function listen(context: TestContext, { gui }: GuiBench, window: GuiWindow): Promise<GuiListener> {
  const listener = new GuiListener(gui.url, { session: window.session });
  context.after(() => listener.close());
  await listener.next('state');
  return listener;
}

describe('an open wallet', () => {
  test('is locked when the person is away for as long as the settings say, whatever the page reads', async (context) => {
    const clock = new HandClock();
    const bench = await startGui(context, { clock });
    const window = await GuiWindow.open(bench.gui);
    const wallet = await window.createWallet();
    const listener = await listen(context, bench, window);
    await window.ask('settings/set', { wallet, auto_lock_minutes: 2 });
    clock.pass(MINUTE_MS);
    await window.ask('wallets/touch', { wallet });
    clock.pass(2 * MINUTE_MS - 1);
    await window.ask('overview', { wallet });
    clock.pass(1);
    assert.equal((await window.refusal('overview', { wallet })).code, 'locked');
    const { reason } = await listener.next('locked');
    assert.equal(reason, 'idle');
    const [row] = (await window.ask('state', {})).wallets;
    assert.deepEqual([row?.is_open, row?.kind, row?.auto_lock_minutes], [false, null, null]);
    assert.equal((await window.refusal('wallets/touch', { wallet })).code, 'locked');
  });

  test('stays open where the settings say so', async (context) => {
    const clock = new HandClock();
    const bench = await startGui(context, { clock });
    const window = await GuiWindow.open(bench.gui);
    const wallet = await window.createWallet();
    await window.ask('settings/set', { wallet, auto_lock_minutes: 0 });
    clock.pass(11 * 60 * MINUTE_MS);
    await window.ask('overview', { wallet });
  });

  test('takes its plans along when it is locked', async (context) => {
    const { gui, chain } = await startGui(context);
    const window = await GuiWindow.open(gui);
    const wallet = await window.createWallet();
    const { address } = await window.ask('receive/address', { wallet, label: 'default' });
    await chain.strangerPays(address, COIN);
    chain.mine();
    const to = [{ address, amount_nits: '10000' }];
    const { id } = await window.ask('plan', { wallet, to, fee: { preset: 'normal' } });
    await window.ask('wallets/lock', { wallet });
    await window.ask('wallets/open', { wallet, passphrase: PASSPHRASE });
    assert.equal((await window.refusal('pay', { wallet, plan: id })).code, 'no-plan');
  });

  test('is opened again by the right passphrase only, and a wrong one does not lock it', async (context) => {
    const { gui } = await startGui(context);
    const window = await GuiWindow.open(gui);
    const wallet = await window.createWallet();
    const wrong = await window.refusal('wallets/open', { wallet, passphrase: 'no' });
    assert.equal(wrong.code, 'wrong-passphrase');
    await window.ask('overview', { wallet });
    const again = await window.ask('wallets/open', { wallet, passphrase: PASSPHRASE });
    assert.equal(again.wallet.is_open, true);
    assert.equal(
      (await window.refusal('wallets/open', { wallet: 'nobody', passphrase: '' })).code,
      'no-wallet',
    );
  });

  test('goes on with another passphrase, and its file opens with that one alone', async (context) => {
    const { gui } = await startGui(context);
    const window = await GuiWindow.open(gui);
    const wallet = await window.createWallet();
    const change = { wallet, passphrase: PASSPHRASE, new_passphrase: 'four other random words' };
    assert.equal(
      (await window.refusal('keys/change-passphrase', { ...change, passphrase: 'no' })).code,
      'wrong-passphrase',
    );
    await window.ask('keys/change-passphrase', change);
    await window.ask('receive/new-address', { wallet, label: 'after' });
    await window.ask('wallets/lock', { wallet });
    await window.refusal('wallets/open', { wallet, passphrase: PASSPHRASE });
    await window.ask('wallets/open', { wallet, passphrase: 'four other random words' });
    const { labels } = await window.ask('labels', { wallet });
    assert.ok(labels.some(({ label }) => label === 'after'));
  });
});

describe('two programs on one wallet', () => {
  /** A second program in the same folder, on the same chain. */
  async function two(context: TestContext) {
    const chain = new FakeChain(DEV);
    const directory = await temporaryDirectory(context);
    const one = await startGui(context, { chain, directory });
    const other = await startGui(context, { chain, directory });
    const windows = { one: await GuiWindow.open(one.gui), other: await GuiWindow.open(other.gui) };
    const wallet = await windows.one.createWallet();
    await windows.other.ask('wallets/open', { wallet, passphrase: PASSPHRASE });
    return { chain, directory, one, other, windows, wallet };
  }

  test('see what each other changed', async (context) => {
    const { other, windows, wallet } = await two(context);
    const listener = await listen(context, other, windows.other);
    await windows.one.ask('receive/new-address', { wallet, label: 'by one' });
    await listener.next('changed');
    const { labels } = await windows.other.ask('labels', { wallet });
    assert.ok(labels.some(({ label }) => label === 'by one'));
  });

  test('never give out the same address, nor spend the same coin', async (context) => {
    const { chain, windows, wallet } = await two(context);
    const both = [windows.one, windows.other];
    const given = await Promise.all(
      [...both, ...both, ...both].map((window) => window.ask('receive/new-address', { wallet, label: 'me' })),
    );
    assert.equal(new Set(given.map(({ address }) => address)).size, given.length);
    const [first] = given;
    assert.ok(first);
    await chain.strangerPays(first.address, COIN);
    chain.mine();
    const to = [{ address: first.address, amount_nits: String(COIN / 2n) }];
    const shown = await Promise.all(
      both.map((window) => window.ask('plan', { wallet, to, fee: { preset: 'normal' } })),
    );
    const answers = await Promise.all(
      both.map((window, at) => window.send('pay', { wallet, plan: shown[at]?.id })),
    );
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 422]);
    assert.equal(chain.mempool.length, 1);
  });

  test('that change the passphrase lock the other one', async (context) => {
    const { other, windows, wallet } = await two(context);
    const listener = await listen(context, other, windows.other);
    await windows.one.ask('keys/change-passphrase', {
      wallet,
      passphrase: PASSPHRASE,
      new_passphrase: 'another one',
    });
    const { reason } = await listener.next('locked');
    assert.equal(reason, 'replaced');
    assert.equal((await windows.other.refusal('overview', { wallet })).code, 'locked');
    await windows.other.ask('wallets/open', { wallet, passphrase: 'another one' });
  });

  test('that take the file away lock the other one, and it is not in the list', async (context) => {
    const { directory, other, windows, wallet } = await two(context);
    const listener = await listen(context, other, windows.other);
    await rm(join(directory, 'wallet.json'));
    await listener.next('locked');
    assert.deepEqual((await windows.other.ask('state', {})).wallets, []);
    assert.equal(
      (await windows.other.refusal('wallets/open', { wallet, passphrase: PASSPHRASE })).code,
      'no-wallet',
    );
  });
});

describe('the list of wallets', () => {
  test('says of every file whether it can be opened, and why not', async (context) => {
    const { gui, chain, directory } = await startGui(context);
    const window = await GuiWindow.open(gui);
    await window.createWallet('rent');
    await mkdir(join(directory, 'wallets'), { recursive: true });
    const text = await readFile(join(directory, 'wallets', 'rent.json'), 'utf8');
    await writeFile(join(directory, 'wallets', 'torn.json'), text.slice(0, 100));
    const regtest = profileByName('regtest');
    await createWallet({
      path: join(directory, 'wallets', 'foreign.json'),
      profile: regtest,
      backend: chain,
      passphrase: '',
      mnemonic: freshMnemonic(),
      cost: CHEAP,
    });
    const { wallets } = await window.ask('state', {});
    assert.deepEqual(
      wallets.map(({ name, is_open: isOpen, problem }) => [name, isOpen, problem === null]),
      [
        ['foreign', false, false],
        ['rent', true, true],
        ['torn', false, false],
      ],
    );
    assert.match(wallets[0]?.problem ?? '', /regtest/);
    for (const [id, code] of [
      ['torn', /damaged-file|not-a-wallet/],
      ['foreign', /wrong-network/],
    ] as const) {
      assert.match((await window.refusal('wallets/open', { wallet: id, passphrase: '' })).code, code);
    }
  });

  test('has a file from elsewhere too, and it is opened by what the list calls it', async (context) => {
    const directory = await temporaryDirectory(context);
    const walletFile = join(directory, 'elsewhere', 'mine.json');
    await mkdir(join(directory, 'elsewhere'));
    const chain = new FakeChain(DEV);
    const made = {
      profile: DEV,
      backend: chain,
      passphrase: PASSPHRASE,
      mnemonic: freshMnemonic(),
      cost: CHEAP,
    };
    await createWallet({ path: walletFile, ...made });
    const { gui } = await startGui(context, { chain, walletFile, directory: join(directory, 'dev') });
    const window = await GuiWindow.open(gui);
    const [row] = (await window.ask('state', {})).wallets;
    assert.deepEqual([row?.name, row?.file], ['mine.json', walletFile]);
    await window.ask('wallets/open', { wallet: row?.id ?? '', passphrase: PASSPHRASE });
    await window.ask('overview', { wallet: row?.id ?? '' });
  });
});
