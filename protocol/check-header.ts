import { displayHash } from './bytes.ts';
import { compactToTarget, isCanonical, showBits } from './compact.ts';
import { blockHash, type Header } from './header.ts';
import type { NetworkProfile } from './network.ts';
import { checkBits, type HeaderWindow } from './retarget.ts';
import { RuleError } from './rules.ts';
import { meetsTarget } from './work.ts';

/** Lowest version a block may have: those below lack BIP 34, 66 or 65, which all hold from the start. */
const MIN_BLOCK_VERSION = 4;
/** Headers whose median time a block must be later than. */
const MEDIAN_TIME_SPAN = 11;

/**
 * Checks what a header says by itself: version, form of the bits, proof of work.
 * Source: Bitcoin Core, CheckBlockHeader and CheckProofOfWork; BIP 90 for the version.
 * @throws RuleError `bad-version`, `bad-diffbits`, `high-hash`
 */
export function checkHeader(header: Header, profile: NetworkProfile): void {
  checkVersion(header);
  checkLimit(header, profile);
  const hash = blockHash(header);
  if (!meetsTarget(hash, compactToTarget(header.bits))) {
    throw new RuleError(
      'high-hash',
      `hash ${displayHash(hash)} is above the target of ${showBits(header.bits)}`,
    );
  }
}

/** The bits that BIP 320 leaves free for rolling are not looked at. */
function checkVersion({ version }: Header): void {
  if (version < MIN_BLOCK_VERSION) {
    throw new RuleError('bad-version', `version is ${version}, must be at least ${MIN_BLOCK_VERSION}`);
  }
}

function checkLimit({ bits }: Header, { powLimitBits, name }: NetworkProfile): void {
  if (!isCanonical(bits)) throw new RuleError('bad-diffbits', `bits ${showBits(bits)} are not canonical`);
  const target = compactToTarget(bits);
  if (target === 0n) throw new RuleError('bad-diffbits', 'bits stand for a target of zero');
  if (target > compactToTarget(powLimitBits)) {
    const limit = `the limit of ${name}, ${showBits(powLimitBits)}`;
    throw new RuleError('bad-diffbits', `bits ${showBits(bits)} are easier than ${limit}`);
  }
}

/**
 * Checks a header against the headers before it and the clock. The clock comes last: a block that is only
 * early is held and tried again, one that is also wrong is not.
 * Source: Bitcoin Core, ContextualCheckBlockHeader.
 * @param headers the branch up to the parent, readable `windowOf(profile)` headers back
 * @param nowSeconds the machine's own clock
 * @throws RuleError `bad-diffbits`, `time-too-old`, `time-too-new`
 */
export function checkHeaderContext(
  header: Header,
  headers: HeaderWindow,
  profile: NetworkProfile,
  nowSeconds: number,
): void {
  checkBits(headers, profile, header);
  const median = medianTimeOf(headers);
  if (header.time <= median) {
    throw new RuleError('time-too-old', `time ${header.time} is not after the median ${median}`);
  }
  if (header.time > nowSeconds + profile.futureLimitSeconds) {
    const ahead = header.time - nowSeconds;
    throw new RuleError(
      'time-too-new',
      `time is ${ahead} s ahead, allowed are ${profile.futureLimitSeconds} s`,
    );
  }
}

/**
 * Median of the times of the last 11 headers (BIP 113), of fewer near the genesis block; of an even number
 * the later of the two in the middle. Source: Bitcoin Core, CBlockIndex::GetMedianTimePast.
 */
export function medianTimePast(times: readonly number[]): number {
  const sorted = times.slice(-MEDIAN_TIME_SPAN).sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)];
  if (median === undefined) throw new RangeError('there is no median of no times');
  return median;
}

/** `medianTimePast` of the newest headers of a branch. */
export function medianTimeOf(headers: HeaderWindow): number {
  const times: number[] = [];
  for (let i = Math.max(0, headers.height - MEDIAN_TIME_SPAN + 1); i <= headers.height; i++) {
    times.push(headers.at(i).time);
  }
  return medianTimePast(times);
}
