import { hexWord, StratumError } from '../../../protocol/stratum.ts';
import { parseDifficulty } from '../difficulty.ts';
import { answer, type Effect, refuse } from '../effect.ts';
import { obeyWish } from '../pace.ts';
import { askForJob, type Call, grantedMask, type Session, type SessionContext } from '../session.ts';

/** The parameters of all extensions together, by `extension.parameter`. */
type Options = Readonly<Record<string, unknown>>;

const ALL_BITS = 0xffffffff;

/**
 * `mining.configure [extensions, options]` (BIP 310): switches on what both sides know. An extension nobody
 * knows is answered with false, one whose parameters are wrong with a text.
 */
export function configure(session: Session, { id, params }: Call, context: SessionContext): Effect[] {
  const [extensions, options = {}] = params;
  if (!Array.isArray(extensions)) return malformed(id, 'extensions is not an array');
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    return malformed(id, 'extension parameters are not an object');
  }
  const results: [string, unknown][] = [];
  for (const extension of extensions) {
    if (typeof extension !== 'string') return malformed(id, 'an extension is not a string');
    results.push(...switchOn(extension, session, options as Options, context));
  }
  return [...answer(id, Object.fromEntries(results)), ...askForJob(session, context)];
}

function malformed(id: Call['id'], message: string): Effect[] {
  return refuse(id, new StratumError('other', message));
}

/** Switches one extension on. @returns the entries of the answer that concern it */
function switchOn(
  extension: string,
  session: Session,
  options: Options,
  { clock }: SessionContext,
): [string, unknown][] {
  switch (extension) {
    case 'version-rolling': {
      const mask = parseMask(options['version-rolling.mask']);
      if (mask === undefined) return [[extension, 'version-rolling.mask is not hex of at most 8 digits']];
      const granted = grantedMask(mask);
      session.rolling = { able: granted, mask: granted };
      return [
        [extension, true],
        ['version-rolling.mask', hexWord(granted)],
      ];
    }
    case 'minimum-difficulty': {
      const floor = parseDifficulty(options['minimum-difficulty.value']);
      if (floor === undefined) return [[extension, 'minimum-difficulty.value is not a number above 0']];
      session.wishes.floor = floor;
      obeyWish(session.pace, clock.steadyMs());
      return [[extension, true]];
    }
    case 'subscribe-extranonce':
      session.takesExtranonce = true;
      return [[extension, true]];
    case 'info':
      return [[extension, true]];
    default:
      return [[extension, false]];
  }
}

/** The bits a miner can roll; all of them when it does not say. */
function parseMask(value: unknown): number | undefined {
  if (value === undefined) return ALL_BITS;
  return typeof value === 'string' && /^[0-9a-fA-F]{1,8}$/.test(value)
    ? Number.parseInt(value, 16)
    : undefined;
}
