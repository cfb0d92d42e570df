/** What a visitor chose, kept by the browser for the next visit. Never any words of a wallet. */
import * as z from 'zod/mini';

export interface MinerSettings {
  readonly address: string;
  /** Empty for none. */
  readonly worker: string;
  readonly threads: number;
  /** Share of the time that each thread may compute. */
  readonly cpuLimitPercent: number;
}

/** What of a browser's storage is used. */
export type Store = Pick<Storage, 'getItem' | 'setItem'>;

export const CPU_LIMIT = { lowest: 10, highest: 100, step: 5 } as const;

const SETTINGS_KEY = 'nilz-mine';
const KERNEL_KEY = 'nilz-mine-kernel';
const SPEED_KEY = 'nilz-mine-speed';
const FIRST_WORKER = 'browser';
/** Something else may have kept the processor busy while kernels were compared: after a day it is done again. */
const KERNEL_MAX_AGE_MS = 24 * 3_600_000;

const Kept = z.object({
  address: z.string().check(z.maxLength(120)),
  worker: z.string().check(z.maxLength(64)),
  threads: z.int().check(z.minimum(1)),
  cpuLimitPercent: z.int().check(z.minimum(CPU_LIMIT.lowest), z.maximum(CPU_LIMIT.highest)),
});
const KeptKernel = z.object({
  browser: z.string(),
  kernel: z.string().check(z.maxLength(32)),
  /** Milliseconds since 1970. */
  measured: z.number(),
});
const KeptSpeed = z.object({ browser: z.string(), hashesPerSecond: z.number().check(z.positive()) });

/** The store of this page; undefined where the browser gives it none. */
export function pageStore(): Store | undefined {
  try {
    return window.localStorage;
  } catch {
    // Forbidden to this page: then nothing is remembered.
    return undefined;
  }
}

/**
 * Threads for somebody who has not chosen: a computer keeps one core for its owner, a phone half of them, since it
 * gets warm and lives on its battery.
 */
export function usualThreads(cores: number, isHandheld: boolean): number {
  return Math.max(1, isHandheld ? Math.floor(cores / 2) : cores - 1);
}

/** The settings of the last visit; what is missing, or makes no sense any more, is as for a first one. */
export function recallSettings(
  store: Store | undefined,
  device: { readonly cores: number; readonly isHandheld: boolean },
): MinerSettings {
  const kept = Kept.safeParse(read(store, SETTINGS_KEY));
  const usual = usualThreads(device.cores, device.isHandheld);
  if (!kept.success) return { address: '', worker: FIRST_WORKER, threads: usual, cpuLimitPercent: 100 };
  return { ...kept.data, threads: Math.min(kept.data.threads, device.cores) };
}

export function keepSettings(store: Store | undefined, settings: MinerSettings): void {
  write(store, SETTINGS_KEY, Kept.parse(settings));
}

/**
 * Which kernel was the fastest here, by the browser that found it out: another version may have another.
 * @param unixMs the time of day, in milliseconds since 1970
 */
export function kernelMemory(store: Store | undefined, browser: string, unixMs: () => number) {
  return {
    recall: (): string | undefined => {
      const kept = KeptKernel.safeParse(read(store, KERNEL_KEY));
      if (!kept.success || kept.data.browser !== browser) return undefined;
      const ageMs = unixMs() - kept.data.measured;
      return ageMs >= 0 && ageMs < KERNEL_MAX_AGE_MS ? kept.data.kernel : undefined;
    },
    remember: (kernel: string): void => write(store, KERNEL_KEY, { browser, kernel, measured: unixMs() }),
  };
}

/** How fast one thread hashes without a limit, as an earlier visit with this browser measured it. */
export function speedMemory(store: Store | undefined, browser: string) {
  return {
    recall: (): number | undefined => {
      const kept = KeptSpeed.safeParse(read(store, SPEED_KEY));
      return kept.success && kept.data.browser === browser ? kept.data.hashesPerSecond : undefined;
    },
    remember: (hashesPerSecond: number): void => write(store, SPEED_KEY, { browser, hashesPerSecond }),
  };
}

/** Undefined for what is not there or not JSON: schemas do the rest. */
function read(store: Store | undefined, key: string): unknown {
  try {
    return JSON.parse(store?.getItem(key) ?? 'null');
  } catch {
    return undefined;
  }
}

/** A store that is full or closed loses a convenience, and nothing else. */
function write(store: Store | undefined, key: string, value: unknown): void {
  try {
    store?.setItem(key, JSON.stringify(value));
  } catch {
    // Told to nobody: there is nothing that a visitor could or should do about it.
  }
}
