/** The system's Chromium, driven by a test, and what a page must never do. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { childEnvironment } from './surroundings.ts';

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** A machine that is busy with other things takes its time; a page that never does what it should still fails. */
const PATIENCE_MS = 120_000;

/** Adds up by how much things have jumped: the sum over all jumps, as browsers score them. */
const COUNT_SHIFTS = `window.nilzTestShift = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.nilzTestShift += entry.value;
  }).observe({ type: 'layout-shift', buffered: true });`;

/** Where the browser is; undefined where there is none and none is required. */
export function browserPath(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const path = env.NILZ_CHROMIUM ?? PLACES.find((place) => existsSync(place));
  if (path === undefined && env.NILZ_REQUIRE_BROWSER === '1') {
    throw new Error(
      'NILZ_REQUIRE_BROWSER=1, but there is no Chromium: install it or name it in NILZ_CHROMIUM',
    );
  }
  return path;
}

/** For `test(name, { skip })`: false, or why there is nothing to test with. */
export function withoutBrowser(): string | false {
  return browserPath() === undefined && 'no Chromium here: install it or name it in NILZ_CHROMIUM';
}

/** A browser that ends with the test. */
export async function launchBrowser(context: TestContext): Promise<Browser> {
  const executablePath = browserPath();
  assert.ok(executablePath, 'tests with a browser are skipped without one');
  // Root, as in containers, has no sandbox.
  const isRoot = process.getuid?.() === 0;
  // It leaves files behind, also at home.
  const directory = await mkdtemp(join(tmpdir(), 'nilz-browser-'));
  const browser = await chromium.launch({
    executablePath,
    args: isRoot ? ['--no-sandbox'] : [],
    env: childEnvironment({ HOME: directory, TMPDIR: directory }),
    timeout: PATIENCE_MS,
  });
  context.after(async () => {
    await browser.close();
    await rm(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 20 });
  });
  return browser;
}

/** A page that is listened to. */
export interface WatchedPage {
  readonly page: Page;
  /** Errors of the console and of scripts, violations of the content policy, dialogs. */
  readonly complaints: string[];
  /** Whatever was asked of another origin. */
  readonly strangers: string[];
}

/** Opens a page of its own, as a person with these settings would. */
export async function watchedPage(
  browser: Browser,
  origin: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const browserContext = await browser.newContext(options);
  browserContext.setDefaultTimeout(PATIENCE_MS);
  const page = await browserContext.newPage();
  const complaints: string[] = [];
  const strangers: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.exposeFunction('nilzTestViolation', (text: string) => complaints.push(text));
  await page.addInitScript(`addEventListener('securitypolicyviolation', (event) =>
    nilzTestViolation('content policy: ' + event.violatedDirective + ' ' + event.blockedURI));`);
  await page.addInitScript(COUNT_SHIFTS);
  page.on('request', (request) => noteStranger(request.url()));
  page.on('websocket', (socket) => noteStranger(socket.url()));
  const { host } = new URL(origin);
  const noteStranger = (url: string): void => {
    if (new URL(url).host !== host) strangers.push(url);
  };
  return { page, complaints, strangers };
}

/** How much things have jumped since the page was loaded. Above 0.1 people notice (Core Web Vitals). */
export async function layoutShift(page: Page): Promise<number> {
  return Number(await page.evaluate('window.nilzTestShift'));
}

/** How far a page, or the widest thing on it that scrolls by itself, can be scrolled sideways, in pixels. */
export async function sidewaysScroll(page: Page): Promise<number> {
  const widest = `Math.max(...[document.documentElement, ...document.querySelectorAll('.table, .panel')]
    .map((element) => element.scrollWidth - element.clientWidth))`;
  return Number(await page.evaluate(widest));
}

/** From a small phone to a desk: where layouts change, and between. */
const WIDTHS = [360, 412, 480, 599, 600, 640, 719, 720, 800, 900, 1023, 1024, 1100, 1180, 1280, 1366, 1600];
const SWEEP_HEIGHT = 900;

/** At which widths something of a page has to be scrolled sideways, in pixels: nowhere, if it is laid out well. */
export async function sidewaysScrollByWidth(page: Page): Promise<Record<number, number>> {
  const found: Record<number, number> = {};
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: SWEEP_HEIGHT });
    const pixels = await sidewaysScroll(page);
    if (pixels > 0) found[width] = pixels;
  }
  return found;
}

/** What is pressed, filled in or heads a column. */
const NAMED_ROLES = new Set([
  'link',
  'button',
  'textbox',
  'searchbox',
  'checkbox',
  'radio',
  'combobox',
  'slider',
  'columnheader',
  'image',
]);

/** What those who hear a page are not told the name of (WCAG 2.2, 4.1.2): role and attributes of each. */
export async function namelessParts(page: Page): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send('Accessibility.getFullAXTree');
  const nameless = nodes.filter(
    ({ ignored, role, name }) =>
      !ignored && NAMED_ROLES.has(String(role?.value)) && String(name?.value ?? '').trim() === '',
  );
  const told: string[] = [];
  for (const { role, backendDOMNodeId: backendNodeId } of nameless) {
    if (backendNodeId === undefined) continue;
    const { node } = await session.send('DOM.describeNode', { backendNodeId });
    told.push(`${String(role?.value)}: ${node.nodeName} ${(node.attributes ?? []).join(' ')}`);
  }
  await session.detach();
  return told;
}
