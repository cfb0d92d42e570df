/** Requests to one HTTP server over kept connections, and in plain words what goes wrong with them. */
import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { ConnectionOptions } from 'node:tls';
import { UnreachableError } from './unreachable-error.ts';

/** Whose certificates are believed, where the address asks for TLS; without it those that Node.js knows. */
export type TlsTrustOptions = Pick<
  ConnectionOptions,
  'rejectUnauthorized' | 'secureContext' | 'checkServerIdentity'
>;

export interface HttpExchangeOptions {
  /** `http:` or `https:`, without user and password. */
  readonly endpoint: URL;
  /** The setting that says where the server is, for messages: `--node-url`. */
  readonly urlSetting?: string | undefined;
  readonly tls?: TlsTrustOptions | undefined;
  /** A longer answer is none (default 256 MB). */
  readonly maxAnswerBytes?: number;
}

export interface HttpQuestion {
  readonly method: 'GET' | 'POST';
  /** In place of the endpoint's own path. */
  readonly path?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
}

/** When to give up. */
export interface HttpPatience {
  /** The caller's own wish: its reason is what is thrown. */
  readonly signal?: AbortSignal | undefined;
  /** For the whole answer; 0 waits for ever. */
  readonly timeoutMs: number;
}

const MAX_SOCKETS = 32;
const MAX_ANSWER_BYTES = 256_000_000;

/** Sends requests and brings back answers, with a time limit and another try where a kept connection was dead. */
export class HttpExchange {
  /** Where the server is, without a slash at its end. */
  readonly url: string;
  readonly #options: HttpExchangeOptions;
  readonly #agent: HttpAgent;

  constructor(options: HttpExchangeOptions) {
    const { endpoint, tls } = options;
    this.#options = options;
    this.url = endpoint.href.replace(/\/$/, '');
    const agentOptions = { keepAlive: true, maxSockets: MAX_SOCKETS };
    this.#agent =
      endpoint.protocol === 'https:'
        ? new HttpsAgent({ ...agentOptions, ...tls })
        : new HttpAgent(agentOptions);
  }

  /**
   * Sends one request; answers of any status are answers.
   * @throws UnreachableError when there is none, the signal's reason when it fired
   */
  async send(question: HttpQuestion, { signal, timeoutMs }: HttpPatience): Promise<HttpAnswer> {
    const end = endOf(signal, timeoutMs);
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#attempt(question, end);
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof StaleConnection && attempt <= MAX_SOCKETS) continue;
        throw this.#explain(error instanceof StaleConnection ? error.cause : error);
      }
    }
  }

  /** The error of an answer that cannot be used. @param detail what is wrong, after "answers, but" */
  unusable(detail: string): UnreachableError {
    return new UnreachableError(this.url, 'answer', `${this.url} answers, but ${detail}`);
  }

  /** Closes the idle connections; running requests go on. */
  close(): void {
    this.#agent.destroy();
  }

  #attempt(question: HttpQuestion, end: AbortSignal | undefined): Promise<HttpAnswer> {
    const { endpoint, maxAnswerBytes = MAX_ANSWER_BYTES } = this.#options;
    const { method, path, headers, body } = question;
    return new Promise((accept, reject) => {
      const send = endpoint.protocol === 'https:' ? httpsRequest : httpRequest;
      const request: ClientRequest = send(endpoint, {
        method,
        agent: this.#agent,
        headers: { ...headers, ...(body !== undefined && { 'Content-Length': Buffer.byteLength(body) }) },
        ...(path !== undefined && { path }),
        ...(end && { signal: end }),
      });
      request.once('error', (error) => {
        const stale =
          request.reusedSocket && 'code' in error && /^(ECONNRESET|EPIPE)$/.test(String(error.code));
        if (end?.aborted) reject(end.reason);
        else reject(stale ? new StaleConnection('stale', { cause: error }) : error);
      });
      request.once('response', (response) => {
        const { statusCode: status = 0, headers: answered } = response;
        readAnswer(response, maxAnswerBytes).then(
          (bytes) => accept({ status, headers: answered, body: bytes }),
          (error: unknown) => reject(end?.aborted ? end.reason : error),
        );
      });
      request.end(body);
    });
  }

  #explain(error: unknown): UnreachableError {
    const { url } = this;
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (error instanceof Error && (error.name === 'TimeoutError' || code === 'ETIMEDOUT')) {
      return new UnreachableError(url, 'timeout', `${url} did not answer in time`, { cause: error });
    }
    const { urlSetting } = this.#options;
    const setting = urlSetting === undefined ? '' : ` or change ${urlSetting}`;
    const advice =
      code === 'ECONNREFUSED' ? `nothing listens there; start it${setting}` : connectionAdvice(code, error);
    return new UnreachableError(url, 'connection', `cannot reach ${url}: ${advice}`, { cause: error });
  }
}

/** A kept connection turned out to be closed by the other side before it answered. */
class StaleConnection extends Error {}

function endOf(signal: AbortSignal | undefined, timeoutMs: number): AbortSignal | undefined {
  if (timeoutMs === 0) return signal;
  const timeout = AbortSignal.timeout(timeoutMs);
  return signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
}

async function readAnswer(response: IncomingMessage, limitBytes: number): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > limitBytes) throw new Error(`its answer exceeds ${limitBytes / 1_000_000} MB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

function connectionAdvice(code: string, error: unknown): string {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'there is no host of this name';
  return error instanceof Error ? error.message : String(error);
}
