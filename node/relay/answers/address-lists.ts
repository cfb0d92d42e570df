/** The long lists of addresses as the node gives them: history, coins, ids, page by page. */
import * as z from 'zod';
import { RPC_ERRORS } from '../../../protocol/rpc.ts';
import { wholeNits } from '../../../protocol/schema.ts';
import type { Height } from '../../../protocol/units.ts';
import { HttpError } from '../../../service/http.ts';
import { RpcCallError } from '../../../service/rpc-client.ts';
import { UtxoAnswer } from '../upstream/node-answers.ts';
import type { NodeCalls } from '../upstream/node-calls.ts';

const count = z.int().nonnegative();
const hash = z.string().regex(/^[0-9a-f]{64}$/);

/** What every page of the node tells beside its items. */
const pageFields = { next: z.string().optional(), height: count, hash };

const HistoryAnswer = z.object({
  transactions: z.array(
    z.object({
      txid: hash,
      height: count,
      time: z.int(),
      satoshis: wholeNits,
      coinbase: z.boolean(),
    }),
  ),
  total: count.optional(),
  ...pageFields,
});
const TxidsAnswer = z.object({ txids: z.array(hash), ...pageFields });
const CoinsAnswer = z.object({ utxos: z.array(UtxoAnswer), ...pageFields });

/** A page that is asked for. */
export interface PageWish {
  readonly limit: number;
  /** The `next` of the page before. */
  readonly mark: string | undefined;
  /** The parameter that carries it, for complaints. */
  readonly parameter: 'before' | 'after';
}

/** A page of confirmed transactions, newest first; `total` where the node knows how many there are. */
export function historyPage(calls: NodeCalls, address: string, wish: PageWish) {
  return readPage(calls, 'getaddresshistory', [address], wish, HistoryAnswer);
}

/** A page of ids of confirmed transactions of any of these addresses from a block on, oldest first. */
export function txidsPage(
  calls: NodeCalls,
  addresses: readonly string[],
  wish: PageWish,
  fromHeight: Height,
) {
  return readPage(calls, 'getaddresstxids', addresses, wish, TxidsAnswer, { start: fromHeight });
}

/** A page of confirmed coins of any of these addresses, oldest first. */
export function coinsPage(calls: NodeCalls, addresses: readonly string[], wish: PageWish) {
  return readPage(calls, 'getaddressutxos', addresses, wish, CoinsAnswer);
}

/**
 * @throws HttpError 409 for a mark that a reorganisation has made void, 400 for one that is none
 */
async function readPage<S extends z.ZodType>(
  calls: NodeCalls,
  method: string,
  addresses: readonly string[],
  { limit, mark, parameter }: PageWish,
  schema: S,
  range: { readonly start?: Height } = {},
): Promise<z.output<S>> {
  try {
    const wish = { addresses, ...range, limit, ...(mark !== undefined && { [parameter]: mark }) };
    return await calls.call(method, [wish], schema);
  } catch (error) {
    if (mark === undefined || !(error instanceof RpcCallError) || !ABOUT_MARKS.includes(error.code))
      throw error;
    const isVoid = error.message.includes('the mark is void');
    throw new HttpError(isVoid ? 409 : 400, `the field "${parameter}": ${error.message}`, {
      ...(isVoid && { code: 'mark-void' }),
      field: parameter,
    });
  }
}

/** The codes that the node complains of a mark with: the addresses were checked before. */
const ABOUT_MARKS: readonly number[] = [
  RPC_ERRORS.invalidParameter,
  RPC_ERRORS.typeError,
  RPC_ERRORS.invalidParams,
];
