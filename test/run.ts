/**
 * Runs the tests, or some of them:
 *
 *     npm test                     all
 *     npm test -- unit             all but the scenarios
 *     npm test -- scenario         those that start whole services
 *     npm test -- arrows           the import arrows between the rooms
 *     npm test -- protocol/codec   the files whose path contains the words (any number of words)
 *
 * `node --test` takes no glob on Node.js 20, so the files are listed here.
 */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative, sep } from 'node:path';
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

/** Runs the files in processes of their own; resolves to the exit code. */
function runTests(files: readonly string[], concurrency: number, timeoutMs: number): Promise<number> {
  const options = ['--import', 'tsx', '--test', '--test-reporter=spec'];
  const limits = [`--test-concurrency=${concurrency}`, `--test-timeout=${timeoutMs}`];
  return new Promise((accept, reject) => {
    const child = spawn(process.execPath, [...options, ...limits, ...files], { cwd: ROOT, stdio: 'inherit' });
    child.once('error', reject);
    child.once('exit', (code) => accept(code ?? 1));
  });
}

const words = process.argv.slice(2);
const selected = select(testFiles(), words);
if (selected.length === 0) {
  console.error(
    `no test file matches ${words.join(' ')} (looked in ${relative(process.cwd(), join(ROOT, 'test')) || '.'})`,
  );
  process.exit(2);
}
const units = selected.filter((file) => !isScenario(file));
const scenarios = selected.filter(isScenario);
// Scenarios start several services each, so they run one after the other.
const unitCode = units.length > 0 ? await runTests(units, availableParallelism(), TIMEOUT_MS) : 0;
const scenarioCode = scenarios.length > 0 ? await runTests(scenarios, 1, SCENARIO_TIMEOUT_MS) : 0;
process.exit(unitCode || scenarioCode);
