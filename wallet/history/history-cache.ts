/**
 * The transaction book of a wallet between two runs: a file beside the wallet file, encrypted as that is, since it
 * tells all that the owner ever did. Nothing depends on it: one that is missing, torn, of another wallet or of
 * another format is read again from the chain, and what it says is believed only as far as its blocks are still on
 * the best chain.
 *
 *     8 bytes   "nilzhist"
 *     1 byte    format version: 1
 *     12 bytes  nonce
 *     …         AES-256-GCM (NIST SP 800-38D) of a JSON document, under the key that the wallet file gives for this
 *               file; the bytes before the nonce and the network's magic are authenticated with it
 *     16 bytes  its tag
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import * as z from 'zod';
import { decodeTransaction, encodeTransaction } from '../../protocol/transaction.ts';
import { readIfExists, writeFileAtomic } from '../../service/files.ts';
import type { Companion } from '../keys/wallet-store.ts';
import type { MinedTransaction, TransactionBook } from './transaction-book.ts';

const HEAD = Buffer.from('nilzhist\x01', 'latin1');
const NONCE_LENGTH = 12;
const TAG_LENGTH = 16;
const OWNER_ONLY = 0o600;

/** Name of the file beside the wallet file. */
export const HISTORY_CACHE_NAME = 'history';

const count = z.int().nonnegative();
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const bookSchema = z.strictObject({
  anchors: z.array(z.strictObject({ height: count, hash })),
  coverage: z.strictObject({ receive: count, change: count, imported: count }),
  /** Id as shown, height, time, bytes in base64; lowest block first. */
  transactions: z.array(z.tuple([hash, count, count, z.string()])),
});

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
    return clear === undefined ? undefined : bookOf(clear);
  }

  /** Replaces the file in one step. @throws what the file system says */
  async write({ anchors, coverage, transactions }: TransactionBook): Promise<void> {
    const rows = [...transactions.values()].map(({ id, height, time, transaction }) => [
      id,
      height,
      time,
      Buffer.from(encodeTransaction(transaction)).toString('base64'),
    ]);
    const nonce = randomBytes(NONCE_LENGTH);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce);
    cipher.setAAD(this.#authenticated);
    const clear = JSON.stringify({ anchors, coverage, transactions: rows });
    const sealed = Buffer.concat([cipher.update(clear, 'utf8'), cipher.final()]);
    await writeFileAtomic(this.#path, Buffer.concat([HEAD, nonce, sealed, cipher.getAuthTag()]), OWNER_ONLY);
  }

  #opened(file: Uint8Array | undefined): string | undefined {
    if (file === undefined || file.length < HEAD.length + NONCE_LENGTH + TAG_LENGTH) return undefined;
    if (!HEAD.equals(file.subarray(0, HEAD.length))) return undefined;
    const from = HEAD.length + NONCE_LENGTH;
    const decipher = createDecipheriv('aes-256-gcm', this.#key, file.subarray(HEAD.length, from), {
      authTagLength: TAG_LENGTH,
    });
    decipher.setAAD(this.#authenticated);
    decipher.setAuthTag(file.subarray(-TAG_LENGTH));
    try {
      const clear = Buffer.concat([decipher.update(file.subarray(from, -TAG_LENGTH)), decipher.final()]);
      return clear.toString('utf8');
    } catch {
      // Torn, tampered with, or of another passphrase: all the same here.
      return undefined;
    }
  }
}

/** The tag vouches for the document, so what does not fit its schema was written by another version. */
function bookOf(clear: string): TransactionBook | undefined {
  const parsed = bookSchema.safeParse(JSON.parse(clear));
  if (!parsed.success) return undefined;
  const { anchors, coverage, transactions } = parsed.data;
  const mined = transactions.map(([id, height, time, bytes]): [string, MinedTransaction] => [
    id,
    { id, height, time, transaction: decodeTransaction(Uint8Array.from(Buffer.from(bytes, 'base64'))) },
  ]);
  return { anchors, coverage, transactions: new Map(mined) };
}
