/**
 * The transaction book of a wallet between two runs: a file beside the wallet file, encrypted as that is, since it
 * tells all that the owner ever did. Nothing depends on it: one that is missing, torn, of another wallet or of
 * another format is read again from the chain, and what it says is believed only as far as its blocks are still on
 * the best chain.
 *
 *     8 bytes   "nilzhist"
 *     1 byte    format version: 2
 *     12 bytes  nonce
 *     …         AES-256-GCM (NIST SP 800-38D) of the book, under the key that the wallet file gives for this file; the
 *               bytes before the nonce and the network's magic are authenticated with it
 *     16 bytes  its tag
 *
 * The book inside, numbers of 32 bits with the lowest byte first:
 *
 *     3 numbers   keys covered: receive, change, imported
 *     number      of anchors
 *     number      of transactions
 *     36 bytes    for each anchor: height, and hash in the order it is shown
 *     number      for each transaction, lowest block first: its height
 *     number      for each: the time of its block
 *     number      for each: how many bytes it has
 *     32 bytes    for each: its id, in internal order
 *     …           the bytes of all
 *
 * Columns rather than records, so that ids and transactions become text in one go.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { readIfExists, writeFileAtomic } from '../../service/files.ts';
import type { Companion } from '../keys/wallet-store.ts';
import type { MinedTransaction, TransactionBook } from './transaction-book.ts';

const HEAD = Buffer.from('nilzhist\x02', 'latin1');
const NONCE_LENGTH = 12;
const TAG_LENGTH = 16;
const OWNER_ONLY = 0o600;

/** Name of the file beside the wallet file. */
export const HISTORY_CACHE_NAME = 'history';

const NUMBER = 4;
const HASH = 32;
const FIXED = 5 * NUMBER;

export interface HistoryCacheOptions extends Companion {
  /** Of the network, 8 hex digits. */
  readonly magic: string;
}

export class HistoryCache {
  readonly #path: string;
  readonly #key: Uint8Array;
  readonly #authenticated: Uint8Array;

  constructor({ path, key, magic }: HistoryCacheOptions) {
    this.#path = path;
    this.#key = key;
    this.#authenticated = Buffer.concat([HEAD, Buffer.from(magic, 'latin1')]);
  }

  /** What was written last, undefined when it cannot be used: for whatever reason, the chain knows better. */
  async read(): Promise<TransactionBook | undefined> {
    const clear = this.#opened(await readIfExists(this.#path).catch(() => undefined));
    return clear === undefined ? undefined : decodeBook(clear);
  }

  /** Replaces the file in one step. @throws what the file system says */
  async write(book: TransactionBook): Promise<void> {
    const nonce = randomBytes(NONCE_LENGTH);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce);
    cipher.setAAD(this.#authenticated);
    const sealed = Buffer.concat([cipher.update(encodeBook(book)), cipher.final()]);
    await writeFileAtomic(this.#path, Buffer.concat([HEAD, nonce, sealed, cipher.getAuthTag()]), OWNER_ONLY);
  }

  #opened(file: Uint8Array | undefined): Buffer | undefined {
    if (file === undefined || file.length < HEAD.length + NONCE_LENGTH + TAG_LENGTH) return undefined;
    if (!HEAD.equals(file.subarray(0, HEAD.length))) return undefined;
    const from = HEAD.length + NONCE_LENGTH;
    const decipher = createDecipheriv('aes-256-gcm', this.#key, file.subarray(HEAD.length, from), {
      authTagLength: TAG_LENGTH,
    });
    decipher.setAAD(this.#authenticated);
    decipher.setAuthTag(file.subarray(-TAG_LENGTH));
    try {
      return Buffer.concat([decipher.update(file.subarray(from, -TAG_LENGTH)), decipher.final()]);
    } catch {
      // Torn, tampered with, or of another passphrase: all the same here.
      return undefined;
    }
  }
}

function encodeBook({ anchors, coverage, transactions }: TransactionBook): Buffer {
  const all = [...transactions.values()];
  const { receive, change, imported } = coverage;
  return Buffer.concat([
    numbers([receive, change, imported, anchors.length, all.length]),
    ...anchors.flatMap(({ height, hash }) => [numbers([height]), Buffer.from(hash, 'hex')]),
    numbers(all.map(({ height }) => height)),
    numbers(all.map(({ time }) => time)),
    numbers(all.map(({ text }) => text.length)),
    Buffer.from(all.map(({ name }) => name).join(''), 'latin1'),
    Buffer.from(all.map(({ text }) => text).join(''), 'latin1'),
  ]);
}

/** The tag vouches for the bytes, so what does not fit was written by another version. */
function decodeBook(clear: Buffer): TransactionBook | undefined {
  if (clear.length < FIXED) return undefined;
  const number = (at: number) => clear.readUInt32LE(at);
  const coverage = { receive: number(0), change: number(NUMBER), imported: number(2 * NUMBER) };
  const [anchorCount, count] = [number(3 * NUMBER), number(4 * NUMBER)];
  const heightsAt = FIXED + anchorCount * (NUMBER + HASH);
  const timesAt = heightsAt + count * NUMBER;
  const sizesAt = timesAt + count * NUMBER;
  const idsAt = sizesAt + count * NUMBER;
  let textAt = idsAt + count * HASH;
  if (clear.length < textAt) return undefined;
  const anchors = Array.from({ length: anchorCount }, (_, n) => {
    const at = FIXED + n * (NUMBER + HASH);
    return { height: number(at), hash: clear.toString('hex', at + NUMBER, at + NUMBER + HASH) };
  });
  const text = clear.toString('latin1');
  // Backwards as a whole, each id is in the order it is shown, the last one first.
  const shown = Buffer.from(clear.subarray(idsAt, textAt)).reverse().toString('hex');
  const transactions = new Map<string, MinedTransaction>();
  for (let n = 0; n < count; n++) {
    const id = shown.slice(2 * HASH * (count - 1 - n), 2 * HASH * (count - n));
    const name = text.slice(idsAt + HASH * n, idsAt + HASH * (n + 1));
    const [height, time] = [number(heightsAt + NUMBER * n), number(timesAt + NUMBER * n)];
    const end = textAt + number(sizesAt + NUMBER * n);
    transactions.set(id, { id, name, text: text.slice(textAt, end), height, time });
    textAt = end;
  }
  return textAt === clear.length ? { anchors, coverage, transactions } : undefined;
}

function numbers(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * NUMBER);
  for (const [n, value] of values.entries()) bytes.writeUInt32LE(value, n * NUMBER);
  return bytes;
}
