import type { Block } from './block.ts';
import { displayHash } from './bytes.ts';
import { compactToTarget, showBits } from './compact.ts';
import { encodeHeader, type Header, hashHeaderBytes } from './header.ts';
import { OP_RETURN, pushData } from './script.ts';
import { NULL_INDEX, NULL_TXID, type Transaction, type TxOutput, txid } from './transaction.ts';
import type { Bits, Hash } from './units.ts';
import { isAtMost, targetBytes } from './work.ts';

/** What a first block is made of: one coinbase, no parent, version 1. */
export interface GenesisParts {
  /** Coinbase script, ≤ 100 bytes. It carries no height: BIP 34 starts with block 1. */
  readonly scriptSig: Uint8Array;
  readonly outputs: readonly TxOutput[];
  /** Seconds since 1970. */
  readonly time: number;
  readonly bits: Bits;
  readonly nonce: number;
}

/** The block those parts make. Its proof of work is not looked at. */
export function genesisBlock({ scriptSig, outputs, time, bits, nonce }: GenesisParts): Block {
  const coinbase: Transaction = {
    version: 1,
    inputs: [
      { previous: { txid: NULL_TXID, index: NULL_INDEX }, scriptSig, sequence: 0xffff_ffff, witness: [] },
    ],
    outputs,
    lockTime: 0,
  };
  const header: Header = {
    version: 1,
    previous: new Uint8Array(32),
    merkleRoot: txid(coinbase),
    time,
    bits,
    nonce,
  };
  return { header, transactions: [coinbase] };
}

/** A coinbase script that says a sentence. */
export function sentenceScript(sentence: string): Uint8Array {
  return pushData(new TextEncoder().encode(sentence));
}

/** The output of a genesis block that pays nobody: no coin comes of it. */
export const UNSPENDABLE_OUTPUT: TxOutput = { value: 0n, script: Uint8Array.of(OP_RETURN) };

/**
 * Lowest nonce, counted from 0, with which the parts meet their bits.
 * @returns undefined if none below `end` does
 */
export function findGenesisNonce(parts: Omit<GenesisParts, 'nonce'>, end: number): number | undefined {
  const bytes = encodeHeader(genesisBlock({ ...parts, nonce: 0 }).header);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const target = targetBytes(compactToTarget(parts.bits));
  for (let nonce = 0; nonce < end; nonce++) {
    view.setUint32(76, nonce, true);
    if (isAtMost(hashHeaderBytes(bytes), target)) return nonce;
  }
  return undefined;
}

/** The block those parts make, which must have this hash and meet its bits: a wrong constant stops the start. */
export function assertedGenesis(parts: GenesisParts, hash: string): { block: Block; hash: Hash } {
  const block = genesisBlock(parts);
  const found = hashHeaderBytes(encodeHeader(block.header));
  if (displayHash(found) !== hash)
    throw new Error(`genesis block has the hash ${displayHash(found)}, not ${hash}`);
  if (!isAtMost(found, targetBytes(compactToTarget(parts.bits)))) {
    throw new Error(`genesis block ${hash} does not meet its bits ${showBits(parts.bits)}`);
  }
  return { block, hash: found };
}
