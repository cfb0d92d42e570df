/** Which kernel a thread hashes with: of those that its engine can run, the one that is fastest here. */
import type { Hasher } from './hasher.ts';
import { createJsHasher } from './js-hasher.ts';
import { findsPlantedHits } from './self-check.ts';
import { createWasmHasher } from './wasm-hasher.ts';

/** All kernels, those that are usually faster first. */
export const KERNEL_NAMES = ['simd-2x', 'simd', 'scalar', 'js'] as const;
export type KernelName = (typeof KERNEL_NAMES)[number];

/** Why a thread hashes with its kernel: it was the fastest just now, or in an earlier run. */
export type KernelBasis = 'measured' | 'remembered';

/** Hears which kernel a thread has settled on. */
export type OnKernelChoice = (name: string, basis: KernelBasis) => void;

/** Where the fastest kernel is kept from run to run: a file, or a browser's storage. */
export interface Calibration {
  /** What {@link remember} was last given on this machine; undefined if nothing that still holds is kept. */
  recall(): string | undefined;
  remember(kernel: KernelName): void;
}

/** Engines compile a module quickly first and well later: for so long nobody is judged. */
const WARM_UP_MS = 400;
/** So long the kernels then take turns, all together. */
const TRIAL_MS = 400;

export function isKernelName(name: string | undefined): name is KernelName {
  return KERNEL_NAMES.some((known) => known === name);
}

/**
 * The hasher of a thread.
 * @param asked the kernel to use, or `auto` for the fastest of those that run here
 * @param remembered the kernel that was the fastest before, which spares the trial
 * @param nowMs a clock that never goes back
 * @throws Error when the kernel that was asked for does not run here or fails its self-check
 */
export function hasherFor(
  asked: KernelName | 'auto',
  remembered: KernelName | undefined,
  nowMs: () => number,
  onChoice: OnKernelChoice,
): Hasher {
  if (asked === 'auto') return createChosenHasher(availableHashers(), nowMs, onChoice, remembered);
  const hasher = createHasher(asked);
  if (hasher === undefined) throw new Error(`the kernel ${asked} does not run on this machine`);
  if (!findsPlantedHits(hasher)) throw new Error(`the kernel ${asked} miscounts on this machine`);
  return hasher;
}

/** The kernels to choose from here, those that are usually faster first. Plain JavaScript always runs. */
export function availableHashers(): Hasher[] {
  const vectors = hashers('simd-2x', 'simd');
  if (vectors.length > 0) return vectors;
  const scalar = hashers('scalar');
  return scalar.length > 0 ? scalar : [createJsHasher()];
}

function hashers(...names: readonly KernelName[]): Hasher[] {
  return names.map(createHasher).filter((hasher) => hasher !== undefined);
}

/** A kernel by its name; undefined where there is no WebAssembly, no vectors in it, or none allowed. */
export function createHasher(name: KernelName): Hasher | undefined {
  if (name === 'js') return createJsHasher();
  try {
    return createWasmHasher(name);
  } catch {
    return undefined;
  }
}

/** What one call of a kernel came to. */
interface Attempt {
  readonly nonces: number;
  readonly elapsedMs: number;
}

/** A kernel and what it has done during the trial. */
interface Contender {
  readonly hasher: Hasher;
  attempts: Attempt[];
}

/**
 * A {@link Hasher} that begins with all kernels in turn, on the real work, and after less than a second goes on with
 * the fastest that passes the self-check. Its name is that of the kernel it would choose now.
 *
 * A remembered choice works alone from the start, and is checked then and once more when the engine has compiled it
 * well; should it fail, the others take turns.
 * @param all at least one
 * @param nowMs a clock that never goes back
 * @param onChoice hears the name of the chosen one, from within {@link Hasher.search}
 * @param remembered the name of the kernel that was the fastest in an earlier run
 */
export function createChosenHasher(
  all: readonly Hasher[],
  nowMs: () => number,
  onChoice: OnKernelChoice = () => undefined,
  remembered?: string,
): Hasher {
  const known = all.filter(({ name }) => name === remembered).filter(findsPlantedHits);
  let contenders = (known.length > 0 ? known : all).map(contender);
  let basis: KernelBasis = known.length > 0 ? 'remembered' : 'measured';
  let work: Parameters<Hasher['setWork']> | undefined;
  let chosen: Hasher | undefined;
  let turn = 0;
  let spentMs = 0;
  let isWarm = false;

  function setWork(...given: Parameters<Hasher['setWork']>): void {
    const present = chosen === undefined ? contenders.map(({ hasher }) => hasher) : [chosen];
    for (const hasher of present) hasher.setWork(...given);
    work = [given[0].slice(), given[1]];
  }

  function judge(): void {
    if (!isWarm && spentMs >= WARM_UP_MS) {
      isWarm = true;
      for (const contender of contenders) contender.attempts = [];
    }
    if (spentMs < WARM_UP_MS + (basis === 'measured' ? TRIAL_MS : 0)) return;
    // By now the code is what it will be: this is what has to be right.
    const sound = ranked(contenders).find(({ hasher }) => findsPlantedHits(hasher))?.hasher;
    if (sound === undefined && basis === 'remembered') {
      tryOthers();
      return;
    }
    chosen = sound ?? createJsHasher();
    if (work !== undefined) chosen.setWork(...work);
    onChoice(chosen.name, basis);
  }

  /** The trial after all: the remembered kernel has failed. */
  function tryOthers(): void {
    const others = all.filter(({ name }) => name !== remembered);
    contenders = (others.length > 0 ? others : [createJsHasher()]).map(contender);
    basis = 'measured';
    spentMs = 0;
    isWarm = false;
    if (work !== undefined) setWork(...work);
  }

  return {
    get name() {
      return chosen?.name ?? ranked(contenders)[0]?.hasher.name ?? 'js';
    },
    setWork,
    search(startNonce, count) {
      if (chosen !== undefined) return chosen.search(startNonce, count);
      const contender = contenders[turn % contenders.length] as Contender;
      turn += 1;
      const startMs = nowMs();
      const result = contender.hasher.search(startNonce, count);
      const elapsedMs = nowMs() - startMs;
      contender.attempts.push({ nonces: result.scanned, elapsedMs });
      spentMs += elapsedMs;
      judge();
      return result;
    },
  };
}

function contender(hasher: Hasher): Contender {
  return { hasher, attempts: [] };
}

/** The fastest first; those that were not measured yet, in their order, at the end. */
function ranked(contenders: readonly Contender[]): Contender[] {
  return contenders.toSorted((a, b) => rateOf(b) - rateOf(a));
}

/** Nonces per millisecond in the better half of the attempts: in the other, more of the time went to other programs. */
function rateOf({ attempts }: Contender): number {
  const better = attempts
    .toSorted((a, b) => b.nonces * a.elapsedMs - a.nonces * b.elapsedMs)
    .slice(0, Math.ceil(attempts.length / 2));
  const nonces = better.reduce((sum, attempt) => sum + attempt.nonces, 0);
  const elapsedMs = better.reduce((sum, attempt) => sum + attempt.elapsedMs, 0);
  return elapsedMs > 0 ? nonces / elapsedMs : 0;
}
