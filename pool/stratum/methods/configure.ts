import { hexWord, StratumError } from '../../../protocol/stratum.ts';
import { parseDifficulty } from '../difficulty.ts';
import { answer, type Effect, refuse } from '../effect.ts';
import { askForJob, type Call, grantedMask, type Session, type SessionContext } from '../session.ts';

/** The parameters of all extensions together, by `extension.parameter`. */
type Options = Readonly<Record<string, unknown>>;

/** Switches one extension on. @returns the entries of the answer that concern it, or why it stays off */
type Extension = (session: Session, options: Options) => Readonly<Record<string, unknown>> | string;

const EXTENSIONS: Readonly<Record<string, Extension>> = {
  'version-rolling': rollVersions,
  'minimum-difficulty': setFloor,
  'subscribe-extranonce': (session) => {
    session.takesExtranonce = true;
    return {};
  },
  info: (_session, options) => complaintOfInfo(options) ?? {},
};

const ALL_BITS = 0xffffffff;
const WORD_BITS = 32;
const INFO = ['info.connection-url', 'info.hw-version', 'info.sw-version', 'info.hw-id'];

/**
 * `mining.configure [extensions, options]` (BIP 310): switches on what both sides know. An extension nobody
 * knows is answered with false, one whose parameters are wrong with a text.
 */
export function configure(session: Session, { id, params }: Call, context: SessionContext): Effect[] {
  const [extensions, given] = params;
  const options = given ?? {};
  if (!Array.isArray(extensions)) return malformed(id, 'extensions is not an array');
  if (typeof options !== 'object' || Array.isArray(options)) {
    return malformed(id, 'extension parameters are not an object');
  }
  if (!extensions.every((extension) => typeof extension === 'string')) {
    return malformed(id, 'an extension is not a string');
  }
  const results = extensions.flatMap((name) => switchOn(name, session, options as Options));
  return [...answer(id, Object.fromEntries(results)), ...askForJob(session, context)];
}

function malformed(id: Call['id'], message: string): Effect[] {
  return refuse(id, new StratumError('other', message));
}

function switchOn(name: string, session: Session, options: Options): [string, unknown][] {
  const extension = Object.hasOwn(EXTENSIONS, name) ? EXTENSIONS[name] : undefined;
  const result = extension?.(session, options) ?? false;
  return typeof result === 'object' ? [[name, true], ...Object.entries(result)] : [[name, result]];
}

function rollVersions(session: Session, options: Options): Record<string, unknown> | string {
  const asked = readMask(options['version-rolling.mask']);
  if (asked === undefined) return 'version-rolling.mask is not hex of at most 8 digits';
  const least = readBitCount(options['version-rolling.min-bit-count']);
  if (least === undefined) return 'version-rolling.min-bit-count is not a whole number from 0 to 32';
  const mask = grantedMask(asked);
  const bits = bitCount(mask);
  if (bits < least) return `only ${bits} of these version bits may be rolled, fewer than ${least}`;
  session.rolling = { able: mask, mask };
  return { 'version-rolling.mask': hexWord(mask) };
}

/** The bits a miner can roll; all of them when it does not say. */
function readMask(value: unknown): number | undefined {
  if (value === undefined) return ALL_BITS;
  return typeof value === 'string' && /^[0-9a-fA-F]{1,8}$/.test(value)
    ? Number.parseInt(value, 16)
    : undefined;
}

/** BIP 310 says hex digits in its table and writes a number in its example. */
function readBitCount(value: unknown): number | undefined {
  if (value === undefined) return 0;
  const isHex = typeof value === 'string' && /^[0-9a-fA-F]{1,8}$/.test(value);
  const count = isHex ? Number.parseInt(value, 16) : value;
  const isCount = typeof count === 'number' && Number.isInteger(count) && count >= 0 && count <= WORD_BITS;
  return isCount ? count : undefined;
}

function bitCount(mask: number): number {
  let count = 0;
  for (let rest = mask; rest !== 0; rest >>>= 1) count += rest & 1;
  return count;
}

/** The value may be 0 "for essentially disabling the feature" (BIP 310). */
function setFloor(session: Session, options: Options): Record<string, unknown> | string {
  const value = options['minimum-difficulty.value'];
  const floor = value === 0 ? 0 : parseDifficulty(value);
  if (floor === undefined) return 'minimum-difficulty.value is not a number of at least 0';
  session.wishes.floor = floor;
  return {};
}

function complaintOfInfo(options: Options): string | undefined {
  const wrong = INFO.find((name) => options[name] !== undefined && typeof options[name] !== 'string');
  return wrong === undefined ? undefined : `${wrong} is not a string`;
}
