import { dirname, join } from 'node:path';
import type { TokenOwner } from '../../service/http-server/admin-token.ts';

/** Who makes the admin token. */
export const POOL_TOKEN: TokenOwner = { owner: 'the pool' };

/** Where the admin token of a ledger stands: beside it. */
export function adminTokenFile(ledgerFile: string): string {
  return join(dirname(ledgerFile), 'pool.token');
}
