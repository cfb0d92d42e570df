/** The pool's page that mines, in a browser, as a person uses it. */
import type { TestContext } from 'node:test';
import type { BrowserContextOptions, Locator, Page } from 'playwright-core';
import { launchBrowser, type WatchedPage, watchedPage } from './browser.ts';

/** Looked again after so long; a page's policy lets no test wait inside it. */
const LOOK_MS = 50;

/** Opens the page of a pool in a browser of its own. */
export async function openMinePage(
  context: TestContext,
  poolUrl: string,
  options: BrowserContextOptions = {},
  prepare: (page: Page) => Promise<unknown> = async () => undefined,
): Promise<WatchedPage> {
  const browser = await launchBrowser(context);
  const watched = await watchedPage(browser, poolUrl, options);
  await prepare(watched.page);
  await watched.page.goto(`${poolUrl}/mine`);
  await watched.page.getByText('live', { exact: true }).waitFor();
  return watched;
}

/** What stands under the name of a figure. */
export function figureOf(page: Page, name: string): Locator {
  const figures = page.locator('.figure').filter({ has: page.getByText(name, { exact: true }) });
  return figures.locator('.figure-value');
}

/** Resolves with the number of accepted shares when it is above `count`. */
export async function acceptedBeyond(page: Page, count: number): Promise<number> {
  let accepted = 0;
  await becomes(async () => {
    accepted = Number((await figureOf(page, 'Accepted').textContent())?.replaceAll(',', ''));
    return accepted > count;
  });
  return accepted;
}

/** Resolves when something has become true. */
export async function becomes(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
}
