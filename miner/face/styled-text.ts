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

/** The line as a terminal takes it, each run of one style in one piece. */
export function inked(line: Line, hasColors: boolean): string {
  let text = '';
  let current: Style = 'plain';
  for (const part of line) {
    if (hasColors && part.style !== current) {
      text += styleSequence(part.style);
      current = part.style;
    }
    text += part.text;
  }
  return current === 'plain' ? text : text + styleSequence('plain');
}

/** Ends the style before and begins this one. */
function styleSequence(style: Style): string {
  return style === 'plain' ? '\x1b[0m' : `\x1b[0;${STYLE_CODES[style]}m`;
}

/** Between two parts. */
export const DOT: Part = { text: ' · ', style: 'dim' };

/**
 * Parts one behind the other, as many on a line as fit; those that do not go on below. A part alone that is wider
 * than the line is cut.
 * @param indentColumns how far in all lines but the first begin; the first is left so much room at its left
 */
export function wrapped(parts: Line, columns: number, indentColumns: number, separator: Part): Line[] {
  const room = Math.max(0, columns - indentColumns);
  const gap = columnsOf(separator.text);
  const lines: Part[][] = [];
  let used = 0;
  for (const { text, style } of parts) {
    const part = { text: fitted(text, room), style };
    const width = columnsOf(part.text);
    const line = lines.at(-1);
    if (line !== undefined && used + gap + width <= room) {
      line.push(separator, part);
      used += gap + width;
    } else {
      lines.push(
        line === undefined || indentColumns === 0 ? [part] : [plain(' '.repeat(indentColumns)), part],
      );
      used = width;
    }
  }
  return lines;
}

/** A text {@link wrapped} at its spaces. */
export function wrappedText(text: string, style: Style, columns: number, indentColumns: number): Line[] {
  const words = text.split(/\s+/).filter((word) => word !== '');
  const parts = words.map((word) => ({ text: word, style }));
  return wrapped(parts, columns, indentColumns, { text: ' ', style });
}

/** Lines that were wrapped, with a label at the left of the first, in the room that was left there. */
export function labelled(label: string, lines: readonly Line[], labelColumns: number): Line[] {
  if (labelColumns === 0) return [...lines];
  const head: Part = { text: fitted(label, labelColumns - 1).padEnd(labelColumns), style: 'dim' };
  const [first = [], ...rest] = lines;
  return [[head, ...first], ...rest];
}
