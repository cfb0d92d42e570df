import * as z from 'zod';
import { amountToNumber, COIN } from '../../protocol/amount.ts';
import { bytesToHex, displayHash, hashKey } from '../../protocol/bytes.ts';
import type { Coin } from '../../protocol/connect.ts';
import { RPC_ERRORS } from '../../protocol/rpc.ts';
import { RULES, type RuleError } from '../../protocol/rules.ts';
import { isUnspendable } from '../../protocol/script.ts';
import { encodeTransaction, type Transaction, txid, wtxid } from '../../protocol/transaction.ts';
import type { Hash, Nits } from '../../protocol/units.ts';
import { bool, hex, list, num, obj, str, time } from '../../service/rpc-result.ts';
import { RpcError, type RpcMethods, rpcMethod } from '../../service/rpc-server.ts';
import type { BlockEntry } from '../chain/block-index.ts';
import { amountArgument, hashArgument, transactionOf, verbosityArgument } from './arguments.ts';
import { confirmationsOf } from './block-json.ts';
import { entryOf } from './chain.ts';
import { ratePerKvb } from './mempool.ts';
import type { NodeParts } from './parts.ts';
import { DECODED_FIELDS, PREVOUTS_FIELDS, TRANSACTION_FIELDS, transactionJson } from './transaction-json.ts';

const group = 'Rawtransactions';

/** Core's `DEFAULT_MAX_RAW_TX_FEE_RATE`: 0.10 per 1,000 vbytes. */
const DEFAULT_MAX_FEE_RATE: Nits = COIN / 10n;
/** A rate from here on is a mistake (Core's `ParseFeeRate`). */
const ABSURD_FEE_RATE: Nits = COIN;
/** Core's `MAX_PACKAGE_COUNT`. */
const MAX_TESTED = 25;

/** Where a transaction stands; absent while it is not mined. */
const PLACE_FIELDS = {
  in_active_chain: bool('whether the block that was asked for is on the best chain').optional(),
  blockhash: hex('hash of its block').optional(),
  confirmations: num('blocks from its own to the tip, both counted').optional(),
  time: time('of its block').optional(),
  blocktime: time('of its block').optional(),
};

const maxFeeRateParam = {
  name: 'maxfeerate',
  schema: amountArgument,
  optional: true,
  help: 'refuse a higher fee rate, in NILZ per 1,000 vbytes; 0 takes any (default 0.10)',
} as const;

/** The methods that decode, find and send transactions. */
export function transactionMethods(parts: NodeParts): RpcMethods {
  const { admission, profile } = parts;

  return {
    decoderawtransaction: rpcMethod({
      group,
      help: 'What a serialised transaction says.',
      params: [
        { name: 'hexstring', schema: z.string(), help: 'the transaction in hex' },
        {
          name: 'iswitness',
          schema: z.boolean(),
          optional: true,
          help: 'taken for compatibility; the form is always recognised',
        },
      ],
      result: obj('', DECODED_FIELDS),
      run: ({ hexstring }) => {
        const { hex, ...decoded } = transactionJson(transactionOf(hexstring), profile.address);
        return decoded;
      },
    }),

    getrawtransaction: rpcMethod({
      group,
      help:
        'A transaction of the mempool or of any block of the best chain. Verbosity 0: its bytes in hex; ' +
        '1: decoded, with its block; 2: with its fee and the coins it spends too.',
      params: [
        { name: 'txid', schema: hashArgument, help: 'id of the transaction' },
        {
          name: 'verbosity',
          aliases: ['verbose'],
          schema: verbosityArgument,
          default: 0,
          help: '0, 1 or 2',
        },
        {
          name: 'blockhash',
          schema: hashArgument,
          optional: true,
          help: 'look in this block only, whichever branch it is on',
        },
      ],
      result: [
        { when: 'for verbosity = 0', schema: hex('its bytes') },
        { when: 'for verbosity = 1', schema: obj('', { ...PLACE_FIELDS, ...TRANSACTION_FIELDS }) },
        { when: 'for verbosity = 2', schema: obj('', { ...PLACE_FIELDS, ...PREVOUTS_FIELDS }) },
      ],
      run: async ({ txid, verbosity, blockhash }) => {
        const found = await findTransaction(parts, txid, blockhash);
        if (verbosity <= 0) return bytesToHex(encodeTransaction(found.transaction));
        const details =
          verbosity >= 2 ? { coins: found.coins ?? (await spentCoins(parts, found)), prevouts: true } : {};
        return {
          ...(blockhash && found.entry && { in_active_chain: parts.chain.isOnBestChain(found.entry) }),
          ...transactionJson(found.transaction, profile.address, details),
          ...(found.entry && blockJsonOf(parts, found.entry)),
        };
      },
    }),

    sendrawtransaction: rpcMethod({
      group,
      help: 'Takes a transaction into the mempool, to be mined; answers its id. Sending it again is no error.',
      params: [
        { name: 'hexstring', schema: z.string(), help: 'the transaction in hex' },
        maxFeeRateParam,
        {
          name: 'maxburnamount',
          schema: amountArgument,
          optional: true,
          help: 'refuse to destroy more than this in one output, in NILZ (default 0)',
        },
      ],
      result: hex('its id'),
      run: async ({ hexstring, maxfeerate, maxburnamount = 0n }) => {
        const maxFeeRate = maxFeeRateOf(maxfeerate);
        const transaction = transactionOf(hexstring);
        checkBurning(transaction, maxburnamount);
        const verdict = await admission.accept(transaction, maxFeeRate);
        if ('rejected' in verdict && !isInMempool(verdict.rejected)) throw rejection(verdict.rejected);
        return displayHash(txid(transaction));
      },
    }),

    testmempoolaccept: rpcMethod({
      group,
      help:
        'Whether the mempool would take these transactions, one after the other, and if not why. ' +
        'Nothing is sent.',
      params: [
        { name: 'rawtxs', schema: z.array(z.string()), help: 'up to 25 transactions in hex, parents first' },
        maxFeeRateParam,
      ],
      result: list(
        'in the order of the transactions',
        obj('', {
          txid: hex('its id'),
          wtxid: hex('its hash with witnesses'),
          allowed: bool('whether the mempool would take it'),
          vsize: num('virtual bytes, if it would').optional(),
          fees: obj('if it would', {
            base: num('its fee in NILZ'),
            'effective-feerate': num('in NILZ per 1,000 vbytes'),
            'effective-includes': list('whose fee and size the rate is', hex('a wtxid')),
          }).optional(),
          'reject-reason': str('why not, as a word').optional(),
          'reject-details': str('why not, in full').optional(),
        }),
      ),
      run: async ({ rawtxs, maxfeerate }) => {
        if (rawtxs.length < 1 || rawtxs.length > MAX_TESTED) {
          const message = `Array must contain between 1 and ${MAX_TESTED} transactions.`;
          throw new RpcError(RPC_ERRORS.invalidParameter, message);
        }
        const maxFeeRate = maxFeeRateOf(maxfeerate);
        const transactions = rawtxs.map(transactionOf);
        const verdicts = await admission.test(transactions, maxFeeRate);
        return transactions.map((transaction, index) => {
          const ids = { txid: displayHash(txid(transaction)), wtxid: displayHash(wtxid(transaction)) };
          const verdict = verdicts[index];
          if (!verdict || 'rejected' in verdict) {
            return { ...ids, allowed: false, ...(verdict && reasonJson(verdict.rejected)) };
          }
          const { fee, vsize } = verdict.accepted;
          const fees = {
            base: amountToNumber(fee),
            'effective-feerate': ratePerKvb(fee, vsize),
            'effective-includes': [ids.wtxid],
          };
          return { ...ids, allowed: true, vsize, fees };
        });
      },
    }),
  };
}

/** Nits per 1,000 vbytes, or undefined for any. */
function maxFeeRateOf(given: Nits | undefined): Nits | undefined {
  const rate = given ?? DEFAULT_MAX_FEE_RATE;
  if (rate >= ABSURD_FEE_RATE) {
    const message = 'Fee rates larger than or equal to 1 NILZ per 1,000 vbytes are not accepted';
    throw new RpcError(RPC_ERRORS.invalidParameter, message);
  }
  return rate === 0n ? undefined : rate;
}

function checkBurning({ outputs }: Transaction, most: Nits): void {
  if (outputs.some(({ script, value }) => isUnspendable(script) && value > most)) {
    const message = 'Unspendable output exceeds maximum configured by user (maxburnamount)';
    throw new RpcError(RPC_ERRORS.verifyError, message);
  }
}

/** Core's reason words for a single transaction, which differ from the consensus code in one case. */
function reasonJson({ code, detail }: RuleError): Record<string, string> {
  const reason = code === 'bad-txns-inputs-missingorspent' ? 'missing-inputs' : code;
  return { 'reject-reason': reason, 'reject-details': `${reason}, ${detail}` };
}

/** Whether a transaction of this id is there already, be it with other witnesses. */
function isInMempool({ code }: RuleError): boolean {
  return code === 'txn-already-in-mempool' || code === 'txn-same-nonwitness-data-in-mempool';
}

/** The error of `sendrawtransaction`: Core's reason, and after a comma what was found. */
function rejection({ code, detail, rpcCode }: RuleError): RpcError {
  if (code === 'txn-already-known') return new RpcError(rpcCode, 'Transaction already in block chain');
  if (code === 'max-fee-exceeded') {
    return new RpcError(rpcCode, 'Fee exceeds maximum configured by user (e.g. maxfeerate)');
  }
  return new RpcError(rpcCode, detail === RULES[code].says ? code : `${code}, ${detail}`);
}

interface Found {
  readonly transaction: Transaction;
  /** Known at once for a transaction of the mempool. */
  readonly coins?: readonly Coin[];
  /** Its block and place in it, when it is confirmed. */
  readonly entry?: BlockEntry;
  readonly position?: number;
}

/** @throws RpcError −5 where there is no such transaction */
export async function findTransaction(
  { blocks, chain, mempool }: Pick<NodeParts, 'blocks' | 'chain' | 'mempool'>,
  id: Hash,
  blockHash?: Hash,
): Promise<Found> {
  const key = hashKey(id);
  if (blockHash) {
    const entry = entryOf(chain, blockHash);
    const found = await findInBlock(blocks, entry, (each) => hashKey(txid(each)) === key);
    if (found) return found;
    throw new RpcError(RPC_ERRORS.notFound, 'No such transaction found in the provided block.');
  }
  const unconfirmed = mempool.get(key);
  if (unconfirmed) return unconfirmed;
  const place = await chain.transactionBlock(id);
  const entry = place && chain.entry(place.blockHash);
  const found = entry && (await findInBlock(blocks, entry, (_, position) => position === place.position));
  if (found) return found;
  throw new RpcError(RPC_ERRORS.notFound, 'No such mempool or blockchain transaction.');
}

async function findInBlock(
  blocks: NodeParts['blocks'],
  entry: BlockEntry,
  matches: (transaction: Transaction, position: number) => boolean,
): Promise<Found | undefined> {
  const { transactions = [] } = (await blocks.read(entry.hash)) ?? {};
  const position = transactions.findIndex(matches);
  const transaction = transactions[position];
  return transaction && { transaction, entry, position };
}

/** The coins a confirmed transaction spent; undefined for a coinbase, and in a block that never connected. */
async function spentCoins(
  { chain }: NodeParts,
  { entry, position = 0 }: Found,
): Promise<readonly Coin[] | undefined> {
  const undo = entry && (await chain.readUndo(entry.hash));
  return undo?.spent[position - 1];
}

function blockJsonOf({ chain }: NodeParts, entry: BlockEntry) {
  return {
    blockhash: displayHash(entry.hash),
    confirmations: Math.max(0, confirmationsOf(chain, entry)),
    time: entry.time,
    blocktime: entry.time,
  };
}
