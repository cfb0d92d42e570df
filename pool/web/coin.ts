import type { Stats } from './answers.ts';

/** What amounts are counted in: "NILZ"; empty while it is unknown. */
export function coinOf(stats: Stats | undefined): string {
  return stats?.network.coin ?? '';
}
