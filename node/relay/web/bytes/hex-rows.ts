/** Which bytes stand in which row, and which field each stretch of a row belongs to. Pure. */
import { bytesToHex } from '../../../../protocol/bytes.ts';
import { FIELD_SORTS, type FieldSort, meaningOf } from '../../../../protocol/field-meaning.ts';
import { leavesBetween, type Span } from '../../../../protocol/layout.ts';

/** How many bytes a row may hold, widest first. */
const ROW_SIZES = [16, 8, 4] as const;
/** Characters between offset, bytes, text and names. */
const GAP = 2;
/** Names are shown where there is room for this many characters. */
const LEAST_NAME_LENGTH = 14;

/** What a row shows. */
export interface RowPlan {
  readonly bytesPerRow: number;
  /** Digits of an offset. */
  readonly offsetDigits: number;
  readonly hasText: boolean;
  readonly hasNames: boolean;
}

/**
 * How rows fill a width.
 * @param columns characters that fit side by side
 * @param size of the whole, in bytes
 */
export function planRows(columns: number, size: number): RowPlan {
  const offsetDigits = Math.max(2, size.toString(16).length);
  const lengthOf = (bytes: number, hasText: boolean) =>
    offsetDigits + GAP + 3 * bytes + (hasText ? GAP + bytes : 0);
  const bytesPerRow = ROW_SIZES.find((bytes) => lengthOf(bytes, false) <= columns) ?? 4;
  const hasText = lengthOf(bytesPerRow, true) <= columns;
  const left = columns - lengthOf(bytesPerRow, hasText) - GAP;
  return { bytesPerRow, offsetDigits, hasText, hasNames: left >= LEAST_NAME_LENGTH };
}

/** A stretch of one field within a row. */
export interface Run {
  readonly leaf: Span;
  readonly sort: FieldSort | undefined;
  /** "aa bb cc" */
  readonly hex: string;
  /** Whether the field begins, and ends, in this stretch. */
  readonly isStart: boolean;
  readonly isEnd: boolean;
}

export interface Row {
  /** "0001f0" */
  readonly offset: string;
  readonly start: number;
  readonly runs: readonly Run[];
  /** Printable ASCII, a dot for everything else. */
  readonly text: string;
  /** The fields that begin in this row: "version, previous". */
  readonly names: string;
}

/** One row of the whole. @param bytes of the whole */
export function rowOf(whole: Span, bytes: Uint8Array, index: number, plan: RowPlan): Row {
  const start = index * plan.bytesPerRow;
  const end = Math.min(start + plan.bytesPerRow, bytes.length);
  const runs: Run[] = [];
  for (const leaf of leavesBetween(whole, start, end)) {
    const from = Math.max(leaf.start, start);
    const to = Math.min(leaf.end, end);
    runs.push({
      leaf,
      sort: meaningOf(leaf.kind)?.sort,
      hex: spaced(bytes.subarray(from, to)),
      isStart: leaf.start >= start,
      isEnd: leaf.end <= end,
    });
  }
  return {
    offset: start.toString(16).padStart(plan.offsetDigits, '0'),
    start,
    runs,
    text: printable(bytes.subarray(start, end)),
    names: runs
      .filter(({ isStart }) => isStart)
      .map(({ leaf }) => fieldName(leaf))
      .join(', '),
  };
}

function spaced(bytes: Uint8Array): string {
  return bytesToHex(bytes).replace(/..(?=.)/g, '$& ');
}

function printable(bytes: Uint8Array): string {
  return [...bytes].map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·')).join('');
}

/** A field as it is called beside its bytes: "sequence", "inputs: count", "script". */
export function fieldName(span: Span): string {
  const { name, parent } = span;
  if (parent === undefined) return name;
  if (name === 'bytes') return fieldName(parent);
  if (name === 'count' || name === 'length') return `${fieldName(parent)} ${name}`;
  return name.startsWith('[') ? `${fieldName(parent)}${name}` : name;
}

/** Fields that are looked at to tell which sorts there are. */
const SAMPLED_FIELDS = 2_000;

/** The sorts of fields that a whole begins with, in their usual order. */
export function sortsOf(whole: Span): readonly FieldSort[] {
  const found = new Set<FieldSort>();
  let looked = 0;
  for (const leaf of leavesBetween(whole, whole.start, whole.end)) {
    const sort = meaningOf(leaf.kind)?.sort;
    if (sort !== undefined) found.add(sort);
    looked += 1;
    if (looked === SAMPLED_FIELDS) break;
  }
  return (Object.keys(FIELD_SORTS) as FieldSort[]).filter((sort) => found.has(sort));
}
