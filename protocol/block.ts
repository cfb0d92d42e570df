import { array, Reader, struct, Writer } from './codec.ts';
import { HEADER_SIZE, type Header, headerCodec } from './header.ts';
import { atOnce, type Steps } from './steps.ts';
import { baseSize, type Transaction, totalSize, transactionCodec } from './transaction.ts';

/** A header and the transactions its merkle root stands for, the coinbase first. */
export interface Block {
  readonly header: Header;
  readonly transactions: readonly Transaction[];
}

/** No block of 4,000,000 weight units holds more transactions than this. */
const MAX_TRANSACTIONS = 100_000;

export const blockCodec = struct<Block>(
  {
    header: headerCodec,
    transactions: array(transactionCodec, MAX_TRANSACTIONS),
  },
  'block',
);

/** The block as it goes over the wire, witnesses included. @throws CodecError */
export function encodeBlock(block: Block): Uint8Array {
  const writer = new Writer(blockTotalSize(block));
  blockCodec.write(writer, block);
  return writer.finish();
}

/** The block that `bytes` hold. @throws CodecError */
export function decodeBlock(bytes: Uint8Array): Block {
  return atOnce(decodeBlockSteps(bytes));
}

/** `decodeBlock` in steps, one for each transaction. */
export function* decodeBlockSteps(bytes: Uint8Array): Steps<Block> {
  const reader = new Reader(bytes);
  const header = headerCodec.read(reader);
  const transactions: Transaction[] = [];
  const count = reader.count(MAX_TRANSACTIONS, transactionCodec.minSize);
  for (let index = 0; index < count; index++) {
    transactions.push(transactionCodec.read(reader));
    yield;
  }
  reader.end();
  return { header, transactions };
}

/** Bytes of the block without witnesses. */
export function blockBaseSize(block: Block): number {
  return sizeWith(block, baseSize);
}

/** Bytes of the block on the wire. */
export function blockTotalSize(block: Block): number {
  return sizeWith(block, totalSize);
}

/** Weight units (BIP 141): 3 × base size + total size. */
export function blockWeight(block: Block): number {
  return 3 * blockBaseSize(block) + blockTotalSize(block);
}

function sizeWith(block: Block, sizeOf: (transaction: Transaction) => number): number {
  const { length } = block.transactions;
  let size = HEADER_SIZE + (length < 0xfd ? 1 : length <= 0xffff ? 3 : 5);
  for (const transaction of block.transactions) size += sizeOf(transaction);
  return size;
}
