import type { Hash } from '../../protocol/units.ts';
import type { Statements } from '../../service/database.ts';
import { type Delta, type DeltaReading, readDeltas } from '../storage/deltas-table.ts';
import { comparePlaces, type Place } from '../storage/place.ts';
import { distinctScripts } from './address-parts.ts';

/** What to walk over: all deltas of some scripts between two places. */
export interface Walk extends Pick<DeltaReading, 'newestFirst' | 'unspentOnly'> {
  /** Each counts once. */
  readonly scripts: readonly Uint8Array[];
  /** The first place that counts. */
  readonly from: Place;
  /** The first place beyond it that does not. */
  readonly until: Place;
  /** About how many deltas are wanted: the first statement looks at so many. */
  readonly expected?: number;
}

/** What one statement has brought. */
export interface WalkStep {
  /** The tip that it is as of. */
  readonly tip: Hash;
  /** In the order of the chain or against it; they follow those of the step before. */
  readonly deltas: readonly Delta[];
  /** Nothing on the way to this place is missing, itself included; undefined at the end. */
  readonly upTo: Place | undefined;
}

/** Rows that one statement looks at: about 5 ms, during which no other read of that connection begins. */
const ROWS_PER_STATEMENT = 2_000;
const LEAST_ROWS = 64;
/**
 * A lane with fewer rows at hand is read on as soon as any lane has to be: of a thousand lanes one after the other
 * runs out, and a statement for each of them would be a thousand.
 */
const FEW_HELD = 16;
const GROWTH = 4;

/** One script's part of the way. */
interface Lane {
  readonly script: Uint8Array;
  from: Place;
  until: Place;
  /** Read, and not handed out yet. */
  held: readonly Delta[];
  last: Place | undefined;
  ended: boolean;
}

/**
 * Walks over the deltas of some scripts side by side, each step by one statement of bounded work: they are
 * merged in the order of the chain, or newest first. Steps may be as of different tips.
 */
export async function* walkDeltas(
  statements: Pick<Statements, 'all'>,
  walk: Walk,
): AsyncGenerator<WalkStep, void, undefined> {
  const { newestFirst = false, expected = ROWS_PER_STATEMENT } = walk;
  const lanes = distinctScripts(walk.scripts).map(
    (script): Lane => ({
      script,
      from: walk.from,
      until: walk.until,
      held: [],
      last: undefined,
      ended: false,
    }),
  );
  let rows = Math.min(ROWS_PER_STATEMENT, Math.max(LEAST_ROWS, expected));
  for (;;) {
    const open = lanes.filter(({ ended, held }) => !ended && held.length < FEW_HELD);
    const each = Math.max(1, Math.floor(rows / Math.max(1, open.length)));
    rows = Math.min(ROWS_PER_STATEMENT, rows * GROWTH);
    const { tip, slices } = await readDeltas(statements, open, { ...walk, rows: each });
    for (const [index, lane] of open.entries()) {
      const slice = slices[index];
      if (slice === undefined) continue;
      lane.held = lane.held.length === 0 ? slice.rows : [...lane.held, ...slice.rows];
      lane.last = slice.last;
      lane.ended = slice.ended;
      if (slice.last === undefined) continue;
      if (newestFirst) lane.until = slice.last;
      else lane.from = { ...slice.last, index: slice.last.index + 1 };
    }
    const step = release(lanes, newestFirst);
    yield { tip, ...step };
    if (step.upTo === undefined) return;
  }
}

/** Takes out of the lanes what none of them can still put something before. */
function release(lanes: readonly Lane[], newestFirst: boolean): Pick<WalkStep, 'deltas' | 'upTo'> {
  const compare = (a: Place, b: Place): number => (newestFirst ? comparePlaces(b, a) : comparePlaces(a, b));
  const ends = lanes.flatMap(({ ended, last }) => (ended || last === undefined ? [] : [last]));
  const upTo = ends.reduce<Place | undefined>(
    (least, end) => (least === undefined || compare(end, least) < 0 ? end : least),
    undefined,
  );
  const deltas: Delta[] = [];
  for (const lane of lanes) {
    const beyond = upTo === undefined ? -1 : lane.held.findIndex(({ at }) => compare(at, upTo) > 0);
    const count = beyond < 0 ? lane.held.length : beyond;
    for (const delta of lane.held.slice(0, count)) deltas.push(delta);
    lane.held = lane.held.slice(count);
  }
  if (lanes.length > 1) deltas.sort((a, b) => compare(a.at, b.at));
  return { deltas, upTo };
}
