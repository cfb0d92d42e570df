/** The miner's kernels on one thread, beside a loop over `@noble/hashes` and, where it is on the PATH, cpuminer. */
import { spawn } from 'node:child_process';
import type { Hasher } from '../../miner/kernel/hasher.ts';
import { createJsHasher } from '../../miner/kernel/js-hasher.ts';
import { createWasmHasher } from '../../miner/kernel/wasm-hasher.ts';
import { allowVectorMerging } from '../../miner/hashing/vector-merging.ts';
import { sha256d as nobleSha256d } from '../../protocol/sha256-noble.ts';
import { type Candidate, compare, type Figure, measure, type Row } from './measure.ts';

export const title = 'Mining kernels, one thread';

const ROUNDS = 7;
/** A slice as the miner makes them, several to a call of the clock. */
const NONCES = 40_000;
/** How long cpuminer works for one figure; the first it prints comes after its own calibration. */
const CPUMINER_MS = 4_500;

function searching(hasher: Hasher): Candidate {
  const header = Uint8Array.from({ length: 80 }, (_, index) => index);
  hasher.setWork(header, 0n);
  return {
    name: hasher.name,
    run: () => hasher.search(0, NONCES).scanned,
  };
}

function nobleLoop(): number {
  const header = Uint8Array.from({ length: 80 }, (_, index) => index);
  const view = new DataView(header.buffer);
  const count = 2_000;
  for (let nonce = 0; nonce < count; nonce++) {
    view.setUint32(76, nonce, true);
    nobleSha256d(header);
  }
  return count;
}

/** Hashes per second that `minerd --benchmark` prints last; undefined where there is none. */
function cpuminer(): Promise<number | undefined> {
  return new Promise((resolve) => {
    const child = spawn('minerd', ['--benchmark', '-a', 'sha256d', '-t', '1']);
    let text = '';
    child.stderr.on('data', (chunk) => {
      text += chunk;
    });
    const timer = setTimeout(() => child.kill(), CPUMINER_MS);
    child.once('error', () => {
      clearTimeout(timer);
      resolve(undefined);
    });
    child.once('exit', () => {
      clearTimeout(timer);
      const rates = [...text.matchAll(/([\d.]+) khash\/s/g)].map(([, rate]) => Number(rate) * 1_000);
      resolve(rates.at(-1));
    });
  });
}

export async function bench(): Promise<Row[]> {
  allowVectorMerging(process.versions, process.arch);
  const shapes = (['simd-2x', 'simd', 'scalar'] as const).map((shape) => searching(createWasmHasher(shape)));
  const native: number[] = [];
  const [noble, ...kernels] = await measure(
    [{ name: '@noble/hashes', run: nobleLoop }, ...shapes, searching(createJsHasher())],
    ROUNDS,
  );
  for (let round = 0; round < 3; round++) {
    const rate = await cpuminer();
    if (rate !== undefined) native.push(rate);
  }
  if (noble === undefined) return [];
  const rows = kernels.map((figure) =>
    compare(`kernel ${figure.name}`, 'H/s', figure, noble, '≥ 15 × noble'),
  );
  const best = kernels.toSorted((a, b) => b.perSecond.median - a.perSecond.median)[0];
  native.sort((a, b) => a - b);
  const middle = native[1];
  if (best === undefined || middle === undefined) return rows;
  const reference: Figure = {
    name: 'minerd',
    perSecond: { median: middle, min: native[0] ?? middle, max: native[2] ?? middle },
    cpuMicros: Number.NaN,
  };
  const target = '≥ 0.33 × (Node 20), ≥ 0.48 × (Node 24)';
  return [...rows, compare(`${best.name}, the fastest`, 'H/s', best, reference, target)];
}
