import * as z from 'zod';
import { amountToNumber } from '../../protocol/amount.ts';
import { displayHash } from '../../protocol/bytes.ts';
import { RPC_ERRORS } from '../../protocol/rpc.ts';
import type { Hash } from '../../protocol/units.ts';
import { bool, hex, num, obj, time } from '../../service/rpc-result.ts';
import { RpcError, type RpcMethods, rpcMethod } from '../../service/rpc-server.ts';
import type { BlockEntry } from '../chain/block-index.ts';
import type { Chain } from '../chain/chain.ts';
import type { CheckLevel } from '../chain/verify-chain.ts';
import { hashArgument } from './arguments.ts';
import { entryOf } from './chain.ts';
import type { NodeParts } from './parts.ts';

const group = 'Blockchain';

const MONTH_SECONDS = 30 * 24 * 3600;
const HASH_TYPES = ['hash_serialized_3', 'none'] as const;
const LEVELS: readonly CheckLevel[] = [0, 1, 2, 3, 4];

/** The methods that look at much of the chain at once: to count, to compare, to check. */
export function chainStatisticsMethods(parts: NodeParts): RpcMethods {
  const { chain, profile } = parts;

  return {
    getchaintxstats: rpcMethod({
      group,
      help: 'How many transactions there were, in all and in a window of blocks, and how fast they came.',
      params: [
        {
          name: 'nblocks',
          schema: z.int(),
          optional: true,
          help: 'blocks of the window (default: a month of them, or all)',
        },
        {
          name: 'blockhash',
          schema: hashArgument,
          optional: true,
          help: 'last block of the window (default: the tip)',
        },
      ],
      result: obj('', {
        time: time('time of the last block'),
        txcount: num('transactions of the chain up to the last block'),
        window_final_block_hash: hex('hash of the last block'),
        window_final_block_height: num('height of the last block'),
        window_block_count: num('blocks of the window'),
        window_interval: num('seconds of the window, if it has any block').optional(),
        window_tx_count: num('transactions of the window, if it has any block').optional(),
        txrate: num('transactions per second in the window, if it has any second').optional(),
      }),
      run: ({ nblocks, blockhash }) => {
        const last = lastBlock(chain, blockhash);
        const count = windowSize(nblocks, last, Math.ceil(MONTH_SECONDS / profile.blockTimeSeconds));
        const total = transactionsUpTo(chain, last.height);
        const answer = {
          time: last.time,
          txcount: total,
          window_final_block_hash: displayHash(last.hash),
          window_final_block_height: last.height,
          window_block_count: count,
        };
        const first = chain.entryAt(last.height - count);
        if (count === 0 || first === undefined) return answer;
        const seconds = last.medianTime - first.medianTime;
        const transactions = total - transactionsUpTo(chain, first.height);
        return {
          ...answer,
          window_interval: seconds,
          window_tx_count: transactions,
          ...(seconds > 0 && { txrate: transactions / seconds }),
        };
      },
    }),

    gettxoutsetinfo: rpcMethod({
      group,
      help:
        'All unspent outputs in numbers, and a hash that is the same on every node with the same coins. Reads ' +
        'all of them, which takes some seconds per million.',
      params: [
        {
          name: 'hash_type',
          schema: z.enum(HASH_TYPES, `${HASH_TYPES.join(' or ')}; there is no other`),
          default: HASH_TYPES[0],
          help: `${HASH_TYPES.join(' or ')}`,
        },
        {
          name: 'hash_or_height',
          schema: z.union([z.string(), z.int()]),
          optional: true,
          help: 'taken for compatibility: only the coins of the tip are at hand',
        },
        { name: 'use_index', schema: z.boolean(), optional: true, help: 'taken for compatibility' },
      ],
      result: obj('', {
        height: num('height of the block they are as of'),
        bestblock: hex('hash of that block'),
        txouts: num('how many outputs'),
        bogosize: num('a measure of their size that no database has a part in'),
        hash_serialized_3: hex('hash over all of them; absent for hash_type none').optional(),
        total_amount: num('what they are worth together, in NILZ'),
        transactions: num('transactions with an unspent output'),
      }),
      run: async ({ hash_type: hashType, hash_or_height: wanted }, { signal }) => {
        if (wanted !== undefined) {
          const message = 'Querying specific block heights requires coinstatsindex';
          throw new RpcError(RPC_ERRORS.invalidParameter, message);
        }
        const found = await parts.coinStatistics({ withHash: hashType !== 'none', signal });
        if (found === undefined) throw new RpcError(RPC_ERRORS.notConnected, 'Shutting down');
        return {
          height: found.tipHeight,
          bestblock: displayHash(found.tipHash),
          txouts: found.coins,
          bogosize: found.bogoSize,
          ...(found.hash && { hash_serialized_3: displayHash(found.hash) }),
          total_amount: amountToNumber(found.totalValue),
          transactions: found.transactions,
        };
      },
    }),

    verifychain: rpcMethod({
      group,
      help:
        'Checks the last blocks again as they are stored; no block is taken in meanwhile. Level 0 reads them, 1 ' +
        'checks each by itself, 2 reads what undoing them takes, 3 takes them back in memory, 4 connects them ' +
        'again. What is wrong is said in the log.',
      params: [
        { name: 'checklevel', schema: z.int(), default: 3, help: '0 to 4; each includes those before it' },
        { name: 'nblocks', schema: z.int().nonnegative(), default: 6, help: 'how many blocks; 0 for all' },
      ],
      result: bool('whether everything is right'),
      run: async ({ checklevel, nblocks }) => {
        // As in Bitcoin Core, a level out of range is the nearest one.
        const level = LEVELS[Math.min(Math.max(checklevel, 0), LEVELS.length - 1)] ?? 0;
        const depth = nblocks === 0 ? chain.tip.height : nblocks;
        return (await chain.recheck({ level, depth })).fault === undefined;
      },
    }),
  };
}

/** @throws RpcError −5 for an unknown block, −8 for one off the best chain */
function lastBlock(chain: Chain, hash: Hash | undefined): BlockEntry {
  if (hash === undefined) return chain.tip;
  const entry = entryOf(chain, hash);
  if (chain.isOnBestChain(entry)) return entry;
  throw new RpcError(RPC_ERRORS.invalidParameter, 'Block is not in main chain');
}

/** Blocks of the window: those above its first one. @throws RpcError −8 where it would reach below the genesis block */
function windowSize(wanted: number | undefined, { height }: BlockEntry, month: number): number {
  if (wanted === undefined) return Math.max(0, Math.min(month, height - 1));
  if (wanted < 0 || (wanted > 0 && wanted >= height)) {
    const message = "Invalid block count: should be between 0 and the block's height - 1";
    throw new RpcError(RPC_ERRORS.invalidParameter, message);
  }
  return wanted;
}

/** Transactions of the best chain, the genesis block's included. Counts: some milliseconds per 100,000 blocks. */
function transactionsUpTo(chain: Chain, height: number): number {
  let count = 0;
  for (let at = 0; at <= height; at++) count += chain.entryAt(at)?.transactionCount ?? 0;
  return count;
}
