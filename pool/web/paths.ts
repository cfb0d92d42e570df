/** Where the views are. `page.ts` tells the server the same paths. */
export const HOME_PATH = '/';
export const MINED_PATH = '/mined';
export const PAID_PATH = '/paid';
export const CONNECT_PATH = '/connect';
/** A page of its own (mine/page.ts): the link leaves the dashboard. */
export const MINE_PATH = '/mine';

/** A stable link to everything about one address. */
export function addressPath(address: string): string {
  return `/address/${encodeURIComponent(address)}`;
}

export function workerPath(address: string, worker: string): string {
  return `${addressPath(address)}/worker/${encodeURIComponent(worker)}`;
}
