/** Stratum over WebSocket (RFC 6455): one message a text frame. */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type RawData, WebSocket } from 'ws';
import { MAX_POOL_LINE_BYTES } from '../../protocol/stratum.ts';
import { closeReasonOf } from './close-cause.ts';
import { closeFrameWords } from './close-frame.ts';
import {
  type CloseCause,
  type Connector,
  type Endpoint,
  neverOpened,
  SEND_BACKLOG_MAX,
} from './connection.ts';
import { openTcp } from './tcp-connection.ts';
import { tlsOpener } from './tls-connection.ts';
import type { TlsTrust } from './tls-trust.ts';

/** Proxies let go of connections that are silent for a minute. */
const PING_MS = 30_000;
/** For the other side to close too, once we have. */
const CLOSE_TIMEOUT_MS = 1_000;
/** Of a web page that is sent instead of a WebSocket: enough for one sentence. */
const PAGE_MAX_BYTES = 300;
/** Codes of a close frame (RFC 6455 §7.4.1): nothing is wrong; none came. */
const NORMAL_CLOSURE = 1000;
const ABNORMAL_CLOSURE = 1006;

export interface WebSocketOptions {
  readonly scheme: 'ws' | 'wss';
  /** `/stratum` */
  readonly path: string;
  /** For wss. */
  readonly trust?: TlsTrust;
  /** How often the pool is pinged; one ping without an answer is allowed to be on its way. */
  readonly pingMs?: number;
}

/**
 * Stratum over WebSocket.
 * @throws TlsTrustError when the certificates of the trust cannot be read
 */
export function webSocketConnector(options: WebSocketOptions): Connector {
  const { scheme, path, trust = {}, pingMs = PING_MS } = options;
  const open: (endpoint: Endpoint) => Socket = scheme === 'wss' ? tlsOpener(trust) : openTcp;
  return (endpoint, handlers) => {
    const host = endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host;
    const url = `${scheme}://${host}:${endpoint.port}${path}`;
    // A name that a pool sends its miners to may be none.
    if (!URL.canParse(url)) return neverOpened(handlers, 'unknown-host');
    const websocket = new WebSocket(url, {
      createConnection: () =>
        open(endpoint).once('connect', () => {
          isReached = true;
        }),
      perMessageDeflate: false,
      followRedirects: false,
      maxPayload: MAX_POOL_LINE_BYTES,
    });
    let isOpen = true;
    let isReached = false;
    let isReady = false;
    let isHeard = true;
    let pings: NodeJS.Timeout | undefined;

    function finish(cause: CloseCause, detail?: string): void {
      if (!isOpen) return;
      isOpen = false;
      clearInterval(pings);
      websocket.terminate();
      // Who gives up the handshake has not understood it.
      handlers.onClosed(isReached && !isReady && cause === 'lost' ? 'no-websocket' : cause, detail);
    }

    function ping(): void {
      if (isHeard) websocket.ping();
      else finish('lost', 'no answer to a ping');
      isHeard = false;
    }

    websocket.on('open', () => {
      if (!isOpen) return;
      isReady = true;
      pings = setInterval(ping, pingMs);
      handlers.onConnected();
    });
    websocket.on('message', (data: RawData, isBinary) => {
      isHeard = true;
      if (!isOpen) return;
      if (isBinary) return finish('not-text');
      // Some send the line feed of TCP along.
      for (const line of data.toString().split(/\r?\n/)) {
        if (isOpen && line !== '') handlers.onLine(line);
      }
    });
    for (const sign of ['ping', 'pong'] as const) {
      websocket.on(sign, () => {
        isHeard = true;
      });
    }
    websocket.on('unexpected-response', (_request, response: IncomingMessage) => {
      void pageWords(response).then((words) => {
        finish('no-websocket', `${response.statusCode} ${response.statusMessage}${words}`);
      });
    });
    websocket.on('error', (error: NodeJS.ErrnoException) => {
      const { cause, detail } = closeReasonOf(error);
      finish(cause, detail);
    });
    websocket.on('close', (code, reason) => {
      if (code === ABNORMAL_CLOSURE) finish('lost');
      else finish('ended', closeFrameWords(code, reason.toString()));
    });

    return {
      send(line) {
        if (!isOpen) return;
        websocket.send(line);
        if (websocket.bufferedAmount > SEND_BACKLOG_MAX) finish('stalled');
      },
      close() {
        isOpen = false;
        clearInterval(pings);
        if (websocket.readyState !== WebSocket.OPEN) {
          websocket.terminate();
          return;
        }
        const deadline = setTimeout(() => websocket.terminate(), CLOSE_TIMEOUT_MS);
        websocket.once('close', () => clearTimeout(deadline));
        websocket.close(NORMAL_CLOSURE);
      },
    };
  };
}

/** The beginning of a page in plain text, which says why there is no WebSocket; nothing of any other page. */
async function pageWords(page: IncomingMessage): Promise<string> {
  if (!(page.headers['content-type'] ?? '').startsWith('text/plain')) return '';
  let words = '';
  try {
    for await (const chunk of page as AsyncIterable<Buffer>) {
      words += chunk.toString();
      if (words.length >= PAGE_MAX_BYTES) break;
    }
  } catch {
    // It broke off; what has come says enough.
  }
  return words === '' ? '' : `: ${words.slice(0, PAGE_MAX_BYTES).trim()}`;
}
