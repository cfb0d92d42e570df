/** The pool's WebSocket as a browser reaches it: one object of Stratum per text frame, on the host of the page. */
import { type CloseCause, type Connector, LineSplitter } from '../../../miner/transport/connection.ts';

const PATH = '/stratum';
/** Status of a close frame of who ends a connection in order (RFC 6455, 7.4.1): 1000 and 1001. */
const ORDERLY: readonly number[] = [1000, 1001];

/** What of a browser's WebSocket is used. */
export type Socket = Pick<WebSocket, 'send' | 'close' | 'addEventListener'>;

/** The address of the WebSocket on a page's own host. */
export function socketAddress(page: { readonly protocol: string; readonly host: string }): string {
  return `${page.protocol === 'https:' ? 'wss' : 'ws'}://${page.host}${PATH}`;
}

/**
 * Opens connections to the pool of this page, and to nowhere else: its policy allows no other, and a port that a
 * pool sends its miners to by client.reconnect takes no WebSockets.
 * @param open starts a WebSocket
 */
export function pageConnector(open: () => Socket): Connector {
  return (_endpoint, handlers) => {
    const socket = open();
    let state: 'opening' | 'open' | 'closed' = 'opening';

    function finish(cause: CloseCause, detail?: string): void {
      if (state === 'closed') return;
      state = 'closed';
      socket.close();
      handlers.onClosed(cause, detail);
    }

    function take(text: string): void {
      // A frame is a whole message, with or without an end of line.
      const lines = new LineSplitter().push(`${text}\n`);
      if (lines === undefined) finish('line-too-long');
      // A line may make the client close the connection: the ones behind it are not for it then.
      for (const line of lines ?? []) if (state === 'open') handlers.onLine(line);
    }

    socket.addEventListener('open', () => {
      if (state !== 'opening') return;
      state = 'open';
      handlers.onConnected();
    });
    socket.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      if (state !== 'open') return;
      if (typeof data === 'string') take(data);
      else finish('lost', 'it sent a binary frame');
    });
    // Browsers keep why to themselves: an error event says nothing, and a close event follows it.
    socket.addEventListener('close', ({ code, reason }) => {
      if (state === 'opening') finish('unreachable');
      else if (ORDERLY.includes(code)) finish('ended');
      else finish('lost', reason === '' ? undefined : reason);
    });

    return {
      send(line) {
        if (state === 'open') socket.send(line);
      },
      close() {
        state = 'closed';
        socket.close();
      },
    };
  };
}
