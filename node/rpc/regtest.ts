import * as z from 'zod';
import { type Block, encodeBlock } from '../../protocol/block.ts';
import { bytesToHex, displayHash, equalBytes, hashKey, parseDisplayHash } from '../../protocol/bytes.ts';
import { rewardAt } from '../../protocol/connect.ts';
import { blockHash } from '../../protocol/header.ts';
import { RPC_ERRORS } from '../../protocol/rpc.ts';
import { RuleError } from '../../protocol/rules.ts';
import type { Transaction } from '../../protocol/transaction.ts';
import { hex, list, none, obj } from '../../service/rpc-result.ts';
import { RpcError, type RpcMethods, rpcMethod } from '../../service/rpc-server.ts';
import type { Chain } from '../chain/chain.ts';
import { Lock } from '../chain/lock.ts';
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

/** Mining and time at a caller's word: on the regtests, and on private networks whose file says `mockTime`. */
export function regtestMethods(parts: NodeParts): RpcMethods {
  const { chain, clock, mempool, profile, templates } = parts;
  /** One block after the other: calls at the same time would all find the same one. */
  const mining = new Lock();

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
      run: ({ output, transactions, submit }) => {
        const script = scriptOfAddress(output, profile);
        return mining.run(async () => {
          const draft = await checkedDraft(chain, () => {
            const template = templates.fresh();
            return assembleBlock({
              ...template,
              ...templates.moment(),
              payouts: [{ value: rewardAt(template.height, profile), script }],
              transactions: transactions.map((each) => givenTransaction(each, mempool)),
            });
          });
          const block = await solved(chain, draft, DEFAULT_MAX_TRIES);
          if (!block) throw new RpcError(RPC_ERRORS.misc, `no block found in ${DEFAULT_MAX_TRIES} tries`);
          if (!submit) return { hash: hashOf(block), hex: bytesToHex(encodeBlock(block)) };
          await submitted(chain, block);
          return { hash: hashOf(block) };
        });
      },
    }),

    generatetoaddress: rpcMethod({
      group,
      help: 'Mines blocks at once and answers their hashes: fewer than asked for when maxtries is used up.',
      params: [
        { name: 'nblocks', schema: z.int().nonnegative().max(MAX_BLOCKS), help: 'how many' },
        { name: 'address', schema: z.string(), help: 'where reward and fees go' },
        {
          name: 'maxtries',
          schema: z.int().nonnegative(),
          default: DEFAULT_MAX_TRIES,
          help: 'nonces to try for all blocks together',
        },
      ],
      result: list('hashes of the blocks', hex('a hash')),
      run: async ({ nblocks, address, maxtries }, context) => {
        const script = scriptOfAddress(address, profile);
        const mineOne = async (maxTries: number): Promise<Block | undefined> => {
          const template = templates.fresh();
          const draft = assembleBlock({
            ...template,
            ...templates.moment(),
            payouts: [{ value: template.coinbaseValue, script }],
            transactions: template.entries.map(({ transaction }) => transaction),
          });
          const block = await solved(chain, draft, maxTries);
          if (block) await submitted(chain, block);
          return block;
        };
        const hashes: string[] = [];
        let triesLeft = maxtries;
        while (hashes.length < nblocks && !context.gone) {
          const block = await mining.run(() => mineOne(triesLeft));
          if (!block) break;
          triesLeft -= block.header.nonce + 1;
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

/** A draft that would be valid if it were solved: made anew where a peer's block has moved the tip. */
async function checkedDraft(chain: Chain, make: () => Block): Promise<Block> {
  for (;;) {
    const draft = make();
    try {
      await chain.proposal(draft);
      return draft;
    } catch (error) {
      if (!(error instanceof RuleError)) throw error;
      if (!equalBytes(draft.header.previous, chain.tip.hash)) continue;
      throw new RpcError(RPC_ERRORS.verifyError, `TestBlockValidity failed: ${error.code}, ${error.detail}`);
    }
  }
}

/**
 * Solves a draft, but not to a block that is known: after `invalidateblock` the next block of the same second
 * would be the one that was just declared invalid.
 */
async function solved(chain: Chain, draft: Block, maxTries: number): Promise<Block | undefined> {
  let block = await solveBlock(draft, maxTries);
  while (block && chain.entry(blockHash(block.header))) {
    const nonce = block.header.nonce + 1;
    block = await solveBlock({ ...draft, header: { ...draft.header, nonce } }, maxTries - nonce);
  }
  return block;
}

/** A block that a peer's has overtaken stands beside the best chain, as with Bitcoin Core. */
async function submitted(chain: Chain, block: Block): Promise<void> {
  const { outcome, error } = await chain.accept(block);
  if (outcome !== 'connected' && outcome !== 'side-branch') {
    throw new RpcError(RPC_ERRORS.verifyError, `block not accepted: ${error?.message ?? outcome}`);
  }
}
