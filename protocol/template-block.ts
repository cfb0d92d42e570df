/**
 * The block that grows on a template: its coinbase, cut in two around the extranonces as Stratum has it, and the
 * whole of it once a header is found. A pool's jobs and work straight from a node are made of the same.
 */
import { bytesToHex, concatBytes } from './bytes.ts';
import { array, Writer } from './codec.ts';
import { buildCoinbase, MAX_COINBASE_SCRIPT_SIZE, WITNESS_RESERVED_VALUE } from './coinbase.ts';
import { commitmentScript } from './merkle.ts';
import { pushHeight } from './script.ts';
import type { Template } from './template.ts';
import {
  decodeTransaction,
  encodeTransaction,
  encodeWithoutWitness,
  outputCodec,
  type TxOutput,
} from './transaction.ts';

/** Where the script of the only input begins: version, input count, null outpoint, length byte. */
const SCRIPT_OFFSET = 4 + 1 + 36 + 1;
/** An empty output list and the lock time end a coinbase without outputs. */
const OUTPUT_COUNT_SIZE = 1;
const LOCK_TIME = new Uint8Array(4);

const outputsCodec = array(outputCodec, 16);

/** What stands in the coinbase's script behind the height. */
export interface CoinbaseScript {
  /** The first bytes of the push that the extranonces end. */
  readonly unique: Uint8Array;
  /** Bytes left for the extranonces. With `unique` at most 75, which one byte can push. */
  readonly room: number;
  /** Marks the block for whoever looks at it. */
  readonly tag: Uint8Array;
}

/**
 * A coinbase without witness and outputs, before and after the extranonces: its script is the height (BIP 34),
 * one push of `unique` and the extranonces, the tag, and what the node wants inside (BIP 22, `coinbaseaux`) as far
 * as there is room.
 */
export function splitCoinbase(
  { height, auxiliary }: Pick<Template, 'height' | 'auxiliary'>,
  { unique, room, tag }: CoinbaseScript,
): readonly [start: Uint8Array, scriptEnd: Uint8Array] {
  const heightPush = pushHeight(height);
  const start = concatBytes(Uint8Array.of(unique.length + room), unique);
  const tagPush = concatBytes(Uint8Array.of(tag.length), tag);
  const size = heightPush.length + start.length + room + tagPush.length;
  const fits = size + auxiliary.length <= MAX_COINBASE_SCRIPT_SIZE;
  const extra = concatBytes(start, new Uint8Array(room), tagPush, fits ? auxiliary : new Uint8Array(0));
  const bare = encodeWithoutWitness(buildCoinbase({ height, outputs: [], extra }));
  const hole = SCRIPT_OFFSET + heightPush.length + start.length;
  return [bare.slice(0, hole), bare.slice(hole + room, bare.length - OUTPUT_COUNT_SIZE - LOCK_TIME.length)];
}

/**
 * The coinbase from behind the extranonces on.
 * @param scriptEnd as {@link splitCoinbase} gives it
 * @param outputs what the reward goes to, together the template's; the commitment (BIP 141) is added
 */
export function coinbaseEnd(
  scriptEnd: Uint8Array,
  outputs: readonly TxOutput[],
  { commitment }: Pick<Template, 'commitment'>,
): Uint8Array {
  const committed = commitment === undefined ? [] : [{ value: 0n, script: commitmentScript(commitment) }];
  return concatBytes(scriptEnd, outputsCodec.encode([...outputs, ...committed]), LOCK_TIME);
}

/**
 * The block that a header and its coinbase complete, as hex for `submitblock`.
 * @param coinbase as miners hash it, without witness; in the block it carries the witness that belongs to
 * the commitment (BIP 141)
 */
export function assembleBlock(
  { transactions, commitment }: Pick<Template, 'transactions' | 'commitment'>,
  header: Uint8Array,
  coinbase: Uint8Array,
): string {
  const block = new Writer();
  block.bytes(header);
  block.varint(transactions.size + 1);
  block.bytes(commitment === undefined ? coinbase : withWitness(coinbase));
  for (const { bytes } of transactions.values()) block.bytes(bytes);
  return bytesToHex(block.finish());
}

function withWitness(coinbase: Uint8Array): Uint8Array {
  const transaction = decodeTransaction(coinbase);
  const inputs = transaction.inputs.map((input) => ({ ...input, witness: [WITNESS_RESERVED_VALUE] }));
  return encodeTransaction({ ...transaction, inputs });
}
