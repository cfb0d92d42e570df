/**
 * Pages for browsers: bundled from TypeScript and CSS by esbuild, ahead of time (`npm run build`), at start-up or
 * on the first request, and served with hashed names, compressed, under a policy that lets nothing else run.
 */
import { hash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import * as esbuild from 'esbuild';
import type { Context, Middleware, Next } from 'koa';
import helmet from 'koa-helmet';
import * as z from 'zod';
import type { Logger } from './log.ts';

/** Where a page comes from. */
export interface PageSource {
  /** Of the folder that `npm run build` makes for it. */
  readonly name: string;
  readonly script: URL;
  readonly style: URL;
  /** An SVG. */
  readonly icon: URL;
  readonly title: string;
  readonly description: string;
  /** The paths that show it; which of its views is for the script to tell. */
  readonly paths: readonly RegExp[];
  /** Its script says so where a path leads nowhere: whoever comes by such a link with a browser is shown it. */
  readonly isForMissing?: boolean;
  /** Scripts that run beside it, by the names under which the page starts them (`service/web/page-worker.ts`). */
  readonly workers?: Readonly<Record<string, URL>>;
  /** Its workers compile WebAssembly, which their policy has to allow; no script is let in by that. */
  readonly compiles?: boolean;
}

/** What one server lets a page do beyond the rule. */
export interface PageLicence {
  /**
   * Sources of the policy from which the page may load scripts, styles, frames and pictures, and to which it may
   * connect. Scripts of others write markup as they like, so that Trusted Types are off then.
   */
  readonly strangers?: readonly string[];
}

/** One answer, ready to be sent. */
export interface Asset {
  readonly type: string;
  readonly body: Buffer;
}

/** A page and what it loads, by path. */
export interface Page {
  readonly html: Asset;
  readonly assets: ReadonlyMap<string, Asset>;
}

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Where `npm run build` puts pages. */
export const BUILT_PAGES = join(ROOT, 'dist', 'web');

const ASSETS = '/assets/';
const MANIFEST = 'manifest.json';
const HTML_TYPE = 'text/html; charset=utf-8';
const FOR_EVER = 'public, max-age=31536000, immutable';
const MISSING = 404;
const SMALLEST_COMPRESSED_BYTES = 512;
/** Within so long a signal has reached every process of a command. */
const SAME_SIGNAL_MS = 100;
/** The one way by which a page may make an address of a script from a text: for its workers. */
const WORKER_POLICY = 'page-worker';

const compress = promisify(gzip);

/** What a built page was made of, so that one that is out of date is never served. */
const Manifest = z.object({
  esbuild: z.string(),
  /** SHA-256 of each source by its path from the root. */
  inputs: z.record(z.string(), z.string()),
  assets: z.record(z.string(), z.object({ type: z.string(), file: z.string() })),
});

/** Pages that were asked for: each is bundled once in the life of the process, however many servers it has. */
const PAGES = new Map<PageSource, Promise<ServedPage>>();

function load(source: PageSource): Promise<ServedPage> {
  const known = PAGES.get(source);
  if (known !== undefined) return known;
  const page = pageOf(source).then(served);
  PAGES.set(source, page);
  // What could not be bundled is tried again: the disk may have been full.
  page.catch(() => PAGES.delete(source));
  return page;
}

/**
 * Makes pages before somebody asks for them, one after the other, those that are looked at first before the others.
 * Never rejects: what cannot be made is logged, and tried again with the next request.
 * @param stopping fires when the program is to end; it is given up then
 */
export async function preparePages(
  sources: readonly PageSource[],
  log: Logger,
  stopping: AbortSignal,
): Promise<void> {
  for (const source of sources) {
    if (stopping.aborted) return;
    try {
      await load(source);
    } catch (error) {
      // Ctrl-C in a terminal ends the bundler, a process of its own, too, and perhaps before we hear of it.
      await sleep(SAME_SIGNAL_MS);
      if (!stopping.aborted) log.error({ err: error }, `the page "${source.title}" could not be made`);
    }
  }
}

/**
 * Answers a page's paths and those of its assets; everything else goes on to the next. The page is made when
 * it is first asked for, unless {@link preparePages} has made it.
 */
export function servePage(source: PageSource, licence: PageLicence = {}): Middleware {
  const policy = contentPolicy(source, licence);
  return async (ctx, next) => {
    const isPage = source.paths.some((path) => path.test(ctx.path));
    const isRead = ctx.method === 'GET' || ctx.method === 'HEAD';
    const nothingAfter: Next = async () => undefined;
    if (isRead && (isPage || ctx.path.startsWith(ASSETS))) {
      const { html, assets } = await load(source);
      const asset = isPage ? html : assets.get(ctx.path);
      if (asset !== undefined) {
        await policy(ctx, nothingAfter);
        ctx.set('Cache-Control', isPage ? 'no-cache' : FOR_EVER);
        send(ctx, asset);
        return;
      }
    }
    await next();
    if (source.isForMissing !== true || ctx.status !== MISSING || !isRead || !isVisit(ctx)) return;
    const { html } = await load(source);
    await policy(ctx, nothingAfter);
    ctx.vary('Accept');
    // Said outright: a status that nobody has set becomes 200 with the body.
    ctx.status = MISSING;
    ctx.type = html.type;
    ctx.body = html.body;
  };
}

/** Whether it is a person's browser that goes there: programs, and what a page loads, ask for no HTML by name. */
function isVisit(ctx: Context): boolean {
  return ctx.get('Accept').includes('text/html');
}

interface ServedAsset extends Asset {
  readonly etag: string;
  readonly compressed: Buffer | undefined;
}

interface ServedPage {
  readonly html: ServedAsset;
  readonly assets: ReadonlyMap<string, ServedAsset>;
}

async function served({ html, assets }: Page): Promise<ServedPage> {
  const ready = async (asset: Asset): Promise<ServedAsset> => ({
    ...asset,
    etag: digestOf(asset.body).slice(0, 16),
    compressed: asset.body.length < SMALLEST_COMPRESSED_BYTES ? undefined : await compress(asset.body),
  });
  const entries = [...assets].map(async ([path, asset]) => [path, await ready(asset)] as const);
  return { html: await ready(html), assets: new Map(await Promise.all(entries)) };
}

function send(ctx: Context, { type, body, etag, compressed }: ServedAsset): void {
  ctx.status = 200;
  ctx.type = type;
  ctx.etag = etag;
  ctx.vary('Accept-Encoding');
  if (ctx.fresh) {
    ctx.status = 304;
    return;
  }
  if (compressed !== undefined && ctx.acceptsEncodings('gzip', 'identity') === 'gzip') {
    ctx.set('Content-Encoding', 'gzip');
    ctx.body = compressed;
  } else ctx.body = body;
}

/**
 * Scripts, styles, pictures and connections of this origin only, nothing inline, no markup made from text
 * (Trusted Types), in nobody's frame. No HSTS: whether there is HTTPS in front is not for the page to say.
 */
function contentPolicy(
  { workers, compiles = false }: PageSource,
  { strangers = [] }: PageLicence,
): Middleware {
  const trustedTypes =
    strangers.length > 0
      ? {}
      : {
          requireTrustedTypesFor: ["'script'"],
          trustedTypes: [workers === undefined ? "'none'" : WORKER_POLICY],
        };
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        // Content Security Policy Level 3, 2.3.1: WebAssembly only, `eval` stays forbidden.
        scriptSrc: ["'self'", ...(compiles ? ["'wasm-unsafe-eval'"] : []), ...strangers],
        styleSrc: ["'self'", ...strangers],
        imgSrc: ["'self'", ...strangers],
        ...(strangers.length > 0 && { frameSrc: [...strangers] }),
        // Not every browser takes 'self' for WebSockets too.
        connectSrc: ["'self'", (request) => socketsOf(request.headers.host), ...strangers],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        ...trustedTypes,
      },
    },
    strictTransportSecurity: false,
    crossOriginOpenerPolicy: false,
    originAgentCluster: false,
    referrerPolicy: { policy: 'no-referrer' },
  });
}

/** The WebSockets of a host, as sources of a policy; nothing where the header holds no plain host. */
function socketsOf(host: string | undefined): string {
  return host !== undefined && /^[\w.:[\]-]+$/.test(host) ? `ws://${host} wss://${host}` : "'self'";
}

/** The page as it was built ahead of time, if that is up to date, else bundled now. */
export async function pageOf(source: PageSource, built = BUILT_PAGES): Promise<Page> {
  return (await readBuilt(source, built)) ?? (await bundle(source)).page;
}

/** Writes a page to its folder in `built`, from where {@link servePage} takes it. Returns the folder. */
export async function buildPage(source: PageSource, built = BUILT_PAGES): Promise<string> {
  const { page, inputs } = await bundle(source);
  const folder = join(built, source.name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const assets: Record<string, { type: string; file: string }> = {};
  for (const [path, { type, body }] of page.assets) {
    assets[path] = { type, file: basename(path) };
    await writeFile(join(folder, basename(path)), body);
  }
  const digests: Record<string, string> = {};
  for (const input of inputs) digests[input] = digestOf(await readFile(join(ROOT, input)));
  // Last, since it is what makes the folder count.
  const manifest: z.infer<typeof Manifest> = { esbuild: esbuild.version, inputs: digests, assets };
  await writeFile(join(folder, MANIFEST), `${JSON.stringify(manifest, undefined, 2)}\n`);
  return folder;
}

/** Undefined when there is none, or one that was made of other sources. */
async function readBuilt(source: PageSource, built: string): Promise<Page | undefined> {
  const folder = join(built, source.name);
  try {
    const manifest = Manifest.parse(JSON.parse(await readFile(join(folder, MANIFEST), 'utf8')));
    if (manifest.esbuild !== esbuild.version) return undefined;
    for (const [input, digest] of Object.entries(manifest.inputs)) {
      if (digestOf(await readFile(join(ROOT, input))) !== digest) return undefined;
    }
    const read = async (file: string, type: string) => ({ type, body: await readFile(join(folder, file)) });
    const entries = Object.entries(manifest.assets).map(
      async ([path, { type, file }]) => [path, await read(basename(file), type)] as const,
    );
    return pageWith(source, new Map(await Promise.all(entries)));
  } catch (error) {
    // A folder that is not there or half there is bundled anew; anything else is a bug.
    if (error instanceof z.ZodError || error instanceof SyntaxError) return undefined;
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** @throws esbuild's BuildFailure, with the file and line */
async function bundle(source: PageSource): Promise<{ page: Page; inputs: readonly string[] }> {
  const { outputFiles, metafile } = await esbuild.build({
    absWorkingDir: ROOT,
    entryPoints: [source.script, source.style, ...Object.values(source.workers ?? {})].map((url) =>
      fileURLToPath(url),
    ),
    outdir: ROOT,
    entryNames: '[name]-[hash]',
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    legalComments: 'none',
    logLevel: 'silent',
  });
  const icon = await readFile(source.icon);
  const assets = new Map<string, Asset>();
  const add = (name: string, type: string, body: Buffer) => assets.set(`${ASSETS}${name}`, { type, body });
  for (const { path, contents } of outputFiles) {
    const type = path.endsWith('.css') ? 'text/css; charset=utf-8' : 'text/javascript; charset=utf-8';
    add(basename(path), type, Buffer.from(contents));
  }
  add(`icon-${digestOf(icon).slice(0, 8)}.svg`, 'image/svg+xml', icon);
  const iconInput = relative(ROOT, fileURLToPath(source.icon)).split(sep).join('/');
  return { page: pageWith(source, assets), inputs: [...Object.keys(metafile.inputs), iconInput] };
}

function pageWith(source: PageSource, assets: ReadonlyMap<string, Asset>): Page {
  return { html: { type: HTML_TYPE, body: Buffer.from(documentOf(source, [...assets.keys()])) }, assets };
}

function documentOf(source: PageSource, assets: readonly string[]): string {
  const { title, description } = source;
  const tags = assets.map((path) => {
    if (path.endsWith('.css')) return `<link rel="stylesheet" href="${path}">`;
    if (path.endsWith('.svg')) return `<link rel="icon" type="image/svg+xml" href="${path}">`;
    const worker = workerName(source, path);
    if (worker !== undefined) return `<meta name="worker:${worker}" content="${path}">`;
    return `<script type="module" src="${path}"></script>`;
  });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="description" content="${description}">
<title>${title}</title>
${tags.join('\n')}
</head>
<body>
<noscript>This page needs JavaScript. The same numbers are there as JSON.</noscript>
</body>
</html>
`;
}

/** The name of the worker that an asset is; undefined for other assets. */
function workerName({ workers = {} }: PageSource, path: string): string | undefined {
  const [, file] = /^\/assets\/(.+)-[0-9A-Z]+\.js$/.exec(path) ?? [];
  return Object.entries(workers).find(([, { pathname }]) => basename(pathname, '.ts') === file)?.[0];
}

function digestOf(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex');
}
