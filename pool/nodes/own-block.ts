import { bytesToHex, equalBytes, hexToBytes } from '../../protocol/bytes.ts';
import { Reader } from '../../protocol/codec.ts';
import { blockHash, headerCodec } from '../../protocol/header.ts';
import { pushHeight } from '../../protocol/script.ts';
import { type Transaction, transactionCodec } from '../../protocol/transaction.ts';
import type { Height } from '../../protocol/units.ts';
import { COINBASE_TAG } from '../jobs/job.ts';
import type { LedgerBlock } from '../ledger/accounts-schema.ts';

/** By what a pool knows its blocks, beside the tag. */
export type OwnMark =
  /** All coinbases pay to this script. */
  | { readonly payoutScript: Uint8Array }
  /** Solo: the ledger's mark; the finder is whom the coinbase pays first, unless that is the operator's fee. */
  | {
      readonly mark: number;
      readonly feeScript: Uint8Array | undefined;
      readonly addressOf: (script: Uint8Array) => string | undefined;
    };

/** Room for the rounds of one process behind the mark; what is not used is chance. */
const ROUND_BITS = 32n;

/**
 * Where the unique values of a process begin ({@link makeRound}): behind the mark of its ledger, by chance, so that
 * no two processes have a round in common.
 * @param chance below 2³¹: rounds that follow do not run into the mark
 */
export function uniqueBaseOf(mark: number, chance: number): bigint {
  return (BigInt(mark) << ROUND_BITS) | BigInt(chance);
}

/** The coinbase stands at the beginning of a block: more of it is not decoded. */
const REACH_BYTES = 128 * 1024;

/**
 * Recognises a block this pool made.
 * @param hex the block as `getblock HASH 0` gives it
 * @returns the block as the ledger keeps one that was found in the chain; undefined for anyone else's
 * @throws CodecError when the hex is no block
 */
export function readOwnBlock(hex: string, height: Height, own: OwnMark): LedgerBlock | undefined {
  const reader = new Reader(hexToBytes(hex.slice(0, 2 * REACH_BYTES)));
  const header = headerCodec.read(reader);
  reader.varint();
  const coinbase = transactionCodec.read(reader);
  if (!isOwn(coinbase, height, own)) return undefined;
  const finder = finderOf(coinbase, own);
  return {
    hash: blockHash(header),
    previous: header.previous,
    height,
    bits: header.bits,
    timeMs: header.time * 1000,
    reward: coinbase.outputs.reduce((sum, { value }) => sum + value, 0n),
    worker: finder === undefined ? undefined : { address: finder, name: '' },
    delivery: 'accepted',
    reason: undefined,
  };
}

function isOwn({ inputs, outputs }: Transaction, height: Height, own: OwnMark): boolean {
  const scriptSig = inputs[0]?.scriptSig ?? new Uint8Array(0);
  if (!bytesToHex(scriptSig).includes(bytesToHex(COINBASE_TAG))) return false;
  if ('payoutScript' in own) return outputs.some(({ script }) => equalBytes(script, own.payoutScript));
  // The height, the length of the push that follows, the unique value.
  const at = pushHeight(height).length + 1;
  return scriptSig.length >= at + 4 && Buffer.from(scriptSig).readUInt32BE(at) === own.mark;
}

function finderOf({ outputs }: Transaction, own: OwnMark): string | undefined {
  const [first] = outputs;
  if ('payoutScript' in own || first === undefined) return undefined;
  const isFee = own.feeScript !== undefined && equalBytes(first.script, own.feeScript);
  return isFee ? undefined : own.addressOf(first.script);
}
