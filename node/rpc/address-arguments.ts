import * as z from 'zod';
import { displayHash } from '../../protocol/bytes.ts';
import { RPC_ERRORS } from '../../protocol/rpc.ts';
import { hex, num, str } from '../../service/rpc-result.ts';
import { RpcError } from '../../service/rpc-server.ts';
import { readMark, showMark, VoidMarkError } from '../chain/address-mark.ts';
import type { AddressPage } from '../chain/address-page.ts';

/** Most addresses one call may ask about. */
const MAX_ADDRESSES = 1_000;
/** Most items of a page, and as many as there are where a call does not say. */
const MAX_LIMIT = 1_000;
export const DEFAULT_LIMIT = 100;

const addresses = z.array(z.string()).min(1).max(MAX_ADDRESSES).describe('the addresses');
const start = z.int().nonnegative().optional().describe('height to begin at');
const end = z.int().nonnegative().optional().describe('height to end with');
const limit = z.int().min(1).max(MAX_LIMIT).optional().describe('most items of a page');
const mark = z
  .string()
  .transform((text, context) => {
    const found = readMark(text);
    if (found !== undefined) return found;
    const message = `"${text.slice(0, 80)}" is not the "next" of a page`;
    // The type is right: with `continue` the union of text and object says what is wrong, not that neither fits.
    context.addIssue({ code: 'custom', message, continue: true });
    return z.NEVER;
  })
  .optional()
  .describe('"next" of the page before');

/** One address as text stands for an object with nothing else. */
const single = z.string().transform((address) => ({
  addresses: [address],
  start: undefined,
  end: undefined,
  limit: undefined,
  after: undefined,
  before: undefined,
}));

const ADDRESSES = 'an address, or {"addresses":["…"]} with up to 1,000 of them';
const PAGE = `"limit" (1 to ${MAX_LIMIT.toLocaleString('en-US')}) for one page of so many`;
const AFTER = `${PAGE} and "after" ("next" of the page before) for the following one`;

export const addressesParam = {
  name: 'addresses',
  schema: z.union([single, z.object({ addresses })]),
  help: ADDRESSES,
} as const;

export const addressesInRangeParam = {
  name: 'addresses',
  schema: z.union([single, z.object({ addresses, start, end })]),
  help: `${ADDRESSES}, and perhaps "start" and "end" (heights, both included)`,
} as const;

export const coinsParam = {
  name: 'addresses',
  schema: z.union([single, z.object({ addresses, limit, after: mark })]),
  help: `${ADDRESSES}, and perhaps ${AFTER}`,
} as const;

export const transactionsParam = {
  name: 'addresses',
  schema: z.union([single, z.object({ addresses, start, end, limit, after: mark })]),
  help: `${ADDRESSES}, and perhaps "start" and "end" (heights, both included), ${AFTER}`,
} as const;

export const historyParam = {
  name: 'addresses',
  schema: z.union([single, z.object({ addresses, limit, before: mark })]),
  help: `${ADDRESSES}, and perhaps ${PAGE} (default ${DEFAULT_LIMIT}) and "before" ("next" of the page before) for the following one`,
} as const;

/** What every page tells beside its items. */
export const PAGE_FIELDS = {
  next: str('where the next page begins; left out on the last one, which may be empty').optional(),
  height: num('of the tip that the page is as of'),
  hash: hex('of that tip'),
} as const;

export function pageJson({ tip, next }: AddressPage<unknown>) {
  return { ...(next && { next: showMark(next) }), height: tip.height, hash: displayHash(tip.hash) };
}

/** Waits for a page. @throws RpcError −8 when a reorganisation has made the mark void */
export async function pageOrRefusal<Page>(reading: Promise<Page>): Promise<Page> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof VoidMarkError) throw new RpcError(RPC_ERRORS.invalidParameter, error.message);
    throw error;
  }
}
