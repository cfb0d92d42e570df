/**
 * Version rolling (BIP 310): bits of the header's version that a pool leaves to its miners, as more room for
 * headers. Masks and bits are u32.
 */
import { hexWord, StratumError, VERSION_ROLLING_MASK } from '../../protocol/stratum.ts';

/** The parameters of mining.configure: we can roll the bits of BIP 320, and one of them is of use already. */
export const CONFIGURE_PARAMS: readonly unknown[] = [
  ['version-rolling'],
  { 'version-rolling.mask': hexWord(VERSION_ROLLING_MASK), 'version-rolling.min-bit-count': 1 },
];

/**
 * Reads the answer to mining.configure.
 *
 * @returns the mask, or undefined if versions are not to be rolled
 * @throws StratumError if they are, but with a mask that is none
 */
export function parseConfigured(result: unknown): number | undefined {
  if (typeof result !== 'object' || result === null) return undefined;
  const answers = result as Readonly<Record<string, unknown>>;
  // What stands there instead of true is false, or text that says why not.
  if (answers['version-rolling'] !== true) return undefined;
  return parseMask(answers['version-rolling.mask'], 'version-rolling.mask');
}

/**
 * Reads the parameter of mining.set_version_mask.
 * @throws StratumError if it is no mask
 */
export function parseVersionMask([mask]: readonly unknown[]): number {
  return parseMask(mask, 'version mask');
}

/** BIP 310 wants eight digits, in either case; fewer mean the same number. */
function parseMask(value: unknown, field: string): number {
  if (typeof value !== 'string' || !/^[0-9a-f]{1,8}$/i.test(value)) {
    throw new StratumError('other', `${field} is not 8 hex digits`);
  }
  return Number.parseInt(value, 16);
}

/**
 * The bits of a job's version that are rolled under a mask: not those beyond BIP 320, which carry meaning, should a
 * pool allow even them; and not those that the job has set. Pools differ in whether what is submitted replaces the
 * bits inside the mask (BIP 310), is added to the version, or is its difference: where the job has zeros, all three
 * are the same.
 */
export function rollableBits(jobVersion: number, mask: number): number {
  return (mask & VERSION_ROLLING_MASK & ~jobVersion) >>> 0;
}

/**
 * The sixth parameter of mining.submit for a header, which makes its version
 * `(job version & ~mask) | (bits & mask)` (BIP 310).
 *
 * @param mask the last one that the pool sent
 * @returns undefined if no bits inside the mask make this version of the job's
 */
export function versionBitsOf(version: number, jobVersion: number, mask: number): number | undefined {
  const isExpressible = ((version ^ jobVersion) & ~mask) === 0;
  return isExpressible ? (version & mask) >>> 0 : undefined;
}
