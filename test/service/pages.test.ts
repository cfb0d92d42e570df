import assert from 'node:assert/strict';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import Koa from 'koa';
import { listenHttp } from '../../service/http.ts';
import type { Logger } from '../../service/log.ts';
import {
  buildPage,
  type PageLicence,
  type PageSource,
  pageOf,
  preparePages,
  servePage,
} from '../../service/pages.ts';
import { send } from './raw-http.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const SCRIPT = `import { word } from './word.ts'; document.title = word; // ${'x'.repeat(600)}`;

/** A page of three files in a folder of its own. */
async function pageSource(context: TestContext): Promise<{ source: PageSource; directory: string }> {
  const directory = await temporaryDirectory(context);
  const write = (name: string, text: string) => writeFile(join(directory, name), text);
  await write('word.ts', `export const word: string = 'first ${'y'.repeat(600)}';`);
  await write('page.ts', SCRIPT);
  await write('page.css', 'body { color: red }');
  await write('icon.svg', '<svg xmlns="http://www.w3.org/2000/svg"/>');
  const url = (name: string) => pathToFileURL(join(directory, name));
  const source = {
    name: 'trial',
    script: url('page.ts'),
    style: url('page.css'),
    icon: url('icon.svg'),
    title: 'Trial',
    description: 'A page for a test',
    paths: [/^\/$/, /^\/deep\/[^/]+$/],
  };
  return { source, directory };
}

async function serve(context: TestContext, source: PageSource, licence?: PageLicence): Promise<string> {
  const app = new Koa();
  app.use(servePage(source, licence));
  app.use((ctx) => {
    ctx.status = 404;
    ctx.body = { error: 'somebody else answers' };
  });
  const http = await listenHttp({ host: '127.0.0.1', port: 0, handler: app.callback() });
  context.after(() => http.stop());
  return http.url;
}

test('a page is served on each of its paths, under a policy that lets nothing else run', async (context) => {
  const { source } = await pageSource(context);
  const url = await serve(context, source);
  const first = await fetch(`${url}/`);
  const html = await first.text();
  assert.equal(first.status, 200);
  assert.equal(first.headers.get('cache-control'), 'no-cache');
  assert.equal(await (await fetch(`${url}/deep/link`)).text(), html);
  const policy = first.headers.get('content-security-policy') ?? '';
  assert.match(policy, /default-src 'none'/);
  assert.match(policy, /require-trusted-types-for 'script'/);
  assert.doesNotMatch(policy, /unsafe|\*|https?:|data:/);
  assert.match(policy, new RegExp(`connect-src 'self' ws://${new URL(url).host} `));
  const odd = await send({ url, method: 'GET', headers: { Host: "a; script-src 'unsafe-inline'" } });
  assert.doesNotMatch(String(odd.headers['content-security-policy']), /unsafe/);
  assert.doesNotMatch(html, /<script>|<style|style=| on\w+=/, 'nothing inline');
});

test('what a page loads may be kept for ever, and comes compressed to who can read that', async (context) => {
  const { source } = await pageSource(context);
  const url = await serve(context, source);
  const html = await (await fetch(url)).text();
  const paths = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map((match) => match[1] ?? '');
  assert.equal(paths.length, 3, 'a script, a style and an icon');
  for (const path of paths) {
    const asset = await fetch(url + path);
    assert.equal(asset.status, 200, path);
    assert.match(asset.headers.get('cache-control') ?? '', /immutable/);
    const headers = { 'If-None-Match': asset.headers.get('etag') ?? '' };
    // `fetch` would ask for no cached answer by itself.
    assert.equal((await send({ url: url + path, method: 'GET', headers })).status, 304, path);
  }
  const script = paths.find((path) => path.endsWith('.js')) ?? '';
  const compressed = await fetch(url + script, { headers: { 'Accept-Encoding': 'gzip' } });
  assert.equal(compressed.headers.get('content-encoding'), 'gzip');
  const plain = await fetch(url + script, { headers: { 'Accept-Encoding': 'identity' } });
  assert.equal(plain.headers.get('content-encoding'), null);
  assert.equal(await compressed.text(), await plain.text());
});

test('a worker is no script of its page, which is told where it is and may start nothing else', async (context) => {
  const { source, directory } = await pageSource(context);
  const file = join(directory, 'digger.ts');
  await writeFile(file, 'postMessage(1);');
  const url = await serve(context, { ...source, workers: { dig: pathToFileURL(file) } });
  const page = await fetch(url);
  const html = await page.text();
  const path = /<meta name="worker:dig" content="(\/assets\/digger-[^"]+\.js)">/.exec(html)?.[1] ?? '';
  assert.match(await (await fetch(url + path)).text(), /postMessage\(1\)/);
  assert.equal([...html.matchAll(/<script/g)].length, 1);
  const policy = page.headers.get('content-security-policy') ?? '';
  assert.match(policy, /trusted-types page-worker(;|$)/);
  assert.match(policy, /require-trusted-types-for 'script'/);
});

test('WebAssembly is allowed where a page needs it, for it and its workers, and nothing else by that', async (context) => {
  const { source, directory } = await pageSource(context);
  const file = join(directory, 'digger.ts');
  await writeFile(file, 'postMessage(1);');
  const workers = { dig: pathToFileURL(file) };
  const url = await serve(context, { ...source, workers, compiles: true });
  const page = await fetch(url);
  const [path = ''] = /\/assets\/digger-[^"]+\.js/.exec(await page.text()) ?? [];
  for (const { headers } of [page, await fetch(url + path)]) {
    const policy = headers.get('content-security-policy') ?? '';
    assert.match(policy, /script-src 'self' 'wasm-unsafe-eval'(;|$)/);
    assert.doesNotMatch(policy.replace("'wasm-unsafe-eval'", ''), /unsafe/);
  }
  const other = await fetch(await serve(context, { ...source, workers }));
  assert.doesNotMatch(other.headers.get('content-security-policy') ?? '', /unsafe/);
});

test('others are let into a page only where its server says so', async (context) => {
  const { source } = await pageSource(context);
  const widget = 'https://widget.example';
  const own = (await fetch(await serve(context, source))).headers.get('content-security-policy') ?? '';
  assert.doesNotMatch(own, /widget/);
  const url = await serve(context, source, { strangers: [widget] });
  const policy = (await fetch(url)).headers.get('content-security-policy') ?? '';
  for (const directive of ['script-src', 'style-src', 'img-src', 'frame-src', 'connect-src']) {
    assert.match(policy, new RegExp(`${directive} [^;]*${widget}`), directive);
  }
  assert.match(policy, /default-src 'none'/);
  assert.doesNotMatch(policy, /unsafe/);
});

test('other paths, other methods and assets of another version are left to the next', async (context) => {
  const { source } = await pageSource(context);
  const url = await serve(context, source);
  assert.equal((await fetch(`${url}/other`)).status, 404);
  assert.equal((await fetch(`${url}/assets/page-OLD.js`)).status, 404);
  assert.equal((await fetch(`${url}/assets/../../etc/passwd`)).status, 404);
  assert.equal((await fetch(url, { method: 'POST' })).status, 404);
});

test('a browser that is led to where nothing is gets the page that says so, programs the answer for them', async (context) => {
  const { source } = await pageSource(context);
  const url = await serve(context, { ...source, isForMissing: true });
  const visit = { headers: { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } };
  const missing = await fetch(`${url}/other`, visit);
  assert.equal(missing.status, 404);
  assert.equal(await missing.text(), await (await fetch(`${url}/`)).text());
  assert.match(missing.headers.get('content-type') ?? '', /^text\/html/);
  assert.match(missing.headers.get('vary') ?? '', /Accept(,|$)/);
  assert.match(missing.headers.get('content-security-policy') ?? '', /script-src 'self'/);
  assert.doesNotMatch(missing.headers.get('cache-control') ?? '', /immutable|max-age/);
  const told = { error: 'somebody else answers' };
  assert.deepEqual(await (await fetch(`${url}/other`)).json(), told);
  assert.deepEqual(await (await fetch(`${url}/other`, { ...visit, method: 'POST' })).json(), told);
  const without = await serve(context, source);
  assert.deepEqual(await (await fetch(`${without}/other`, visit)).json(), told);
});

test('the page that says that nothing is there has status 404 also where nobody else answers', async (context) => {
  const { source } = await pageSource(context);
  const app = new Koa().use(servePage({ ...source, isForMissing: true }));
  const http = await listenHttp({ host: '127.0.0.1', port: 0, handler: app.callback() });
  context.after(() => http.stop());
  const missing = await fetch(`${http.url}/other`, { headers: { Accept: 'text/html' } });
  assert.equal(missing.status, 404);
  assert.equal(await missing.text(), await (await fetch(`${http.url}/`)).text());
});

test('a page that was built ahead of time is used until one of its sources changes', async (context) => {
  const { source, directory } = await pageSource(context);
  const built = join(directory, 'built');
  const folder = await buildPage(source, built);
  const bundled = await pageOf(source, join(directory, 'nothing here'));
  assert.deepEqual(await pageOf(source, built), bundled, 'the same as bundled now');

  // Whatever stands in the folder is served: it is not bundled again.
  const [script = ''] = [...bundled.assets.keys()].filter((path) => path.endsWith('.js'));
  const file = join(folder, script.slice('/assets/'.length));
  await writeFile(file, `${await readFile(file, 'utf8')}//seen`);
  assert.match(String((await pageOf(source, built)).assets.get(script)?.body), /\/\/seen$/);

  await writeFile(join(directory, 'word.ts'), `export const word: string = 'second';`);
  const texts = [...(await pageOf(source, built)).assets.values()].map(({ body }) => String(body));
  assert.ok(texts.some((text) => text.includes('second')));
});

test('a build that was cut short counts as none', async (context) => {
  const { source, directory } = await pageSource(context);
  const built = join(directory, 'built');
  await mkdir(join(built, 'trial'), { recursive: true });
  await writeFile(join(built, 'trial', 'manifest.json'), '{"esbuild":"');
  assert.equal((await pageOf(source, built)).assets.size, 3);
});

test('a page with a mistake in it is an error that names the file, and is tried again', async (context) => {
  const { source, directory } = await pageSource(context);
  await writeFile(join(directory, 'word.ts'), 'export const = ;');
  await assert.rejects(() => pageOf(source), /word\.ts/);
  await writeFile(join(directory, 'word.ts'), `export const word = 'mended';`);
  assert.equal((await pageOf(source)).assets.size, 3);
});

test('a page that was made at start-up is the one that is served, even without its sources', async (context) => {
  const { source, directory } = await pageSource(context);
  assert.deepEqual(await prepared(source, new AbortController().signal), []);
  await rm(directory, { recursive: true });
  const url = await serve(context, source);
  assert.equal((await fetch(`${url}/`)).status, 200);
});

test('a page that could not be made at start-up is made when it can be', async (context) => {
  const { source, directory } = await pageSource(context);
  await rename(join(directory, 'page.css'), join(directory, 'gone.css'));
  const complaints = await prepared(source, new AbortController().signal);
  assert.equal(complaints.length, 1);
  assert.match(complaints[0] ?? '', /"Trial" could not be made.*page\.css/s);
  const url = await serve(context, source);
  await rename(join(directory, 'gone.css'), join(directory, 'page.css'));
  assert.equal((await fetch(`${url}/`)).status, 200);
});

test('a program that is told to end leaves its pages unmade without a word', async (context) => {
  const { source, directory } = await pageSource(context);
  await rm(join(directory, 'page.css'));
  const stopping = new AbortController();
  const complaints = prepared(source, stopping.signal);
  // Later than the failure: the bundler hears of Ctrl-C by itself.
  setTimeout(() => stopping.abort(), 20);
  assert.deepEqual(await complaints, []);
});

/** What is complained of while a page is made at start-up. */
async function prepared(source: PageSource, stopping: AbortSignal): Promise<string[]> {
  const complaints: string[] = [];
  const error = ({ err }: { readonly err: Error }, text: string) =>
    complaints.push(`${text}: ${err.message}`);
  await preparePages([source], { error } as unknown as Logger, stopping);
  return complaints;
}
