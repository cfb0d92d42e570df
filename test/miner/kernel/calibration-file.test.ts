import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  type CalibrationFile,
  openCalibrationFile,
  thisMachine,
} from '../../../miner/kernel/calibration-file.ts';
import { temporaryDirectory } from '../../service/temporary-directory.ts';

const NOW_MS = Date.UTC(2026, 10, 21);
const DAY_MS = 24 * 3_600_000;

/** Opens a file; what it complains of goes to a list. */
async function open(path: string, machine = 'this one', nowMs = NOW_MS) {
  const complaints: string[] = [];
  const log = { debug: (text: unknown) => void complaints.push(String(text)) };
  const file: CalibrationFile = await openCalibrationFile({ path, log, unixMs: () => nowMs, machine });
  return { file, complaints };
}

async function kept(path: string): Promise<void> {
  const { file } = await open(path);
  file.remember('simd');
  await file.written();
}

test('the fastest kernel is remembered from run to run', async (t) => {
  const path = join(await temporaryDirectory(t), 'new', 'miner-kernel.json');
  const first = await open(path);
  assert.equal(first.file.recall(), undefined);
  first.file.remember('scalar');
  first.file.remember('simd-2x');
  await first.file.written();
  const second = await open(path);
  assert.equal(second.file.recall(), 'simd-2x');
  assert.deepEqual([...first.complaints, ...second.complaints], []);
});

test('what was measured on another machine or long ago is not used', async (t) => {
  const path = join(await temporaryDirectory(t), 'miner-kernel.json');
  await kept(path);
  for (const [machine, nowMs, words] of [
    ['that one', NOW_MS, /another machine/],
    ['this one', NOW_MS + 8 * DAY_MS, /too old/],
    ['this one', NOW_MS - DAY_MS, /too old/],
  ] as const) {
    const { file, complaints } = await open(path, machine, nowMs);
    assert.equal(file.recall(), undefined);
    assert.match(complaints[0]!, words);
  }
  assert.equal((await open(path, 'this one', NOW_MS + 6 * DAY_MS)).file.recall(), 'simd');
});

test('a file that is torn or of something else counts as none, and is written anew', async (t) => {
  const path = join(await temporaryDirectory(t), 'miner-kernel.json');
  await kept(path);
  const whole = await readFile(path, 'utf8');
  const others = ['', whole.slice(0, 20), '[]', 'null', whole.replace('simd', 'gpu'), '\u0000\u0001'];
  for (const text of others) {
    await writeFile(path, text);
    const { file, complaints } = await open(path);
    assert.equal(file.recall(), undefined, text);
    assert.equal(complaints.length, 1);
    file.remember('simd');
    await file.written();
    assert.equal(await readFile(path, 'utf8'), whole);
  }
});

test('where nothing can be written, a miner does without', async (t) => {
  const path = join(await temporaryDirectory(t), 'miner-kernel.json');
  await mkdir(path);
  const { file, complaints } = await open(path);
  assert.equal(file.recall(), undefined);
  file.remember('simd');
  await file.written();
  assert.match(complaints.at(-1)!, /cannot be written/);
});

test('a machine is told by its processor, its engine and the kernels', () => {
  assert.match(
    thisMachine(),
    /, (x64|arm64), Node\.js v\d+\.[\d.]+, (merged|plain) vectors, kernels [0-9a-f]{16}$/,
  );
});
