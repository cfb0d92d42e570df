import * as z from 'zod';
import { decodeBlock } from '../../protocol/block.ts';
import { bytesToHex, displayHash, equalBytes, hashKey, hexToBytes } from '../../protocol/bytes.ts';
import { CodecError } from '../../protocol/codec.ts';
import { blockHash } from '../../protocol/header.ts';
import { followProof, type MerkleBlock, merkleBlockCodec, proveLeaves } from '../../protocol/merkle-block.ts';
import { RPC_ERRORS } from '../../protocol/rpc.ts';
import { txid } from '../../protocol/transaction.ts';
import type { Hash } from '../../protocol/units.ts';
import { hex, list } from '../../service/rpc-result.ts';
import { RpcError, type RpcMethods, rpcMethod } from '../../service/rpc-server.ts';
import type { BlockEntry } from '../chain/block-index.ts';
import type { Chain } from '../chain/chain.ts';
import { hashArgument } from './arguments.ts';
import { entryOf } from './chain.ts';
import type { NodeParts } from './parts.ts';

const group = 'Blockchain';

/** Proofs that transactions are in the chain, for those who have its headers only (BIP 37). */
export function proofMethods({ chain }: NodeParts): RpcMethods {
  return {
    gettxoutproof: rpcMethod({
      group,
      help: 'Proof that transactions are in a block: its header and a branch of its merkle tree (BIP 37).',
      params: [
        { name: 'txids', schema: z.array(hashArgument), help: 'ids of transactions of one block, each once' },
        {
          name: 'blockhash',
          schema: hashArgument,
          optional: true,
          help: 'the block (default: the one of the best chain that holds the first transaction)',
        },
      ],
      result: hex('the proof'),
      run: async ({ txids, blockhash }) => {
        const wanted = wantedIds(txids);
        const entry = blockhash ? entryOf(chain, blockhash) : await blockOf(chain, txids);
        const raw = await chain.readBlock(entry.hash);
        if (raw === undefined)
          throw new RpcError(RPC_ERRORS.misc, 'Block not available (not fully downloaded)');
        const { header, transactions } = decodeBlock(raw);
        const leaves = transactions.map(txid);
        const positions = leaves.flatMap((leaf, position) => (wanted.has(hashKey(leaf)) ? [position] : []));
        if (positions.length !== wanted.size) {
          const message = 'Not all transactions found in specified or retrieved block';
          throw new RpcError(RPC_ERRORS.notFound, message);
        }
        return bytesToHex(merkleBlockCodec.encode(proveLeaves(header, leaves, positions)));
      },
    }),

    verifytxoutproof: rpcMethod({
      group,
      help:
        'The transactions that a proof of gettxoutproof shows to be in the best chain; none if the proof does ' +
        'not hold. A proof for a block that is not in the best chain is an error.',
      params: [{ name: 'proof', schema: z.string(), help: 'the proof in hex' }],
      result: list('the ids', hex('id of a transaction')),
      run: ({ proof: text }) => {
        const proof = proofOf(text);
        const shown = followProof(proof);
        if (shown === undefined || !equalBytes(shown.root, proof.header.merkleRoot)) return [];
        const entry = chain.entry(blockHash(proof.header));
        if (entry === undefined || !chain.isOnBestChain(entry)) {
          throw new RpcError(RPC_ERRORS.notFound, 'Block not found in chain');
        }
        // With another count inner nodes could pass for transactions.
        return entry.transactionCount === proof.transactionCount ? shown.leaves.map(displayHash) : [];
      },
    }),
  };
}

/** @throws RpcError −8 for none, and for one that is named twice */
function wantedIds(txids: readonly Hash[]): ReadonlySet<string> {
  if (txids.length === 0) {
    throw new RpcError(RPC_ERRORS.invalidParameter, "Parameter 'txids' cannot be empty");
  }
  const wanted = new Set<string>();
  for (const id of txids) {
    if (wanted.has(hashKey(id))) {
      const message = `Invalid parameter, duplicated txid: ${displayHash(id)}`;
      throw new RpcError(RPC_ERRORS.invalidParameter, message);
    }
    wanted.add(hashKey(id));
  }
  return wanted;
}

/** The block of the best chain that holds one of these. @throws RpcError −5 when none is in the chain */
async function blockOf(chain: Chain, txids: readonly Hash[]): Promise<BlockEntry> {
  for (const id of txids) {
    const place = await chain.transactionBlock(id);
    const entry = place && chain.entry(place.blockHash);
    if (entry) return entry;
  }
  throw new RpcError(RPC_ERRORS.notFound, 'Transaction not yet in block');
}

/** @throws RpcError −22 unless it is hex that spells a proof */
function proofOf(text: string): MerkleBlock {
  try {
    return merkleBlockCodec.decode(hexToBytes(text));
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    throw new RpcError(RPC_ERRORS.deserializationError, 'Proof decode failed', error.message);
  }
}
