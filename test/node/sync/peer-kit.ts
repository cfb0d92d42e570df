/** Real nodes in this process that are each other's peers. */
import type { TestContext } from 'node:test';
import type { NodeOptions } from '../../../node/node.ts';
import { NO_PEERS, type PeerSettings } from '../../../node/peers/open-peers.ts';
import { hashKey } from '../../../protocol/bytes.ts';
import { type Transaction, txid } from '../../../protocol/transaction.ts';
import { startTestNode, type TestNode } from '../node-kit.ts';

const LISTENING: PeerSettings = { ...NO_PEERS, listen: { ip: '127.0.0.1', port: 0 } };

/** Starts a node that takes peers in, and connects to these. */
export function startPeer(
  context: TestContext,
  others: readonly TestNode[] = [],
  options: Partial<NodeOptions> = {},
): Promise<TestNode> {
  const connect = others.map(({ node }) => ({ host: '127.0.0.1', port: node.p2pPort! }));
  return startTestNode(context, { peers: { ...LISTENING, connect }, ...options });
}

/** Resolves when the node's best chain ends in this block. */
export function hasTip({ node: { chain } }: TestNode, hash: Uint8Array): Promise<void> {
  const key = hashKey(hash);
  return new Promise((resolve) => {
    if (chain.tip.key === key) return resolve();
    const stop = chain.on('tip', (tip) => {
      if (tip.key !== key) return;
      stop();
      resolve();
    });
  });
}

/** Resolves when a transaction is in the node's mempool. */
export function hasInMempool({ node: { mempool } }: TestNode, transaction: Transaction): Promise<void> {
  const key = hashKey(txid(transaction));
  return new Promise((resolve) => {
    if (mempool.get(key) !== undefined) return resolve();
    mempool.listen({
      added: (entry) => {
        if (entry.key === key) resolve();
      },
      removed: () => undefined,
    });
  });
}
