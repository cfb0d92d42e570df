import { bytesToHex, equalBytes, hexToBytes } from '../../protocol/bytes.ts';
import { Reader } from '../../protocol/codec.ts';
import { blockHash, headerCodec } from '../../protocol/header.ts';
import { type Transaction, transactionCodec } from '../../protocol/transaction.ts';
import type { Height } from '../../protocol/units.ts';
import { COINBASE_TAG } from '../jobs/job.ts';
import type { LedgerBlock } from '../ledger/accounts-schema.ts';

/** The coinbase stands at the beginning of a block: more of it is not decoded. */
const REACH_BYTES = 128 * 1024;

/**
 * Recognises a block this pool made: its coinbase pays to the pool and carries the tag.
 * @param hex the block as `getblock HASH 0` gives it
 * @returns the block as the ledger keeps one whose finder is unknown; undefined for anyone else's
 * @throws CodecError when the hex is no block
 */
export function readOwnBlock(hex: string, height: Height, payoutScript: Uint8Array): LedgerBlock | undefined {
  const reader = new Reader(hexToBytes(hex.slice(0, 2 * REACH_BYTES)));
  const header = headerCodec.read(reader);
  reader.varint();
  const coinbase = transactionCodec.read(reader);
  if (!isOwn(coinbase, payoutScript)) return undefined;
  return {
    hash: blockHash(header),
    previous: header.previous,
    height,
    bits: header.bits,
    timeMs: header.time * 1000,
    reward: coinbase.outputs.reduce((sum, { value }) => sum + value, 0n),
    worker: undefined,
    delivery: 'accepted',
    reason: undefined,
  };
}

function isOwn(coinbase: Transaction, payoutScript: Uint8Array): boolean {
  const [input] = coinbase.inputs;
  return (
    input !== undefined &&
    coinbase.outputs.some(({ script }) => equalBytes(script, payoutScript)) &&
    bytesToHex(input.scriptSig).includes(bytesToHex(COINBASE_TAG))
  );
}
