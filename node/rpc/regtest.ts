import * as z from 'zod';
import { type Block, encodeBlock } from '../../protocol/block.ts';
import { bytesToHex, displayHash, hashKey, parseDisplayHash } from '../../protocol/bytes.ts';
import { rewardAt } from '../../protocol/connect.ts';
import { blockHash } from '../../protocol/header.ts';
import { RPC_ERRORS } from '../../protocol/rpc.ts';
import { RuleError } from '../../protocol/rules.ts';
import type { Transaction } from '../../protocol/transaction.ts';
import { hex, list, none, obj } from '../../service/rpc-result.ts';
import { RpcError, type RpcMethods, rpcMethod } from '../../service/rpc-server.ts';
import { solveBlock } from '../generate.ts';
import type { Mempool } from '../mempool/mempool.ts';
import { assembleBlock } from '../template.ts';
import { scriptOfAddress, transactionOf } from './arguments.ts';
import type { NodeParts } from './parts.ts';

const group = 'Generating';

const DEFAULT_MAX_TRIES = 1_000_000;
const MAX_BLOCKS = 10_000;
/** The last second a header's 32 bits can say. */
const MAX_TIME_SECONDS = 0xffff_ffff;

/** Mining and time at a caller's word: on the regtests only. */
export function regtestMethods(parts: NodeParts): RpcMethods {
  const { chain, clock, mempool, profile, templates } = parts;

  return {
    generateblock: rpcMethod({
      group,
      help: 'Mines a block of exactly these transactions at once and answers its hash.',
      params: [
        { name: 'output', schema: z.string(), help: 'address that gets the reward; fees are not claimed' },
        {
          name: 'transactions',
          schema: z.array(z.string()),
          help: 'transactions in order: in hex, or ids of transactions of the mempool',
        },
        {
          name: 'submit',
          schema: z.boolean(),
          default: true,
          help: 'false answers the block only',
        },
      ],
      result: obj('', {
        hash: hex('hash of the block'),
        hex: hex('the block, if it was not handed in').optional(),
      }),
      run: async ({ output, transactions, submit }) => {
        const script = scriptOfAddress(output, profile);
        const template = templates.fresh();
        const draft = assembleBlock({
          ...template,
          ...templates.moment(),
          payouts: [{ value: rewardAt(template.height, profile), script }],
          transactions: transactions.map((each) => givenTransaction(each, mempool)),
        });
        await checkDraft(parts, draft);
        const block = await solved(draft, DEFAULT_MAX_TRIES);
        if (!submit) return { hash: hashOf(block), hex: bytesToHex(encodeBlock(block)) };
        await submitted(parts, block);
        return { hash: hashOf(block) };
      },
    }),

    generatetoaddress: rpcMethod({
      group,
      help: 'Mines blocks at once and answers their hashes.',
      params: [
        { name: 'nblocks', schema: z.int().nonnegative().max(MAX_BLOCKS), help: 'how many' },
        { name: 'address', schema: z.string(), help: 'where reward and fees go' },
        {
          name: 'maxtries',
          schema: z.int().positive(),
          default: DEFAULT_MAX_TRIES,
          help: 'nonces to try for a block',
        },
      ],
      result: list('hashes of the blocks', hex('a hash')),
      run: async ({ nblocks, address, maxtries }, context) => {
        const script = scriptOfAddress(address, profile);
        const hashes: string[] = [];
        while (hashes.length < nblocks && !context.gone) {
          const template = templates.fresh();
          const draft = assembleBlock({
            ...template,
            ...templates.moment(),
            payouts: [{ value: template.coinbaseValue, script }],
            transactions: template.entries.map(({ transaction }) => transaction),
          });
          const block = await solved(draft, maxtries);
          await submitted(parts, block);
          hashes.push(hashOf(block));
        }
        return hashes;
      },
    }),

    setmocktime: rpcMethod({
      group,
      help: 'Holds the clock of the node at a time; 0 lets it run again.',
      params: [
        {
          name: 'timestamp',
          schema: z.int().min(0, 'Mocktime must not be negative').max(MAX_TIME_SECONDS),
          help: 'seconds since 1970',
        },
      ],
      result: none(),
      run: ({ timestamp }) => {
        clock.setMockTime(timestamp);
        parts.longPoll.changed();
        return chain.retryHeld().then(() => null);
      },
    }),
  };
}

function hashOf({ header }: Block): string {
  return displayHash(blockHash(header));
}

/** @throws RpcError −5 for an id that is not in the mempool, −22 for hex that is no transaction */
function givenTransaction(text: string, mempool: Mempool): Transaction {
  if (!/^[0-9a-f]{64}$/i.test(text)) return transactionOf(text);
  const entry = mempool.get(hashKey(parseDisplayHash(text)));
  if (!entry) throw new RpcError(RPC_ERRORS.notFound, `Transaction ${text} not in mempool.`);
  return entry.transaction;
}

async function checkDraft({ chain }: NodeParts, draft: Block): Promise<void> {
  try {
    await chain.proposal(draft);
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    throw new RpcError(RPC_ERRORS.verifyError, `TestBlockValidity failed: ${error.code}, ${error.detail}`);
  }
}

async function solved(draft: Block, maxTries: number): Promise<Block> {
  const block = await solveBlock(draft, maxTries);
  if (!block) throw new RpcError(RPC_ERRORS.misc, `no block found in ${maxTries} tries`);
  return block;
}

async function submitted({ chain }: NodeParts, block: Block): Promise<void> {
  const { outcome, error } = await chain.accept(block);
  if (outcome !== 'connected') {
    throw new RpcError(RPC_ERRORS.verifyError, `block not accepted: ${error?.message ?? outcome}`);
  }
}
