/**
 * A JSON-RPC client over keep-alive HTTP that works with every Bitcoin-shaped node: it reads answers of
 * both forms (old ones come with HTTP 500 for an error) and logs in with a password or a cookie file.
 * `json-rpc-2.0` matches answers to calls; one request carries one call or one batch.
 */
import { JSONRPCClient, type JSONRPCRequest, type JSONRPCResponse } from 'json-rpc-2.0';
import { z } from 'zod';
import { type HttpAnswer, HttpExchange, type TlsTrustOptions } from './http-exchange.ts';
import { RpcLogin, type RpcLoginOptions } from './rpc-login.ts';
import type { UnreachableError } from './unreachable-error.ts';

export { UnreachableError, type UnreachableReason } from './unreachable-error.ts';

export interface RpcClientOptions extends RpcLoginOptions {
  /** How long an answer may take in all (default 30,000; 0 waits for ever, for long polls). */
  readonly timeoutMs?: number;
  readonly tls?: TlsTrustOptions | undefined;
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

/** Sends bodies and brings back answers, with login and one more try with a new cookie. */
class Transport {
  readonly url: string;
  readonly #login: RpcLogin;
  readonly #timeoutMs: number;
  readonly #http: HttpExchange;

  constructor(options: RpcClientOptions) {
    this.#login = new RpcLogin(options);
    this.url = this.#login.url;
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const { urlSetting, tls } = options;
    this.#http = new HttpExchange({ endpoint: this.#login.endpoint, urlSetting, tls });
  }

  async exchange(payload: JSONRPCRequest | JSONRPCRequest[], exchange: Exchange): Promise<JSONRPCResponse[]> {
    const body = JSON.stringify(payload);
    let answer = await this.#post(body, exchange);
    if (answer.status === 401 && this.#login.forget()) answer = await this.#post(body, exchange);
    if (answer.status === 401 || answer.status === 403) throw this.#login.refused(answer.status);
    const values = await this.#parse(answer, exchange);
    return this.#match(values, Array.isArray(payload) ? payload : [payload]);
  }

  unusable(detail: string): UnreachableError {
    return this.#http.unusable(detail);
  }

  close(): void {
    this.#http.close();
  }

  async #post(body: string, { signal, timeoutMs }: Exchange): Promise<HttpAnswer> {
    const headers = { Authorization: await this.#login.header(), 'Content-Type': 'application/json' };
    return this.#http.send(
      { method: 'POST', headers, body },
      { signal, timeoutMs: timeoutMs ?? this.#timeoutMs },
    );
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

  async #parse({ status, body }: HttpAnswer, { readBody = parseJson }: Exchange): Promise<AnswerValue[]> {
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
}

/** @throws SyntaxError */
function parseJson(body: Uint8Array): unknown {
  return JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.length).toString('utf8'));
}

function callError({ code, message, data }: { code: number; message: string; data?: unknown }): RpcCallError {
  return new RpcCallError(code, message, data);
}
