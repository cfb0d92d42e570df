/** Results as people and programs read them. */
import { amountToNumber, formatAmount } from '../../protocol/amount.ts';
import type { NetworkProfile } from '../../protocol/network.ts';
import type { Nits } from '../../protocol/units.ts';

/** How a column is set. Numbers are set right, so that their digits stand below each other. */
export type Alignment = 'left' | 'right';

/** Rows in columns two blanks apart, without blanks at the end of a line. */
export function table(rows: readonly (readonly string[])[], alignments: readonly Alignment[]): string[] {
  const widths = alignments.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return alignments[column] === 'right' ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
}

/** An amount in JSON: in NILZ for people, and exactly, since sums may exceed what a JSON number holds. */
export function amountJson(name: string, nits: Nits | undefined): Record<string, number | string | null> {
  const exact = `${name}_nits`;
  if (nits === undefined) return { [name]: null, [exact]: null };
  return { [name]: amountToNumber(nits), [exact]: nits.toString() };
}

/** An amount that may be unknown. */
export function shownAmount(nits: Nits | undefined): string {
  return nits === undefined ? '—' : formatAmount(nits);
}

/** Which network, and whether its coins are worth anything. */
export function networkLine(profile: NetworkProfile, height: number): string {
  const money = profile.name === 'main' ? '' : ', test money';
  return `network ${profile.name}${money}, height ${height}`;
}
