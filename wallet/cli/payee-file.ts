/** Payees in a file: one line each, who and how much, as spreadsheets write it (RFC 4180). Pure. */
import { SettingError } from '../../service/config.ts';

/** A line of a file of payees. */
export interface PayeeLine {
  /** An address, a contact, a label or a payment URI, as written. */
  readonly who: string;
  readonly amount: string;
  /** As in "payees.csv line 3". */
  readonly source: string;
}

/** More would not fit into one transaction: 400,000 weight units, 124 for each. */
const MAX_LINES = 3_500;

/**
 * The payees of a file. Empty lines and lines that begin with # are passed over, and so is a heading.
 * @param name of the file, for messages
 * @throws SettingError naming the line
 */
export function payeeLines(text: string, name: string): PayeeLine[] {
  const lines = text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .map((line, at) => ({ line: line.trim(), source: `${name} line ${at + 1}` }))
    .filter(({ line }) => line !== '' && !line.startsWith('#'));
  const payees = lines.filter(({ line }, at) => at > 0 || !isHeading(line)).map(payeeOf);
  if (payees.length === 0) throw new SettingError(`${name} has no payees: a line is ADDRESS,AMOUNT`);
  if (payees.length > MAX_LINES)
    throw new SettingError(
      `${name} has ${payees.length} payees, one payment takes ${MAX_LINES}: send it in parts`,
    );
  return payees;
}

function isHeading(line: string): boolean {
  return /^"?(address|payee|to|name)"?\s*,\s*"?amount"?$/i.test(line);
}

function payeeOf({ line, source }: { readonly line: string; readonly source: string }): PayeeLine {
  const [who, amount] = cellsOf(line) ?? [];
  if (who === undefined || amount === undefined || who === '' || amount === '') {
    throw new SettingError(
      `${source}: must be ADDRESS,AMOUNT with a point for decimals, and nothing else; a name with a comma stands in double quotes`,
    );
  }
  return { who, amount, source };
}

/** The two cells of a line; undefined where quotes do not match. */
function cellsOf(line: string): string[] | undefined {
  const cells = line.match(/"(?:[^"]|"")*"|[^",]+|,/g) ?? [];
  if (cells.join('') !== line) return undefined;
  const [who, comma, amount, ...more] = cells;
  if (who === undefined || comma !== ',' || amount === undefined || more.length > 0) return undefined;
  return [who, amount].map((cell) => plainText(cell.trim()));
}

function plainText(cell: string): string {
  return cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"').trim() : cell;
}
