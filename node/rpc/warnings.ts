import type { NodeParts } from './parts.ts';

/** What an operator should know of, as the `warnings` of several answers. */
export function warningsOf({ chain, clock }: Pick<NodeParts, 'chain' | 'clock'>): string[] {
  // Where blocks cost nothing they come faster than seconds pass, and their times run ahead of any clock.
  if (!chain.profile.retarget) return [];
  const behindSeconds = chain.tip.medianTime - clock.nowSeconds();
  if (behindSeconds <= 0) return [];
  return [`This machine's clock is ${behindSeconds} s behind the median time of the chain; please set it.`];
}
