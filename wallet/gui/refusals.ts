/** What the page is told when the wallet refuses. */
import { HttpError } from '../../service/http.ts';
import { RpcCallError } from '../../service/rpc-client.ts';
import { UnreachableError } from '../../service/unreachable-error.ts';
import { InsufficientFundsError } from '../payments/coins.ts';
import { WalletError, type WalletErrorCode } from '../wallet-error.ts';

/** Where a refusal is not about what was asked. */
const STATUSES: Partial<Record<WalletErrorCode, number>> = {
  'wrong-passphrase': 403,
  locked: 409,
  'file-replaced': 409,
};

/** A failure that is not the program's own, as an answer; undefined for what nobody foresaw. */
export function refusalOf(error: unknown): HttpError | undefined {
  if (error instanceof InsufficientFundsError) {
    const facts = { missing_nits: String(error.missing) };
    return new HttpError(422, error.message, { code: error.code, facts });
  }
  if (error instanceof WalletError) {
    return new HttpError(STATUSES[error.code] ?? 422, error.message, { code: error.code });
  }
  if (error instanceof UnreachableError) return new HttpError(503, error.message, { code: 'unreachable' });
  if (error instanceof RpcCallError) return new HttpError(422, error.message, { code: 'rejected' });
  if (isFileError(error)) return new HttpError(422, `the wallet's file: ${error.message}`, { code: 'file' });
  return undefined;
}

/** The file system refuses: no permission, no space, a directory in the way. */
function isFileError(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error && 'path' in error;
}
