/** The pool's WebSocket as a browser reaches it: one object of Stratum per text frame, on the host of the page. */
import { closeFrameWords } from '../../../miner/transport/close-frame.ts';
import {
  type CloseCause,
  type Connector,
  LineSplitter,
  SEND_BACKLOG_MAX,
} from '../../../miner/transport/connection.ts';

const PATH = '/stratum';
/** No close frame came (RFC 6455 §7.4.1). */
const ABNORMAL_CLOSURE = 1006;

/** What of a browser's WebSocket is used. */
export type Socket = Pick<WebSocket, 'send' | 'close' | 'addEventListener' | 'bufferedAmount'>;

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
      else finish('not-text');
    });
    // Browsers keep why to themselves: an error event says nothing, and a close event follows it.
    socket.addEventListener('close', ({ code, reason }) => {
      if (state === 'opening') finish('unreachable');
      else if (code === ABNORMAL_CLOSURE) finish('lost');
      else finish('ended', closeFrameWords(code, reason));
    });

    return {
      send(line) {
        if (state !== 'open') return;
        socket.send(line);
        if (socket.bufferedAmount > SEND_BACKLOG_MAX) finish('stalled');
      },
      close() {
        state = 'closed';
        socket.close();
      },
    };
  };
}
