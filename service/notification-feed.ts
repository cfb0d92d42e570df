/**
 * Notifications over WebSocket: JSON-RPC 2.0, in which a reader subscribes to topics and is then told of what
 * happens, each time with the topic's next number. The numbers have no gaps, so whoever misses one knows it,
 * also across a connection that broke: the next `subscribe` says where the numbers are.
 */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { createJSONRPCErrorResponse, type JSONRPCResponse, JSONRPCServer } from 'json-rpc-2.0';
import { type WebSocket, WebSocketServer } from 'ws';
import * as z from 'zod';
import type { Authorize } from './http.ts';
import { ConnectionLimiter, type ConnectionLimits } from './limits.ts';
import type { Logger } from './log.ts';
import { bindArguments, RPC_CODES, RpcError, type RpcParam } from './rpc-method.ts';
import { refuseUpgrade, type UpgradeHandler } from './upgrade.ts';

export interface NotificationFeedOptions {
  /** The topics, each with the number that its last notification had; the first one here gets the next. */
  readonly topics: Readonly<Record<string, number>>;
  readonly authorize: Authorize;
  /** Web pages that may listen; a connection with any other `Origin` is refused. Default: none. */
  readonly allowedOrigins?: readonly string[];
  readonly log: Logger;
  /** Open connections (default 64, and 32 of one address). */
  readonly limits?: ConnectionLimits;
  /** A reader this many bytes behind is dropped (default 4 MiB). */
  readonly maxBacklogBytes?: number;
  /** How often readers are asked whether they are there (default 30,000). */
  readonly pingMs?: number;
  /** How long a wrong password waits for its answer (default 250). */
  readonly unauthorizedDelayMs?: number;
}

/** What the feed counts of its own limits, since the start. */
export interface NotificationCounters {
  opened: number;
  refused: number;
  /** Dropped because they did not read. */
  slow: number;
  /** Closed because they said too much. */
  misused: number;
}

const LIMITS: ConnectionLimits = { total: 64, perAddress: 32 };
/** Room for ten thousand notifications that one event sets off. */
const MAX_BACKLOG_BYTES = 4 * 1024 * 1024;
const PING_MS = 30_000;
const UNAUTHORIZED_DELAY_MS = 250;
const MAX_MESSAGE_BYTES = 16 * 1024;
/** Requests that one reader may send between two pings. */
const MAX_REQUESTS = 100;
const MAX_TOPICS = 20;
const POLICY_VIOLATION = 1008;
const GOING_AWAY = 1001;

interface Topic {
  sequence: number;
  readonly readers: Set<Reader>;
}

interface Reader {
  readonly socket: WebSocket;
  readonly address: string;
  isAlive: boolean;
  requests: number;
  /** Notifications that wait for the answer to a request: whoever subscribes hears that first. */
  held: string[] | undefined;
  /** The end of the queue of its requests. */
  last: Promise<void>;
}

/** Where a topic's numbers are, by topic. */
type Sequences = Readonly<Record<string, number>>;

/** Tells any number of readers what happens. Costs next to nothing while nobody listens. */
export class NotificationFeed {
  readonly counters: NotificationCounters = { opened: 0, refused: 0, slow: 0, misused: 0 };
  readonly #options: NotificationFeedOptions;
  /** Another one after every start: the numbers of one feed say nothing about those of another. */
  readonly #instance = randomBytes(8).toString('hex');
  readonly #topics: ReadonlyMap<string, Topic>;
  readonly #limiter: ConnectionLimiter;
  readonly #rpc = new JSONRPCServer<Reader>({ errorListener: () => undefined });
  readonly #server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
  });
  readonly #readers = new Set<Reader>();
  readonly #pinger: NodeJS.Timeout;

  constructor(options: NotificationFeedOptions) {
    this.#options = options;
    const topics = Object.entries(options.topics);
    this.#topics = new Map(topics.map(([name, sequence]) => [name, { sequence, readers: new Set() }]));
    this.#limiter = new ConnectionLimiter(options.limits ?? LIMITS);
    this.#pinger = setInterval(() => this.#ping(), options.pingMs ?? PING_MS).unref();
    this.#defineRequests();
  }

  /** Readers that are connected. */
  get open(): number {
    return this.#readers.size;
  }

  /**
   * Tells the readers of a topic, and counts its number up whether or not there are any.
   * @param method as `door.opened`
   * @param facts what is told beside `sequence`; made only if somebody listens
   */
  publish(topicName: string, method: string, facts: () => Readonly<Record<string, unknown>>): void {
    const topic = this.#topics.get(topicName);
    if (topic === undefined) throw new Error(`there is no topic ${topicName}`);
    topic.sequence += 1;
    if (topic.readers.size === 0) return;
    const params = { sequence: topic.sequence, ...facts() };
    const text = JSON.stringify({ jsonrpc: '2.0', method, params });
    for (const reader of topic.readers) {
      if (reader.held === undefined) this.#send(reader, text);
      else reader.held.push(text);
    }
  }

  /** Takes over a connection whose client may listen. */
  readonly upgrade: UpgradeHandler = (request, socket, head) => {
    const origin = request.headers.origin;
    if (origin !== undefined && !this.#options.allowedOrigins?.includes(origin)) {
      this.counters.refused += 1;
      refuseUpgrade(socket, '403 Forbidden', 'requests from web pages are refused');
    } else if (this.#options.authorize(request.headers.authorization) === undefined) {
      this.counters.refused += 1;
      this.#refuseLater(socket);
    } else this.#admit(request, socket, head);
  };

  /** Closes all connections. */
  stop(): void {
    clearInterval(this.#pinger);
    for (const { socket } of this.#readers) socket.close(GOING_AWAY, 'the server is stopping');
    this.#server.close();
  }

  /** A guess at the password costs a moment. */
  #refuseLater(socket: Socket): void {
    const delayMs = this.#options.unauthorizedDelayMs ?? UNAUTHORIZED_DELAY_MS;
    const refuse = (): void =>
      refuseUpgrade(
        socket,
        '401 Unauthorized',
        'the RPC user or password is wrong or missing',
        'WWW-Authenticate: Basic realm="jsonrpc"',
      );
    const timer = setTimeout(refuse, delayMs);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => clearTimeout(timer));
  }

  #admit(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const address = socket.remoteAddress ?? '';
    const release = this.#limiter.admit(address);
    if (release === undefined) {
      this.counters.refused += 1;
      refuseUpgrade(socket, '429 Too Many Requests', 'too many readers are connected', 'Retry-After: 30');
      return;
    }
    socket.once('close', release);
    socket.on('error', (error) => this.#options.log.debug({ reason: error.message }, 'a reader broke off'));
    this.#server.handleUpgrade(request, socket, head, (webSocket) => this.#accept(webSocket, address));
  }

  #accept(socket: WebSocket, address: string): void {
    this.counters.opened += 1;
    const reader: Reader = {
      socket,
      address,
      isAlive: true,
      requests: 0,
      held: undefined,
      last: Promise.resolve(),
    };
    this.#readers.add(reader);
    socket.on('pong', () => {
      reader.isAlive = true;
    });
    socket.on('message', (data, isBinary) => this.#onMessage(reader, isBinary ? '' : String(data)));
    socket.on('error', (error) => this.#options.log.debug({ reason: error.message }, 'a reader broke off'));
    socket.once('close', () => {
      this.#readers.delete(reader);
      for (const { readers } of this.#topics.values()) readers.delete(reader);
    });
  }

  #onMessage(reader: Reader, text: string): void {
    // What was under way when the connection was closed is not counted again.
    if (reader.socket.readyState !== reader.socket.OPEN) return;
    reader.requests += 1;
    if (reader.requests > MAX_REQUESTS) {
      this.counters.misused += 1;
      reader.socket.close(POLICY_VIOLATION, 'too many requests');
      return;
    }
    reader.last = reader.last.then(() => this.#answer(reader, text));
  }

  async #answer(reader: Reader, text: string): Promise<void> {
    if (reader.socket.readyState !== reader.socket.OPEN) return;
    reader.held = [];
    const answer = await this.#rpc.receiveJSON(text, reader);
    const notifications = reader.held;
    reader.held = undefined;
    if (answer !== null) this.#send(reader, JSON.stringify(asAsked(text, answer)));
    for (const notification of notifications) this.#send(reader, notification);
  }

  #defineRequests(): void {
    const names = [...this.#topics.keys()];
    const topics: RpcParam = {
      name: 'topics',
      schema: z.array(z.enum(names, `there are: ${names.join(', ')}`)).max(MAX_TOPICS),
      help: `a list of ${names.join(', ')}`,
    };
    const define = (method: string, help: string, change: (readers: Set<Reader>, reader: Reader) => void) => {
      const row = { group: 'Notifications', help, params: [topics], run: () => undefined };
      this.#rpc.addMethod(method, (params: unknown, reader) => {
        const { topics: wanted } = bindArguments(method, row, params) as { topics: readonly string[] };
        for (const name of wanted) {
          const topic = this.#topics.get(name);
          if (topic !== undefined) change(topic.readers, reader);
        }
        return { instance: this.#instance, sequences: this.#sequencesOf(reader) };
      });
    };
    define('subscribe', 'Begins to tell of these topics.', (readers, reader) => readers.add(reader));
    define('unsubscribe', 'Tells no more of these topics.', (readers, reader) => readers.delete(reader));
    this.#rpc.mapErrorToJSONRPCErrorResponse = (id, error) => {
      if (error instanceof RpcError) return createJSONRPCErrorResponse(id, error.code, error.message);
      this.#options.log.error({ err: error }, 'a request of a reader failed');
      return createJSONRPCErrorResponse(
        id,
        RPC_CODES.internal,
        'internal error, described in the log of the server',
      );
    };
  }

  /** The numbers of the last notifications of the topics that a reader has. */
  #sequencesOf(reader: Reader): Sequences {
    const subscribed = [...this.#topics].filter(([, { readers }]) => readers.has(reader));
    return Object.fromEntries(subscribed.map(([name, { sequence }]) => [name, sequence]));
  }

  #send(reader: Reader, text: string): void {
    const { socket, address } = reader;
    if (socket.readyState !== socket.OPEN) return;
    socket.send(text);
    if (socket.bufferedAmount <= (this.#options.maxBacklogBytes ?? MAX_BACKLOG_BYTES)) return;
    this.counters.slow += 1;
    this.#options.log.warn(
      { address, bytes: socket.bufferedAmount },
      'a reader of notifications is too slow',
    );
    socket.terminate();
  }

  #ping(): void {
    for (const reader of this.#readers) {
      if (!reader.isAlive) {
        reader.socket.terminate();
        continue;
      }
      reader.isAlive = false;
      reader.requests = 0;
      reader.socket.ping();
    }
  }
}

/** A batch is answered by an array (JSON-RPC 2.0, section 6), which the dispatcher leaves away around a single answer. */
function asAsked(
  request: string,
  answer: JSONRPCResponse | JSONRPCResponse[],
): JSONRPCResponse | JSONRPCResponse[] {
  if (Array.isArray(answer) || answer.error?.code === RPC_CODES.parse) return answer;
  return request.trimStart().startsWith('[') ? [answer] : answer;
}
