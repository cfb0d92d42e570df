/** What is written can be read by those who see little: contrasts of the theme, by WCAG 2.2, 1.4.3 and 1.4.11. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

const THEME = new URL('../../../service/web/theme.css', import.meta.url);
const SMALLEST_OF_TEXT = 4.5;
const SMALLEST_OF_DRAWINGS = 3;

const TEXTS: readonly (readonly [ink: string, grounds: readonly string[]])[] = [
  ['ink', ['ground', 'surface', 'sunken', 'good-soft', 'warn-soft', 'bad-soft', 'accent-soft']],
  ['muted', ['ground', 'surface', 'sunken', 'accent-soft']],
  ['accent-ink', ['ground', 'surface', 'accent-soft']],
  ['good', ['surface', 'good-soft']],
  ['warn', ['surface', 'warn-soft']],
  ['bad', ['surface', 'bad-soft']],
  // Of the main button.
  ['surface', ['accent', 'accent-ink']],
];
const LINES = ['line-1', 'line-2', 'line-3', 'line-4', 'line-5', 'line-6', 'accent'];

/** The colours of a scheme, each by its name: what dark says nothing of is as in light. */
async function colours(): Promise<Record<'light' | 'dark', ReadonlyMap<string, string>>> {
  const text = await readFile(THEME, 'utf8');
  const [light = '', dark = ''] = [...text.matchAll(/:root \{(.*?)\}/gs)].map((block) => block[1] ?? '');
  const named = (block: string): [string, string][] =>
    [...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name = '', colour = '']) => [name, colour]);
  return { light: new Map(named(light)), dark: new Map([...named(light), ...named(dark)]) };
}

/** Relative luminance (WCAG 2.2, definition), from 0 for black to 1 for white. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Contrast ratio (WCAG 2.2, definition), from 1 to 21. */
function contrast(one: string, other: string): number {
  const [dim = 0, bright = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (bright + 0.05) / (dim + 0.05);
}

test('black on white has the highest contrast there is', () => {
  assert.equal(contrast('#000000', '#ffffff'), 21);
  assert.equal(contrast('#777777', '#ffffff').toFixed(2), '4.48');
});

for (const scheme of ['light', 'dark'] as const) {
  test(`in the ${scheme} scheme every text stands out from what it is written on`, async () => {
    const named = (await colours())[scheme];
    const colour = (name: string): string => named.get(name) ?? assert.fail(`there is no --${name}`);
    for (const [ink, grounds] of TEXTS) {
      for (const ground of grounds) {
        const ratio = contrast(colour(ink), colour(ground));
        assert.ok(ratio >= SMALLEST_OF_TEXT, `--${ink} on --${ground}: ${ratio.toFixed(2)}`);
      }
    }
    for (const line of LINES) {
      const ratio = contrast(colour(line), colour('surface'));
      assert.ok(ratio >= SMALLEST_OF_DRAWINGS, `--${line}: ${ratio.toFixed(2)}`);
    }
  });
}
