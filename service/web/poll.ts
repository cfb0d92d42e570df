/** A resource that is asked for again and again, more slowly while it fails and not while nobody looks. */

/** Reads an answer; throws where it is not what was expected. */
export type Reader<T> = (body: unknown) => T;

const TIMEOUT_MS = 15_000;
const TOO_MANY_REQUESTS = 429;
const FIRST_SERVER_ERROR = 500;

/** The server answered, but with a refusal; `message` is its own word. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly status: number;
  /** Which refusal it is; undefined where the server gives none. */
  readonly code: string | undefined;
  /** What else the server says of it, as it came. */
  readonly facts: object;

  constructor(status: number, message: string, code?: string, facts: object = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.facts = facts;
  }

  /** Whether the same question may get an answer in a moment: too much was asked, or the server is in trouble. */
  get isPassing(): boolean {
    return this.status === TOO_MANY_REQUESTS || this.status >= FIRST_SERVER_ERROR;
  }
}

/**
 * Asks for a resource once.
 * @throws RefusedError for any status but 2xx; what `read` throws; what `fetch` throws while nobody answers
 */
export async function ask<T>(url: string, read: Reader<T>, signal?: AbortSignal): Promise<T> {
  return answered(
    await fetch(url, { headers: { Accept: 'application/json' }, signal: timeLimit(signal) }),
    read,
  );
}

/**
 * Hands something in.
 * @throws as {@link ask} does
 */
export async function post<T>(url: string, body: unknown, read: Reader<T>, signal?: AbortSignal): Promise<T> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { Accept: 'application/json', 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
    signal: timeLimit(signal),
  });
  return answered(response, read);
}

function timeLimit(signal: AbortSignal | undefined): AbortSignal {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  return signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
}

async function answered<T>(response: Response, read: Reader<T>): Promise<T> {
  const body: unknown = await response.json().catch(() => undefined);
  if (response.ok) return read(body);
  const { code, message, facts } = errorOf(body);
  throw new RefusedError(response.status, message ?? `HTTP ${response.status}`, code, facts);
}

/** Services say `{error: "words"}` or `{error: {code, message, …}}`. */
function errorOf(body: unknown): { code?: string; message?: string; facts?: object } {
  if (typeof body !== 'object' || body === null || !('error' in body)) return {};
  const { error } = body;
  if (typeof error === 'string') return { message: error };
  if (typeof error !== 'object' || error === null) return {};
  return {
    facts: error,
    ...('code' in error && typeof error.code === 'string' && { code: error.code }),
    ...('message' in error && typeof error.message === 'string' && { message: error.message }),
  };
}

export interface PollOptions<T> {
  readonly url: () => string;
  readonly read: Reader<T>;
  readonly onData: (data: T) => void;
  readonly onError: (error: unknown) => void;
  readonly intervalMs: number;
}

const FIRST_RETRY_MS = 2_000;
const LONGEST_RETRY_MS = 30_000;
/** Two wishes within this time are one request. */
const SOON_MS = 250;

export class Poll<T> {
  /** Resolves with the first answer, whatever it is. */
  readonly first: Promise<void>;
  readonly #options: PollOptions<T>;
  readonly #ending = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asking = false;
  /** Wished for while it was being asked for already. */
  #again = false;
  #failures = 0;

  constructor(options: PollOptions<T>) {
    this.#options = options;
    const { signal } = this.#ending;
    document.addEventListener('visibilitychange', () => !document.hidden && this.soon(), { signal });
    this.first = this.#ask();
  }

  /** Asks at once, or nearly. */
  soon(): void {
    if (this.#ending.signal.aborted) return;
    this.#again = true;
    if (this.#asking) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#ask(), SOON_MS);
  }

  close(): void {
    this.#ending.abort();
    clearTimeout(this.#timer);
  }

  async #ask(): Promise<void> {
    const { url, read, onData, onError } = this.#options;
    const { signal } = this.#ending;
    const address = url();
    this.#asking = true;
    this.#again = false;
    try {
      const data = await ask(address, read, signal);
      this.#failures = 0;
      if (!signal.aborted) onData(data);
    } catch (error) {
      const isAnswer = error instanceof RefusedError && !error.isPassing;
      this.#failures = isAnswer ? 0 : this.#failures + 1;
      if (!signal.aborted) onError(error);
    } finally {
      this.#asking = false;
    }
    if (signal.aborted || document.hidden) return;
    this.#again ||= address !== url();
    this.#timer = setTimeout(() => void this.#ask(), this.#pauseMs());
  }

  #pauseMs(): number {
    if (this.#again) return SOON_MS;
    if (this.#failures === 0) return this.#options.intervalMs;
    return Math.min(FIRST_RETRY_MS * 2 ** (this.#failures - 1), LONGEST_RETRY_MS);
  }
}
