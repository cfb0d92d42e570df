/**
 * A client of JSON over HTTP: answers are parsed by schemas, and a server that asks to come back later (429 or 503
 * with `Retry-After`, RFC 6585 and RFC 9110) is asked again then.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { SettingError } from './config.ts';
import { type HttpAnswer, HttpExchange, type HttpQuestion } from './http-exchange.ts';
import { UnreachableError } from './unreachable-error.ts';

export interface RestClientOptions {
  /** `http://host:port` or `https://…`, with or without a path that all paths come behind. */
  readonly url: string;
  /** The setting that says so, for messages: `--server-url`. */
  readonly urlSetting?: string;
  /** How long an answer may take (default 30,000). */
  readonly timeoutMs?: number;
  /** How long to wait in all for a server that asks for it, for each answer (default 120,000). */
  readonly patienceMs?: number;
  /** A longer answer is none (default 256 MB). */
  readonly maxAnswerBytes?: number;
  /** Waits. Default: by the machine's clock. */
  readonly sleep?: (ms: number, signal: AbortSignal | undefined) => Promise<unknown>;
}

export interface AskOptions<S extends z.ZodType> {
  /** What the answer must look like. */
  readonly schema: S;
  /** Statuses that carry such an answer (default 200). */
  readonly statuses?: readonly number[];
  readonly signal?: AbortSignal;
}

export interface RestClient {
  /** Where the server is, without user and password. */
  readonly url: string;
  /**
   * Asks for what is at a path.
   * @throws RefusedRequestError when the server finds fault with the request, UnreachableError when there is no
   * usable answer, the signal's reason when it fired
   */
  get<S extends z.ZodType>(path: string, options: AskOptions<S>): Promise<z.output<S>>;
  /** Hands something in. Throws the same. */
  post<S extends z.ZodType>(path: string, body: object, options: AskOptions<S>): Promise<z.output<S>>;
  /** Closes the idle connections; running requests go on. */
  close(): void;
}

/** The server understood the request and refuses it (status 400 to 499). */
export class RefusedRequestError extends Error {
  override readonly name = 'RefusedRequestError';
  readonly status: number;
  /** What else the server says of it: its word for what is wrong as `code`, and more. */
  readonly facts: Readonly<Record<string, unknown>>;

  constructor(message: string, status: number, facts: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.status = status;
    this.facts = facts;
  }
}

const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_PATIENCE_MS = 120_000;
/** For a server that asks to come back without saying when. */
const DEFAULT_RETRY_SECONDS = 1;

/** Characters of a server's sentence that are repeated. */
const MAX_MESSAGE = 300;

/** `{"error": {"code", "message", …}}`, the body of a refusal. */
const errorSchema = z.object({ error: z.looseObject({ message: z.string() }) });

/**
 * Makes a client; nothing is sent before the first question.
 * @throws SettingError when the URL is not an http or https address
 */
export function createRestClient(options: RestClientOptions): RestClient {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, patienceMs = DEFAULT_PATIENCE_MS } = options;
  const endpoint = endpointOf(options);
  const base = endpoint.pathname.replace(/\/+$/, '');
  const pause = options.sleep ?? ((ms, signal) => sleep(ms, undefined, { signal }));
  const http = new HttpExchange({
    endpoint,
    urlSetting: options.urlSetting,
    ...(options.maxAnswerBytes !== undefined && { maxAnswerBytes: options.maxAnswerBytes }),
  });

  async function ask<S extends z.ZodType>(
    question: HttpQuestion,
    wanted: AskOptions<S>,
  ): Promise<z.output<S>> {
    const { schema, statuses = [200], signal } = wanted;
    const answer = await patiently(question, statuses, signal);
    if (!statuses.includes(answer.status)) throw complaint(http, answer);
    const parsed = schema.safeParse(json(answer));
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    const where = issue?.path.join('.') || 'the top';
    throw http.unusable(`its answer to ${question.path} is unexpected at ${where}: ${issue?.message}`);
  }

  async function patiently(
    question: HttpQuestion,
    statuses: readonly number[],
    signal: AbortSignal | undefined,
  ): Promise<HttpAnswer> {
    for (let leftMs = patienceMs; ; ) {
      const answer = await http.send(question, { signal, timeoutMs });
      const seconds = statuses.includes(answer.status) ? undefined : retrySeconds(answer);
      if (seconds === undefined) return answer;
      leftMs -= seconds * 1_000;
      if (leftMs < 0) {
        const message = `${http.url} is busy: it asks to come back in ${seconds} s`;
        throw new UnreachableError(http.url, 'busy', message);
      }
      await pause(seconds * 1_000, signal);
    }
  }

  return {
    url: http.url,
    get: (path, wanted) => ask({ method: 'GET', path: `${base}${path}` }, wanted),
    post: (path, body, wanted) =>
      ask(
        {
          method: 'POST',
          path: `${base}${path}`,
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify(body),
        },
        wanted,
      ),
    close: () => http.close(),
  };
}

/** User and password are no part of it: such a server asks for none, and must not be told those of another. */
function endpointOf({ url: text, urlSetting = 'the URL of a server' }: RestClientOptions): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new SettingError(`${urlSetting}: must have the form http://HOST:PORT`);
  }
  for (const part of ['username', 'password', 'search', 'hash'] as const) url[part] = '';
  return url;
}

/** In how many seconds to ask again; undefined unless the server wants that. */
function retrySeconds({ status, headers }: HttpAnswer): number | undefined {
  const after = headers['retry-after'];
  if (status !== 429 && !(status === 503 && after !== undefined)) return undefined;
  if (after === undefined) return DEFAULT_RETRY_SECONDS;
  // It may also be a date (RFC 9110, 10.2.3); then its clock and ours would have to agree.
  return /^\d{1,9}$/.test(after) ? Math.max(1, Number(after)) : DEFAULT_RETRY_SECONDS;
}

function complaint(http: HttpExchange, answer: HttpAnswer): Error {
  const { status, headers } = answer;
  if (status >= 300 && status < 400) {
    return http.unusable(`is elsewhere now (HTTP ${status}): ${headers.location ?? 'it does not say where'}`);
  }
  const refusal = errorSchema.safeParse(json(answer));
  if (!refusal.success) return http.unusable(`not as expected (HTTP ${status})`);
  const { message: text, ...facts } = refusal.data.error;
  const message = oneLine(text);
  return status >= 500
    ? http.unusable(`cannot help: ${message}`)
    : new RefusedRequestError(message, status, facts);
}

/** A stranger's words as part of a message: one line of letters that cannot steer a terminal, and not without end. */
function oneLine(text: string): string {
  const readable = text.replaceAll(/\s+/g, ' ').replaceAll(/[\p{Cc}\p{Bidi_Control}]/gu, '\ufffd');
  return readable.length > MAX_MESSAGE ? `${readable.slice(0, MAX_MESSAGE)}…` : readable;
}

/** Undefined for what is no JSON. */
function json({ body }: HttpAnswer): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}
