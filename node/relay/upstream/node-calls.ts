import type * as z from 'zod';
import { HttpError } from '../../../service/http.ts';
import {
  RpcCallError,
  type RpcClient,
  type RpcParams,
  UnreachableError,
} from '../../../service/rpc-client.ts';

/** What readers may ask of the node at the same time, and how many questions may wait. */
export interface CallLimits {
  readonly running: number;
  readonly waiting: number;
}

/** Calls that are gathered into one request. */
const MAX_GATHERED = 50;
const RETRY_SECONDS = 1;
/** A question that had to wait longer than this before it was sent is not sent any more. */
const MAX_WAIT_MS = 10_000;

interface Waiting {
  readonly sinceMs: number;
  accept(): void;
  reject(error: Error): void;
}

interface Gathered {
  readonly method: string;
  readonly params: RpcParams;
  accept(result: unknown): void;
  reject(error: unknown): void;
}

/** The node's RPC as the relay uses it: with a bound on what runs and waits, and small calls sent together. */
export class NodeCalls {
  /** Calls and requests since the start. */
  calls = 0;
  requests = 0;
  /** Questions refused because too many waited, or they for too long. */
  refused = 0;
  readonly #client: RpcClient;
  readonly #limits: CallLimits;
  #running = 0;
  readonly #waiting: Waiting[] = [];
  readonly #steadyMs: () => number;
  #gathered: Gathered[] = [];

  constructor(client: RpcClient, limits: CallLimits, steadyMs: () => number) {
    this.#client = client;
    this.#limits = limits;
    this.#steadyMs = steadyMs;
  }

  get url(): string {
    return this.#client.url;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Calls a method that may take its time.
   * @throws RpcCallError, UnreachableError, HttpError 503 while too many calls wait
   */
  async call<S extends z.ZodType>(method: string, params: RpcParams, schema: S): Promise<z.output<S>> {
    this.calls += 1;
    this.requests += 1;
    return await this.#admitted(() => this.#client.call(method, params, { schema }));
  }

  /** Calls a method that is quick; those of the same moment go out as one request. Throws the same. */
  async quick<S extends z.ZodType>(method: string, params: RpcParams, schema: S): Promise<z.output<S>> {
    const result = await new Promise<unknown>((accept, reject) => {
      if (this.#gathered.length === 0) setImmediate(() => this.#sendGathered());
      this.#gathered.push({ method, params, accept, reject });
    });
    const parsed = schema.safeParse(result);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    const where = issue?.path.join('.') || 'the top';
    const detail = `its answer to ${method} is unexpected at ${where}: ${issue?.message}`;
    throw new UnreachableError(this.url, 'answer', `${this.url} answers, but ${detail}`);
  }

  #sendGathered(): void {
    const all = this.#gathered;
    this.#gathered = [];
    for (let at = 0; at < all.length; at += MAX_GATHERED)
      void this.#sendBatch(all.slice(at, at + MAX_GATHERED));
  }

  async #sendBatch(batch: readonly Gathered[]): Promise<void> {
    this.calls += batch.length;
    this.requests += 1;
    try {
      const answers = await this.#admitted(() => this.#client.batch(batch));
      for (const [index, each] of batch.entries()) {
        const answer = answers[index];
        if (answer === undefined) each.reject(new Error('an answer of a batch is missing'));
        else if (answer instanceof RpcCallError) each.reject(answer);
        else each.accept(answer.result);
      }
    } catch (error) {
      for (const each of batch) each.reject(error);
    }
  }

  /** Tells all who wait for the node that it has gone. */
  abandon(error: Error): void {
    for (const each of this.#waiting.splice(0)) each.reject(error);
  }

  async #admitted<T>(send: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#limits.running) {
      if (this.#waiting.length >= this.#limits.waiting) throw this.#busy();
      await new Promise<void>((accept, reject) => {
        this.#waiting.push({ sinceMs: this.#steadyMs(), accept, reject });
      });
    } else this.#running += 1;
    try {
      return await send();
    } finally {
      this.#handOn();
    }
  }

  /** Whoever ends hands its place on, so that nobody who comes new gets in between. */
  #handOn(): void {
    const nowMs = this.#steadyMs();
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      if (nowMs - next.sinceMs <= MAX_WAIT_MS) {
        next.accept();
        return;
      }
      next.reject(this.#busy());
    }
    this.#running -= 1;
  }

  #busy(): HttpError {
    this.refused += 1;
    return new HttpError(503, 'the node has too many questions to answer', {
      code: 'node-busy',
      retryAfterSeconds: RETRY_SECONDS,
    });
  }
}
