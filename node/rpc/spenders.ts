import * as z from 'zod';
import { displayHash } from '../../protocol/bytes.ts';
import { RPC_ERRORS } from '../../protocol/rpc.ts';
import { outPointKey } from '../../protocol/transaction.ts';
import type { Hash } from '../../protocol/units.ts';
import { hex, list, num, obj } from '../../service/rpc-result.ts';
import { RpcError, type RpcMethods, rpcMethod } from '../../service/rpc-server.ts';
import type { Spender } from '../storage/deltas-table.ts';
import { hashArgument } from './arguments.ts';
import type { NodeParts } from './parts.ts';
import { findTransaction } from './transactions.ts';

/** Most outputs one call may ask about. */
const MAX_OUTPUTS = 100;
/** Where a height would stand while the spender waits for a block. Source: bitcore-node, getspentinfo. */
const WAITING = -1;

const outputIndex = z.int().nonnegative();

const SPENDER_FIELDS = {
  txid: hex('of the transaction that spends it'),
  index: num('of its input'),
  height: num('of its block; -1 while it waits for one'),
};

interface SpenderJson {
  readonly txid: string;
  readonly index: number;
  readonly height: number;
}

/** The method that leads from an output to what spends it. */
export function spenderMethods(parts: NodeParts): RpcMethods {
  return {
    getspentinfo: rpcMethod({
      group: 'Addressindex',
      help:
        'The input that spends an output, in a block or waiting for one. It is looked for among what came to the ' +
        'same address afterwards: of an address with very much it may not be found.',
      params: [
        {
          name: 'output',
          schema: z.object({
            txid: hashArgument.describe('of the transaction that made it'),
            index: z
              .union([outputIndex, z.array(outputIndex).min(1).max(MAX_OUTPUTS)])
              .describe('its index, or several'),
          }),
          help: `{"txid":"…","index":N}, or a list of up to ${MAX_OUTPUTS} indexes`,
        },
      ],
      result: [
        { when: 'for one index', schema: obj('', SPENDER_FIELDS) },
        {
          when: 'for a list',
          schema: list(
            'in its order',
            obj('empty where no spender is found', {
              txid: SPENDER_FIELDS.txid.optional(),
              index: SPENDER_FIELDS.index.optional(),
              height: SPENDER_FIELDS.height.optional(),
            }),
          ),
        },
      ],
      run: async ({ output: { txid, index } }) => {
        if (Array.isArray(index)) {
          const found = await spendersOf(parts, txid, index);
          return found.map((spender) => spender ?? {});
        }
        const [found] = await spendersOf(parts, txid, [index]);
        if (found !== undefined) return found;
        throw new RpcError(RPC_ERRORS.notFound, 'Unable to get spent info');
      },
    }),
  };
}

/** @throws RpcError −5 where there is no such transaction, −8 for an output that it does not have */
async function spendersOf(
  parts: NodeParts,
  txid: Hash,
  indexes: readonly number[],
): Promise<(SpenderJson | undefined)[]> {
  const { transaction, entry, position } = await findTransaction(parts, txid);
  const outputs = indexes.map((index) => {
    const output = transaction.outputs[index];
    if (output !== undefined) return { index, script: output.script };
    const message = `the transaction has ${transaction.outputs.length} outputs, and none of index ${index}`;
    throw new RpcError(RPC_ERRORS.invalidParameter, message);
  });
  const waiting = indexes.map((index) => waitingSpender(parts, txid, index));
  if (entry === undefined || position === undefined) return waiting;
  const { height } = entry;
  const open = outputs.filter((_, at) => waiting[at] === undefined);
  const confirmed = await parts.addresses.spenders(
    open.map(({ index, script }) => ({ script, created: { height, position, index } })),
  );
  return outputs.map((output, at) => waiting[at] ?? confirmedSpender(confirmed[open.indexOf(output)]));
}

function confirmedSpender(spender: Spender | undefined): SpenderJson | undefined {
  return spender && { txid: displayHash(spender.txid), index: spender.at.index, height: spender.at.height };
}

function waitingSpender({ mempool }: NodeParts, txid: Hash, index: number): SpenderJson | undefined {
  const spent = outPointKey({ txid, index });
  const spender = mempool.spender(spent);
  if (spender === undefined) return undefined;
  const input = spender.transaction.inputs.findIndex(({ previous }) => outPointKey(previous) === spent);
  return { txid: displayHash(spender.txid), index: input, height: WAITING };
}
