/** All that the relay answers; `/openapi.json` says the same. */
import * as z from 'zod';
import {
  RelayAddress,
  RelayAddresses,
  RelayBlock,
  RelayBroadcast,
  RelayChain,
  RelayCoins,
  RelayFees,
  RelayHex,
  RelayMempool,
  RelayTemplate,
  RelayTransaction,
  RelayTransactions,
  RelayTxids,
  RelayUsed,
} from '../../../protocol/relay.ts';
import { RelayCharts, RelayPeers, RelaySearch, RelayTips } from '../../../protocol/relay-views.ts';
import { wholeNumberText } from '../../../service/http-server/request-fields.ts';
import {
  addressAnswer,
  addressesAnswer,
  coinsAnswer,
  readAddress,
  txidsAnswer,
  usedAnswer,
} from '../answers/address-answers.ts';
import type { PageWish } from '../answers/address-lists.ts';
import {
  blockAnswer,
  blockHexAnswer,
  chainAnswer,
  headerHexAnswer,
  tipsAnswer,
} from '../answers/chain-answers.ts';
import { feesAnswer, mempoolAnswer, templateAnswer } from '../answers/mempool-answers.ts';
import {
  broadcastAnswer,
  transactionAnswer,
  transactionHexAnswer,
  transactionsAnswer,
} from '../answers/transaction-answers.ts';
import { chartsAnswer, peersAnswer, searchAnswer } from '../answers/view-answers.ts';
import type { RelayView } from '../relay-view.ts';
import { type Route, route } from './route.ts';

const MAX_HEIGHT = 999_999_999;
/** Addresses or ids of one request, each of which is looked up by itself. */
const MAX_LIST = 100;
/** Addresses of one request where the node looks all of them up at once: as many as one call of it takes. */
const MAX_LOOKED_UP_TOGETHER = 1_000;
/** 65 bytes for each, and the commas. */
const LONG_LIST_BYTES = 128 * 1024;
/** So many count as one request against the rate, by what they cost node and relay. */
const LIST_SHARE = { summaries: 5, transactions: 10, lookedUpTogether: 50 } as const;
/** Megabytes, which stay in memory until a slow reader has them. */
const BLOCK_BYTES_COST = 60;
const MAX_COINS = 1_000;
/** A transaction that the mempool takes has at most 800,000 digits, and the node reads requests of 1 MB. */
const MAX_TRANSACTION_BYTES = 900_000;

/** A page of a list. */
const limit = (most: number, byDefault: number) =>
  wholeNumberText(1, most).default(byDefault).describe(`rows of a page, 1 to ${most}`);
const mark = z
  .string('must be the "next" of an answer')
  .regex(/^[\w.-]{1,120}$/, 'must be the "next" of an answer')
  .optional()
  .describe('"next" of the page before');

const BlockId = z.object({
  id: z
    .string()
    .regex(/^(?:\d{1,9}|[0-9a-fA-F]{64})$/, 'must be a height or a hash of 64 hex digits')
    .describe('height on the best chain, or hash of any block'),
});
const hash = (says: string) =>
  z
    .string('must be 64 hex digits')
    .regex(/^[0-9a-fA-F]{64}$/, 'must be 64 hex digits')
    .transform((text) => text.toLowerCase())
    .describe(says);
const TxId = z.object({ txid: hash('id of a transaction') });
const NO_ADDRESS = 'must be an address of at most 120 characters';
const addressText = z.string(NO_ADDRESS).min(1, NO_ADDRESS).max(120, NO_ADDRESS);
const AddressPath = z.object({ address: addressText.describe('an address') });

const addressList = (most: number) => {
  const says = `must be a list of 1 to ${most.toLocaleString('en-US')} addresses`;
  return z.array(addressText, says).min(1, says).max(most, says);
};
const addresses = addressList(MAX_LIST);
const manyAddresses = addressList(MAX_LOOKED_UP_TOGETHER);
const HEIGHT = `must be a whole number from 0 to ${MAX_HEIGHT}`;
const fromHeight = z
  .int(HEIGHT)
  .min(0, HEIGHT)
  .max(MAX_HEIGHT, HEIGHT)
  .default(0)
  .describe('only transactions of blocks from this height on, and those that wait');
const TXIDS = 'must be a list of 1 to 100 ids';

const listCost = (length: number, kind: keyof typeof LIST_SHARE): number =>
  Math.max(1, Math.ceil(length / LIST_SHARE[kind]));

function readAddresses(view: RelayView, texts: readonly string[]): string[] {
  return [...new Set(texts.map((text) => readAddress(view, text, 'addresses')))];
}

function pageAfter(mark: string | undefined): PageWish {
  return { limit: MAX_COINS, mark, parameter: 'after' };
}

const CHAIN_ROUTES: readonly Route[] = [
  route({
    method: 'get',
    path: '/chain',
    summary: 'Where the chain stands, and its last blocks',
    query: z.object({
      limit: limit(100, 20),
      before: wholeNumberText(1, MAX_HEIGHT).optional().describe('only blocks below this height'),
    }),
    answer: RelayChain,
    keep: 'shortly',
    run: (view, { query }) => chainAnswer(view, query.limit, query.before),
  }),
  route({
    method: 'get',
    path: '/block/{id}',
    summary: 'A block, with a page of its transactions',
    pathFields: BlockId,
    query: z.object({
      limit: limit(50, 25),
      after: wholeNumberText(0, MAX_HEIGHT).default(0).describe('number of the first row, counted from 0'),
    }),
    answer: RelayBlock,
    errors: ['not-found'],
    keep: 'shortly',
    run: (view, { path, query }) => blockAnswer(view, path.id, query.limit, query.after),
  }),
  route({
    method: 'get',
    path: '/block/{id}/header',
    summary: 'The 80 bytes of a header',
    pathFields: BlockId,
    answer: RelayHex,
    errors: ['not-found'],
    keep: 'for-ever',
    run: (view, { path }) => headerHexAnswer(view, path.id),
  }),
  route({
    method: 'get',
    path: '/block/{id}/hex',
    summary: 'The bytes of a block',
    pathFields: BlockId,
    answer: RelayHex,
    errors: ['not-found'],
    keep: 'for-ever',
    cost: () => BLOCK_BYTES_COST,
    run: (view, { path }) => blockHexAnswer(view, path.id),
  }),
  route({
    method: 'get',
    path: '/tips',
    summary: 'The ends of all branches that the node knows, the best chain first',
    answer: RelayTips,
    keep: 'shortly',
    run: (view) => tipsAnswer(view),
  }),
  route({
    method: 'get',
    path: '/charts',
    summary: 'Difficulty, time per block, hash rate and fees over the last blocks',
    query: z.object({
      blocks: wholeNumberText(1, 100_000).default(500).describe('how many blocks, 1 to 100,000'),
    }),
    answer: RelayCharts,
    keep: 'shortly',
    run: (view, { query }) => chartsAnswer(view, query.blocks),
  }),
];

const TRANSACTION_ROUTES: readonly Route[] = [
  route({
    method: 'get',
    path: '/tx/{txid}',
    summary: 'A transaction of the best chain or the mempool',
    pathFields: TxId,
    answer: RelayTransaction,
    errors: ['not-found'],
    keep: 'shortly',
    run: (view, { path }) => transactionAnswer(view, path.txid),
  }),
  route({
    method: 'get',
    path: '/tx/{txid}/hex',
    summary: 'The bytes of a transaction',
    pathFields: TxId,
    answer: RelayHex,
    errors: ['not-found'],
    keep: 'shortly',
    run: (view, { path }) => transactionHexAnswer(view, path.txid),
  }),
  route({
    method: 'post',
    path: '/txs',
    summary: 'Several transactions at once, in the order they were asked for; null where there is none',
    body: z.object({
      txids: z.array(hash('id of a transaction'), TXIDS).min(1, TXIDS).max(MAX_LIST, TXIDS),
    }),
    answer: RelayTransactions,
    keep: 'shortly',
    cost: ({ body }) => listCost(body.txids.length, 'transactions'),
    run: (view, { body }) => transactionsAnswer(view, body.txids),
  }),
  route({
    method: 'post',
    path: '/tx',
    summary: 'Hands a signed transaction in; one that is waiting already is no error',
    body: z.object({
      hex: z
        .string('must be hex digits')
        .regex(/^(?:[0-9a-fA-F]{2})+$/, 'must be hex digits, two for each byte')
        .describe('the transaction'),
    }),
    takesText: true,
    bodyLimitBytes: MAX_TRANSACTION_BYTES,
    answer: RelayBroadcast,
    errors: ['rejected', 'too-large', 'unsupported-type'],
    keep: 'never',
    run: (view, { body }) => broadcastAnswer(view, body.hex),
  }),
  route({
    method: 'get',
    path: '/mempool',
    summary: 'What waits for a block, newest first',
    query: z.object({
      limit: limit(100, 25),
      before: wholeNumberText(0, Number.MAX_SAFE_INTEGER).optional().describe('"next" of the page before'),
    }),
    answer: RelayMempool,
    keep: 'shortly',
    run: (view, { query }) => mempoolAnswer(view, query.limit, query.before),
  }),
  route({
    method: 'get',
    path: '/template',
    summary: 'What the next block would be made of',
    answer: RelayTemplate,
    keep: 'shortly',
    run: (view) => templateAnswer(view),
  }),
  route({
    method: 'get',
    path: '/fees',
    summary: 'Fee rates that were enough to be confirmed within so many blocks',
    answer: RelayFees,
    keep: 'shortly',
    run: (view) => feesAnswer(view),
  }),
];

const ADDRESS_ROUTES: readonly Route[] = [
  route({
    method: 'get',
    path: '/address/{address}',
    summary: 'What an address owns, and a page of its history',
    pathFields: AddressPath,
    query: z.object({ limit: limit(100, 25), before: mark }),
    answer: RelayAddress,
    errors: ['mark-void'],
    keep: 'shortly',
    run: (view, { path, query }) =>
      addressAnswer(view, readAddress(view, path.address, 'address'), {
        limit: query.limit,
        mark: query.before,
        parameter: 'before',
      }),
  }),
  route({
    method: 'get',
    path: '/address/{address}/utxos',
    summary: 'The coins of an address, oldest first',
    pathFields: AddressPath,
    query: z.object({ limit: limit(MAX_COINS, 100), after: mark }),
    answer: RelayCoins,
    errors: ['mark-void'],
    keep: 'shortly',
    run: (view, { path, query }) =>
      coinsAnswer(view, [readAddress(view, path.address, 'address')], {
        limit: query.limit,
        mark: query.after,
        parameter: 'after',
      }),
  }),
  route({
    method: 'post',
    path: '/addresses',
    summary: 'What several addresses own, in the order they were asked for',
    body: z.object({ addresses }),
    answer: RelayAddresses,
    keep: 'shortly',
    cost: ({ body }) => listCost(body.addresses.length, 'summaries'),
    run: (view, { body }) => addressesAnswer(view, readAddresses(view, body.addresses)),
  }),
  route({
    method: 'post',
    path: '/addresses/used',
    summary: 'Whether addresses were ever paid, in the order they were asked for',
    body: z.object({ addresses: manyAddresses }),
    answer: RelayUsed,
    keep: 'shortly',
    bodyLimitBytes: LONG_LIST_BYTES,
    cost: ({ body }) => listCost(body.addresses.length, 'lookedUpTogether'),
    run: (view, { body }) =>
      usedAnswer(
        view,
        body.addresses.map((text) => readAddress(view, text, 'addresses')),
      ),
  }),
  route({
    method: 'post',
    path: '/addresses/utxos',
    summary: `The coins of several addresses, oldest first, up to ${MAX_COINS} a page`,
    body: z.object({ addresses: manyAddresses, after: mark }),
    answer: RelayCoins,
    errors: ['mark-void'],
    keep: 'shortly',
    bodyLimitBytes: LONG_LIST_BYTES,
    cost: ({ body }) => listCost(body.addresses.length, 'lookedUpTogether'),
    run: (view, { body }) => coinsAnswer(view, readAddresses(view, body.addresses), pageAfter(body.after)),
  }),
  route({
    method: 'post',
    path: '/addresses/txids',
    summary: `Transactions of any of several addresses, oldest first, up to ${MAX_COINS} a page`,
    body: z.object({ addresses: manyAddresses, from_height: fromHeight, after: mark }),
    answer: RelayTxids,
    errors: ['mark-void'],
    keep: 'shortly',
    bodyLimitBytes: LONG_LIST_BYTES,
    cost: ({ body }) => listCost(body.addresses.length, 'lookedUpTogether'),
    run: (view, { body }) =>
      txidsAnswer(view, readAddresses(view, body.addresses), pageAfter(body.after), body.from_height),
  }),
];

const OTHER_ROUTES: readonly Route[] = [
  route({
    method: 'get',
    path: '/peers',
    summary: 'The node and whom it is connected to, without addresses',
    answer: RelayPeers,
    keep: 'shortly',
    run: (view) => peersAnswer(view),
  }),
  route({
    method: 'get',
    path: '/search/{text}',
    summary: 'What a height, a hash, an id or an address stands for',
    pathFields: z.object({
      text: z.string().min(1).max(200, 'must have at most 200 characters').describe('what somebody typed'),
    }),
    answer: RelaySearch,
    keep: 'shortly',
    run: (view, { path }) => searchAnswer(view, path.text),
  }),
];

/** All routes that ask the node. */
export const ROUTES: readonly Route[] = [
  ...CHAIN_ROUTES,
  ...TRANSACTION_ROUTES,
  ...ADDRESS_ROUTES,
  ...OTHER_ROUTES,
];
