import { isIPv4, isIPv6, type Socket } from 'node:net';
import type { Source } from '../../service/http-server/client-address.ts';

/**
 * PROXY protocol, version 1 (HAProxy's proxy-protocol.txt, section 2.1): a load balancer writes in front of the
 * miner's bytes whom it speaks for, as `PROXY TCP4 192.0.2.7 192.0.2.1 40000 3333` and CR LF. Whoever may say so
 * can take on any address, so it is believed from listed proxies only, and from those it is required: "the
 * receiver MUST NOT try to guess whether the protocol header is present or not" (section 2).
 */

/** Longest header with its CR LF (section 2.1). */
const MAX_HEADER_BYTES = 107;
const PREFIX = 'PROXY ';

export type ProxyHeader =
  /** More bytes are needed to tell. */
  | { readonly state: 'incomplete' }
  | { readonly state: 'invalid'; readonly reason: string }
  /** `source` undefined: the proxy does not know (UNKNOWN), or speaks for itself. `length` in bytes. */
  | { readonly state: 'complete'; readonly source: Source | undefined; readonly length: number };

/** Reads the header at the beginning of what a proxy sent. */
export function readProxyHeader(bytes: Buffer): ProxyHeader {
  const text = bytes.toString('latin1', 0, MAX_HEADER_BYTES);
  if (!text.startsWith(PREFIX.slice(0, text.length))) return invalid('it does not begin with PROXY');
  const end = text.indexOf('\r\n');
  if (end < 0) {
    return bytes.length < MAX_HEADER_BYTES ? { state: 'incomplete' } : invalid('it is longer than 107 bytes');
  }
  const length = end + 2;
  const [, family, from = '', to = '', fromPort = '', toPort = '', ...rest] = text.slice(0, end).split(' ');
  if (family === 'UNKNOWN') return { state: 'complete', source: undefined, length };
  const isAddress = family === 'TCP4' ? isIPv4 : family === 'TCP6' ? isIPv6 : undefined;
  if (isAddress === undefined) return invalid('it names neither TCP4 nor TCP6 nor UNKNOWN');
  if (!isAddress(from) || !isAddress(to)) return invalid(`its addresses are not of ${family}`);
  if (!isPort(fromPort) || !isPort(toPort) || rest.length > 0) return invalid('its ports are no ports');
  return { state: 'complete', source: { address: from, port: Number(fromPort) }, length };
}

function invalid(reason: string): ProxyHeader {
  return { state: 'invalid', reason };
}

function isPort(text: string): boolean {
  return /^(0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;
}

/**
 * Takes the header off a connection of a listed proxy, and leaves what came behind it on the socket, paused.
 * @param done told once: whom the proxy speaks for, or in a text why that is not known; nothing where it hung up
 * without a word, as load balancers do to see whether anybody listens
 */
export function takeProxyHeader(
  socket: Socket,
  timeoutMs: number,
  done: (source: Source | string | undefined) => void,
): void {
  let bytes = Buffer.alloc(0);
  const finish = (source: Source | string | undefined, rest = Buffer.alloc(0)): void => {
    clearTimeout(timer);
    socket.off('data', onData).off('close', onClose).pause();
    if (rest.length > 0) socket.unshift(rest);
    done(source);
  };
  const onClose = (): void => finish(bytes.length === 0 ? undefined : 'it hung up');
  const onData = (chunk: Buffer): void => {
    bytes = Buffer.concat([bytes, chunk]);
    const header = readProxyHeader(bytes);
    if (header.state === 'invalid') finish(header.reason);
    if (header.state === 'complete') {
      const itself = { address: socket.remoteAddress ?? '', port: socket.remotePort };
      finish(header.source ?? itself, bytes.subarray(header.length));
    }
  };
  const timer = setTimeout(() => finish('it said nothing'), timeoutMs);
  socket.on('data', onData).once('close', onClose);
}
