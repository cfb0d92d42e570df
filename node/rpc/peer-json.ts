import { amountToNumber } from '../../protocol/amount.ts';
import { SERVICES } from '../../protocol/peer-message.ts';
import { bool, hex, list, num, obj, record, str, time } from '../../service/rpc-result.ts';
import { endpointText, reachOf } from '../peers/ip-address.ts';
import type { PeerStatus } from '../peers/peer-admin.ts';
import type { PeerKind } from '../peers/peer-network.ts';

/** What `getpeerinfo` says of one peer. */
export const PEER_RESULT = obj('', {
  id: num('of this connection'),
  addr: str('IP and port of the other end'),
  addrbind: str('IP and port of our end').optional(),
  addrlocal: str('our end as the peer sees it').optional(),
  network: str('ipv4, ipv6, or not_publicly_routable'),
  services: hex('what the peer offers, as bits'),
  servicesnames: list('the same by name', str('name of a service')),
  relaytxes: bool('whether the peer wants to hear of transactions'),
  lastsend: time('when something was sent to it'),
  lastrecv: time('when something was received of it'),
  last_transaction: time('when it was last first with a valid transaction; 0: never'),
  last_block: time('when it was last first with a valid block; 0: never'),
  bytessent: num('bytes sent to it'),
  bytesrecv: num('bytes received of it'),
  conntime: time('when it was connected'),
  timeoffset: num('seconds that its clock was ahead of ours'),
  pingtime: num('seconds that the last answer to a ping took').optional(),
  minping: num('the shortest of these').optional(),
  pingwait: num('seconds that an unanswered ping has waited').optional(),
  version: num('protocol version it is spoken with'),
  subver: str('what it calls itself'),
  inbound: bool('whether the peer has connected to us'),
  bip152_hb_to: bool('no: there are no compact blocks'),
  bip152_hb_from: bool('no: there are no compact blocks'),
  startingheight: num('height of its best block when it was connected'),
  presynced_headers: num('height up to which its headers were looked through, -1 if none are'),
  synced_headers: num('height of its best header we know, -1 if none'),
  synced_blocks: num('height of the last block we have in common, -1 if none'),
  inflight: list('blocks asked of it', num('height')),
  addr_relay_enabled: bool('whether addresses are exchanged with it'),
  addr_processed: num('addresses taken of it'),
  addr_rate_limited: num('addresses left out because there were too many'),
  permissions: list('what is allowed to it beyond the rules: nothing', str('a permission')),
  minfeefilter: num('lowest fee rate of transactions it wants to hear of, in NILZ per 1,000 vB'),
  bytessent_per_msg: record('bytes sent', 'type of message', num('bytes')),
  bytesrecv_per_msg: record('bytes received', 'type of message', num('bytes')),
  connection_type: str('outbound-full-relay, inbound, manual or feeler'),
  transport_protocol_type: str('v1: plain text'),
  session_id: str('empty: v1 has none'),
});

const CONNECTION_TYPES: Readonly<Record<PeerKind, string>> = {
  inbound: 'inbound',
  outbound: 'outbound-full-relay',
  manual: 'manual',
  feeler: 'feeler',
};

const MS_PER_SECOND = 1_000;

/** @param nowMs the steady clock of the connections */
export function peerJson({ facts, connection, gossip, progress }: PeerStatus, nowMs: number) {
  const { liveness, wire, localAsSeen } = connection;
  return {
    id: facts.id,
    addr: facts.address,
    addrbind: endpointText(wire.local),
    ...(localAsSeen && { addrlocal: endpointText(localAsSeen) }),
    network: networkOf(connection.remote.ip),
    services: servicesHex(facts.services),
    servicesnames: serviceNames(facts.services),
    relaytxes: facts.relay,
    lastsend: connection.lastSentSeconds,
    lastrecv: connection.lastReceivedSeconds,
    last_transaction: connection.lastTransactionSeconds,
    last_block: connection.lastBlockSeconds,
    bytessent: wire.sent.totalBytes,
    bytesrecv: wire.received.totalBytes,
    conntime: connection.connectedSeconds,
    timeoffset: connection.clockOffsetSeconds,
    ...(liveness.lastPingMs !== undefined && { pingtime: liveness.lastPingMs / MS_PER_SECOND }),
    ...(liveness.leastPingMs !== undefined && { minping: liveness.leastPingMs / MS_PER_SECOND }),
    ...(liveness.ping && { pingwait: (nowMs - liveness.ping.sentMs) / MS_PER_SECOND }),
    version: facts.version,
    subver: facts.userAgent,
    inbound: facts.kind === 'inbound',
    bip152_hb_to: false,
    bip152_hb_from: false,
    startingheight: facts.startHeight,
    presynced_headers: progress?.presyncedHeaders ?? -1,
    synced_headers: progress?.syncedHeaders ?? -1,
    synced_blocks: progress?.syncedBlocks ?? -1,
    inflight: [...(progress?.inflight ?? [])],
    addr_relay_enabled: gossip !== undefined,
    addr_processed: gossip?.processed ?? 0,
    addr_rate_limited: gossip?.rateLimited ?? 0,
    permissions: [],
    minfeefilter: amountToNumber(progress?.feeFilter ?? 0n),
    bytessent_per_msg: wire.sent.byCommand(),
    bytesrecv_per_msg: wire.received.byCommand(),
    connection_type: CONNECTION_TYPES[facts.kind],
    transport_protocol_type: 'v1',
    session_id: '',
  };
}

/** Sixteen hex digits. */
export function servicesHex(services: bigint): string {
  return services.toString(16).padStart(16, '0');
}

/** Bits that are known, by Bitcoin Core's names. */
export function serviceNames(services: bigint): string[] {
  return Object.entries(SERVICES).flatMap(([name, bit]) =>
    (services & bit) === 0n ? [] : [name.toUpperCase()],
  );
}

/** Bitcoin Core: GetNetworkName of what is connected to. */
export function networkOf(ip: string): string {
  return reachOf(ip) === 'everywhere' ? familyOf(ip) : 'not_publicly_routable';
}

export function familyOf(ip: string): 'ipv4' | 'ipv6' {
  return ip.includes(':') ? 'ipv6' : 'ipv4';
}
