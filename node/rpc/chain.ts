import * as z from 'zod';
import { amountToNumber } from '../../protocol/amount.ts';
import { type Block, decodeBlock } from '../../protocol/block.ts';
import { bytesToHex, displayHash } from '../../protocol/bytes.ts';
import { encodeHeader } from '../../protocol/header.ts';
import { RPC_ERRORS } from '../../protocol/rpc.ts';
import { outPointKey, txid as txidOf } from '../../protocol/transaction.ts';
import type { Hash } from '../../protocol/units.ts';
import { difficultyOf } from '../../protocol/work.ts';
import { bool, hex, list, none, num, obj, str, time } from '../../service/rpc-result.ts';
import { RpcError, type RpcMethods, rpcMethod } from '../../service/rpc-server.ts';
import { TimeSlice } from '../../service/time-slice.ts';
import type { BlockEntry } from '../chain/block-index.ts';
import type { Chain } from '../chain/chain.ts';
import { hashArgument, verbosityArgument } from './arguments.ts';
import {
  BITS_FIELDS,
  bitsJson,
  blockJson,
  blockResult,
  chainWorkJson,
  HEADER_RESULT,
  headerJson,
} from './block-json.ts';
import type { NodeParts } from './parts.ts';
import { SCRIPT_RESULT, scriptJson } from './script-json.ts';
import {
  PREVOUTS_FIELDS,
  TRANSACTION_FIELDS,
  type TransactionJson,
  transactionJson,
} from './transaction-json.ts';
import { WARNINGS_RESULT, warningsOf } from './warnings.ts';

const group = 'Blockchain';

const CHAIN_INFO_RESULT = obj('', {
  chain: str('name of the network: main, test, dev, regtest'),
  blocks: num('height of the tip'),
  headers: num('height of the highest header of a branch that may be valid'),
  bestblockhash: hex('hash of the tip'),
  ...BITS_FIELDS,
  time: time('time of the tip'),
  mediantime: time('median of the times of the last 11 blocks'),
  verificationprogress: num('how much of the chain is checked, from 0 to 1'),
  initialblockdownload: bool('whether the chain is still being fetched'),
  chainwork: hex('work of the best chain, in expected hashes'),
  size_on_disk: num('bytes of the database on the disk'),
  pruned: bool('whether old blocks are thrown away'),
  nilzcoin: obj('what a client must know of the network', {
    network: str('its name'),
    address_prefix: str('what its addresses begin with'),
    magic: hex('what messages between peers begin with'),
    maturity: num('blocks until a coinbase can be spent'),
    block_time: num('seconds per block that the retarget aims at'),
    coin_type: num("of the path of a wallet's keys (SLIP 44)"),
  }),
  warnings: WARNINGS_RESULT,
});

/** The methods that read the chain. */
export function chainMethods(parts: NodeParts): RpcMethods {
  const { chain, profile, mempool } = parts;

  return {
    getbestblockhash: rpcMethod({
      group,
      help: 'Hash of the tip of the best chain.',
      params: [],
      result: hex('the hash'),
      run: () => displayHash(chain.tip.hash),
    }),

    getblock: rpcMethod({
      group,
      help:
        'A block. Verbosity 0: its bytes in hex; 1: its header and sizes with the ids of its transactions; ' +
        '2: with its transactions whole and their fees; 3: with the coins they spend too.',
      params: [
        { name: 'blockhash', schema: hashArgument, help: 'hash of the block' },
        {
          name: 'verbosity',
          aliases: ['verbose'],
          schema: verbosityArgument,
          default: 1,
          help: '0, 1, 2 or 3',
        },
      ],
      result: [
        { when: 'for verbosity = 0', schema: hex('the block') },
        { when: 'for verbosity = 1', schema: blockResult(hex('id of a transaction')) },
        { when: 'for verbosity = 2', schema: blockResult(obj('', TRANSACTION_FIELDS)) },
        { when: 'for verbosity = 3', schema: blockResult(obj('', PREVOUTS_FIELDS)) },
      ],
      run: async ({ blockhash, verbosity }) => {
        const entry = entryOf(chain, blockhash);
        const raw = await chain.readBlock(blockhash);
        if (raw === undefined)
          throw new RpcError(RPC_ERRORS.misc, 'Block not available (not fully downloaded)');
        if (verbosity <= 0) return bytesToHex(raw);
        const block = decodeBlock(raw);
        if (verbosity === 1) return blockJson(chain, entry, block, idsOf(block));
        return blockJson(chain, entry, block, await transactionsJson(parts, entry, block, verbosity >= 3));
      },
    }),

    getblockchaininfo: rpcMethod({
      group,
      help: 'State of the chain, and under "nilzcoin" what a client must know of the network.',
      params: [],
      result: CHAIN_INFO_RESULT,
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
          verificationprogress: parts.sync.status.verificationProgress,
          initialblockdownload: parts.sync.status.initialBlockDownload,
          chainwork: chainWorkJson(tip.chainWork),
          size_on_disk: await parts.sizeOnDisk(),
          pruned: false,
          nilzcoin: {
            network: profile.name,
            address_prefix: profile.address.hrp,
            magic: bytesToHex(profile.magic),
            maturity: profile.maturity,
            block_time: profile.blockTimeSeconds,
            coin_type: profile.coinType,
          },
          warnings: warningsOf(parts),
        };
      },
    }),

    getblockcount: rpcMethod({
      group,
      help: 'Height of the tip; the genesis block has height 0.',
      params: [],
      result: num('the height'),
      run: () => chain.tip.height,
    }),

    getblockhash: rpcMethod({
      group,
      help: 'Hash of the block of the best chain at a height.',
      params: [{ name: 'height', schema: z.int(), help: 'the height' }],
      result: hex('the hash'),
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
        { name: 'verbose', schema: z.boolean(), default: true, help: 'false for hex' },
      ],
      result: [
        { when: 'for verbose = true', schema: HEADER_RESULT },
        { when: 'for verbose = false', schema: hex('the 80 bytes') },
      ],
      run: ({ blockhash, verbose }) => {
        const entry = entryOf(chain, blockhash);
        return verbose ? headerJson(chain, entry) : bytesToHex(encodeHeader(entry.header));
      },
    }),

    getchaintips: rpcMethod({
      group,
      help: 'The ends of all known branches, the best chain among them.',
      params: [],
      result: list(
        'by falling height',
        obj('', {
          height: num('of the last block'),
          hash: hex('of the last block'),
          branchlen: num('blocks above the last one it shares with the best chain; 0 for that itself'),
          status: str(
            'active: the best chain; valid-fork: was it once; valid-headers: at hand, never tried; ' +
              'headers-only: some block is missing; invalid: some block breaks a rule',
          ),
        }),
      ),
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
      result: num('the difficulty'),
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
          default: true,
          help: 'count what the mempool makes and spends',
        },
      ],
      result: [
        {
          when: 'for an unspent output',
          schema: obj('', {
            bestblock: hex('hash of the tip'),
            confirmations: num('blocks from its own to the tip, both counted; 0 in the mempool'),
            value: num('in NILZ'),
            scriptPubKey: SCRIPT_RESULT,
            coinbase: bool('whether a coinbase made it'),
          }),
        },
        { when: 'otherwise', schema: none('there is none') },
      ],
      run: async ({ txid, n, include_mempool: withMempool }) => {
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

function idsOf({ transactions }: Block): string[] {
  return transactions.map((transaction) => displayHash(txidOf(transaction)));
}

async function transactionsJson(
  { chain, profile }: NodeParts,
  entry: BlockEntry,
  { transactions }: Block,
  prevouts: boolean,
): Promise<TransactionJson[]> {
  const undo = await chain.readUndo(entry.hash);
  const slice = new TimeSlice();
  const shown: TransactionJson[] = [];
  for (const [index, transaction] of transactions.entries()) {
    const coins = undo?.spent[index - 1];
    shown.push(transactionJson(transaction, profile.address, { coins, prevouts }));
    if (slice.isUsedUp) await slice.renew();
  }
  return shown;
}
