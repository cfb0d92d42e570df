/** Worker threads that run TypeScript sources, as the main thread does. */
import { Worker, type WorkerOptions } from 'node:worker_threads';

/**
 * Starts a worker thread from a TypeScript module.
 *
 * The loader that the main thread registered does not reach worker threads (Node 20), so the thread first
 * registers it for itself and then imports the module. `workerData`, messages, `terminate()` and the events
 * are those of `node:worker_threads`; a module that fails to load arrives as an `error` event.
 *
 * @param entry module to run, as `new URL('./name.ts', import.meta.url)`
 */
export function startWorker(entry: URL, options: Omit<WorkerOptions, 'eval'> = {}): Worker {
  const loader = import.meta.resolve('tsx/esm/api');
  const bootstrap = `
    import(${JSON.stringify(loader)}).then(({ register }) => {
      register();
      return import(${JSON.stringify(entry.href)});
    });`;
  return new Worker(bootstrap, { ...options, eval: true });
}
