/** Where the views are. `page.ts` tells the server the same paths. */
export const HOME_PATH = '/';
export const MINED_PATH = '/mined';
export const PAID_PATH = '/paid';
export const CONNECT_PATH = '/connect';

/** A stable link to everything about one address. */
export function addressPath(address: string): string {
  return `/address/${encodeURIComponent(address)}`;
}

export function workerPath(address: string, worker: string): string {
  return `${addressPath(address)}/worker/${encodeURIComponent(worker)}`;
}
