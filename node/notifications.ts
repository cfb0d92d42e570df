import { amountToNumber } from '../protocol/amount.ts';
import { displayHash } from '../protocol/bytes.ts';
import { NotificationFeed, type NotificationFeedOptions } from '../service/notification-feed.ts';
import type { BlockEntry } from './chain/block-index.ts';
import type { Chain } from './chain/chain.ts';
import type { Mempool } from './mempool/mempool.ts';
import type { PeerListener } from './peers/peer-network.ts';

/** What the node tells of. */
export interface Announced {
  readonly chain: Chain;
  readonly mempool: Mempool;
}

/**
 * The feed of what happens on the chain and in the mempool. It hears of a block after the mempool does, so
 * whoever asks the node about one it was just told of finds everything in step with it.
 *
 * The numbers of `mempool` are those of `getrawmempool`'s `mempool_sequence`: a reader who subscribes and then
 * asks for the mempool has it whole, and applies what comes with a higher number.
 */
export function openNotifications(
  { chain, mempool }: Announced,
  options: Omit<NotificationFeedOptions, 'topics'>,
): NotificationFeed {
  const feed = new NotificationFeed({
    ...options,
    topics: { blocks: 0, mempool: mempool.sequence, peers: 0 },
  });
  chain.on('connected', ({ entry }) => feed.publish('blocks', 'block.connected', () => blockFacts(entry)));
  chain.on('disconnected', ({ entry }) =>
    feed.publish('blocks', 'block.disconnected', () => blockFacts(entry)),
  );
  mempool.listen({
    added: (entry) =>
      feed.publish('mempool', 'transaction.added', () => ({
        txid: displayHash(entry.txid),
        wtxid: displayHash(entry.wtxid),
        vsize: entry.vsize,
        fee: amountToNumber(entry.fee),
        time: entry.addedSeconds,
      })),
    removed: (entry, reason) =>
      feed.publish('mempool', 'transaction.removed', () => ({ txid: displayHash(entry.txid), reason })),
  });
  return feed;
}

/** A listener of peers that tells the feed of those that come and go, and leaves the rest to another one. */
export function announcePeers(feed: NotificationFeed, listener: PeerListener): PeerListener {
  return {
    up: (peer) => {
      feed.publish('peers', 'peer.connected', () => ({
        id: peer.id,
        addr: peer.address,
        inbound: peer.kind === 'inbound',
        subver: peer.userAgent,
      }));
      listener.up(peer);
    },
    down: (peer) => {
      feed.publish('peers', 'peer.disconnected', () => ({ id: peer }));
      listener.down(peer);
    },
    message: (peer, message) => listener.message(peer, message),
    wantsBlock: (peer) => listener.wantsBlock(peer),
    progress: (peer) => listener.progress(peer),
  };
}

function blockFacts({ hash, height, parent, time, transactionCount }: BlockEntry): Record<string, unknown> {
  return {
    hash: displayHash(hash),
    height,
    previousblockhash: parent ? displayHash(parent.hash) : null,
    time,
    nTx: transactionCount,
  };
}
