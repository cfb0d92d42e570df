import type { NetworkProfile } from '../../protocol/network.ts';
import type { ActiveCall } from '../../service/rpc-server.ts';
import type { AddressIndex } from '../chain/address-index.ts';
import type { Chain } from '../chain/chain.ts';
import type { CoinStatistics } from '../chain/coin-statistics.ts';
import type { MockableClock } from '../clock.ts';
import type { LongPoll } from '../long-poll.ts';
import type { MempoolParts } from '../mempool/open-mempool.ts';
import type { OpenPeers } from '../peers/open-peers.ts';
import type { Synchroniser } from '../sync/synchroniser.ts';
import type { TemplateSource } from '../template.ts';
import type { DecodedBlocks } from './decoded-blocks.ts';

/** What the RPC methods read and act on. */
export interface NodeParts extends MempoolParts {
  readonly profile: NetworkProfile;
  readonly chain: Chain;
  readonly addresses: AddressIndex;
  readonly blocks: DecodedBlocks;
  readonly templates: TemplateSource;
  readonly longPoll: LongPoll;
  readonly peers: OpenPeers;
  readonly sync: Synchroniser;
  readonly clock: MockableClock;
  /** Bytes the chain's database takes up on the disk. */
  readonly sizeOnDisk: () => Promise<number>;
  /** All unspent coins of the best chain in numbers; undefined when `signal` fires before they are counted. */
  readonly coinStatistics: (options: {
    readonly withHash: boolean;
    readonly signal: AbortSignal;
  }) => Promise<CoinStatistics | undefined>;
  /** Seconds since the node started. */
  readonly uptimeSeconds: () => number;
  /** The calls of the RPC that are running. */
  readonly activeCalls: () => ActiveCall[];
  /** Ends the node as soon as the answer is on its way. */
  readonly requestStop: () => void;
}
