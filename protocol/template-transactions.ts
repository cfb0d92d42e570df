import { CodecError, equalBytes, hashKey, hexToBytes, parseDisplayHash } from './bytes.ts';
import { sha256d } from './hash.ts';
import { decodeTransaction, txid } from './transaction.ts';
import type { Hash } from './units.ts';

/** A template that cannot be turned into work; the message says why. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
}

/** A transaction of a template. */
export interface TemplateTransaction {
  /** Encoded with witness, as it stands in the block. */
  readonly bytes: Uint8Array;
  readonly wtxid: Hash;
}

/** By `hashKey` of the txid, in the order of the block. */
export type TemplateTransactions = ReadonlyMap<string, TemplateTransaction>;

/** No block has room for more (BIP 141: a byte weighs at least 1). */
const MAX_BYTES = 4_000_000;

/**
 * Reads the list of `getblocktemplate` (BIP 22, BIP 145). Each transaction is decoded and hashed once, when it
 * is first seen: a txid that is not that of its data would make every block of this template invalid.
 * @param former those of the template before
 * @throws TemplateError naming the transaction and the field
 */
export function readTransactions(
  list: readonly unknown[],
  former?: TemplateTransactions,
): TemplateTransactions {
  const transactions = new Map<string, TemplateTransaction>();
  let size = 0;
  for (const [index, item] of list.entries()) {
    const [key, transaction] = readTransaction(item, `transactions.${index}`, former);
    if (transactions.has(key)) throw new TemplateError('the template holds a transaction twice');
    transactions.set(key, transaction);
    size += transaction.bytes.length;
  }
  if (size > MAX_BYTES) {
    throw new TemplateError(
      `the template's transactions take ${size} bytes, a block has room for ${MAX_BYTES}`,
    );
  }
  return transactions;
}

function readTransaction(
  item: unknown,
  place: string,
  former: TemplateTransactions | undefined,
): readonly [string, TemplateTransaction] {
  const fields = (typeof item === 'object' && item !== null ? item : {}) as Readonly<Record<string, unknown>>;
  const id = hashIn(fields, 'txid', place);
  const { data } = fields;
  if (typeof data !== 'string') throw new TemplateError(`the template's ${place}.data is missing or no text`);
  // Nodes of before BIP 145 have no witnesses to tell of.
  const wtxid = fields.hash === undefined ? id : hashIn(fields, 'hash', place);
  const key = hashKey(id);
  const known = former?.get(key);
  // Same txid and same wtxid are the same bytes; they were checked when they came first.
  if (known !== undefined && equalBytes(known.wtxid, wtxid)) return [key, known];
  const bytes = decoded(place, 'data', () => hexToBytes(data));
  const found = decoded(place, 'data', () => txid(decodeTransaction(bytes)));
  if (!equalBytes(found, id)) throw new TemplateError(`the template's ${place}.txid is not that of its data`);
  if (!equalBytes(sha256d(bytes), wtxid)) {
    throw new TemplateError(`the template's ${place}.hash is not that of its data`);
  }
  return [key, { bytes, wtxid }];
}

function hashIn(fields: Readonly<Record<string, unknown>>, name: string, place: string): Hash {
  const value = fields[name];
  if (typeof value !== 'string') {
    throw new TemplateError(`the template's ${place}.${name} is missing or no text`);
  }
  return decoded(place, name, () => parseDisplayHash(value));
}

function decoded<T>(place: string, name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    throw new TemplateError(`the template's ${place}.${name} is wrong: ${error.message}`);
  }
}
