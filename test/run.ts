/**
 * Runs the tests, or some of them:
 *
 *     npm test                     all
 *     npm test -- unit             all but the scenarios
 *     npm test -- scenario         those that start whole services
 *     npm test -- arrows           the import arrows between the rooms
 *     npm test -- protocol/codec   the files whose path contains the words (any number of words)
 *     npm test -- --once-more      a file that fails is run again by itself, and only what fails twice counts:
 *                                  for machines whose other work comes in between. The first failure stays
 *                                  in the output, and the file is named at the end.
 *
 * `node --test` takes no glob on Node.js 20, so the files are listed here.
 */
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative, sep } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TIMEOUT_MS = 300_000;
const SCENARIO_TIMEOUT_MS = 600_000;

/** All test files, as paths from the root with forward slashes. */
function testFiles(): string[] {
  return readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.test.ts'))
    .map((path) => `test/${path.split(sep).join('/')}`)
    .sort();
}

function isScenario(file: string): boolean {
  return file.startsWith('test/scenario/');
}

function select(files: readonly string[], words: readonly string[]): string[] {
  const matches = (file: string, word: string): boolean => {
    if (word === 'unit') return !isScenario(file);
    if (word === 'scenario') return isScenario(file);
    return file.includes(word.replace(/^\.\//, ''));
  };
  return files.filter((file) => words.length === 0 || words.some((word) => matches(file, word)));
}

/**
 * Runs the files in processes of their own, started with the flags of this one.
 * @returns the files with failures
 */
async function runTests(
  files: readonly string[],
  concurrency: number,
  timeoutMs: number,
): Promise<ReadonlySet<string>> {
  const failed = new Set<string>();
  const paths = files.map((file) => join(ROOT, file));
  const events = run({ files: paths, concurrency, timeout: timeoutMs });
  events.on('test:fail', ({ file, name }) => {
    // A file that ends before its time is a test of its own, whose name is the file's.
    const path = paths.find((each) => each === file) ?? paths.find((each) => each === join(ROOT, name));
    failed.add(path === undefined ? `${file ?? name}` : relative(ROOT, path).split(sep).join('/'));
  });
  for await (const text of events.compose(new spec())) process.stdout.write(text);
  return failed;
}

/** Files that failed again. */
async function runOnceMore(failed: ReadonlySet<string>, timeoutMs: number): Promise<ReadonlySet<string>> {
  if (failed.size === 0) return failed;
  console.log(`\nOnce more, one after the other: ${[...failed].join(' ')}\n`);
  const again = await runTests([...failed], 1, timeoutMs);
  const passed = [...failed].filter((file) => !again.has(file));
  if (passed.length > 0) console.log(`\nPassed only at the second try: ${passed.join(' ')}\n`);
  return again;
}

const ONCE_MORE = '--once-more';
const isTriedAgain = process.argv.includes(ONCE_MORE);
const words = process.argv.slice(2).filter((word) => word !== ONCE_MORE);
const selected = select(testFiles(), words);
if (selected.length === 0) {
  console.error(
    `no test file matches ${words.join(' ')} (looked in ${relative(process.cwd(), join(ROOT, 'test')) || '.'})`,
  );
  process.exit(2);
}
let failures = 0;
// Scenarios start several services each, so they run one after the other.
for (const [files, concurrency, timeoutMs] of [
  [selected.filter((file) => !isScenario(file)), availableParallelism(), TIMEOUT_MS],
  [selected.filter(isScenario), 1, SCENARIO_TIMEOUT_MS],
] as const) {
  if (files.length === 0) continue;
  const failed = await runTests(files, concurrency, timeoutMs);
  failures += (isTriedAgain ? await runOnceMore(failed, timeoutMs) : failed).size;
}
process.exit(failures > 0 ? 1 : 0);
