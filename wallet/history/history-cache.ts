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
  /** Of each transaction, lowest block first. */
  heights: z.array(count),
  times: z.array(count),
  /** Bytes of it. */
  sizes: z.array(count),
  /** Joined, in base64: 32 bytes each, in the order they are shown. */
  ids: z.string(),
  /** Joined, in base64. */
  transactions: z.string(),
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
    const all = [...transactions.values()];
    const bytes = all.map(({ transaction }) => encodeTransaction(transaction));
    const document: z.input<typeof bookSchema> = {
      anchors: [...anchors],
      coverage,
      heights: all.map(({ height }) => height),
      times: all.map(({ time }) => time),
      sizes: bytes.map(({ length }) => length),
      ids: Buffer.from(all.map(({ id }) => id).join(''), 'hex').toString('base64'),
      transactions: Buffer.concat(bytes).toString('base64'),
    };
    const nonce = randomBytes(NONCE_LENGTH);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce);
    cipher.setAAD(this.#authenticated);
    const sealed = Buffer.concat([cipher.update(JSON.stringify(document), 'utf8'), cipher.final()]);
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
  const { anchors, coverage, heights, times, sizes } = parsed.data;
  const ids = Buffer.from(parsed.data.ids, 'base64').toString('hex');
  const bytes = new Uint8Array(Buffer.from(parsed.data.transactions, 'base64'));
  const transactions = new Map<string, MinedTransaction>();
  let from = 0;
  for (const [at, size] of sizes.entries()) {
    const id = ids.slice(64 * at, 64 * (at + 1));
    const [height, time] = [heights[at], times[at]];
    if (height === undefined || time === undefined || id.length < 64) return undefined;
    const transaction = decodeTransaction(bytes.slice(from, from + size));
    transactions.set(id, { id, transaction, height, time });
    from += size;
  }
  return { anchors, coverage, transactions };
}
