import fc from 'fast-check';
import type { Block } from '../../protocol/block.ts';
import type { Header } from '../../protocol/header.ts';
import type { Transaction, TxInput, TxOutput } from '../../protocol/transaction.ts';
import type { Hash } from '../../protocol/units.ts';

/** fast-check makes some records without a prototype, which no decoder does and deepEqual would notice. */
export function plainRecord<T extends object>(
  fields: { [K in keyof T]: fc.Arbitrary<T[K]> },
): fc.Arbitrary<T> {
  return fc.record<T>(fields, { noNullPrototype: true });
}

export const arbitraryU32 = fc.oneof(
  fc.integer({ min: 0, max: 0xffff_ffff }),
  fc.constantFrom(0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff),
);

export function arbitraryBytes(minLength: number, maxLength = minLength): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength, maxLength });
}

export const arbitraryHash: fc.Arbitrary<Hash> = arbitraryBytes(32);

const arbitraryInput: fc.Arbitrary<TxInput> = plainRecord({
  previous: plainRecord({ txid: arbitraryHash, index: arbitraryU32 }),
  scriptSig: arbitraryBytes(0, 300),
  sequence: arbitraryU32,
  witness: fc.array(arbitraryBytes(0, 300), { maxLength: 3 }),
});

const arbitraryOutput: fc.Arbitrary<TxOutput> = plainRecord({
  value: fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn }),
  script: arbitraryBytes(0, 300),
});

/** Any encodable transaction, with and without witnesses; not one that the rules would accept. */
export const arbitraryTransaction: fc.Arbitrary<Transaction> = plainRecord({
  version: arbitraryU32,
  inputs: fc.array(arbitraryInput, { minLength: 1, maxLength: 5 }),
  outputs: fc.array(arbitraryOutput, { maxLength: 5 }),
  lockTime: arbitraryU32,
});

export const arbitraryHeader: fc.Arbitrary<Header> = plainRecord({
  version: fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }),
  previous: arbitraryHash,
  merkleRoot: arbitraryHash,
  time: arbitraryU32,
  bits: arbitraryU32,
  nonce: arbitraryU32,
});

export const arbitraryBlock: fc.Arbitrary<Block> = plainRecord({
  header: arbitraryHeader,
  transactions: fc.array(arbitraryTransaction, { maxLength: 6 }),
});
