import type { NetworkProfile } from '../protocol/network.ts';
import type { Database } from '../service/database.ts';
import type { Stoppable } from '../service/lifecycle.ts';
import type { Logger } from '../service/log.ts';
import type { NotificationFeed } from '../service/notification-feed.ts';
import type { Chain } from './chain/chain.ts';
import type { Clock } from './clock.ts';
import type { MempoolParts } from './mempool/open-mempool.ts';
import { announcePeers } from './notifications.ts';
import { NO_PEERS, type OpenPeers, openPeers, type PeerSettings } from './peers/open-peers.ts';
import { systemRandom } from './random.ts';
import { Synchroniser } from './sync/synchroniser.ts';

export interface NetworkParts extends MempoolParts {
  readonly settings: PeerSettings | undefined;
  readonly profile: NetworkProfile;
  readonly chain: Chain;
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The other nodes, and what is done with them. */
export interface OpenNetwork {
  readonly peers: OpenPeers;
  readonly sync: Synchroniser;
}

/**
 * Peers and synchronisation, ready for `startNetwork`.
 * @param started gets what has to be stopped
 */
export async function openNetwork(parts: NetworkParts, started: Stoppable[]): Promise<OpenNetwork> {
  const { settings = NO_PEERS, profile, chain, database, log } = parts;
  const height = (): number => chain.tip.height;
  const peers = await openPeers({ settings, profile, database, height, log: log.child({ part: 'peers' }) });
  const nowMs = (): number => performance.now();
  const sync = new Synchroniser({ ...parts, network: peers.network, random: systemRandom, nowMs });
  // Peers are stopped first.
  started.push(sync, peers);
  return { peers, sync };
}

/**
 * Opens the port and takes part.
 * @param feed is told of peers that come and go
 * @throws ListenError
 */
export async function startNetwork({ peers, sync }: OpenNetwork, feed: NotificationFeed): Promise<void> {
  sync.start();
  await peers.start(announcePeers(feed, sync));
}
