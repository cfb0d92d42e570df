/** Which kernel a thread hashes with: of those that its engine can run, the one that is fastest here. */
import type { Hasher } from './hasher.ts';
import { createJsHasher } from './js-hasher.ts';
import { findsPlantedHits } from './self-check.ts';
import { createWasmHasher } from './wasm-hasher.ts';

/** Engines compile a module quickly first and well later: for so long nobody is judged. */
const WARM_UP_MS = 400;
/** So long the kernels then take turns, all together. */
const TRIAL_MS = 400;

/** The kernels that run here, those that are usually faster first. Plain JavaScript always does. */
export function availableHashers(): Hasher[] {
  const vectors = compiled('simd-2x', 'simd');
  const hashers = vectors.length > 0 ? vectors : compiled('scalar');
  return hashers.length > 0 ? hashers : [createJsHasher()];
}

function compiled(...shapes: readonly Parameters<typeof createWasmHasher>[0][]): Hasher[] {
  return shapes.flatMap((shape) => {
    try {
      return [createWasmHasher(shape)];
    } catch {
      // No WebAssembly, no vectors in it, or none allowed: there is a kernel that needs neither.
      return [];
    }
  });
}

/** A kernel and what it has done during the trial. */
interface Contender {
  readonly hasher: Hasher;
  nonces: number;
  elapsedMs: number;
}

/**
 * A {@link Hasher} that begins with all kernels in turn, on the real work, and after less than a second goes on with
 * the fastest that passes the self-check. Its name is that of the kernel it would choose now.
 * @param hashers at least one
 * @param nowMs a clock that never goes back
 * @param onChoice hears the name of the chosen one
 */
export function createChosenHasher(
  hashers: readonly Hasher[],
  nowMs: () => number,
  onChoice: (name: string) => void = () => undefined,
): Hasher {
  const contenders = hashers.map((hasher): Contender => ({ hasher, nonces: 0, elapsedMs: 0 }));
  let work: Parameters<Hasher['setWork']> | undefined;
  let chosen: Hasher | undefined;
  let turn = 0;
  let spentMs = 0;
  let isWarm = false;

  function setWork(...given: Parameters<Hasher['setWork']>): void {
    const hashers = chosen === undefined ? contenders.map(({ hasher }) => hasher) : [chosen];
    for (const hasher of hashers) hasher.setWork(...given);
    work = [given[0].slice(), given[1]];
  }

  function judge(): void {
    if (!isWarm && spentMs >= WARM_UP_MS) {
      isWarm = true;
      for (const contender of contenders) Object.assign(contender, { nonces: 0, elapsedMs: 0 });
    }
    if (spentMs < WARM_UP_MS + TRIAL_MS) return;
    // By now the code is what it will be: this is what has to be right.
    chosen = ranked(contenders).find(({ hasher }) => findsPlantedHits(hasher))?.hasher ?? createJsHasher();
    if (work !== undefined) chosen.setWork(...work);
    onChoice(chosen.name);
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
      contender.nonces += result.scanned;
      contender.elapsedMs += elapsedMs;
      spentMs += elapsedMs;
      judge();
      return result;
    },
  };
}

/** The fastest first; those that were not measured yet, in their order, at the end. */
function ranked(contenders: readonly Contender[]): Contender[] {
  return contenders.toSorted((a, b) => rateOf(b) - rateOf(a));
}

function rateOf({ nonces, elapsedMs }: Contender): number {
  return elapsedMs > 0 ? nonces / elapsedMs : 0;
}
