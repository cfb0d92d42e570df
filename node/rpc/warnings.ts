import { list, str } from '../../service/rpc-result.ts';
import type { Chain } from '../chain/chain.ts';
import type { Clock } from '../clock.ts';

export const WARNINGS_RESULT = list('what an operator should know of', str('a sentence'));

/** What warnings are made of. */
export interface WarningSources {
  readonly chain: Pick<Chain, 'profile' | 'tip'>;
  readonly clock: Clock;
  readonly peers: { readonly admin: { readonly clockOffsetSeconds: number } };
}

/** What an operator should know of, as the `warnings` of several answers. */
export function warningsOf(sources: WarningSources): string[] {
  return [chainAhead(sources), peersElsewhere(sources)].filter((each) => each !== undefined);
}

function chainAhead({ chain, clock }: WarningSources): string | undefined {
  // Where blocks cost nothing they come faster than seconds pass, and their times run ahead of any clock.
  if (!chain.profile.retarget) return undefined;
  const behindSeconds = chain.tip.medianTime - clock.nowSeconds();
  // So do the first blocks of a young network, by some seconds.
  if (behindSeconds <= 2 * chain.profile.blockTimeSeconds) return undefined;
  return `This machine's clock is ${behindSeconds} s behind the median time of the chain; please set it.`;
}

/**
 * A clock that is behind those of the peers by half of what a block may be ahead of it soon refuses new blocks;
 * one that is as much ahead makes blocks that others refuse. Source: Bitcoin Core, TimeOffsets::WarnIfOutOfSync.
 */
function peersElsewhere({ chain, peers }: WarningSources): string | undefined {
  const aheadSeconds = peers.admin.clockOffsetSeconds;
  if (Math.abs(aheadSeconds) <= chain.profile.futureLimitSeconds / 2) return undefined;
  const where = aheadSeconds > 0 ? 'behind' : 'ahead of';
  return `This machine's clock is ${Math.abs(aheadSeconds)} s ${where} those of its peers; please set it, or blocks are refused.`;
}
