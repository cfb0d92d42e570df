import * as z from 'zod';
import { amountToNumber, MAX_MONEY } from '../../protocol/amount.ts';
import { displayHash, hashKey } from '../../protocol/bytes.ts';
import { RPC_ERRORS } from '../../protocol/rpc.ts';
import type { Hash, Nits } from '../../protocol/units.ts';
import { bool, hex, list, num, obj, record, str, time } from '../../service/rpc-result.ts';
import { RpcError, type RpcMethods, rpcMethod } from '../../service/rpc-server.ts';
import { ancestorsOf, descendantsOf, type MempoolEntry } from '../mempool/entry.ts';
import type { Mempool } from '../mempool/mempool.ts';
import {
  INCREMENTAL_FEE_RATE_NITS_PER_VB,
  MAX_DATA_SCRIPT_BYTES,
  MIN_FEE_RATE_NITS_PER_VB,
} from '../mempool/policy.ts';
import { hashArgument } from './arguments.ts';
import type { NodeParts } from './parts.ts';

const group = 'Blockchain';

/** The lowest rate taken while there is room, in NILZ per 1,000 vbytes. */
export const MIN_FEE_RATE_JSON = amountToNumber(MIN_FEE_RATE_NITS_PER_VB * 1_000n);

/** A fee rate in NILZ per 1,000 vbytes. */
export function ratePerKvb(fee: Nits, vsize: number): number {
  return amountToNumber((fee * 1_000n) / BigInt(vsize));
}

const ENTRY_RESULT = obj('', {
  vsize: num('virtual bytes: a quarter of the weight, rounded up'),
  weight: num('weight (BIP 141)'),
  time: time('when it entered'),
  height: num('of the tip when it entered'),
  descendantcount: num('it and the transactions of the mempool that depend on it'),
  descendantsize: num('virtual bytes of those'),
  ancestorcount: num('it and the transactions of the mempool it depends on'),
  ancestorsize: num('virtual bytes of those'),
  wtxid: hex('hash with witnesses'),
  fees: obj('in NILZ', {
    base: num('what it pays'),
    modified: num('what it counts with: with the delta of prioritisetransaction'),
    ancestor: num('what it and all it depends on count with'),
    descendant: num('what it and all that depends on it count with'),
  }),
  depends: list('transactions of the mempool it spends from', hex('id')),
  spentby: list('transactions of the mempool that spend from it', hex('id')),
  'bip125-replaceable': bool('whether a higher fee can replace it: always true, it need not signal that'),
  unbroadcast: bool('whether no peer has it yet as far as is known; always false'),
});

const IDS = list('', hex('id of a transaction'));
const BY_ID = record('', 'id of a transaction', ENTRY_RESULT);
const VERBOSE_RESULT = [
  { when: 'for verbose = false', schema: IDS },
  { when: 'for verbose = true', schema: BY_ID },
] as const;

const txidParam = { name: 'txid', schema: hashArgument, help: 'id of a transaction of the mempool' } as const;
const verboseParam = {
  name: 'verbose',
  schema: z.boolean(),
  default: false,
  help: 'an object with each instead of the ids alone',
} as const;

/** The methods that show the mempool. */
export function mempoolMethods(parts: NodeParts): RpcMethods {
  const { mempool, mempoolCapacity, saveMempool } = parts;

  return {
    getmempoolinfo: rpcMethod({
      group,
      help: 'Size and limits of the mempool.',
      params: [],
      result: obj('', {
        loaded: bool('whether the mempool of the last run is back; always true'),
        size: num('number of transactions'),
        bytes: num('virtual bytes of all'),
        usage: num('bytes of memory they take up, estimated'),
        total_fee: num('what they pay, in NILZ'),
        maxmempool: num('most bytes of memory they may take up'),
        mempoolminfee: num('lowest fee rate that enters at present, in NILZ per 1,000 vbytes'),
        minrelaytxfee: num('lowest fee rate that enters while there is room'),
        incrementalrelayfee: num('what replacing and evicting must bring in addition'),
        unbroadcastcount: num('always 0'),
        fullrbf: bool('whether what does not signal it can be replaced; always true'),
        permitbaremultisig: bool('always false'),
        maxdatacarriersize: num('longest OP_RETURN script in bytes'),
      }),
      run: () => ({
        loaded: true,
        size: mempool.size,
        bytes: mempool.totalVsize,
        usage: mempool.usage,
        total_fee: amountToNumber(mempool.totalFees),
        maxmempool: mempoolCapacity.maxBytes,
        mempoolminfee: amountToNumber(mempoolCapacity.minFeeRate),
        minrelaytxfee: MIN_FEE_RATE_JSON,
        incrementalrelayfee: amountToNumber(INCREMENTAL_FEE_RATE_NITS_PER_VB * 1_000n),
        unbroadcastcount: 0,
        fullrbf: true,
        permitbaremultisig: false,
        maxdatacarriersize: MAX_DATA_SCRIPT_BYTES,
      }),
    }),

    getrawmempool: rpcMethod({
      group,
      help: 'The ids of all transactions of the mempool, or an object with each.',
      params: [
        verboseParam,
        {
          name: 'mempool_sequence',
          schema: z.boolean(),
          default: false,
          help: 'with verbose=false: the ids together with the sequence number of the mempool',
        },
      ],
      result: [
        ...VERBOSE_RESULT,
        {
          when: 'for verbose = false and mempool_sequence = true',
          schema: obj('', { txids: IDS, mempool_sequence: num('grows with every entry that comes or goes') }),
        },
      ],
      run: ({ verbose, mempool_sequence: withSequence }) => {
        if (verbose && withSequence) {
          const message = 'Verbose results cannot contain mempool sequence values.';
          throw new RpcError(RPC_ERRORS.invalidParameter, message);
        }
        if (!withSequence) return entriesJson(mempool.entries(), verbose);
        return { txids: idsOf(mempool.entries()), mempool_sequence: mempool.sequence };
      },
    }),

    getmempoolentry: rpcMethod({
      group,
      help: 'What the mempool knows of a transaction.',
      params: [txidParam],
      result: ENTRY_RESULT,
      run: ({ txid }) => entryJson(entryOf(mempool, txid)),
    }),

    getmempoolancestors: rpcMethod({
      group,
      help: 'The transactions of the mempool that a transaction depends on.',
      params: [txidParam, verboseParam],
      result: VERBOSE_RESULT,
      run: ({ txid, verbose }) => entriesJson(ancestorsOf(entryOf(mempool, txid).parents), verbose),
    }),

    getmempooldescendants: rpcMethod({
      group,
      help: 'The transactions of the mempool that depend on a transaction.',
      params: [txidParam, verboseParam],
      result: VERBOSE_RESULT,
      run: ({ txid, verbose }) => entriesJson(descendantsOf(entryOf(mempool, txid).children), verbose),
    }),

    savemempool: rpcMethod({
      group,
      help:
        'Writes what has changed in the mempool to the disk, and answers when it is durable. ' +
        'It is written by itself within half a second.',
      params: [],
      result: obj('', { filename: str('the database that holds it') }),
      run: async () => ({ filename: await saveMempool() }),
    }),

    prioritisetransaction: rpcMethod({
      group: 'Mining',
      help:
        'Lets a transaction count as if it paid more, or less, when blocks are filled, room is made and ' +
        'replacements are judged. Calls add up, and may come before the transaction.',
      params: [
        { name: 'txid', schema: hashArgument, help: 'id of the transaction' },
        { name: 'dummy', schema: z.number(), optional: true, help: 'left out or 0' },
        { name: 'fee_delta', schema: z.int(), help: 'nits to add, or to take if negative' },
      ],
      result: bool('always true'),
      run: ({ txid, dummy = 0, fee_delta: by }) => {
        if (dummy !== 0) {
          const message =
            'Priority is no longer supported, dummy argument to prioritisetransaction must be 0.';
          throw new RpcError(RPC_ERRORS.invalidParameter, message);
        }
        const delta = mempool.delta(hashKey(txid)) + BigInt(by);
        if (delta > MAX_MONEY || delta < -MAX_MONEY) {
          const message = `fee_delta would add up to ${delta} nits; allowed are ${MAX_MONEY} up or down`;
          throw new RpcError(RPC_ERRORS.invalidParameter, message);
        }
        mempool.prioritise(txid, BigInt(by));
        return true;
      },
    }),
  };
}

/** @throws RpcError −5 unless the mempool holds it */
function entryOf(mempool: Mempool, txid: Hash): MempoolEntry {
  const entry = mempool.get(hashKey(txid));
  if (entry) return entry;
  throw new RpcError(RPC_ERRORS.notFound, 'Transaction not in mempool');
}

function idsOf(entries: Iterable<MempoolEntry>): string[] {
  return [...entries].map(({ txid }) => displayHash(txid));
}

type EntryJson = z.input<typeof ENTRY_RESULT>;

function entriesJson(
  entries: Iterable<MempoolEntry>,
  verbose: boolean,
): string[] | Record<string, EntryJson> {
  if (!verbose) return idsOf(entries);
  return Object.fromEntries([...entries].map((entry) => [displayHash(entry.txid), entryJson(entry)]));
}

/** An entry as `getmempoolentry` of Bitcoin Core shows it. */
function entryJson(entry: MempoolEntry): EntryJson {
  const { ancestors, descendants } = entry;
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
      base: amountToNumber(entry.fee),
      modified: amountToNumber(entry.modifiedFee),
      ancestor: amountToNumber(ancestors.fees),
      descendant: amountToNumber(descendants.fees),
    },
    depends: idsOf(entry.parents),
    spentby: idsOf(entry.children),
    'bip125-replaceable': true,
    unbroadcast: false,
  };
}
