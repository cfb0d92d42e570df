/** Words on a terminal that may have a colour, and rows of them. */
import { columnsOf, fitted } from './text-width.ts';

export type Style = 'plain' | 'strong' | 'dim' | 'good' | 'warning' | 'bad';

/** Select Graphic Rendition (ECMA-48, 8.3.117): what begins a style; 0 ends it. */
const STYLE_CODES: Readonly<Record<Style, number>> = {
  plain: 0,
  strong: 1,
  dim: 2,
  good: 32,
  warning: 33,
  bad: 31,
};

export interface Part {
  readonly text: string;
  readonly style: Style;
}

/** A line in parts, the way they stand one after the other. */
export type Line = readonly Part[];

export function plain(text: string): Part {
  return { text, style: 'plain' };
}

/** The line as a terminal takes it. */
export function inked(line: Line, hasColors: boolean): string {
  return line
    .map(({ text, style }) =>
      hasColors && style !== 'plain' ? `\x1b[${STYLE_CODES[style]}m${text}\x1b[0m` : text,
    )
    .join('');
}

const SEPARATOR = ' · ';

/**
 * A label and parts behind it, as many on a line as fit; those that do not go on below, as far in as the first.
 * A part alone that is wider than the line is cut.
 * @param labelColumns the columns kept for the label
 */
export function labelled(
  label: string,
  parts: readonly Part[],
  columns: number,
  labelColumns: number,
): Line[] {
  const room = Math.max(1, columns - labelColumns);
  const head: Part = { text: fitted(label, labelColumns - 1).padEnd(labelColumns), style: 'dim' };
  const indent = plain(' '.repeat(labelColumns));
  const lines: Part[][] = [];
  let used = 0;
  for (const { text, style } of parts) {
    const part = { text: fitted(text, room), style };
    const width = columnsOf(part.text);
    const line = lines.at(-1);
    if (line !== undefined && used + SEPARATOR.length + width <= room) {
      line.push({ text: SEPARATOR, style: 'dim' }, part);
      used += SEPARATOR.length + width;
    } else {
      lines.push([line === undefined ? head : indent, part]);
      used = width;
    }
  }
  return lines;
}
