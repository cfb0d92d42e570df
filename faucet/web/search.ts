/** The search for a solved challenge, in workers beside the page. */
import { startWorker } from '../../service/web/page-worker.ts';
import { stampOf } from '../challenge/work.ts';
import type { Challenge } from './answers.ts';

/** What a worker is told: it tries `first`, `first + step`, and so on. */
export interface SearchOrder {
  readonly token: string;
  readonly attempts: number;
  readonly first: number;
  readonly step: number;
}

/** What it says: after each attempt that failed nothing but that, and then the nonce. */
export type SearchNews = { readonly tried: number } | { readonly nonce: number };

/** More make the page of a phone slow, and gain little. */
const MOST_WORKERS = 4;

export interface SearchOptions {
  readonly challenge: Pick<Challenge, 'token' | 'attempts'>;
  /** Told how many attempts have failed. */
  readonly onProgress: (tried: number) => void;
  readonly signal: AbortSignal;
}

/**
 * Finds the stamp of a challenge.
 * @throws what the signal was aborted with; Error where a worker fails
 */
export function searchStamp({ challenge, onProgress, signal }: SearchOptions): Promise<string> {
  const { token, attempts } = challenge;
  const step = Math.max(1, Math.min(MOST_WORKERS, navigator.hardwareConcurrency - 1));
  const workers: Worker[] = [];
  let tried = 0;
  const found = new Promise<string>((accept, reject) => {
    signal.throwIfAborted();
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    for (let first = 0; first < step; first += 1) {
      const worker = startWorker('search');
      workers.push(worker);
      worker.addEventListener('message', ({ data }: MessageEvent<SearchNews>) => {
        if ('nonce' in data) {
          accept(stampOf(token, data.nonce));
          return;
        }
        tried += data.tried;
        onProgress(tried);
      });
      worker.addEventListener('error', ({ message }) => reject(new Error(`the work failed: ${message}`)));
      const order: SearchOrder = { token, attempts, first, step };
      worker.postMessage(order);
    }
  });
  return found.finally(() => {
    for (const worker of workers) worker.terminate();
  });
}
