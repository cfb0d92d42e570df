import { dirname, join } from 'node:path';
import {
  type AdminToken,
  openAdminToken,
  readAdminToken,
  type TokenOwner,
} from '../../service/http-server/admin-token.ts';

export const EDGE_TOKEN_FILE = 'pool-edge.token';
const EDGE_TOKEN: TokenOwner = { owner: 'the pool', kind: 'edge token' };

/** Where the token stands that edges show: beside the ledger, unless `--edge-token` says otherwise. */
export function edgeTokenFile(ledgerFile: string): string {
  return join(dirname(ledgerFile), EDGE_TOKEN_FILE);
}

/** The pool's side: made at the first start, for its owner alone to read. @throws DirectoryError */
export function openEdgeToken(file: string): Promise<AdminToken> {
  return openAdminToken(file, EDGE_TOKEN);
}

/** The edge's side. @throws DirectoryError when there is no such file, or no token in it */
export function readEdgeToken(file: string): Promise<string> {
  return readAdminToken(file, EDGE_TOKEN);
}
