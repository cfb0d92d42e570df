/** Where the views are: never where an answer for programs is. `explorer.ts` tells the server the same paths. */
export const HOME_PATH = '/';
export const BLOCKS_PATH = '/explorer/blocks';
export const MEMPOOL_PATH = '/explorer/mempool';
export const CHARTS_PATH = '/explorer/charts';
export const FORKS_PATH = '/explorer/forks';
export const NETWORK_PATH = '/explorer/network';
export const BROADCAST_PATH = '/explorer/broadcast';
export const BYTES_PATH = '/explorer/bytes';

/** @param id hash or height */
export function blockPath(id: string | number): string {
  return `/explorer/block/${id}`;
}

export function transactionPath(txid: string): string {
  return `/explorer/tx/${txid}`;
}

/** A stable link to everything about one address. */
export function addressPath(address: string): string {
  return `/explorer/address/${encodeURIComponent(address)}`;
}

/** What was typed, looked up. */
export function searchPath(text: string): string {
  return `/explorer/search/${encodeURIComponent(text)}`;
}

/** The same thing byte by byte. */
export function bytesPath(kind: 'header' | 'block' | 'tx', id: string): string {
  return `${BYTES_PATH}/${kind}/${id}`;
}
