/** Where the views are. `page.ts` tells the server the same paths. */
export const WALLETS_PATH = '/wallets';
export const CREATE_PATH = '/create';
export const RESTORE_PATH = '/restore';
export const WATCH_PATH = '/watch';

export const OVERVIEW_PATH = '/overview';
export const RECEIVE_PATH = '/receive';
export const SEND_PATH = '/send';
export const HISTORY_PATH = '/history';
export const ADDRESSES_PATH = '/addresses';
export const CONTACTS_PATH = '/contacts';
export const TOOLS_PATH = '/tools';
export const SIGN_PATH = '/tools/sign';
export const VERIFY_PATH = '/tools/verify';
export const PSBT_PATH = '/tools/psbt';
export const SETTINGS_PATH = '/settings';
export const MORE_PATH = '/more';

/** One transaction of the open wallet. @param txid as shown */
export function transactionPath(txid: string): string {
  return `/transaction/${txid}`;
}
