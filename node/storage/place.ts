import type { Height } from '../../protocol/units.ts';
import type { PackedRows } from './packed-rows.ts';

/** Where a transaction stands in the best chain. */
export interface TransactionPlace {
  readonly height: Height;
  /** Of the transaction in its block; 0 is the coinbase. */
  readonly position: number;
}

/** Where an input or an output stands in the best chain. */
export interface Place extends TransactionPlace {
  /** Of the input or output in its transaction. */
  readonly index: number;
}

/** Height and position, four bytes each, the most significant first: as bytes they sort in the chain's order. */
export const TRANSACTION_PLACE_BYTES = 8;
/** The same and the index. */
export const PLACE_BYTES = 12;

export function packPlace(rows: PackedRows, { height, position, index }: Place): PackedRows {
  return rows.u32(height).u32(position).u32(index);
}

export function readTransactionPlace(bytes: Buffer, at: number): TransactionPlace {
  return { height: bytes.readUInt32BE(at), position: bytes.readUInt32BE(at + 4) };
}

export function readPlace(bytes: Buffer, at: number): Place {
  return {
    height: bytes.readUInt32BE(at),
    position: bytes.readUInt32BE(at + 4),
    index: bytes.readUInt32BE(at + 8),
  };
}

/** Orders places as the chain does. */
export function comparePlaces(a: Place, b: Place): number {
  return a.height - b.height || a.position - b.position || a.index - b.index;
}

/** The first place of all. */
export const FIRST_PLACE: Place = { height: 0, position: 0, index: 0 };
/** Above the place of everything a chain can hold. */
export const LAST_PLACE: Place = { height: 0xffff_ffff, position: 0xffff_ffff, index: 0xffff_ffff };

export function isSameTransaction(a: TransactionPlace, b: TransactionPlace): boolean {
  return a.height === b.height && a.position === b.position;
}
