import * as z from 'zod';
import { PROTOCOL_VERSION } from '../../protocol/peer-message.ts';
import { RPC_ERRORS } from '../../protocol/rpc.ts';
import { bool, hex, list, none, num, obj, str, time } from '../../service/rpc-result.ts';
import { RpcError, type RpcMethods, rpcMethod } from '../../service/rpc-server.ts';
import { nameOf } from '../peers/connector.ts';
import { endpointText, type HostAndPort, parseHostAndPort } from '../peers/ip-address.ts';
import { MAX_MANUAL } from '../peers/limits.ts';
import { DEFAULT_P2P_PORT } from '../peers/open-peers.ts';
import { OUR_SERVICES } from '../peers/own-addresses.ts';
import type { PeerAdmin } from '../peers/peer-admin.ts';
import { USER_AGENT } from '../peers/peers.ts';
import { VERSION_NUMBER } from '../version.ts';
import { banMethods } from './bans.ts';
import { MIN_FEE_RATE_JSON } from './mempool.ts';
import type { NodeParts } from './parts.ts';
import { familyOf, PEER_RESULT, peerJson, serviceNames, servicesHex } from './peer-json.ts';
import { WARNINGS_RESULT, warningsOf } from './warnings.ts';

const group = 'Network';

/** Bitcoin Core: LOCAL_MANUAL, the score of an address that the operator has named. */
const OPERATOR_SCORE = 4;
const DAY_SECONDS = 86_400;
/** Bitcoin Core: what `ParseNetwork` takes. */
const NETWORKS = ['ipv4', 'ipv6', 'onion', 'i2p', 'cjdns'] as const;

const NETWORK_INFO_RESULT = obj('', {
  version: num('of this program, two digits for each part'),
  subversion: str('how this node calls itself'),
  protocolversion: num('newest protocol version it speaks'),
  localservices: hex('what it offers, as bits'),
  localservicesnames: list('the same by name', str('name of a service')),
  localrelay: bool('whether it wants to hear of transactions'),
  timeoffset: num(
    'median of the seconds that clocks of peers we chose are ahead of ours; a warning is made of it, no more',
  ),
  connections: num('connected peers'),
  connections_in: num('of these, that have connected to us'),
  connections_out: num('of these, that we have connected to'),
  networkactive: bool('whether there may be any'),
  networks: list(
    'kinds of addresses',
    obj('', {
      name: str('ipv4 or ipv6'),
      limited: bool('whether it is left out'),
      reachable: bool('whether it is connected to'),
      proxy: str('empty: there is none'),
      proxy_randomize_credentials: bool('no'),
    }),
  ),
  relayfee: num('lowest fee rate of transactions that are passed on, in NILZ per 1,000 vB'),
  incrementalfee: num('what replacing must bring in addition, in NILZ per 1,000 vB'),
  localaddresses: list(
    'where this node can be reached',
    obj('', { address: str('IP address'), port: num('port'), score: num('how sure that is') }),
  ),
  warnings: WARNINGS_RESULT,
});

/** The methods about peers. */
export function networkMethods(parts: NodeParts): RpcMethods {
  const { admin } = parts.peers;
  return {
    getconnectioncount: rpcMethod({
      group,
      help: 'Number of connected peers.',
      params: [],
      result: num('the number'),
      run: () => admin.statuses().length,
    }),

    getnetworkinfo: rpcMethod({
      group,
      help: 'Version of the node and state of its peer network.',
      params: [],
      result: NETWORK_INFO_RESULT,
      run: () => networkInfo(parts),
    }),

    getpeerinfo: rpcMethod({
      group,
      help: 'The connected peers.',
      params: [],
      result: list('', PEER_RESULT),
      run: () => admin.statuses().map((status) => peerJson(status, performance.now())),
    }),

    getnettotals: rpcMethod({
      group,
      help: 'Bytes exchanged with peers since the start.',
      params: [],
      result: obj('', {
        totalbytesrecv: num('bytes received'),
        totalbytessent: num('bytes sent'),
        timemillis: num('the time now, milliseconds since 1970'),
        uploadtarget: obj('limit of what is sent: there is none', {
          timeframe: num('seconds it would be measured over'),
          target: num('bytes; 0: no limit'),
          target_reached: bool('no'),
          serve_historical_blocks: bool('yes'),
          bytes_left_in_cycle: num('0: no limit'),
          time_left_in_cycle: num('0: no limit'),
        }),
      }),
      run: () => ({
        totalbytesrecv: admin.totals.receivedBytes,
        totalbytessent: admin.totals.sentBytes,
        timemillis: Date.now(),
        uploadtarget: {
          timeframe: DAY_SECONDS,
          target: 0,
          target_reached: false,
          serve_historical_blocks: true,
          bytes_left_in_cycle: 0,
          time_left_in_cycle: 0,
        },
      }),
    }),

    ...addedPeerMethods(admin),

    getnodeaddresses: rpcMethod({
      group,
      help: 'Known addresses of nodes that are worth trying, in random order.',
      params: [
        {
          name: 'count',
          schema: z.int().nonnegative('Address count out of range'),
          default: 1,
          help: 'how many at most; 0: all',
        },
        {
          name: 'network',
          schema: z.enum(NETWORKS, `Network not recognized; there are: ${NETWORKS.join(', ')}`),
          optional: true,
          help: 'only such: "ipv4" or "ipv6"; of "onion", "i2p" and "cjdns" none are known',
        },
      ],
      result: list(
        '',
        obj('', {
          time: time('when the node was last seen'),
          services: num('what it offers, as bits'),
          address: str('its IP address'),
          port: num('its port'),
          network: str('ipv4 or ipv6'),
        }),
      ),
      run: ({ count, network }) =>
        admin
          .addresses(count, ({ endpoint }) => network === undefined || familyOf(endpoint.ip) === network)
          .map(({ endpoint, services, lastSeenSeconds }) => ({
            time: lastSeenSeconds,
            services: Number(services),
            address: endpoint.ip,
            port: endpoint.port,
            network: familyOf(endpoint.ip),
          })),
    }),

    setnetworkactive: rpcMethod({
      group,
      help: 'Switches everything with peers off or on. Off closes all connections.',
      params: [{ name: 'state', schema: z.boolean(), help: 'true: on' }],
      result: bool('the new state'),
      run: ({ state }) => {
        admin.setActive(state);
        return admin.isActive;
      },
    }),

    ping: rpcMethod({
      group,
      help: 'Pings all peers soon; what comes of it stands in getpeerinfo.',
      params: [],
      result: none(),
      run: () => {
        admin.pingAll();
        return null;
      },
    }),

    ...banMethods(parts),
  };
}

/** The methods that connect to a peer and disconnect it. */
function addedPeerMethods(admin: PeerAdmin): RpcMethods {
  return {
    addnode: rpcMethod({
      group,
      help: 'Keeps a connection to a node ("add"), no longer does ("remove"), or connects to it once ("onetry").',
      params: [
        { name: 'node', schema: z.string(), help: 'HOST:PORT of the node' },
        {
          name: 'command',
          schema: z.enum(['add', 'remove', 'onetry']),
          help: '"add", "remove" or "onetry"',
        },
        {
          name: 'v2transport',
          schema: z.boolean(),
          default: false,
          help: 'encrypt the connection (BIP 324): not offered',
        },
      ],
      result: none(),
      run: ({ node, command, v2transport }) => {
        if (v2transport) {
          throw new RpcError(RPC_ERRORS.invalidParameter, 'Error: v2transport requested but not enabled');
        }
        orderPeer(admin, hostOf(node), command);
        return null;
      },
    }),

    disconnectnode: rpcMethod({
      group,
      help: 'Disconnects a peer, named either by its address or by its id.',
      params: [
        { name: 'address', schema: z.string(), default: '', help: 'IP and port, as in getpeerinfo' },
        { name: 'nodeid', schema: z.int(), optional: true, help: 'id, as in getpeerinfo' },
      ],
      result: none(),
      run: ({ address, nodeid }) => {
        if ((address === '') === (nodeid === undefined)) {
          throw new RpcError(RPC_ERRORS.invalidParams, 'Only one of address and nodeid should be provided.');
        }
        const isClosed = admin.disconnect(({ id, remote }) =>
          nodeid === undefined ? endpointText(remote) === address || remote.ip === address : id === nodeid,
        );
        if (!isClosed) throw new RpcError(RPC_ERRORS.peerNotConnected, 'Node not found in connected nodes');
        return null;
      },
    }),

    getaddednodeinfo: rpcMethod({
      group,
      help: 'The nodes that a connection is kept to, by addnode or --connect.',
      params: [{ name: 'node', schema: z.string(), optional: true, help: 'only this one, as it was added' }],
      result: list(
        '',
        obj('', {
          addednode: str('the node as it was added'),
          connected: bool('whether it is connected'),
          addresses: list(
            'its connection',
            obj('', { address: str('IP and port'), connected: str('outbound') }),
          ),
        }),
      ),
      run: ({ node }) => {
        const wanted = node === undefined ? undefined : nameOf(hostOf(node));
        const added = admin.addedPeers().filter(({ name }) => wanted === undefined || name === wanted);
        if (wanted !== undefined && added.length === 0) {
          throw new RpcError(RPC_ERRORS.peerNotAdded, 'Error: Node has not been added.');
        }
        return added.map(({ name, connections }) => {
          const complete = connections.filter(({ facts }) => facts !== undefined);
          return {
            addednode: name,
            connected: complete.length > 0,
            addresses: complete.map(({ remote }) => ({
              address: endpointText(remote),
              connected: 'outbound',
            })),
          };
        });
      },
    }),
  };
}

function orderPeer(admin: PeerAdmin, peer: HostAndPort, command: 'add' | 'remove' | 'onetry'): void {
  switch (command) {
    case 'onetry':
      admin.tryPeer(peer);
      return;
    case 'add':
      throwUnlessAdded(admin.addPeer(peer));
      return;
    case 'remove':
      if (admin.removePeer(peer)) return;
      throw new RpcError(
        RPC_ERRORS.peerNotAdded,
        'Error: Node could not be removed. It has not been added previously.',
      );
  }
}

/** @throws RpcError −23, −34 */
function throwUnlessAdded(outcome: ReturnType<PeerAdmin['addPeer']>): void {
  if (outcome === 'known') throw new RpcError(RPC_ERRORS.peerAlreadyAdded, 'Error: Node already added');
  if (outcome === 'full') {
    throw new RpcError(RPC_ERRORS.tooManyPeersAdded, `Error: ${MAX_MANUAL} nodes are added already`);
  }
}

/** @throws RpcError −30 */
function hostOf(text: string): HostAndPort {
  const host = parseHostAndPort(text, DEFAULT_P2P_PORT);
  if (host === undefined) {
    throw new RpcError(RPC_ERRORS.invalidIpOrSubnet, `Error: Invalid node address: ${text.slice(0, 100)}`);
  }
  return host;
}

function networkInfo(parts: NodeParts) {
  const { admin } = parts.peers;
  const statuses = admin.statuses();
  const inbound = statuses.filter(({ facts }) => facts.kind === 'inbound').length;
  return {
    version: VERSION_NUMBER,
    subversion: USER_AGENT,
    protocolversion: PROTOCOL_VERSION,
    localservices: servicesHex(OUR_SERVICES),
    localservicesnames: serviceNames(OUR_SERVICES),
    localrelay: true,
    timeoffset: admin.clockOffsetSeconds,
    networkactive: admin.isActive,
    connections: statuses.length,
    connections_in: inbound,
    connections_out: statuses.length - inbound,
    networks: ['ipv4', 'ipv6'].map((name) => ({
      name,
      limited: false,
      reachable: true,
      proxy: '',
      proxy_randomize_credentials: false,
    })),
    relayfee: MIN_FEE_RATE_JSON,
    incrementalfee: MIN_FEE_RATE_JSON,
    localaddresses: admin.externalAddresses.map(({ ip, port }) => ({
      address: ip,
      port,
      score: OPERATOR_SCORE,
    })),
    warnings: warningsOf(parts),
  };
}
