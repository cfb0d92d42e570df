/**
 * The page that mines, as people and pools may treat it: wrong addresses, a new wallet, a pool that sends markup and
 * garbage, a browser without WebAssembly, every width.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Page, WebSocketRoute } from 'playwright-core';
import { encodeAddress } from '../../protocol/address.ts';
import { accountOf, seedOf } from '../../protocol/key.ts';
import { layoutShift, sidewaysScroll, withoutBrowser } from '../kit/browser.ts';
import { acceptedBeyond, figureOf, openMinePage } from '../kit/mine-page.ts';
import { MINER_ADDRESS, startPoolUnderTest } from '../kit/pool-kit.ts';

const skip = withoutBrowser();
const MARKUP = '<img src=x onerror=alert(1)>';
/** Shares within a second, and none of them a block. */
const DIFFICULTY = {
  start: 0.00005,
  minimum: 1e-10,
  maximum: 1e9,
  shareIntervalMs: 0,
  shareTargetMultiplier: 16,
};
const WIDTHS = [360, 768, 1024, 1600];
/** Far below what anybody notices. */
const MAX_SHIFT = 0.02;

async function poolUrl(context: TestContext): Promise<string> {
  const { pool } = await startPoolUnderTest(context, { difficulty: DIFFICULTY });
  return pool.httpUrl;
}

async function start(page: Page, address = MINER_ADDRESS): Promise<void> {
  await page.getByLabel('Your address').fill(address);
  await page.getByRole('button', { name: 'Start mining' }).click();
}

test('who cannot be paid is told so in words, and nothing is mined; the keyboard is enough to mend it', {
  skip,
}, async (context) => {
  const { page, complaints, strangers } = await openMinePage(context, await poolUrl(context));
  const address = page.getByLabel('Your address');
  await page.getByRole('button', { name: 'Start mining' }).click();
  await page.getByText('An address is missing').waitFor();
  await start(page, 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4');
  await page.getByText('prefix "bc1", this network\'s is "dnilz1"').waitFor();
  assert.equal(await address.getAttribute('aria-invalid'), 'true');
  assert.ok(await address.evaluate((input) => input === input.ownerDocument.activeElement));
  await page.getByLabel('Name of this device').fill('two words');
  await start(page);
  await page.getByText('A name has 1 to 64 letters').waitFor();
  assert.equal(page.workers().length, 0);

  await page.getByLabel('Name of this device').fill('keys');
  await page.getByLabel('Name of this device').press('Enter');
  await acceptedBeyond(page, 0);
  await page.getByRole('button', { name: 'Stop' }).focus();
  await page.keyboard.press('Space');
  await page.getByText('Stopped.').waitFor();
  assert.deepEqual([complaints, strangers], [[], []]);
});

test('the words of a throw-away wallet are shown once, bring back the address, and stay nowhere', {
  skip,
}, async (context) => {
  const { page, complaints, strangers } = await openMinePage(context, await poolUrl(context));
  const sent: string[] = [];
  page.on('request', (request) => sent.push(`${request.url()} ${request.postData() ?? ''}`));
  page.on('websocket', (socket) => socket.on('framesent', ({ payload }) => sent.push(String(payload))));

  const open = page.getByRole('button', { name: 'Make a throw-away wallet' });
  await open.click();
  await page.getByRole('button', { name: 'Throw it away' }).click();
  await open.click();
  const list = page.getByRole('list', { name: 'The words of the wallet' });
  const words = (await list.locator('.word').allTextContents()).join(' ');
  const use = page.getByRole('button', { name: 'Hide the words' });
  assert.ok(await use.isDisabled(), 'not before they are written down');
  assert.ok(await page.getByRole('button', { name: 'Start mining' }).isDisabled());
  await page.getByLabel('I have written the words down').check();
  await use.click();
  assert.equal(await list.count(), 0);
  const { script } = accountOf(seedOf(words), 1).derive(0, 0);
  const address = encodeAddress(script, { hrp: 'dnilz' });
  assert.equal(await page.getByLabel('Your address').inputValue(), address);

  await page.getByRole('button', { name: 'Start mining' }).click();
  await acceptedBeyond(page, 0);
  const [first = '', second = ''] = words.split(' ');
  const pair = `${first} ${second}`;
  const kept = await page.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }])');
  assert.match(String(kept), new RegExp(String(address)));
  assert.ok(!String(kept).includes(pair));
  assert.ok(!sent.some((text) => text.includes(pair) || text.includes(encodeURIComponent(pair))));
  assert.ok(!(await page.locator('html').innerHTML()).includes(first.length > 3 ? `>${first}<` : pair));
  assert.deepEqual([complaints, strangers], [[], []]);
});

/** A pool that gives one job, then whatever `reply` answers to a share. */
function hostilePool(socket: WebSocketRoute, reply: (id: unknown) => readonly unknown[]): void {
  const say = (...messages: readonly unknown[]): void => {
    for (const message of messages) {
      socket.send(typeof message === 'string' ? message : JSON.stringify(message));
    }
  };
  socket.onMessage((text) => {
    const { id, method } = JSON.parse(String(text)) as { id: unknown; method: string };
    if (method === 'mining.subscribe') {
      say(
        { id, result: [[['mining.notify', MARKUP]], 'aabbccdd', 4], error: null },
        { id: null, method: 'mining.set_difficulty', params: [0.0001] },
      );
    } else if (method === 'mining.authorize') {
      const zeros = '0'.repeat(64);
      const time = Math.floor(Date.now() / 1_000).toString(16);
      const job = [MARKUP, zeros, 'aa', 'bb', [], '20000000', '1d00ffff', time, true];
      say({ id, result: true, error: null }, { id: null, method: 'mining.notify', params: job });
    } else if (method === 'mining.submit') say(...reply(id));
    else say({ id, result: null, error: [20, MARKUP, null] });
  });
}

test('whatever a pool says is text, and its garbage ends in a sentence', { skip }, async (context) => {
  const url = await poolUrl(context);
  let shares = 0;
  const { page, complaints, strangers } = await openMinePage(context, url, {}, (opened) =>
    opened.routeWebSocket(/\/stratum$/, (socket) =>
      hostilePool(socket, (id) => {
        shares += 1;
        if (shares > 3) return Array.from({ length: 20 }, () => MARKUP);
        return [
          { id: null, method: 'client.show_message', params: [MARKUP] },
          { id: null, method: 'client.reconnect', params: [MARKUP, 1, 0] },
          { id, result: null, error: [20, MARKUP, null] },
        ];
      }),
    ),
  );
  await start(page);
  const log = page.getByRole('log', { name: 'Events' });
  await log.getByText(`the pool says: ${MARKUP}`).first().waitFor();
  await log.getByText(`("${MARKUP}")`).first().waitFor();
  await page.locator('.state').getByText('no connection').waitFor();
  assert.notEqual(await figureOf(page, 'Rejected').textContent(), '0');
  assert.equal(await page.locator('img').count(), 0);
  assert.deepEqual([complaints, strangers], [[], []]);
});

test('threads that do not come are told of, and pressing start again is another try', {
  skip,
}, async (context) => {
  const url = await poolUrl(context);
  const workers = /\/assets\/hash-worker-.*\.js$/;
  const { page } = await openMinePage(context, url, {}, (opened) =>
    opened.route(workers, (route) => route.abort()),
  );
  await start(page);
  await page.getByText('Mining could not be started: the worker could not be loaded.').waitFor();
  await page.unroute(workers);
  await start(page);
  await acceptedBeyond(page, 0);
});

test('a browser that is about to put the page aside ends its mining', { skip }, async (context) => {
  const { page, complaints } = await openMinePage(context, await poolUrl(context));
  await start(page);
  await acceptedBeyond(page, 0);
  // A page in sight is never put aside, so that the browser cannot be made to do it here.
  await page.evaluate(`document.dispatchEvent(new Event('freeze'))`);
  await page.getByText('Stopped. These are the last figures.').waitFor();
  assert.equal(page.workers().length, 0);
  assert.deepEqual(complaints, []);
});

test('where WebAssembly is forbidden it mines in JavaScript, and says that this is slow', {
  skip,
}, async (context) => {
  const url = await poolUrl(context);
  const { page } = await openMinePage(context, url, {}, (opened) =>
    // As a company's proxy may do it: threads without the permission to compile.
    opened.route(/\/assets\/hash-worker-.*\.js$/, async (route) => {
      const response = await route.fetch();
      const { 'content-encoding': _, 'content-length': __, ...headers } = response.headers();
      const policy = headers['content-security-policy']?.replace(" 'wasm-unsafe-eval'", '') ?? '';
      await route.fulfill({ response, headers: { ...headers, 'content-security-policy': policy } });
    }),
  );
  await start(page);
  await acceptedBeyond(page, 0);
  assert.equal(await figureOf(page, 'Kernel').textContent(), 'js');
  await page.getByText('this browser allows no WebAssembly').waitFor();
});

test('it fits a phone and a wide desk, dark and light, mining or not, and nothing jumps', {
  skip,
}, async (context) => {
  const url = await poolUrl(context);
  for (const [at, width] of WIDTHS.entries()) {
    const colorScheme = at % 2 === 0 ? 'light' : 'dark';
    const options = { viewport: { width, height: 800 }, colorScheme } as const;
    const { page, complaints } = await openMinePage(context, url, options);
    const fits = async (what: string): Promise<void> =>
      assert.equal(await sidewaysScroll(page), 0, `${what} at ${width}`);
    const steady = async (what: string): Promise<void> => {
      const shift = await layoutShift(page);
      assert.ok(shift < MAX_SHIFT, `${what} at ${width} jumps by ${shift}`);
    };
    await fits('idle');
    await steady('idle');
    await page.getByRole('button', { name: 'Make a throw-away wallet' }).click();
    await fits('words');
    await page.getByRole('button', { name: 'Throw it away' }).click();
    await start(page);
    await page.locator('.state').getByText('mining', { exact: true }).waitFor();
    // What makes room for others when one presses start may move them.
    await page.evaluate('window.nilzTestShift = 0');
    await acceptedBeyond(page, await acceptedBeyond(page, 0));
    await fits('mining');
    await steady('mining');
    assert.deepEqual(complaints, []);
    await page.close();
  }
});
