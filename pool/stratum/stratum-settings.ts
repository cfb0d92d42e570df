/** What an operator can set about the ports miners connect to; the same for a pool and for its edges. */
import { boolean, integer, list, SettingError, string, type Values } from '../../service/config.ts';
import { networksComplaint } from '../../service/network-list.ts';
import type { TlsSettings } from './certificate.ts';
import { DEFAULT_LIMITS, type StratumLimits } from './limits.ts';
import type { StratumPlaces } from './stratum-ports.ts';

const PORT = { min: 0, max: 65_535 };
const MANY = { min: 1, max: 1_000_000 };
const SECONDS = { min: 1, max: 86_400 };

export const STRATUM_SETTINGS = {
  stratumBind: string({ help: 'address the Stratum ports listen on', default: '0.0.0.0' }),
  stratumPort: integer({ help: 'port miners connect to, 0 for any free one', default: 3333, ...PORT }),
  stratumTlsPort: integer({ help: 'port miners connect to over TLS; none without it', ...PORT }),
  tlsCert: string({ help: 'certificate chain of the TLS port, a PEM file; read again when it changes' }),
  tlsKey: string({ help: 'its private key, a PEM file' }),
  tlsSelfSigned: boolean({ help: 'make a certificate for a desk, kept in the data directory' }),
  proxyFrom: list({
    help:
      'network of load balancers, such as 192.0.2.0/24, whose connections begin with a PROXY header (version 1) ' +
      'and whose X-Forwarded-For is believed',
    check: networksComplaint,
  }),
  maxConnections: integer({
    help: 'open connections of all miners',
    default: DEFAULT_LIMITS.connections,
    ...MANY,
  }),
  maxConnectionsPerAddress: integer({
    help: 'open connections from one IP address',
    default: DEFAULT_LIMITS.connectionsPerAddress,
    ...MANY,
  }),
  maxMessagesPerSecond: integer({
    help: 'messages of one connection; one that sends more is read slower',
    default: DEFAULT_LIMITS.messagesPerSecond,
    ...MANY,
  }),
  maxMessagesPerSecondPerAddress: integer({
    help: 'messages of all connections from one IP address',
    default: DEFAULT_LIMITS.messagesPerSecondPerAddress,
    ...MANY,
  }),
  maxBacklogKib: integer({
    help: 'KiB waiting for a miner that does not read, before it is closed',
    default: DEFAULT_LIMITS.backlogBytes / 1024,
    min: 16,
    max: 65_536,
  }),
  loginSeconds: integer({
    help: 'a connection without an authorised worker is closed after so long without a valid request',
    default: DEFAULT_LIMITS.loginMs / 1000,
    ...SECONDS,
  }),
  authorizeSeconds: integer({
    help: 'a connection is closed when no worker is authorised on it after so long',
    default: DEFAULT_LIMITS.authorizeMs / 1000,
    ...SECONDS,
  }),
  silenceSeconds: integer({
    help: 'an authorised connection is closed after so long without a message',
    default: DEFAULT_LIMITS.silenceMs / 1000,
    ...SECONDS,
  }),
  banMinutes: integer({
    help: 'how long an address is banned for mostly invalid shares; each further ban is twice as long, a day at most; 0 bans nobody',
    default: DEFAULT_LIMITS.banMs / 60_000,
    min: 0,
    max: 1_440,
  }),
};

export type StratumSettings = Values<typeof STRATUM_SETTINGS>;

/**
 * The ports and limits that the settings ask for.
 * @param directory where a certificate of our own making is kept
 * @throws SettingError when the settings of TLS do not go together
 */
export function stratumOptions(
  values: StratumSettings,
  directory: string,
): { readonly stratum: StratumPlaces; readonly limits: StratumLimits } {
  const tls = tlsOf(values, directory);
  return {
    stratum: {
      host: values.stratumBind,
      port: values.stratumPort,
      tls,
      proxies: values.proxyFrom,
    },
    limits: {
      connections: values.maxConnections,
      connectionsPerAddress: values.maxConnectionsPerAddress,
      messagesPerSecond: values.maxMessagesPerSecond,
      messagesPerSecondPerAddress: values.maxMessagesPerSecondPerAddress,
      backlogBytes: values.maxBacklogKib * 1024,
      loginMs: values.loginSeconds * 1000,
      authorizeMs: values.authorizeSeconds * 1000,
      silenceMs: values.silenceSeconds * 1000,
      banMs: values.banMinutes * 60_000,
    },
  };
}

function tlsOf(values: StratumSettings, directory: string): TlsSettings | undefined {
  const { stratumTlsPort: port, tlsCert: certFile, tlsKey: keyFile, tlsSelfSigned } = values;
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw new SettingError('--tls-cert and --tls-key go together');
  }
  const files = certFile !== undefined && keyFile !== undefined ? { certFile, keyFile } : undefined;
  if (files !== undefined && tlsSelfSigned) {
    throw new SettingError('--tls-self-signed: there is a certificate already, --tls-cert');
  }
  if (port === undefined) {
    if (files === undefined && !tlsSelfSigned) return undefined;
    throw new SettingError('--stratum-tls-port is missing: which port is the certificate for?');
  }
  if (files !== undefined) return { port, files };
  if (tlsSelfSigned) return { port, selfSignedIn: directory };
  throw new SettingError('--stratum-tls-port: needs --tls-cert and --tls-key, or --tls-self-signed');
}
