/** Who a share is credited to: an address, and the name its owner gave the machine. */
export interface Worker {
  /** In the one spelling the network's encoder gives it, so that `DNILZ1…` and `dnilz1…` are one account. */
  readonly address: string;
  /** Empty when the user named only an address. */
  readonly name: string;
}

const WORKER_NAME = /^[A-Za-z0-9._-]{1,64}$/;

/**
 * Splits the user of `mining.authorize`: `ADDRESS`, `ADDRESS.WORKER` or `ADDRESS_WORKER`. Neither separator
 * can stand inside an address, so the first one ends it.
 * @returns the two parts, the address unchecked, or why the text is no user
 */
export function parseUser(user: string): { readonly address: string; readonly name: string } | string {
  const end = user.search(/[._]/);
  const address = end < 0 ? user : user.slice(0, end);
  if (address === '') return 'the user must be ADDRESS or ADDRESS.WORKER';
  if (end < 0) return { address, name: '' };
  const name = user.slice(end + 1);
  if (!WORKER_NAME.test(name)) return 'a worker name is 1 to 64 letters, digits, "." "_" or "-"';
  return { address, name };
}
