import type { Worker } from 'node:worker_threads';
import type { RuleError } from '../../protocol/rules.ts';
import type { Logger } from '../../service/log.ts';
import { startWorker } from '../../service/worker.ts';
import { type SignatureMessage, type Spend, spendsCodec } from './signature-batch.ts';
import type { SignatureChecks } from './signature-checks.ts';

export interface SignatureWorkersOptions {
  /** How many threads to keep once they are needed; with 0 everything is checked in this one. */
  readonly threads: number;
  /** Checks what no thread is there for, and again what a thread did not let pass. */
  readonly local: SignatureChecks;
  readonly log: Logger;
  /** Default: `signature-worker.ts`. */
  readonly startThread?: () => Worker;
}

/** Fewer inputs than this are checked in this thread: about as long as a message takes there and back. */
const MIN_INPUTS = 16;
/** Inputs of a batch: some milliseconds of work. */
const BATCH_INPUTS = 64;
/** Batches a thread is given before it has answered: it never waits for the next one. */
const BATCHES_UNDER_WAY = 2;
/** A thread that takes this long for a batch hangs. */
const BATCH_TIMEOUT_MS = 30_000;
/** So many threads are replaced; after that the checks stay in this thread. */
const MAX_REPLACEMENTS = 10;

interface Job {
  readonly spends: readonly Spend[];
  /** Gives the places of the spends that did not pass; undefined when nobody has checked them. */
  readonly done: (doubtful: readonly number[] | undefined) => void;
}

/**
 * Checks signatures in worker threads, which are kept warm. A thread only ever says which spends it does not
 * let pass: those are checked again here, so that the verdicts and their words are this thread's own. What a
 * thread leaves behind when it fails is checked here, too.
 */
export class SignatureWorkers implements SignatureChecks {
  readonly #local: SignatureChecks;
  readonly #log: Logger;
  readonly #startThread: () => Worker;
  readonly #threads = new Set<SignatureThread>();
  /** How many threads are still to be started. */
  #wanted: number;
  #waiting: Job[] = [];
  #replacements = 0;
  #isStopped = false;

  constructor(options: SignatureWorkersOptions) {
    this.#local = options.local;
    this.#log = options.log.child({ name: 'signatures' });
    this.#startThread =
      options.startThread ?? (() => startWorker(new URL('./signature-worker.ts', import.meta.url)));
    this.#wanted = options.threads;
  }

  /** How many threads are ready. */
  get size(): number {
    return [...this.#threads].filter(({ isReady }) => isReady).length;
  }

  /** Starts the threads. The first spends that are worth it do so, too: a node that sees none needs no threads. */
  warm(): void {
    for (; this.#wanted > 0; this.#wanted--) this.#add();
  }

  async faultsOf(spends: readonly Spend[]): Promise<(RuleError | undefined)[]> {
    if (inputsOf(spends) < MIN_INPUTS) return this.#local.faultsOf(spends);
    this.warm();
    if (this.size === 0) return this.#local.faultsOf(spends);
    const batches = batchesOf(spends);
    return (await Promise.all(batches.map((batch) => this.#check(batch)))).flat();
  }

  /** Ends the threads; what is under way is finished in this one. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#wanted = 0;
    await Promise.all([...this.#threads].map((thread) => thread.stop()));
  }

  async #check(spends: readonly Spend[]): Promise<(RuleError | undefined)[]> {
    const doubtful = await new Promise<readonly number[] | undefined>((done) => {
      this.#waiting.push({ spends, done });
      this.#handOut();
    });
    if (doubtful === undefined) return this.#local.faultsOf(spends);
    const faults = new Array<RuleError | undefined>(spends.length).fill(undefined);
    for (const at of doubtful) {
      const spend = spends[at];
      if (spend === undefined) continue;
      const [fault] = await this.#local.faultsOf([spend]);
      faults[at] = fault;
      if (fault === undefined)
        this.#log.error({ at }, 'a signature thread did not let a right signature pass');
    }
    return faults;
  }

  /** Gives waiting jobs to threads that have room; with no thread left, back to those who wait. */
  #handOut(): void {
    const ready = [...this.#threads].filter(({ isReady }) => isReady);
    while (this.#waiting.length > 0) {
      const [freest] = ready.sort((a, b) => a.underWay - b.underWay);
      if (freest === undefined) break;
      if (freest.underWay >= BATCHES_UNDER_WAY) return;
      const job = this.#waiting.shift();
      if (job !== undefined) freest.give(job);
    }
    for (const job of this.#waiting.splice(0)) job.done(undefined);
  }

  #add(): void {
    const thread = new SignatureThread(this.#startThread(), {
      ready: (verifier) => this.#onReady(thread, verifier),
      freed: () => this.#handOut(),
      failed: (reason, left) => this.#onFailed(thread, reason, left),
    });
    this.#threads.add(thread);
  }

  /** Where the native verifier does not load in a thread, threads are of no use. */
  #onReady(thread: SignatureThread, verifier: string): void {
    if (verifier === 'native') {
      this.#handOut();
      return;
    }
    this.#log.warn(
      'the native verifier does not load in a worker thread: signatures are checked in the main one',
    );
    this.#threads.delete(thread);
    void thread.stop();
  }

  #onFailed(thread: SignatureThread, reason: Error, left: readonly Job[]): void {
    this.#threads.delete(thread);
    if (!this.#isStopped) {
      this.#log.error(
        { err: reason, batches: left.length },
        'a signature thread failed: what it left is checked again in the main thread',
      );
      if (this.#replacements++ < MAX_REPLACEMENTS) this.#add();
    }
    for (const job of left) job.done(undefined);
    this.#handOut();
  }
}

interface ThreadEvents {
  ready(verifier: string): void;
  /** There is room for another batch. */
  freed(): void;
  failed(reason: Error, left: readonly Job[]): void;
}

/** One worker thread and what it is at. */
class SignatureThread {
  readonly #worker: Worker;
  readonly #events: ThreadEvents;
  readonly #jobs = new Map<number, { readonly job: Job; readonly timeout: NodeJS.Timeout }>();
  #lastId = 0;
  #isReady = false;
  #hasFailed = false;

  constructor(worker: Worker, events: ThreadEvents) {
    this.#worker = worker;
    this.#events = events;
    worker.unref();
    worker.on('message', (message: SignatureMessage) => this.#hear(message));
    worker.on('messageerror', (error) => this.#fail(error));
    worker.on('error', (error) => this.#fail(error));
    worker.on('exit', (code) => this.#fail(new Error(`the thread ended with code ${code}`)));
  }

  get isReady(): boolean {
    return this.#isReady && !this.#hasFailed;
  }

  get underWay(): number {
    return this.#jobs.size;
  }

  give(job: Job): void {
    const id = ++this.#lastId;
    const timeout = setTimeout(() => {
      this.#fail(new Error(`no answer within ${BATCH_TIMEOUT_MS} ms`));
      void this.stop();
    }, BATCH_TIMEOUT_MS).unref();
    this.#jobs.set(id, { job, timeout });
    const bytes = spendsCodec.encode(job.spends);
    this.#worker.ref();
    this.#worker.postMessage({ id, bytes });
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }

  #hear(message: SignatureMessage): void {
    if (message.type === 'ready') {
      this.#isReady = true;
      this.#events.ready(message.verifier);
      return;
    }
    const known = this.#jobs.get(message.id);
    if (known === undefined) return;
    this.#jobs.delete(message.id);
    clearTimeout(known.timeout);
    if (this.#jobs.size === 0) this.#worker.unref();
    known.job.done(message.doubtful);
    this.#events.freed();
  }

  #fail(reason: unknown): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    const left = [...this.#jobs.values()];
    this.#jobs.clear();
    for (const { timeout } of left) clearTimeout(timeout);
    const error = reason instanceof Error ? reason : new Error(String(reason));
    this.#events.failed(
      error,
      left.map(({ job }) => job),
    );
  }
}

function inputsOf(spends: readonly Spend[]): number {
  return spends.reduce((sum, { coins }) => sum + coins.length, 0);
}

/** The spends in their order, in runs of about `BATCH_INPUTS` inputs. */
function batchesOf(spends: readonly Spend[]): Spend[][] {
  const batches: Spend[][] = [];
  let inputs = BATCH_INPUTS;
  for (const spend of spends) {
    if (inputs >= BATCH_INPUTS) {
      batches.push([]);
      inputs = 0;
    }
    batches.at(-1)?.push(spend);
    inputs += spend.coins.length;
  }
  return batches;
}
