import { list, str } from '../../service/rpc-result.ts';
import type { Chain } from '../chain/chain.ts';
import type { Clock } from '../clock.ts';

export const WARNINGS_RESULT = list('what an operator should know of', str('a sentence'));

/** What an operator should know of, as the `warnings` of several answers. */
export function warningsOf({ chain, clock }: { chain: Chain; clock: Clock }): string[] {
  // Where blocks cost nothing they come faster than seconds pass, and their times run ahead of any clock.
  if (!chain.profile.retarget) return [];
  const behindSeconds = chain.tip.medianTime - clock.nowSeconds();
  // So do the first blocks of a young network, by some seconds.
  if (behindSeconds <= 2 * chain.profile.blockTimeSeconds) return [];
  return [`This machine's clock is ${behindSeconds} s behind the median time of the chain; please set it.`];
}
