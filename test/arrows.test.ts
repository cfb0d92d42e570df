/**
 * The house as drawn: import arrows between the rooms point down only, and what belongs to one place is
 * found there alone.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { basename, join, posix, sep } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Which other rooms the files of a room may import. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  service: [],
  wallet: ['protocol', 'service'],
  node: ['protocol', 'service'],
  miner: ['protocol', 'service'],
  pool: ['protocol', 'service', 'wallet'],
  faucet: ['protocol', 'service', 'wallet'],
  cli: ['protocol', 'service', 'wallet', 'node', 'pool', 'miner', 'faucet'],
};

/** Arrows of one folder beyond those of its room: the pool's mining page runs the miner. */
const FOLDER_ARROWS: Readonly<Record<string, readonly string[]>> = { 'pool/web': ['miner'] };

/** The only files of protocol/ that may know they run on Node.js: `#sha256` and `#verify` choose them. */
const NODE_SEAMS = ['protocol/sha256-node.ts', 'protocol/verify-native.ts'];

/** What `#…` stands for is decided in package.json and lies in protocol/. */
const SEAM_IMPORT = /^#(sha256|verify)$/;

/** What `#…` stands for in a browser (`imports` of package.json). */
const BROWSER_SEAMS: Readonly<Record<string, string>> = {
  '#sha256': 'protocol/sha256-noble.ts',
  '#verify': 'protocol/verify.ts',
};

/** The packages that pages are made with: all of them run in a browser. */
const BROWSER_PACKAGES = /^(@noble|@scure|zod|uplot|qr)(\/|$)/;

const VAGUE_NAMES = /^(utils?|helpers?|common|misc)(\.|$)/;

interface SourceFile {
  /** From the root, with forward slashes. */
  readonly path: string;
  readonly room: string;
  readonly text: string;
  readonly imports: readonly string[];
}

/** A room that is not built yet has no folder. */
const FILES = Object.keys(ARROWS)
  .filter((room) => existsSync(join(ROOT, room)))
  .flatMap((room) => sourceFiles(room));

function sourceFiles(room: string): SourceFile[] {
  return readdirSync(join(ROOT, room), { recursive: true, encoding: 'utf8' })
    .map((name) => `${room}/${name.split(sep).join('/')}`)
    .filter((path) => /\.(ts|tsx|mts|js|mjs)$/.test(path))
    .map((path) => readSource(path, readFileSync(join(ROOT, path), 'utf8')));
}

function readSource(path: string, text: string): SourceFile {
  const code = text.replace(/^\s*(\/\/|\/?\*).*$/gm, '');
  const statements = /(?:^|[\s;])(?:import|export)\s(?:[^'"`;]*?\sfrom\s*)?['"]([^'"]+)['"]/g;
  const calls = /\b(?:import|require|new URL)\(\s*['"]([^'"]+)['"]/g;
  const imports = [...code.matchAll(statements), ...code.matchAll(calls)].map((match) => match[1] ?? '');
  return { path, room: path.split('/')[0] ?? '', text: code, imports };
}

/** The room an import leads into, or undefined when it leads to a package, Node.js or package.json. */
function roomOf(file: SourceFile, specifier: string): string | undefined {
  if (SEAM_IMPORT.test(specifier)) return 'protocol';
  if (!specifier.startsWith('.')) return undefined;
  const [top = ''] = posix.join(posix.dirname(file.path), specifier).split('/');
  return top === 'test' || Object.hasOwn(ARROWS, top) ? top : undefined;
}

/** What is wrong with one file's imports, one line each. */
function wrongArrows(file: SourceFile): string[] {
  const extra = Object.entries(FOLDER_ARROWS).flatMap(([folder, rooms]) =>
    file.path.startsWith(`${folder}/`) ? rooms : [],
  );
  const allowed = [file.room, ...(ARROWS[file.room] ?? []), ...extra];
  return file.imports.flatMap((specifier) => {
    const room = roomOf(file, specifier);
    return room === undefined || allowed.includes(room) ? [] : [`${file.path} imports ${specifier}`];
  });
}

/** Whether a file is of a page; `page.ts` is how the server knows it. */
function isOfPage({ path }: SourceFile): boolean {
  return path.includes('/web/') && basename(path) !== 'page.ts';
}

/** What is left of a file's imports when it runs: types are gone then. */
function runtimeImports({ path, text }: SourceFile): readonly string[] {
  return readSource(path, text.replace(/^(?:import|export) type\s[^;]*;/gm, '')).imports;
}

/** Imports that no browser knows, of files that pages load, one line each. */
function unknownToBrowsers(file: SourceFile): string[] {
  return runtimeImports(file)
    .filter((name) => !name.startsWith('.') && !Object.hasOwn(BROWSER_SEAMS, name))
    .filter((name) => isBuiltin(name) || !BROWSER_PACKAGES.test(name))
    .map((name) => `${file.path} imports ${name}`);
}

/** The files of all pages and whatever they load, however far away. */
function loadedByPages(): SourceFile[] {
  const byPath = new Map(FILES.map((file) => [file.path, file]));
  const loaded = new Set(FILES.filter(isOfPage));
  for (const file of loaded) {
    for (const name of runtimeImports(file)) {
      const path = BROWSER_SEAMS[name] ?? posix.join(posix.dirname(file.path), name);
      const next = byPath.get(path);
      if (next !== undefined) loaded.add(next);
    }
  }
  return [...loaded];
}

function offenders(rule: (file: SourceFile) => boolean): string[] {
  return FILES.filter(rule).map((file) => file.path);
}

describe('the import arrows', () => {
  test('every arrow between rooms points down', () => {
    assert.ok(FILES.length > 20, 'the rooms were found');
    assert.deepEqual(FILES.flatMap(wrongArrows), []);
  });

  test('an arrow that points up or sideways is seen, however it is written', () => {
    const upward = [
      `import { Chain } from '../node/chain/chain.ts';`,
      `import type { Chain } from "../node/chain/chain.ts";`,
      `import '../node/main.ts';`,
      `export { Chain } from '../node/chain/chain.ts';`,
      `export * from '../node/chain/chain.ts';`,
      `const chain = await import('../node/chain/chain.ts');`,
      `import {\n  Chain,\n  type Tip,\n} from '../node/chain/chain.ts';`,
      `import { bytes } from '../test/protocol/vectors.ts';`,
      `new Worker(new URL('../node/worker.ts', import.meta.url));`,
    ];
    for (const text of upward) {
      assert.equal(wrongArrows(readSource('pool/job.ts', text)).length, 1, text);
    }
    assert.deepEqual(wrongArrows(readSource('pool/job.ts', `import { x } from '../wallet/coins.ts';`)), []);
    assert.deepEqual(
      wrongArrows(readSource('pool/web/mine.ts', `import { x } from '../../miner/client.ts';`)),
      [],
    );
    assert.deepEqual(
      wrongArrows(readSource('pool/web/mine.ts', `import { x } from '../../wallet/web/field.ts';`)),
      [],
    );
    assert.equal(
      wrongArrows(readSource('pool/pool.ts', `import { x } from '../miner/engine.ts';`)).length,
      1,
    );
    assert.equal(
      wrongArrows(readSource('miner/engine.ts', `import { x } from '../pool/pool.ts';`)).length,
      1,
    );
    assert.equal(wrongArrows(readSource('service/log.ts', `import { sha256 } from '#sha256';`)).length, 1);
    assert.equal(
      wrongArrows(readSource('protocol/hash.ts', `import { log } from '../service/log.ts';`)).length,
      1,
    );
  });

  test('protocol/ is pure: nothing of Node.js but in the two seams', () => {
    const nodeImports = FILES.filter(
      ({ room, path }) => room === 'protocol' && !NODE_SEAMS.includes(path),
    ).flatMap((file) =>
      file.imports.filter((name) => isBuiltin(name)).map((name) => `${file.path} imports ${name}`),
    );
    assert.deepEqual(nodeImports, []);
    const nodeGlobals = offenders(
      ({ room, path, text }) =>
        room === 'protocol' &&
        !NODE_SEAMS.includes(path) &&
        /\b(Buffer|process|setTimeout|Date\.now|Math\.random)\b/.test(text),
    );
    assert.deepEqual(nodeGlobals, []);
  });

  test('what pages load runs in a browser: the mining page has the miner, and nothing of Node.js', () => {
    const loaded = loadedByPages();
    const paths = loaded.map(({ path }) => path);
    for (const part of ['engine', 'stratum/client', 'hashing/thread-turns', 'kernel/wasm-hasher']) {
      assert.ok(paths.includes(`miner/${part}.ts`), part);
    }
    assert.deepEqual(loaded.flatMap(unknownToBrowsers), []);
  });

  test('an import that no browser knows is seen, unless it is of types alone', () => {
    const unknown = (text: string) => unknownToBrowsers(readSource('miner/engine.ts', text)).length;
    assert.equal(unknown(`import { readFile } from 'node:fs/promises';`), 1);
    assert.equal(unknown(`import { connect } from 'net';`), 1);
    assert.equal(unknown(`import { WebSocket } from 'ws';`), 1);
    assert.equal(unknown(`import { type Logger, pino } from 'pino';`), 1);
    assert.equal(unknown(`import type {\n  Logger,\n} from 'pino';\nimport { z } from 'zod';`), 0);
    assert.equal(unknown(`import { hash } from '#sha256';`), 0);
  });

  test('sqlite3 is used in service/sqlite-connection.ts alone', () => {
    const users = offenders(({ imports }) => imports.includes('sqlite3'));
    assert.deepEqual(users, ['service/sqlite-connection.ts']);
  });

  test('only main.ts of an app reads flags, environment and signals', () => {
    const readers = offenders(
      ({ room, path, text }) =>
        !['service', 'protocol', 'cli'].includes(room) &&
        basename(path) !== 'main.ts' &&
        /\bprocess\.(env|argv)\b|\bprocess\.(on|once)\(\s*['"]SIG/.test(text),
    );
    assert.deepEqual(readers, []);
  });
});

describe('the names', () => {
  test('no file or folder has a name that says nothing', () => {
    const vague = FILES.map((file) => file.path).filter((path) =>
      path.split('/').some((part) => VAGUE_NAMES.test(part)),
    );
    assert.deepEqual(vague, []);
  });

  test('everything is exported by name', () => {
    assert.deepEqual(
      offenders(({ text }) => /^export\s+default\b|\bas\s+default\b/m.test(text)),
      [],
    );
  });

  test('service/ knows no noun of the coin', () => {
    const nouns = /\b(block|coinbase|mempool|utxo|txid|nits|satoshi|stratum|miner|wallet)s?\b/i;
    assert.deepEqual(
      offenders(({ room, text }) => room === 'service' && nouns.test(text)),
      [],
    );
  });
});
