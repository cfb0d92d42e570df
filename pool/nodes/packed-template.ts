import { bytesToHex, hexToBytes } from '../../protocol/bytes.ts';
import type { Template } from '../../protocol/template.ts';
import type { TemplateTransaction } from '../../protocol/template-transactions.ts';

/**
 * A template as it travels between threads: what the receiver does not have yet in one piece of memory, which is
 * handed over instead of copied, and the rest by its place in the template before.
 */
export interface PackedTemplate {
  readonly head: Omit<Template, 'transactions'>;
  /** For each transaction its place in the template before; −1 for the next one of `fresh`. */
  readonly order: Int32Array;
  readonly fresh: {
    /** 32 bytes each, internal order. */
    readonly txids: Uint8Array;
    readonly wtxids: Uint8Array;
    /** Bytes each transaction takes in `data`. */
    readonly sizes: Uint32Array;
    readonly data: Uint8Array;
  };
}

const HASH_SIZE = 32;

/** @param former what the receiver has; undefined when that is nothing */
export function packTemplate(template: Template, former: Template | undefined): PackedTemplate {
  const { transactions, ...head } = template;
  const places = new Map([...(former?.transactions.keys() ?? [])].map((key, place) => [key, place]));
  const order = new Int32Array(transactions.size);
  const fresh: [string, TemplateTransaction][] = [];
  for (const [index, [key, transaction]] of [...transactions].entries()) {
    const isKnown = former?.transactions.get(key) === transaction;
    order[index] = (isKnown ? places.get(key) : undefined) ?? -1;
    if (!isKnown) fresh.push([key, transaction]);
  }
  return { head, order, fresh: packTransactions(fresh) };
}

function packTransactions(list: readonly [string, TemplateTransaction][]): PackedTemplate['fresh'] {
  const sizes = Uint32Array.from(list, ([, { bytes }]) => bytes.length);
  const data = new Uint8Array(sizes.reduce((sum, size) => sum + size, 0));
  const txids = new Uint8Array(HASH_SIZE * list.length);
  const wtxids = new Uint8Array(HASH_SIZE * list.length);
  let offset = 0;
  for (const [index, [key, { bytes, wtxid }]] of list.entries()) {
    txids.set(hexToBytes(key), HASH_SIZE * index);
    wtxids.set(wtxid, HASH_SIZE * index);
    data.set(bytes, offset);
    offset += bytes.length;
  }
  return { txids, wtxids, sizes, data };
}

/** The memory to hand over with it. */
export function memoryOf({ order, fresh }: PackedTemplate): ArrayBuffer[] {
  return [order, ...Object.values(fresh)].map(({ buffer }) => buffer as ArrayBuffer);
}

/**
 * @param former the template that the sender took for what we have
 * @throws RangeError when it was another one
 */
export function unpackTemplate(packed: PackedTemplate, former: Template | undefined): Template {
  const known = [...(former?.transactions ?? [])];
  const fresh = freshTransactions(packed.fresh);
  const transactions = new Map<string, TemplateTransaction>();
  for (const place of packed.order) {
    const entry = place < 0 ? fresh.next().value : known[place];
    if (entry === undefined) throw new RangeError('a template refers to a transaction that nobody has');
    transactions.set(entry[0], entry[1]);
  }
  return { ...packed.head, transactions };
}

function* freshTransactions({
  txids,
  wtxids,
  sizes,
  data,
}: PackedTemplate['fresh']): Generator<readonly [string, TemplateTransaction], undefined> {
  let offset = 0;
  for (const [index, size] of sizes.entries()) {
    const at = HASH_SIZE * index;
    const key = bytesToHex(txids.subarray(at, at + HASH_SIZE));
    yield [key, { bytes: data.subarray(offset, offset + size), wtxid: wtxids.subarray(at, at + HASH_SIZE) }];
    offset += size;
  }
}
