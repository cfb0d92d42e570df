/** Where the chain stands, in figures. */
import type { RelayChain, RelayFees } from '../../../protocol/relay.ts';
import {
  count,
  duration,
  hashRate,
  plural,
  scaled,
  significant,
  UNKNOWN,
} from '../../../service/web/format.ts';
import { figure, quantity, unknown } from '../../../service/web/panel.ts';
import { when } from '../../../service/web/when.ts';
import type { ChainWindow } from './chain-window.ts';
import { feeRateText, heightLink, vsizeText } from './parts.ts';
import type { MempoolTotals } from './relay-feed.ts';

export interface ChainState {
  readonly chain: RelayChain | undefined;
  readonly blocks: ChainWindow;
  readonly mempool: MempoolTotals | null;
  readonly fees: RelayFees | undefined;
}

export function chainFigures({ chain, blocks, mempool, fees }: ChainState): HTMLElement[] {
  const [tip] = blocks;
  const aim = chain?.network.block_time_seconds ?? null;
  const spacing = spacingOf(blocks);
  const next = chain?.next_difficulty ?? null;
  return [
    figure(
      'Height',
      tip === undefined ? unknown() : heightLink(tip.height, tip.hash),
      chain?.syncing === true ? fetchingWords(chain) : when(tip?.time ?? null),
    ),
    figure(
      'Difficulty',
      quantity(scaled(tip?.difficulty ?? null)),
      next === null ? null : `next block ${scaled(next)}`,
    ),
    figure(
      'Hash rate',
      quantity(hashRate(chain?.hash_rate ?? null)),
      'of the whole network, over recent blocks',
    ),
    figure('Time per block', quantity(duration(spacing?.meanSeconds ?? null)), spacingWords(spacing, aim)),
    figure(
      'Waiting',
      quantity(count(mempool?.size ?? null)),
      mempool === null ? 'transactions' : `transactions, ${vsizeText(mempool.vsize)}`,
    ),
    figure('Fee for the next block', quantity(feeRateText(nextBlockRate(fees))), feeHint(fees)),
  ];
}

function fetchingWords({ headers }: RelayChain): string {
  return `of ${count(headers)}: the node is fetching the chain`;
}

function spacingWords(spacing: Spacing | null, aim: number | null): string | null {
  const words = [
    ...(spacing === null ? [] : [`mean of ${plural(spacing.steps, 'block')}`]),
    ...(aim === null ? [] : [`aim ${duration(aim)}`]),
  ];
  return words.length === 0 ? null : words.join('; ');
}

interface Spacing {
  readonly meanSeconds: number;
  /** Steps from block to block that it is the mean of. */
  readonly steps: number;
}

/** Mean time between the blocks that are known; null where that says nothing. */
function spacingOf(blocks: ChainWindow): Spacing | null {
  const newest = blocks.at(0);
  // The genesis block was made long before its network began.
  const oldest = blocks.findLast(({ height }) => height > 0);
  if (newest === undefined || oldest === undefined || newest.height <= oldest.height) return null;
  const steps = newest.height - oldest.height;
  return { meanSeconds: Math.max(0, newest.time - oldest.time) / steps, steps };
}

/** What was enough for the nearest blocks; the floor where there is no telling. */
function nextBlockRate(fees: RelayFees | undefined): number | null {
  return fees?.estimates.find(({ fee_rate }) => fee_rate !== null)?.fee_rate ?? fees?.min_fee_rate ?? null;
}

function feeHint(fees: RelayFees | undefined): string {
  if (fees === undefined) return UNKNOWN;
  const isSeen = fees.estimates.some(({ fee_rate }) => fee_rate !== null);
  return isSeen ? `at least ${significant(fees.min_fee_rate)} nit/vB` : 'the least that is let in';
}
