import { type RpcMethods, rpcMethod } from '../../service/rpc-server.ts';
import { VERSION, VERSION_NUMBER } from '../version.ts';
import { MIN_FEE_RATE_JSON } from './mempool.ts';
import type { NodeParts } from './parts.ts';
import { warningsOf } from './warnings.ts';

const group = 'Network';

/** The peer protocol's version whose rules blocks and transactions follow (BIP 339). */
const PROTOCOL_VERSION = 70016;

/** What clients ask before they start; this node has no peers. */
export function networkMethods(parts: NodeParts): RpcMethods {
  return {
    getconnectioncount: rpcMethod({ group, help: 'Number of connected peers.', params: [], run: () => 0 }),

    getnetworkinfo: rpcMethod({
      group,
      help: 'Version of the node and state of its peer network.',
      params: [],
      run: () => ({
        version: VERSION_NUMBER,
        subversion: `/NilzCoin:${VERSION}/`,
        protocolversion: PROTOCOL_VERSION,
        localservices: '0000000000000000',
        localservicesnames: [],
        localrelay: false,
        timeoffset: 0,
        networkactive: false,
        connections: 0,
        connections_in: 0,
        connections_out: 0,
        networks: [],
        relayfee: MIN_FEE_RATE_JSON,
        incrementalfee: MIN_FEE_RATE_JSON,
        localaddresses: [],
        warnings: warningsOf(parts),
      }),
    }),

    getpeerinfo: rpcMethod({ group, help: 'The connected peers.', params: [], run: () => [] }),
  };
}
