import type { Worker } from 'node:worker_threads';
import { readTemplate, type Template, TemplateError } from '../../protocol/template.ts';
import type { CallOptions, RpcClient } from '../../service/rpc-client.ts';
import { startWorker } from '../../service/worker.ts';
import { type PackedTemplate, unpackTemplate } from './packed-template.ts';

/** What the reading thread is told. */
export interface ReadOrder {
  readonly number: number;
  /** The answer as it came. */
  readonly body: Uint8Array;
  /** Number of the template before, where that thread has read it. */
  readonly former: number | undefined;
}

/** What it answers. */
export interface ReadReport {
  readonly number: number;
  /** The JSON of the answer; in place of a template that was read stands `true`. */
  readonly answer?: unknown;
  readonly packed?: PackedTemplate;
  /** Whether `packed` refers to the template before. */
  readonly knowsFormer?: boolean;
  readonly trouble?: { readonly kind: 'json' | 'template'; readonly message: string };
}

export interface FetchLimits extends CallOptions {
  /** The answer is here, and not read yet. */
  readonly onArrival?: () => void;
}

/** An answer of this size is read within a few milliseconds; beyond it the other thread does it. */
const LARGE_BYTES = 256 * 1024;

/**
 * Gets templates from a node. Up to 4 MB of transactions in hex take more than 100 ms to read and check, in which
 * no share would be answered: a thread of its own does it, started when it is first needed.
 */
export class TemplateFetcher {
  readonly #largeBytes: number;
  #worker: Worker | undefined;
  #isReady = false;
  #lastNumber = 0;
  readonly #waiting = new Map<
    number,
    { accept: (report: ReadReport) => void; reject: (error: Error) => void }
  >();
  /** Which of the thread's templates one of ours is. */
  readonly #numbers = new WeakMap<Template, number>();

  /** @param largeBytes answers of at least this size are read by the other thread */
  constructor(largeBytes: number = LARGE_BYTES) {
    this.#largeBytes = largeBytes;
  }

  /** Whether the other thread is up. */
  get readsElsewhere(): boolean {
    return this.#worker !== undefined && this.#isReady;
  }

  /**
   * Asks for a template and reads it.
   * @param former the template before, with which transactions are shared
   * @throws TemplateError, UnreachableError, RpcCallError
   */
  async fetch(
    client: RpcClient,
    request: object,
    former: Template | undefined,
    { onArrival, ...limits }: FetchLimits,
  ): Promise<Template> {
    let template: Template | undefined;
    const readBody = async (body: Uint8Array): Promise<unknown> => {
      onArrival?.();
      if (body.length < this.#largeBytes || !this.#hasWorker()) return parseHere(body);
      const report = await this.#readElsewhere(body, former);
      template = this.#unpack(report, former);
      return report.answer;
    };
    const result = await client.call('getblocktemplate', [request], { ...limits, readBody });
    return template ?? readTemplate(result, former);
  }

  async stop(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  /** Whether the thread can be given work. Starts it; until it is up, this one reads. */
  #hasWorker(): boolean {
    if (this.#worker !== undefined) return this.#isReady;
    const worker = startWorker(new URL('./template-worker.ts', import.meta.url));
    worker.unref();
    worker.on('message', (message: 'ready' | ReadReport) => this.#onMessage(message));
    worker.on('error', (error) => this.#onEnd(worker, error));
    worker.on('exit', () => this.#onEnd(worker, new Error('the thread that reads templates has ended')));
    this.#worker = worker;
    this.#isReady = false;
    return false;
  }

  #onMessage(message: 'ready' | ReadReport): void {
    if (message === 'ready') {
      this.#isReady = true;
      return;
    }
    this.#waiting.get(message.number)?.accept(message);
    this.#waiting.delete(message.number);
  }

  /** The next large template starts another one. */
  #onEnd(worker: Worker, error: Error): void {
    if (this.#worker === worker) this.#worker = undefined;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  #readElsewhere(body: Uint8Array, former: Template | undefined): Promise<ReadReport> {
    this.#lastNumber += 1;
    const number = this.#lastNumber;
    const known = former && this.#numbers.get(former);
    // A body of this size has its memory for itself, so that it can be handed over.
    const own = body.byteLength === body.buffer.byteLength ? body : Uint8Array.from(body);
    const order: ReadOrder = { number, body: own, former: known };
    return new Promise((accept, reject) => {
      this.#waiting.set(number, { accept, reject });
      this.#worker?.postMessage(order, [own.buffer as ArrayBuffer]);
    });
  }

  /** @throws SyntaxError, TemplateError as the reading thread found them */
  #unpack(report: ReadReport, former: Template | undefined): Template | undefined {
    const { number, packed, knowsFormer, trouble } = report;
    if (trouble?.kind === 'json') throw new SyntaxError(trouble.message);
    if (trouble !== undefined) throw new TemplateError(trouble.message);
    if (packed === undefined) return undefined;
    const template = unpackTemplate(packed, knowsFormer ? former : undefined);
    this.#numbers.set(template, number);
    return template;
  }
}

/** @throws SyntaxError */
function parseHere(body: Uint8Array): unknown {
  return JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.length).toString('utf8'));
}
