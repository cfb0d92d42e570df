import type { RequestListener } from 'node:http';
import { type HttpListener, type HttpTimeouts, listenHttp } from '../http.ts';
import type { Logger } from '../log.ts';
import type { Upgrades } from '../upgrade.ts';
import { limitConnections } from './connection-limit.ts';

export interface HttpServiceOptions {
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  /** The setting that changes it, for the message when it is taken. */
  readonly portSetting?: string;
  readonly handler: RequestListener;
  /** The WebSockets of this port. */
  readonly upgrades?: Upgrades | undefined;
  /** Open connections of all clients, WebSockets among them, and of one IP address. */
  readonly connections: { readonly total: number; readonly perAddress: number };
  /** Whether an address is that of a proxy of ours, which speaks for many. */
  readonly isProxy: (address: string) => boolean;
  /** Told of each connection that was refused because its address had as many as it may. */
  readonly onRefused: () => void;
  readonly timeouts?: Partial<HttpTimeouts>;
  readonly log: Logger;
}

/**
 * Opens the port of a service that strangers may use: with limits on connections, in all and by address, and on
 * the time that each may take.
 * @throws ListenError when the port is taken
 */
export async function startHttpService(options: HttpServiceOptions): Promise<HttpListener> {
  const { connections, isProxy, onRefused, upgrades, log } = options;
  const http = await listenHttp({
    host: options.host,
    port: options.port,
    handler: options.handler,
    ...(options.portSetting !== undefined && { portSetting: options.portSetting }),
    ...(options.timeouts && { timeouts: options.timeouts }),
    maxConnections: connections.total,
    onAcceptError: (error) => log.error({ err: error }, 'an HTTP client could not be accepted'),
  });
  limitConnections(http.server, { perAddress: connections.perAddress, isProxy, onRefused });
  upgrades?.attach(http.server);
  return http;
}
