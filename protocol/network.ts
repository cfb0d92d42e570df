import * as z from 'zod';
import { bytesToHex, displayHash } from './bytes.ts';
import { compactToTarget, isCanonical, parseBits, showBits } from './compact.ts';
import { findGenesisNonce, type GenesisParts, genesisBlock, sentenceScript } from './genesis.ts';
import { sha256d } from './hash.ts';
import { blockHash } from './header.ts';
import type { NetworkProfile } from './network-profile.ts';
import { ProfileError } from './profile-error.ts';
import { NETWORK_NAMES, type NetworkName, PROFILES } from './profiles.ts';
import { amount, converted, hexNumber, text, wholeNumber } from './schema.ts';
import type { Bits } from './units.ts';
import { meetsTarget, workOf } from './work.ts';

export type { FundedAccount, NetworkProfile } from './network-profile.ts';
export { DEV_MNEMONIC, type NetworkName, PROFILES } from './profiles.ts';

export function isNetworkName(name: string): name is NetworkName {
  return Object.hasOwn(PROFILES, name);
}

/**
 * A built-in profile.
 * @throws ProfileError that lists the names there are
 */
export function profileByName(name: string): NetworkProfile {
  if (!isNetworkName(name)) {
    throw new ProfileError(`network: expected one of ${NETWORK_NAMES.join(', ')}, got "${name}"`);
  }
  return PROFILES[name];
}

/**
 * The values of a profile that decide what is valid, as canonical JSON: keys sorted, no spaces, amounts in
 * nits. The retarget's constants count only where there is a retarget.
 */
export function consensusJson(profile: NetworkProfile): string {
  const { retarget, blockTimeSeconds, window, minimumDifficultyRule } = profile;
  return JSON.stringify({
    futureLimitSeconds: profile.futureLimitSeconds,
    genesis: displayHash(profile.genesisHash),
    halvingInterval: profile.halvingInterval,
    maturity: profile.maturity,
    powLimitBits: showBits(profile.powLimitBits),
    retarget: retarget ? { blockTimeSeconds, minimumDifficultyRule, window } : null,
    reward: profile.reward.toString(),
    strictHeightPush: profile.strictHeightPush,
  });
}

/** Magic of a network that is not built in: the first four bytes of SHA-256d over its consensus values. */
export function magicOf(profile: NetworkProfile): Uint8Array {
  return sha256d(new TextEncoder().encode(consensusJson(profile))).slice(0, 4);
}

/** Magic as eight hex digits, for logs and file names. */
export function magicHex(profile: NetworkProfile): string {
  return bytesToHex(profile.magic);
}

/** Folder of a network below `--datadir`: every identity has its own, such as `dev` or `dev-1f0a33c8`. */
export function networkDirectory(profile: NetworkProfile): string {
  const builtIn = isNetworkName(profile.name) ? PROFILES[profile.name] : undefined;
  const unchanged = builtIn !== undefined && magicHex(builtIn) === magicHex(profile);
  return unchanged ? profile.name : `${profile.name}-${magicHex(profile)}`;
}

/** Most hashes the search for a private network's genesis nonce may take on average: about a second. */
const MAX_GENESIS_WORK = 1n << 20n;

const flag = z.boolean('expected true or false');

/** Everything about a network that a file, a flag or the environment can change. */
const changesSchema = z
  .strictObject({
    addressPrefix: text(/^[a-z]{1,10}$/, 'one to ten lower-case letters'),
    blockTimeSeconds: wholeNumber(2, 86_400),
    window: wholeNumber(3, 1_000),
    retarget: flag,
    powLimitBits: converted(z.string('expected eight hex digits'), parseLimit),
    minimumDifficultyRule: flag,
    futureLimitSeconds: wholeNumber(1, 86_400),
    minimumChainWork: hexNumber,
    maturity: wholeNumber(1, 100_000),
    reward: amount,
    halvingInterval: wholeNumber(0, 0xffff_ffff),
    strictHeightPush: flag,
    coinType: wholeNumber(0, 0x7fff_ffff),
    mockTime: flag,
    genesis: z
      .strictObject({
        sentence: text(/^[\x20-\x7e]{1,75}$/, '1 to 75 printable ASCII characters'),
        time: wholeNumber(0, 0xffff_ffff),
        nonce: wholeNumber(0, 0xffff_ffff),
      })
      .partial(),
  })
  .partial();

/** A private network's file: its own name, the built-in network it starts from, and what is different. */
const fileSchema = changesSchema.extend({
  name: text(/^[a-z][a-z0-9-]{0,31}$/, 'lower-case letters, digits and dashes, at most 32').refine(
    (name) => !isNetworkName(name),
    'is the name of a built-in network, choose another',
  ),
  base: z.enum(NETWORK_NAMES, `expected one of ${NETWORK_NAMES.join(', ')}`).default('dev'),
});

/** What `changeProfile` takes; the fields and their form are those of a private network's file. */
export type ProfileChanges = z.input<typeof changesSchema>;

/**
 * A profile with some values changed, as by `--block-time`. It has its own identity, and so its own magic and
 * directory, unless what is valid stays the same.
 * @throws ProfileError naming the first field that is wrong and what is allowed
 */
export function changeProfile(base: NetworkProfile, changes: ProfileChanges): NetworkProfile {
  const profile = withChanges(base, checked(changesSchema, changes));
  const same = consensusJson(profile) === consensusJson(base);
  return Object.freeze({ ...profile, magic: same ? base.magic : magicOf(profile) });
}

/**
 * A private network from the text of its JSON file.
 * @throws ProfileError naming the first field that is wrong and what is allowed
 */
export function parseProfile(json: string): NetworkProfile {
  const { name, base, ...changes } = checked(fileSchema, parseJson(json));
  const profile = withChanges(PROFILES[base], changes);
  return Object.freeze({ ...profile, name, magic: magicOf(profile) });
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new ProfileError(`network file is not JSON: ${error instanceof Error ? error.message : error}`);
  }
}

function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new ProfileError(`${issue?.path.join('.') || 'network'}: ${issue?.message}`);
}

/** Bits that can be a limit: canonical, and of a target between 1 and that of the regtests. */
function parseLimit(hex: string): Bits {
  const bits = parseBits(hex);
  const highest = PROFILES.regtest.powLimitBits;
  const valid = isCanonical(bits) && bits !== 0 && compactToTarget(bits) <= compactToTarget(highest);
  if (!valid) throw new RangeError(`expected canonical bits up to ${showBits(highest)}, got ${hex}`);
  return bits;
}

function withChanges(base: NetworkProfile, changes: z.output<typeof changesSchema>): NetworkProfile {
  const powLimitBits = changes.powLimitBits ?? base.powLimitBits;
  const sameGenesis = changes.genesis === undefined && powLimitBits === base.powLimitBits;
  return {
    ...base,
    address: changes.addressPrefix === undefined ? base.address : { hrp: changes.addressPrefix },
    blockTimeSeconds: changes.blockTimeSeconds ?? base.blockTimeSeconds,
    window: changes.window ?? base.window,
    retarget: changes.retarget ?? base.retarget,
    powLimitBits,
    minimumDifficultyRule: changes.minimumDifficultyRule ?? base.minimumDifficultyRule,
    futureLimitSeconds: changes.futureLimitSeconds ?? base.futureLimitSeconds,
    minimumChainWork: changes.minimumChainWork ?? base.minimumChainWork,
    maturity: changes.maturity ?? base.maturity,
    reward: changes.reward ?? base.reward,
    halvingInterval: changes.halvingInterval ?? base.halvingInterval,
    strictHeightPush: changes.strictHeightPush ?? base.strictHeightPush,
    coinType: changes.coinType ?? base.coinType,
    mockTime: changes.mockTime ?? base.mockTime,
    ...(sameGenesis ? {} : privateGenesis(base, powLimitBits, changes.genesis ?? {})),
  };
}

/** The base's first block with another sentence, time or bits, and a nonce that fits them. */
function privateGenesis(
  base: NetworkProfile,
  bits: Bits,
  changes: NonNullable<z.output<typeof changesSchema>['genesis']>,
): Pick<NetworkProfile, 'genesis' | 'genesisHash'> {
  const [coinbase] = base.genesis.transactions;
  const [input] = coinbase?.inputs ?? [];
  if (coinbase === undefined || input === undefined)
    throw new Error(`genesis of ${base.name} has no coinbase`);
  const scriptSig = changes.sentence === undefined ? input.scriptSig : sentenceScript(changes.sentence);
  const parts = {
    scriptSig,
    outputs: coinbase.outputs,
    time: changes.time ?? base.genesis.header.time,
    bits,
  };
  const genesis = genesisBlock({ ...parts, nonce: changes.nonce ?? searchedNonce(parts) });
  const genesisHash = blockHash(genesis.header);
  if (!meetsTarget(genesisHash, compactToTarget(bits))) {
    throw new ProfileError(`genesis.nonce: ${changes.nonce} does not meet the limit ${showBits(bits)}`);
  }
  return { genesis, genesisHash };
}

function searchedNonce(parts: Omit<GenesisParts, 'nonce'>): number {
  const work = workOf(parts.bits);
  if (work > MAX_GENESIS_WORK) {
    throw new ProfileError(`genesis.nonce: must be given, finding one takes about ${work} hashes`);
  }
  const nonce = findGenesisNonce(parts, 2 ** 32);
  if (nonce === undefined) throw new ProfileError('genesis.time: no nonce fits, change the time');
  return nonce;
}
