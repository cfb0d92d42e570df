import * as z from 'zod';
import { encodeAddress } from '../../protocol/address.ts';
import { amountToNumber } from '../../protocol/amount.ts';
import { bytesToHex, displayHash, equalBytes } from '../../protocol/bytes.ts';
import type { Nits } from '../../protocol/units.ts';
import { type RpcMethods, rpcMethod } from '../../service/rpc-server.ts';
import type { MempoolEntry } from '../mempool/entry.ts';
import { scriptOfAddress } from './arguments.ts';
import type { NodeParts } from './parts.ts';

const group = 'Addressindex';

/** Most addresses one call may ask about. */
const MAX_ADDRESSES = 1_000;

/** One address as text, or an object with several and perhaps a range of heights. */
const addressesSchema = z.union([
  z.string().transform((address) => ({ addresses: [address], start: undefined, end: undefined })),
  z.object({
    addresses: z.array(z.string()).min(1).max(MAX_ADDRESSES),
    start: z.int().nonnegative().optional(),
    end: z.int().nonnegative().optional(),
  }),
]);

const addressesParam = {
  name: 'addresses',
  schema: addressesSchema,
  help: 'an address, or {"addresses":["…"]} with up to 1,000 of them',
} as const;

const addressesInRangeParam = {
  ...addressesParam,
  help: `${addressesParam.help}, and perhaps "start" and "end" (heights, both included)`,
} as const;

/** What of the mempool concerns a script: an output that pays to it, or an input that spends from it. */
interface UnconfirmedDelta {
  readonly script: Uint8Array;
  readonly entry: MempoolEntry;
  /** Of the output or of the input. */
  readonly index: number;
  /** Negative for an input. */
  readonly value: Nits;
}

/** The methods of the address-index family: what the chain and the mempool say of addresses. */
export function addressMethods(parts: NodeParts): RpcMethods {
  const { addresses: index, chain, profile } = parts;
  const scriptsOf = (texts: readonly string[]): Uint8Array[] =>
    distinct(texts.map((each) => scriptOfAddress(each, profile)));

  return {
    getaddressbalance: rpcMethod({
      group,
      help:
        'What addresses own, all together. "balance" is confirmed, "spendable" plus "immature" (coinbase outputs ' +
        'too young to be spent); "pending" is what the mempool adds or, negative, takes; "received" is all that ' +
        'ever came. Each in NILZ, and exactly in nits as text.',
      params: [addressesParam],
      run: async ({ addresses }) => {
        const scripts = scriptsOf(addresses.addresses);
        const { spendable, immature, received } = await index.balance(scripts);
        const pending = unconfirmed(parts, scripts).reduce((sum, { value }) => sum + value, 0n);
        return {
          ...sumJson('balance', spendable + immature),
          ...sumJson('spendable', spendable),
          ...sumJson('immature', immature),
          ...sumJson('pending', pending),
          ...sumJson('received', received),
        };
      },
    }),

    getaddressmempool: rpcMethod({
      group,
      help: 'What unconfirmed transactions pay to addresses (positive) and spend from them (negative), in nits.',
      params: [addressesParam],
      run: ({ addresses }) =>
        unconfirmed(parts, scriptsOf(addresses.addresses)).map(({ script, entry, index: at, value }) => {
          const spent = value < 0n ? entry.transaction.inputs[at]?.previous : undefined;
          return {
            address: encodeAddress(script, profile.address),
            txid: displayHash(entry.txid),
            index: at,
            satoshis: Number(value),
            timestamp: entry.addedSeconds,
            ...(spent && { prevtxid: displayHash(spent.txid), prevout: spent.index }),
          };
        }),
    }),

    getaddresstxids: rpcMethod({
      group,
      help: 'Ids of the confirmed transactions that pay to addresses or spend from them, oldest first.',
      params: [addressesInRangeParam],
      run: async ({ addresses: { addresses, start, end } }) => {
        const transactions = await index.transactions(scriptsOf(addresses), { start, end });
        return transactions.map(({ txid }) => displayHash(txid));
      },
    }),

    getaddressutxos: rpcMethod({
      group,
      help:
        'The confirmed unspent outputs of addresses, values in nits. "spendable" is false for a coinbase output ' +
        'too young to be spent.',
      params: [addressesParam],
      run: async ({ addresses }) => {
        const coins = await index.coins(scriptsOf(addresses.addresses));
        const { height: tipHeight } = chain.tip;
        return coins.map(({ script, txid, index: outputIndex, value, height, coinbase, mature }) => ({
          address: encodeAddress(script, profile.address),
          txid: displayHash(txid),
          outputIndex,
          script: bytesToHex(script),
          satoshis: Number(value),
          height,
          coinbase,
          confirmations: Math.max(1, tipHeight - height + 1),
          spendable: mature,
        }));
      },
    }),
  };
}

/** A sum in NILZ, and exactly in nits: it may be larger than a number of JSON holds. */
function sumJson(name: string, sum: Nits): Record<string, number | string> {
  return { [name]: amountToNumber(sum), [`${name}_nits`]: String(sum) };
}

function unconfirmed({ mempoolScripts }: NodeParts, scripts: readonly Uint8Array[]): UnconfirmedDelta[] {
  return scripts.flatMap((script) =>
    [...mempoolScripts.entriesOf(script)].flatMap((entry) => deltasOf(entry, script)),
  );
}

function deltasOf(entry: MempoolEntry, script: Uint8Array): UnconfirmedDelta[] {
  const received = entry.transaction.outputs.map((output, index) => ({ output, index, value: output.value }));
  const spent = entry.coins.map((output, index) => ({ output, index, value: -output.value }));
  return [...spent, ...received]
    .filter(({ output }) => equalBytes(output.script, script))
    .map(({ index, value }) => ({ script, entry, index, value }));
}

function distinct(scripts: readonly Uint8Array[]): Uint8Array[] {
  return [...new Map(scripts.map((script) => [bytesToHex(script), script])).values()];
}
