import { isIP } from 'node:net';
import type { NetworkProfile } from '../../protocol/network.ts';
import { boolean, integer, list, string, type Values } from '../../service/config.ts';
import { type HostAndPort, parseHostAndPort } from './ip-address.ts';
import { DEFAULT_P2P_PORT, defaultP2pBind, type PeerSettings } from './open-peers.ts';

/** The settings of a node that are about its peers. */
export const PEER_SETTINGS = {
  p2pBind: string({
    help: 'address peers connect to; without it 0.0.0.0, and 127.0.0.1 on the networks for trying out',
    check: (ip) => (isIP(ip) === 0 ? 'must be an IP address' : undefined),
  }),
  p2pPort: integer({
    help: 'port peers connect to, 0 for any free one',
    default: DEFAULT_P2P_PORT,
    min: 0,
    max: 65_535,
  }),
  listen: boolean({ help: 'let peers connect (--no-listen: only connect to others)', default: true }),
  bootNode: list({ help: 'HOST:PORT of a node that knows others: the way in', check: hostsComplaint }),
  connect: list({
    help: 'HOST:PORT of a node to stay connected to; given any, no other node is connected to',
    check: hostsComplaint,
  }),
  externalAddress: list({
    help: 'HOST:PORT where others can reach this node, told to them',
    check: hostsComplaint,
  }),
};

/** What is to be done with peers, from the settings. */
export function peerSettingsOf(values: Values<typeof PEER_SETTINGS>, profile: NetworkProfile): PeerSettings {
  const ip = values.p2pBind ?? defaultP2pBind(profile);
  return {
    listen: values.listen ? { ip, port: values.p2pPort } : undefined,
    bootNodes: values.bootNode.flatMap(hostOf),
    connect: values.connect.flatMap(hostOf),
    externalAddresses: values.externalAddress.flatMap(hostOf),
  };
}

function hostOf(text: string): HostAndPort[] {
  const host = parseHostAndPort(text, DEFAULT_P2P_PORT);
  return host ? [host] : [];
}

function hostsComplaint(texts: readonly string[]): string | undefined {
  const wrong = texts.find((text) => hostOf(text).length === 0);
  return wrong === undefined ? undefined : `must be HOST:PORT, which "${wrong}" is not`;
}
