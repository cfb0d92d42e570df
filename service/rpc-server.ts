/**
 * JSON-RPC over HTTP in the two forms its clients speak.
 *
 * With `"jsonrpc":"2.0"` the answer follows JSON-RPC 2.0: HTTP 200 even for errors, 204 and nothing for a
 * notification. Without it the answer is in the old form, `{"result":…,"error":…,"id":…}`, with the HTTP
 * status telling the error: 400 invalid request, 404 unknown method, 500 the rest. A batch is always 200.
 * Dispatch is `json-rpc-2.0`'s, which knows only the new form: calls are normalised before it and
 * answers reshaped after it. There is one route, so `node:http` alone is enough of a framework; Koa took a
 * fifth of a trivial call's time.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import {
  createJSONRPCErrorResponse,
  type JSONRPCParams,
  type JSONRPCResponse,
  JSONRPCServer,
} from 'json-rpc-2.0';
import { type Authorize, discardBody, HttpError, readBody, tooLarge } from './http.ts';
import type { Logger } from './log.ts';
import { bindArguments, RPC_CODES, type RpcContext, RpcError, type RpcMethods } from './rpc-method.ts';

export { methodHelp, methodIndex } from './rpc-help.ts';
export {
  RPC_CODES,
  type RpcArguments,
  type RpcContext,
  RpcError,
  type RpcMethod,
  type RpcMethods,
  type RpcParam,
  rpcMethod,
} from './rpc-method.ts';

export interface RpcServerOptions {
  readonly methods: RpcMethods;
  readonly authorize: Authorize;
  readonly log: Logger;
  /** The body of `GET /health`, which needs no credentials. When it throws, the answer is 503. */
  readonly health?: () => unknown;
  /** Turns an application's own errors into RPC errors; undefined means that it is a bug. */
  readonly describeError?: (error: unknown) => RpcError | undefined;
  /** Web pages that may call; a request with any other `Origin` is refused. Default: none. */
  readonly allowedOrigins?: readonly string[];
  /** How long a wrong password waits for its answer (default 250). */
  readonly unauthorizedDelayMs?: number;
}

const BODY_BYTES = 1_000_000;
/** For methods with `bigBody`. */
const BIG_BODY_BYTES = 16_000_000;
const BATCH_CALLS = 10_000;
/** What all answers of a batch may have together. */
const BATCH_ANSWER_CHARS = 64_000_000;
const UNAUTHORIZED_DELAY_MS = 250;
const JSON_TYPE = 'application/json';
const TEXT_TYPE = 'text/plain; charset=utf-8';
const FAILED = new HttpError(500, 'internal error, described in the log of the server');
/** Half the answers of a batch would be none that JSON-RPC 2.0, section 6, knows. */
const BROKEN_OFF = new HttpError(503, 'the server is stopping: the rest of this batch was not run');
/** What `jsonrpc` may say; all but 2.0 mean the old form, which some clients name by a number. */
const VERSIONS: readonly unknown[] = ['2.0', '1.1', '1.0', 1.1, 1, undefined];
/** What stands for an id that is missing or cannot be read. */
const NO_ID = 'null';
/** How long a page may remember that it is allowed to call. */
const PREFLIGHT_SECONDS = 600;
/** A batch lets others have their turn after this long. */
const BATCH_SLICE_MS = 10;

export interface RpcServer {
  readonly handler: RequestListener;
  /** The calls that are running now, the oldest first. */
  activeCalls(): ActiveCall[];
  /** Fires the signal of every running call, which ends long polls. */
  stop(): void;
}

/** A call that is running. */
export interface ActiveCall {
  readonly method: string;
  /** On the clock of `performance.now()`. */
  readonly startedMs: number;
}

/** Builds the server's application; `listenHttp({ handler, onStop: server.stop })` puts it on a port. */
export function createRpcServer(options: RpcServerOptions): RpcServer {
  const dispatcher = new Dispatcher(options);
  const running = new Set<HttpCall>();

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { origin, authorization } = request.headers;
    if (origin !== undefined) {
      if (!options.allowedOrigins?.includes(origin)) {
        throw new HttpError(403, 'requests from web pages are refused');
      }
      if (allowPage(request, response, origin)) return;
    }
    const path = pathOf(request);
    if (path === '/health' && options.health !== undefined) return answerHealth(response, options.health);
    if (path !== '/') throw new HttpError(404, 'there is nothing here; POST JSON-RPC requests to /');
    if (request.method !== 'POST') {
      response.setHeader('Allow', 'POST');
      throw new HttpError(405, 'JSON-RPC requests are POST requests');
    }
    const user = options.authorize(authorization);
    if (user === undefined) {
      await Promise.all([discardBody(request), sleep(options.unauthorizedDelayMs ?? UNAUTHORIZED_DELAY_MS)]);
      response.setHeader('WWW-Authenticate', 'Basic realm="jsonrpc"');
      throw new HttpError(401, 'the RPC user or password is wrong or missing');
    }
    const body = await readBody(request, BIG_BODY_BYTES);
    const call = new HttpCall(user, request, response);
    running.add(call);
    try {
      const { status, text } = await dispatcher.answer(body, call);
      if (text === undefined) response.writeHead(status).end();
      else send(response, status, JSON_TYPE, text);
    } finally {
      running.delete(call);
    }
  }

  /** Answers what was thrown with its status and one line of text, and closes the connection. */
  async function refuse(request: IncomingMessage, response: ServerResponse, error: unknown): Promise<void> {
    if (!(error instanceof HttpError)) options.log.error({ err: error }, 'the RPC server failed to answer');
    else if (response.destroyed) options.log.debug({ err: error }, 'a client broke its request off');
    const { status, message } = error instanceof HttpError ? error : FAILED;
    await discardBody(request);
    response.setHeader('Connection', 'close');
    send(response, status, TEXT_TYPE, `${message}\n`);
  }

  return {
    handler: (request, response) => {
      answer(request, response).catch((error: unknown) => refuse(request, response, error));
    },
    activeCalls: () => [...dispatcher.active],
    stop: () => {
      for (const call of running) call.abort(new Error('the server is stopping'));
    },
  };
}

/** The caller behind an HTTP request. */
class HttpCall implements RpcContext {
  readonly user: string;
  readonly remoteAddress: string;
  readonly #response: ServerResponse;
  #controller: AbortController | undefined;
  #stopReason: Error | undefined;

  constructor(user: string, request: IncomingMessage, response: ServerResponse) {
    this.user = user;
    this.remoteAddress = request.socket.remoteAddress ?? '';
    this.#response = response;
  }

  /** Made on first use: few methods wait. */
  get signal(): AbortSignal {
    this.#controller ??= this.#watch();
    return this.#controller.signal;
  }

  get gone(): boolean {
    return this.#stopReason !== undefined || this.#response.destroyed;
  }

  abort(reason: Error): void {
    this.#stopReason = reason;
    this.#controller?.abort(reason);
  }

  #watch(): AbortController {
    const controller = new AbortController();
    const response = this.#response;
    const clientGone = (): void => controller.abort(new Error('the client has gone'));
    if (this.#stopReason !== undefined) controller.abort(this.#stopReason);
    else if (response.destroyed) clientGone();
    else response.once('close', () => response.writableFinished || clientGone());
    return controller;
  }
}

interface Reply {
  readonly status: number;
  /** One line of JSON, or nothing at all (204). */
  readonly text?: string;
}

/** A call in the form the dispatcher takes, and what its answer has to look like. */
interface Call {
  readonly legacy: boolean;
  readonly notification: boolean;
  /** As JSON, to be written back. */
  readonly id: string;
  readonly method: string;
  readonly params: JSONRPCParams;
}

interface InvalidCall {
  readonly legacy: boolean;
  readonly id: string;
  readonly error: RpcError;
}

/** The calls of one body, from text to text. */
class Dispatcher {
  readonly active = new Set<ActiveCall>();
  readonly #server: JSONRPCServer<RpcContext>;
  readonly #methods: RpcMethods;
  readonly #options: RpcServerOptions;

  constructor(options: RpcServerOptions) {
    this.#options = options;
    this.#methods = options.methods;
    this.#server = new JSONRPCServer<RpcContext>({ errorListener: () => undefined });
    for (const [name, method] of Object.entries(options.methods)) {
      this.#server.addMethod(name, (params: unknown, context) =>
        method.run(bindArguments(name, method, params), context),
      );
    }
    this.#server.mapErrorToJSONRPCErrorResponse = (id, error) => {
      const { code, message, data } = this.#describe(error);
      return createJSONRPCErrorResponse(id, code, message, data);
    };
  }

  async answer(body: Buffer, context: HttpCall): Promise<Reply> {
    const isBig = body.length > BODY_BYTES;
    if (isBig && !this.#mayBeBig(body)) throw tooLarge(BODY_BYTES);
    const text = body.toString('utf8');
    // Megabytes take their time at every step: others have their turn in between.
    if (isBig) await nextTurn();
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
      if (isBig) await nextTurn();
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'not JSON';
      const refusal = new RpcError(RPC_CODES.parse, `Parse error: ${reason}`);
      return { status: 500, text: `${failure(true, NO_ID, refusal)}\n` };
    }
    return Array.isArray(parsed) ? this.#answerBatch(parsed, context) : this.#answerOne(parsed, context);
  }

  async #answerOne(value: unknown, context: HttpCall): Promise<Reply> {
    const { legacy, text, code } = await this.#execute(value, context);
    if (text === undefined) return { status: 204 };
    const status = code === undefined || !legacy ? 200 : legacyStatus(code);
    return { status, text: `${text}\n` };
  }

  /** Calls of a batch run one after the other, as their senders expect (change something, then ask for it). */
  async #answerBatch(values: readonly unknown[], context: HttpCall): Promise<Reply> {
    const count = values.length;
    if (count > BATCH_CALLS)
      return refusedBatch(`a batch has at most ${BATCH_CALLS} calls, this one ${count}`);
    const texts: string[] = [];
    let chars = 0;
    let sliceEnd = performance.now() + BATCH_SLICE_MS;
    for (const value of values) {
      if (performance.now() > sliceEnd) {
        await nextTurn();
        sliceEnd = performance.now() + BATCH_SLICE_MS;
        if (context.gone) throw BROKEN_OFF;
      }
      const { text } = await this.#execute(value, context);
      if (text === undefined) continue;
      texts.push(text);
      chars += text.length;
      if (chars > BATCH_ANSWER_CHARS) {
        return refusedBatch(
          `the answers exceed ${BATCH_ANSWER_CHARS / 1_000_000} MB; ask in smaller batches`,
        );
      }
    }
    if (texts.length === 0 && count > 0) return { status: 204 };
    return { status: 200, text: `[${texts.join(',')}]\n` };
  }

  /** Runs one call; `text` is undefined for a notification, `code` is set when it failed. */
  async #execute(
    value: unknown,
    context: HttpCall,
  ): Promise<{ legacy: boolean; text?: string; code?: number }> {
    const call = normalise(value);
    if ('error' in call) {
      const { legacy, id, error } = call;
      return { legacy, text: failure(legacy, id, error), code: error.code };
    }
    const { legacy, id } = call;
    const outcome = await this.#run(call, context);
    if (call.notification) return { legacy };
    if (typeof outcome === 'string') return { legacy, text: success(legacy, id, outcome) };
    return { legacy, text: failure(legacy, id, outcome), code: outcome.code };
  }

  /** The result as JSON text, or the error. */
  async #run(call: Call, context: RpcContext): Promise<string | RpcError> {
    if (!Object.hasOwn(this.#methods, call.method)) {
      return new RpcError(RPC_CODES.methodNotFound, `Method not found: ${call.method.slice(0, 100)}`);
    }
    const request = { jsonrpc: '2.0', id: 0, method: call.method, params: call.params } as const;
    const active: ActiveCall = { method: call.method, startedMs: performance.now() };
    this.active.add(active);
    let response: JSONRPCResponse | null;
    try {
      response = await this.#server.receive(request, context);
    } finally {
      this.active.delete(active);
    }
    if (response?.error !== undefined) {
      return new RpcError(response.error.code, response.error.message, response.error.data);
    }
    try {
      return JSON.stringify(response?.result ?? null);
    } catch (error) {
      return this.#describe(error);
    }
  }

  #describe(error: unknown): RpcError {
    if (error instanceof RpcError) return error;
    const known = this.#options.describeError?.(error);
    if (known !== undefined) return known;
    this.#options.log.error({ err: error }, 'an RPC method failed');
    return new RpcError(RPC_CODES.internal, 'internal error, described in the log of the server');
  }

  /** Looks for the name of a method that takes big bodies, before the body is read as text and parsed. */
  #mayBeBig(body: Buffer): boolean {
    return Object.entries(this.#methods).some(
      ([name, method]) => method.bigBody === true && body.includes(`"${name}"`),
    );
  }
}

/** Reads what one value of a body asks for, in either form of the protocol. */
function normalise(value: unknown): Call | InvalidCall {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return invalid(true, NO_ID, 'a request is a JSON object or an array of them');
  }
  const { jsonrpc, id, method, params } = value as Readonly<Record<string, unknown>>;
  const legacy = jsonrpc !== '2.0';
  const idText = textOf(id ?? null);
  if (idText === undefined) return invalid(legacy, NO_ID, 'id is nested too deeply');
  if (!VERSIONS.includes(jsonrpc ?? undefined)) {
    return invalid(legacy, idText, 'jsonrpc must be "2.0", or left out for the old form');
  }
  if (typeof method !== 'string') return invalid(legacy, idText, 'method must be a string');
  if (params !== undefined && params !== null && typeof params !== 'object') {
    return invalid(legacy, idText, 'params must be an array or an object');
  }
  return { legacy, notification: !legacy && id === undefined, id: idText, method, params };
}

/** The JSON of what came as JSON; undefined where it is nested so deeply that writing it exhausts the stack. */
function textOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function invalid(legacy: boolean, id: string, message: string): InvalidCall {
  return { legacy, id, error: new RpcError(RPC_CODES.invalidRequest, `Invalid request: ${message}`) };
}

function success(legacy: boolean, id: string, result: string): string {
  const tail = `"id":${id}}`;
  return legacy ? `{"result":${result},"error":null,${tail}` : `{"jsonrpc":"2.0","result":${result},${tail}`;
}

function failure(legacy: boolean, id: string, { code, message, data }: RpcError): string {
  const error = JSON.stringify({ code, message, data });
  const tail = `"error":${error},"id":${id}}`;
  return legacy ? `{"result":null,${tail}` : `{"jsonrpc":"2.0",${tail}`;
}

/** The path a request asks for, without its query; in origin-form or absolute-form (RFC 9112, 3.2). */
function pathOf({ url = '' }: IncomingMessage): string {
  if (!url.startsWith('/') && URL.canParse(url)) return new URL(url).pathname;
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
}

/**
 * Lets a web page read the answer (Fetch standard, "CORS protocol"); true where it only asked whether it may
 * call, and was told.
 */
function allowPage({ method, headers }: IncomingMessage, response: ServerResponse, origin: string): boolean {
  response.setHeader('Access-Control-Allow-Origin', origin);
  response.setHeader('Vary', 'Origin');
  const isPreflight = method === 'OPTIONS' && Boolean(headers['access-control-request-method']);
  if (!isPreflight) return false;
  response.setHeader('Access-Control-Allow-Methods', 'POST');
  response.setHeader('Access-Control-Allow-Headers', 'Authorization, Content-Type');
  response.setHeader('Access-Control-Max-Age', PREFLIGHT_SECONDS);
  response.writeHead(204).end();
  return true;
}

function legacyStatus(code: number): number {
  if (code === RPC_CODES.invalidRequest) return 400;
  return code === RPC_CODES.methodNotFound ? 404 : 500;
}

/** A batch that is refused as a whole is still a batch: HTTP 200 and an array. */
function refusedBatch(message: string): Reply {
  const error = new RpcError(RPC_CODES.invalidRequest, `Invalid request: ${message}`);
  return { status: 200, text: `[${failure(true, NO_ID, error)}]\n` };
}

async function answerHealth(response: ServerResponse, health: () => unknown): Promise<void> {
  try {
    send(response, 200, JSON_TYPE, `${JSON.stringify(await health())}\n`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    send(response, 503, JSON_TYPE, `${JSON.stringify({ error: reason })}\n`);
  }
}

/** Sends an answer as a whole; to a HEAD request `node:http` sends its header alone. */
function send(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}
