/** Texts on a terminal: how many columns they take, and how they are made to fit. */

/** What terminals draw over two columns: East Asian wide letters (Unicode Standard Annex #11) and pictures. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f1e6}-\u{1f1ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
/** What takes no column: accents that join the letter before, and marks without a shape. */
const SHAPELESS = /[\p{M}\p{Cf}]/u;
const CONTROL = /[\p{Cc}\p{Cs}\u2028\u2029]/gu;

/** The columns that a text takes; control characters count as one each. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const letter of text) columns += columnsOfLetter(letter);
  return columns;
}

function columnsOfLetter(letter: string): number {
  if (SHAPELESS.test(letter)) return 0;
  return WIDE.test(letter) ? 2 : 1;
}

/** The text on one line without anything that a terminal would obey, cut to so many columns; `…` stands for the rest. */
export function fitted(text: string, columns: number): string {
  const line = text.replace(CONTROL, ' ');
  if (columnsOf(line) <= columns) return line;
  if (columns < 1) return '';
  let kept = '';
  let used = 0;
  for (const letter of line) {
    used += columnsOfLetter(letter);
    if (used > columns - 1) break;
    kept += letter;
  }
  return `${kept}…`;
}
