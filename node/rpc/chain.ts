import * as z from 'zod';
import { amountToNumber } from '../../protocol/amount.ts';
import { type Block, decodeBlock } from '../../protocol/block.ts';
import { bytesToHex, displayHash } from '../../protocol/bytes.ts';
import { encodeHeader } from '../../protocol/header.ts';
import { RPC_ERRORS } from '../../protocol/rpc.ts';
import { outPointKey, txid as txidOf } from '../../protocol/transaction.ts';
import type { Hash } from '../../protocol/units.ts';
import { difficultyOf } from '../../protocol/work.ts';
import { RpcError, type RpcMethods, rpcMethod } from '../../service/rpc-server.ts';
import type { BlockEntry } from '../chain/block-index.ts';
import type { Chain } from '../chain/chain.ts';
import { hashArgument, verbosityArgument } from './arguments.ts';
import { bitsJson, blockJson, chainWorkJson, headerJson } from './block-json.ts';
import type { NodeParts } from './parts.ts';
import { scriptJson } from './script-json.ts';
import { transactionJson } from './transaction-json.ts';
import { warningsOf } from './warnings.ts';

const group = 'Blockchain';

/** The methods that read the chain. */
export function chainMethods(parts: NodeParts): RpcMethods {
  const { chain, profile, mempool } = parts;

  return {
    getbestblockhash: rpcMethod({
      group,
      help: 'Hash of the tip of the best chain.',
      params: [],
      run: () => displayHash(chain.tip.hash),
    }),

    getblock: rpcMethod({
      group,
      help:
        'A block. Verbosity 0: its bytes in hex; 1: its header and sizes with the ids of its transactions; ' +
        '2: with its transactions whole and their fees.',
      params: [
        { name: 'blockhash', schema: hashArgument, help: 'hash of the block' },
        {
          name: 'verbosity',
          aliases: ['verbose'],
          schema: verbosityArgument,
          optional: true,
          help: '0, 1 or 2 (default 1)',
        },
      ],
      run: async ({ blockhash, verbosity = 1 }) => {
        const entry = entryOf(chain, blockhash);
        const raw = await chain.readBlock(blockhash);
        if (raw === undefined) throw new RpcError(RPC_ERRORS.misc, 'Block not available (not downloaded)');
        if (verbosity <= 0) return bytesToHex(raw);
        const block = decodeBlock(raw);
        return blockJson(chain, entry, block, await transactionsJson(parts, entry, block, verbosity));
      },
    }),

    getblockchaininfo: rpcMethod({
      group,
      help: 'State of the chain, and under "nilzcoin" what a client must know of the network.',
      params: [],
      run: async () => {
        const { tip } = chain;
        return {
          chain: profile.chainName,
          blocks: tip.height,
          headers: chain.bestHeader.height,
          bestblockhash: displayHash(tip.hash),
          ...bitsJson(tip.bits),
          time: tip.time,
          mediantime: tip.medianTime,
          verificationprogress: 1,
          initialblockdownload: false,
          chainwork: chainWorkJson(tip.chainWork),
          size_on_disk: await parts.sizeOnDisk(),
          pruned: false,
          nilzcoin: {
            network: profile.name,
            address_prefix: profile.address.hrp,
            magic: bytesToHex(profile.magic),
            maturity: profile.maturity,
            block_time: profile.blockTimeSeconds,
          },
          warnings: warningsOf(parts),
        };
      },
    }),

    getblockcount: rpcMethod({
      group,
      help: 'Height of the tip; the genesis block has height 0.',
      params: [],
      run: () => chain.tip.height,
    }),

    getblockhash: rpcMethod({
      group,
      help: 'Hash of the block of the best chain at a height.',
      params: [{ name: 'height', schema: z.int(), help: 'the height' }],
      run: ({ height }) => {
        const entry = chain.entryAt(height);
        if (!entry) throw new RpcError(RPC_ERRORS.invalidParameter, 'Block height out of range');
        return displayHash(entry.hash);
      },
    }),

    getblockheader: rpcMethod({
      group,
      help: 'The header of a block, or its 80 bytes in hex.',
      params: [
        { name: 'blockhash', schema: hashArgument, help: 'hash of the block' },
        { name: 'verbose', schema: z.boolean(), optional: true, help: 'false for hex (default true)' },
      ],
      run: ({ blockhash, verbose = true }) => {
        const entry = entryOf(chain, blockhash);
        return verbose ? headerJson(chain, entry) : bytesToHex(encodeHeader(entry.header));
      },
    }),

    getchaintips: rpcMethod({
      group,
      help: 'The ends of all known branches, the best chain among them.',
      params: [],
      run: () =>
        chain
          .tips()
          .map(({ entry, branchLength, status }) => ({
            height: entry.height,
            hash: displayHash(entry.hash),
            branchlen: branchLength,
            status,
          }))
          .sort((a, b) => b.height - a.height),
    }),

    getdifficulty: rpcMethod({
      group,
      help: 'Difficulty of the tip: how many times harder than the target 0xffff·2^208.',
      params: [],
      run: () => difficultyOf(chain.tip.bits),
    }),

    gettxout: rpcMethod({
      group,
      help: 'An unspent output, or null where there is none.',
      params: [
        { name: 'txid', schema: hashArgument, help: 'id of the transaction' },
        { name: 'n', schema: z.int().nonnegative().max(0xffff_ffff), help: 'index of the output' },
        {
          name: 'include_mempool',
          schema: z.boolean(),
          optional: true,
          help: 'count what the mempool makes and spends (default true)',
        },
      ],
      run: async ({ txid, n, include_mempool: withMempool = true }) => {
        const outPoint = { txid, index: n };
        if (withMempool && mempool.spender(outPointKey(outPoint))) return null;
        const unconfirmed = withMempool ? mempool.output(outPointKey(outPoint)) : undefined;
        const coin = unconfirmed ?? (await chain.coin(outPoint));
        if (!coin) return null;
        return {
          bestblock: displayHash(chain.tip.hash),
          confirmations: unconfirmed ? 0 : chain.tip.height - coin.height + 1,
          value: amountToNumber(coin.value),
          scriptPubKey: scriptJson(coin.script, profile.address),
          coinbase: coin.coinbase,
        };
      },
    }),
  };
}

/** @throws RpcError −5 when the block is unknown */
export function entryOf(chain: Chain, hash: Hash): BlockEntry {
  const entry = chain.entry(hash);
  if (!entry) throw new RpcError(RPC_ERRORS.notFound, 'Block not found');
  return entry;
}

async function transactionsJson(
  { chain, profile }: NodeParts,
  entry: BlockEntry,
  { transactions }: Block,
  verbosity: number,
): Promise<unknown[]> {
  if (verbosity === 1) return transactions.map((transaction) => displayHash(txidOf(transaction)));
  const undo = await chain.readUndo(entry.hash);
  return transactions.map((transaction, index) =>
    transactionJson(transaction, profile.address, {
      coins: undo?.spent[index - 1],
      prevouts: verbosity >= 3,
    }),
  );
}
