import {
  JSONRPCClient,
  JSONRPCErrorCode,
  JSONRPCErrorException,
  JSONRPCServer,
  JSONRPCServerAndClient,
} from 'json-rpc-2.0';
import type { RawData, WebSocket } from 'ws';
import type * as z from 'zod';
import type { Logger } from '../../service/log.ts';

/** A method as the other side calls it, with its parameters unread. */
export type RpcMethod = (params: unknown) => unknown;

export interface RpcSocketOptions {
  readonly methods: Readonly<Record<string, RpcMethod>>;
  /** Called once, when the connection is gone. */
  readonly onClose: (reason: string) => void;
  readonly log: Logger;
  readonly timing?: RpcTiming | undefined;
}

export interface RpcTiming {
  /** How often a ping goes out. */
  readonly pingMs: number;
  /** A connection from which nothing came for so long is given up. */
  readonly silenceMs: number;
  /** So is one on which a request was not answered for so long. */
  readonly answerMs: number;
}

const DEFAULT_TIMING: RpcTiming = { pingMs: 4_000, silenceMs: 12_000, answerMs: 60_000 };
/** A reader this far behind is given up. */
const MAX_BACKLOG_BYTES = 4 * 1024 * 1024;
/** Status codes of a close frame (RFC 6455, 7.4.1); its reason has room for 123 bytes. */
export const CLOSE = { goingAway: 1001, violation: 1008 } as const;
const MAX_REASON_LENGTH = 100;

/** The other side broke the protocol; the message says how. The connection is closed. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

/**
 * Makes a method of a schema and what it does with parameters of that form.
 * @throws WireError naming the field, when they have another
 */
export function rpcMethod<S extends z.ZodType>(schema: S, run: (params: z.output<S>) => unknown): RpcMethod {
  return (params) => run(parse(schema, params));
}

function parse<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new WireError(`${issue?.path.join('.') || 'the message'}: ${issue?.message}`);
}

/** JSON-RPC 2.0 in both directions over one WebSocket: the same for an edge and for its pool. */
export class RpcSocket {
  readonly #socket: WebSocket;
  readonly #options: RpcSocketOptions;
  readonly #timing: RpcTiming;
  readonly #peer: JSONRPCServerAndClient;
  readonly #timer: NodeJS.Timeout;
  /** Whether anything has come since the last look, and for how long nothing has. */
  #heard = true;
  #silentMs = 0;
  /** Why we have closed it, if we have. */
  #reason: string | undefined;
  #closed = false;

  /** @param socket open, and with no listener of anybody else's */
  constructor(socket: WebSocket, options: RpcSocketOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#timing = options.timing ?? DEFAULT_TIMING;
    const errorListener = (message: string, data: unknown) => {
      if (!(data instanceof WireError || data instanceof JSONRPCErrorException)) {
        options.log.error({ err: data }, message);
      }
    };
    const server = new JSONRPCServer({ errorListener });
    for (const [name, method] of Object.entries(options.methods)) {
      server.addMethod(name, (params: unknown) => this.#run(method, params));
    }
    const client = new JSONRPCClient((message: unknown) => this.#send(message));
    this.#peer = new JSONRPCServerAndClient(server, client, { errorListener: () => undefined });
    socket.on('message', (data, isBinary) => this.#onMessage(data, isBinary));
    socket.on('ping', () => this.#onSign());
    socket.on('pong', () => this.#onSign());
    socket.on('error', (error) => {
      this.#reason ??= error.message;
    });
    socket.once('close', (code, reason) => this.#onClose(code, String(reason)));
    this.#timer = setInterval(() => this.#beat(), this.#timing.pingMs);
  }

  /** Whether messages still count, in both directions. */
  get isOpen(): boolean {
    return this.#reason === undefined && !this.#closed;
  }

  /**
   * Asks the other side.
   * @throws JSONRPCErrorException when it refuses, Error when the connection ends first. An answer of another form
   * than the schema's, or none in time, ends the connection
   */
  async call<S extends z.ZodType>(method: string, params: unknown, schema: S): Promise<z.output<S>> {
    const { answerMs } = this.#timing;
    const timer = setTimeout(() => this.drop(`${method} was not answered within ${answerMs} ms`), answerMs);
    try {
      const answer: unknown = await this.#peer.request(method, params, undefined);
      return parse(schema, answer);
    } catch (error) {
      if (error instanceof WireError) this.drop(`the answer to ${method} is wrong: ${error.message}`);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Tells the other side. */
  notify(method: string, params: unknown): void {
    this.#peer.notify(method, params, undefined);
  }

  /** Ends the connection in an orderly way. Nothing that still comes counts. */
  close(code: number, reason: string): void {
    this.#reason ??= reason;
    this.#socket.close(code, reason.slice(0, MAX_REASON_LENGTH));
  }

  /** Ends the connection at once. */
  drop(reason: string): void {
    this.#reason ??= reason;
    this.#socket.terminate();
  }

  async #run(method: RpcMethod, params: unknown): Promise<unknown> {
    // What was in the same packet behind a message that ended the connection.
    if (!this.isOpen)
      throw new JSONRPCErrorException('the connection is closed', JSONRPCErrorCode.InternalError);
    try {
      return await method(params);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      // The answer leaves first.
      setImmediate(() => this.close(CLOSE.violation, error.message));
      throw new JSONRPCErrorException(error.message, JSONRPCErrorCode.InvalidParams);
    }
  }

  #onMessage(data: RawData, isBinary: boolean): void {
    this.#onSign();
    if (!this.isOpen) return;
    const payload = isBinary ? undefined : readJson(String(data));
    // A batch of JSON-RPC would be a second way to say the same.
    if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) {
      this.close(CLOSE.violation, 'one JSON-RPC object per text frame');
      return;
    }
    this.#peer.receiveAndSend(payload, undefined, undefined).catch(() => {
      this.close(CLOSE.violation, 'no JSON-RPC 2.0');
    });
  }

  #send(message: unknown): void {
    if (this.#closed || this.#socket.readyState !== this.#socket.OPEN) {
      throw new Error(this.#reason ?? 'the connection is closed');
    }
    this.#socket.send(JSON.stringify(message));
    if (this.#socket.bufferedAmount > MAX_BACKLOG_BYTES) this.drop('the other side does not read');
  }

  #onSign(): void {
    this.#heard = true;
  }

  #beat(): void {
    this.#silentMs = this.#heard ? 0 : this.#silentMs + this.#timing.pingMs;
    this.#heard = false;
    if (this.#silentMs >= this.#timing.silenceMs) this.drop(`nothing was heard for ${this.#silentMs} ms`);
    else if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping();
  }

  #onClose(code: number, reason: string): void {
    clearInterval(this.#timer);
    this.#closed = true;
    const why = this.#reason ?? (reason === '' ? `the connection was closed (${code})` : reason);
    this.#peer.rejectAllPendingRequests(why);
    this.#options.onClose(why);
  }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
