/**
 * A JSON-RPC client over keep-alive HTTP that works with every Bitcoin-shaped node: it reads answers of
 * both forms (old ones come with HTTP 500 for an error) and logs in with a password or a cookie file.
 * `json-rpc-2.0` matches answers to calls; one request carries one call or one batch.
 */
import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { JSONRPCClient, type JSONRPCRequest, type JSONRPCResponse } from 'json-rpc-2.0';
import { z } from 'zod';
import { RpcLogin, type RpcLoginOptions } from './rpc-login.ts';
import { UnreachableError } from './unreachable-error.ts';

export { UnreachableError, type UnreachableReason } from './unreachable-error.ts';

export interface RpcClientOptions extends RpcLoginOptions {
  /** How long an answer may take in all (default 30,000; 0 waits for ever, for long polls). */
  readonly timeoutMs?: number;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Overrides the client's. */
  readonly timeoutMs?: number;
  /**
   * Turns the body of the answer into JSON, in place of `JSON.parse`: for answers so large that reading them would
   * hold up everything else. What it throws is the call's error, but for a SyntaxError: then it was no JSON.
   */
  readonly readBody?: (body: Uint8Array) => unknown;
}

/** Named or positional parameters. */
export type RpcParams = readonly unknown[] | Readonly<Record<string, unknown>>;

export interface RpcClient {
  /** Where the server is, without the password. */
  readonly url: string;
  /**
   * Calls one method.
   * @throws RpcCallError when the server answers with an error, UnreachableError when there is no usable
   * answer, the signal's reason when it fired.
   */
  call(method: string, params?: RpcParams, options?: CallOptions): Promise<unknown>;
  /** The same, with the result parsed by a schema; a result of another shape is an UnreachableError. */
  call<S extends z.ZodType>(
    method: string,
    params: RpcParams,
    options: CallOptions & { readonly schema: S },
  ): Promise<z.output<S>>;
  /** Calls several methods in one request; each gets its result or its error. */
  batch(
    calls: readonly { readonly method: string; readonly params?: RpcParams }[],
    options?: CallOptions,
  ): Promise<(RpcCallError | { readonly result: unknown })[]>;
  /** Closes the idle connections; running calls go on. */
  close(): void;
}

/** The server understood the call and answered with an error. */
export class RpcCallError extends Error {
  override name = 'RpcCallError';
  readonly code: number;
  readonly data: unknown;

  constructor(code: number, message: string, data?: unknown) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

const DEFAULT_TIMEOUT_MS = 30_000;
const MAX_SOCKETS = 32;
const MAX_ANSWER_BYTES = 256_000_000;
/** Of an answer that is none, in the complaint. */
const MAX_QUOTED_BYTES = 100;

/** An answer of either form: the old one has both keys, one of them null. */
const answerSchema = z
  .object({
    id: z.unknown().optional(),
    result: z.unknown().optional(),
    error: z
      .object({
        code: z.number().catch(-1),
        message: z.string().catch('unknown error'),
        data: z.unknown().optional(),
      })
      .nullish(),
  })
  .refine(({ result, error }) => result !== undefined || (error !== undefined && error !== null));

/**
 * Makes a client; nothing is sent before the first call.
 * @throws SettingError when the URL is not an http or https address; it does not repeat it.
 */
export function createRpcClient(options: RpcClientOptions): RpcClient {
  const transport = new Transport(options);
  const rpc = new JSONRPCClient<Exchange>(async (payload: JSONRPCRequest | JSONRPCRequest[], exchange) => {
    try {
      rpc.receive(await transport.exchange(payload, exchange));
    } catch (error) {
      exchange.failure = error;
      throw error;
    }
  });
  let lastId = 0;
  const requestOf = (method: string, params: RpcParams | undefined): JSONRPCRequest => {
    lastId += 1;
    return { jsonrpc: '2.0', id: lastId, method, params: params ?? [] };
  };

  async function call(
    method: string,
    params?: RpcParams,
    callOptions: CallOptions & { readonly schema?: z.ZodType } = {},
  ): Promise<unknown> {
    const exchange: Exchange = { ...callOptions };
    const response = await rpc.requestAdvanced(requestOf(method, params), exchange);
    if (exchange.failure !== undefined) throw exchange.failure;
    if (response.error !== undefined) throw callError(response.error);
    if (callOptions.schema === undefined) return response.result;
    const parsed = callOptions.schema.safeParse(response.result);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw transport.unusable(
      `its answer to ${method} is unexpected at ${issue?.path.join('.') || 'the top'}: ${issue?.message}`,
    );
  }

  return {
    url: transport.url,
    call,
    async batch(calls, callOptions = {}) {
      if (calls.length === 0) return [];
      const exchange: Exchange = { ...callOptions };
      const requests = calls.map(({ method, params }) => requestOf(method, params));
      const responses = await rpc.requestAdvanced(requests, exchange);
      if (exchange.failure !== undefined) throw exchange.failure;
      return responses.map(({ error, result }) => (error === undefined ? { result } : callError(error)));
    },
    close: () => transport.close(),
  };
}

type AnswerValue = z.output<typeof answerSchema>;

/** One request on its way: its limits, and what went wrong with it. */
interface Exchange extends CallOptions {
  failure?: unknown;
}

/** Sends bodies and brings back answers, with login, time-outs and one retry of a dead connection. */
class Transport {
  readonly url: string;
  readonly #login: RpcLogin;
  readonly #options: RpcClientOptions;
  readonly #agent: HttpAgent;

  constructor(options: RpcClientOptions) {
    this.#options = options;
    this.#login = new RpcLogin(options);
    this.url = this.#login.url;
    const agentOptions = { keepAlive: true, maxSockets: MAX_SOCKETS };
    const isTls = this.#login.endpoint.protocol === 'https:';
    this.#agent = isTls ? new HttpsAgent(agentOptions) : new HttpAgent(agentOptions);
  }

  async exchange(payload: JSONRPCRequest | JSONRPCRequest[], exchange: Exchange): Promise<JSONRPCResponse[]> {
    const body = JSON.stringify(payload);
    const signal = this.#signalOf(exchange);
    let answer = await this.#post(body, signal, exchange);
    if (answer.status === 401 && this.#login.forget()) answer = await this.#post(body, signal, exchange);
    if (answer.status === 401 || answer.status === 403) throw this.#login.refused(answer.status);
    const values = await this.#parse(answer, exchange);
    return this.#match(values, Array.isArray(payload) ? payload : [payload]);
  }

  unusable(detail: string): UnreachableError {
    return new UnreachableError(this.url, 'answer', `${this.url} answers, but ${detail}`);
  }

  close(): void {
    this.#agent.destroy();
  }

  #signalOf({ signal, timeoutMs }: Exchange): AbortSignal | undefined {
    const limitMs = timeoutMs ?? this.#options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    if (limitMs === 0) return signal;
    const timeout = AbortSignal.timeout(limitMs);
    return signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
  }

  async #post(body: string, signal: AbortSignal | undefined, exchange: Exchange): Promise<Answer> {
    const authorization = await this.#login.header();
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await post({ url: this.#login.endpoint, agent: this.#agent, authorization, body, signal });
      } catch (error) {
        exchange.signal?.throwIfAborted();
        if (error instanceof StaleConnection && attempt <= MAX_SOCKETS) continue;
        throw this.#explain(error instanceof StaleConnection ? error.cause : error);
      }
    }
  }

  /** Brings the answers into the form of 2.0, one for each call. */
  #match(values: readonly AnswerValue[], calls: readonly JSONRPCRequest[]): JSONRPCResponse[] {
    const byId = new Map(values.map((value) => [value.id, value]));
    return calls.map(({ id = null }) => {
      // A server that could not even read the call answers without its id.
      const value = byId.get(id) ?? (calls.length === 1 ? values[0] : undefined);
      if (value === undefined) throw this.unusable('an answer of the batch is missing');
      const { error, result } = value;
      return error ? { jsonrpc: '2.0', id, error } : { jsonrpc: '2.0', id, result: result ?? null };
    });
  }

  async #parse({ status, body }: Answer, { readBody = parseJson }: Exchange): Promise<AnswerValue[]> {
    let json: unknown;
    // Who reads it may hand the memory on: what the complaint needs is taken before.
    const start = new TextDecoder().decode(body.subarray(0, MAX_QUOTED_BYTES)).trim();
    try {
      json = await readBody(body);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw this.unusable(`not with JSON-RPC (HTTP ${status}: ${start || 'no text'})`);
    }
    const parsed = z.array(answerSchema).safeParse(Array.isArray(json) ? json : [json]);
    if (!parsed.success) throw this.unusable(`not with JSON-RPC (HTTP ${status})`);
    return parsed.data;
  }

  #explain(error: unknown): UnreachableError {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (error instanceof Error && (error.name === 'TimeoutError' || code === 'ETIMEDOUT')) {
      return new UnreachableError(this.url, 'timeout', `${this.url} did not answer in time`, {
        cause: error,
      });
    }
    const setting = this.#options.urlSetting === undefined ? '' : ` or change ${this.#options.urlSetting}`;
    const advice =
      code === 'ECONNREFUSED' ? `nothing listens there; start it${setting}` : connectionAdvice(code, error);
    return new UnreachableError(this.url, 'connection', `cannot reach ${this.url}: ${advice}`, {
      cause: error,
    });
  }
}

interface Answer {
  readonly status: number;
  readonly body: Uint8Array;
}

/** A kept connection turned out to be closed by the other side before it answered. */
class StaleConnection extends Error {}

interface Post {
  readonly url: URL;
  readonly agent: HttpAgent;
  readonly authorization: string;
  readonly body: string;
  readonly signal: AbortSignal | undefined;
}

function post({ url, agent, authorization, body, signal }: Post): Promise<Answer> {
  return new Promise((accept, reject) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const headers = {
      Authorization: authorization,
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(body),
    };
    const request: ClientRequest = send(url, { method: 'POST', agent, headers, ...(signal && { signal }) });
    request.once('error', (error) => {
      const stale =
        request.reusedSocket && 'code' in error && /^(ECONNRESET|EPIPE)$/.test(String(error.code));
      if (signal?.aborted) reject(signal.reason);
      else reject(stale ? new StaleConnection('stale', { cause: error }) : error);
    });
    request.once('response', (response) => {
      readAnswer(response).then(
        (answer) => accept({ status: response.statusCode ?? 0, body: answer }),
        (error: unknown) => reject(signal?.aborted ? signal.reason : error),
      );
    });
    request.end(body);
  });
}

async function readAnswer(response: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_ANSWER_BYTES) throw new Error(`its answer exceeds ${MAX_ANSWER_BYTES / 1_000_000} MB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

/** @throws SyntaxError */
function parseJson(body: Uint8Array): unknown {
  return JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.length).toString('utf8'));
}

function callError({ code, message, data }: { code: number; message: string; data?: unknown }): RpcCallError {
  return new RpcCallError(code, message, data);
}

function connectionAdvice(code: string, error: unknown): string {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'there is no host of this name';
  return error instanceof Error ? error.message : String(error);
}
