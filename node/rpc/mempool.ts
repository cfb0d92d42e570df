import * as z from 'zod';
import { amountToNumber } from '../../protocol/amount.ts';
import { displayHash } from '../../protocol/bytes.ts';
import type { Nits } from '../../protocol/units.ts';
import { type RpcMethods, rpcMethod } from '../../service/rpc-server.ts';
import { ancestorsOf, descendantsOf, type MempoolEntry } from '../mempool/entry.ts';
import { MAX_DATA_SCRIPT_BYTES, MIN_FEE_RATE_NITS_PER_VB } from '../mempool/policy.ts';
import type { NodeParts } from './parts.ts';

const group = 'Blockchain';

/** The lowest rate taken, in NILZ per 1,000 vbytes. */
export const MIN_FEE_RATE_JSON = amountToNumber(MIN_FEE_RATE_NITS_PER_VB * 1_000n);

/** A fee rate in NILZ per 1,000 vbytes. */
export function ratePerKvb(fee: Nits, vsize: number): number {
  return amountToNumber((fee * 1_000n) / BigInt(vsize));
}

/** The methods that show the mempool. */
export function mempoolMethods({ mempool, mempoolCapacity }: NodeParts): RpcMethods {
  return {
    getmempoolinfo: rpcMethod({
      group,
      help: 'Size and limits of the mempool. "usage" and "maxmempool" count serialised bytes.',
      params: [],
      run: () => ({
        loaded: true,
        size: mempool.size,
        bytes: mempool.totalVsize,
        usage: mempool.usage,
        total_fee: amountToNumber(mempool.totalFees),
        maxmempool: mempoolCapacity.maxBytes,
        mempoolminfee: MIN_FEE_RATE_JSON,
        minrelaytxfee: MIN_FEE_RATE_JSON,
        incrementalrelayfee: MIN_FEE_RATE_JSON,
        unbroadcastcount: 0,
        fullrbf: false,
        permitbaremultisig: false,
        maxdatacarriersize: MAX_DATA_SCRIPT_BYTES,
      }),
    }),

    getrawmempool: rpcMethod({
      group,
      help: 'The ids of all transactions of the mempool, or with verbose=true an object with each.',
      params: [
        { name: 'verbose', schema: z.boolean(), optional: true, help: 'default false' },
        {
          name: 'mempool_sequence',
          schema: z.boolean(),
          optional: true,
          help: 'with verbose=false: ids together with the sequence number of the mempool (default false)',
        },
      ],
      run: ({ verbose = false, mempool_sequence: withSequence = false }) => {
        const entries = [...mempool.entries()];
        if (verbose)
          return Object.fromEntries(entries.map((each) => [displayHash(each.txid), entryJson(each)]));
        const txids = entries.map((each) => displayHash(each.txid));
        return withSequence ? { txids, mempool_sequence: mempool.sequence } : txids;
      },
    }),
  };
}

/** An entry as `getmempoolentry` of Bitcoin Core shows it. */
function entryJson(entry: MempoolEntry): Record<string, unknown> {
  const ancestors = sumOf(ancestorsOf([entry]));
  const descendants = sumOf(descendantsOf([entry]));
  const base = amountToNumber(entry.fee);
  return {
    vsize: entry.vsize,
    weight: entry.weight,
    time: entry.addedSeconds,
    height: entry.addedHeight,
    descendantcount: descendants.count,
    descendantsize: descendants.vsize,
    ancestorcount: ancestors.count,
    ancestorsize: ancestors.vsize,
    wtxid: displayHash(entry.wtxid),
    fees: {
      base,
      modified: base,
      ancestor: amountToNumber(ancestors.fee),
      descendant: amountToNumber(descendants.fee),
    },
    depends: [...entry.parents].map((parent) => displayHash(parent.txid)),
    spentby: [...entry.children].map((child) => displayHash(child.txid)),
    'bip125-replaceable': false,
    unbroadcast: false,
  };
}

function sumOf(entries: ReadonlySet<MempoolEntry>): { count: number; vsize: number; fee: Nits } {
  const sum = { count: entries.size, vsize: 0, fee: 0n };
  for (const { vsize, fee } of entries) {
    sum.vsize += vsize;
    sum.fee += fee;
  }
  return sum;
}
