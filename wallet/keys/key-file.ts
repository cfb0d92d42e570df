/**
 * The key file: one JSON document whose contents (words, labels, addresses, everything) are encrypted with a
 * key derived from a passphrase. This module knows its form and its cryptography, not where it is stored.
 *
 *     { "format": "nilzcoin-wallet", "version": 1,
 *       "network": "dev", "magic": "e3646e69",
 *       "kdf": { "name": "scrypt", "N": 131072, "r": 8, "p": 1, "salt": "…" },
 *       "cipher": { "name": "aes-256-gcm", "nonce": "…", "data": "…" },
 *       "checksum": "…" }
 *
 * - `kdf`: RFC 7914 over the passphrase in Unicode form NFKC; 32 bytes of key.
 * - `cipher.data`: base64 of the AES-256-GCM ciphertext and its 16-byte tag (NIST SP 800-38D). Every other
 *   field except the checksum is authenticated with it, so nothing of the file can be exchanged.
 * - `checksum`: SHA-256 over everything else. It needs no secret and only tells an accident (a torn write, a
 *   bad disk) from a wrong passphrase; tampering is what the tag is for.
 *
 * Readable without the passphrase: that it is a wallet, its network, and roughly its size.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes, scrypt } from 'node:crypto';
import { base64, hex } from '@scure/base';
import { z } from 'zod';
import { WalletError } from '../wallet-error.ts';

const FORMAT_NAME = 'nilzcoin-wallet';
const TAG_LENGTH = 16;

/** Cost parameters of scrypt (RFC 7914): about 128·N·r bytes of memory, and time proportional to N·r·p. */
export interface ScryptCost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

/** What new files are made with: 128 MiB and about half a second for each guess at the passphrase. */
export const SCRYPT_COST: ScryptCost = { N: 2 ** 17, r: 8, p: 1 };

/** A file may ask for twice the memory and eight times the work of ours: opening a hostile one must not eat the machine. */
const MAX_SCRYPT_MEMORY_BYTES = 2 ** 28;
const MAX_SCRYPT_WORK = 8 * SCRYPT_COST.N * SCRYPT_COST.r * SCRYPT_COST.p;

const hexOf = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`));

const scryptSchema = z
  .strictObject({
    name: z.literal('scrypt'),
    N: z
      .int()
      .min(2)
      .max(2 ** 24),
    r: z.int().min(1).max(32),
    p: z.int().min(1).max(16),
    salt: hexOf(16),
  })
  .refine(({ N }) => (N & (N - 1)) === 0, 'N must be a power of two')
  .refine(
    ({ N, r, p }) => 128 * N * r <= MAX_SCRYPT_MEMORY_BYTES && N * r * p <= MAX_SCRYPT_WORK,
    'N, r and p ask for too much memory or time',
  );

const keyFileSchema = z.strictObject({
  format: z.literal(FORMAT_NAME),
  version: z.int().min(1),
  network: z.string().min(1).max(64),
  magic: hexOf(4),
  kdf: scryptSchema,
  cipher: z.strictObject({
    name: z.literal('aes-256-gcm'),
    nonce: hexOf(12),
    data: z.string().regex(/^[A-Za-z0-9+/]+={0,2}$/),
  }),
  checksum: hexOf(32),
});

/** A key file as it stands on disk, checked for its form and its checksum; the contents are still sealed. */
export type KeyFile = z.infer<typeof keyFileSchema>;

/** What everybody may read: which network the keys are for. */
export type KeyFileHead = Pick<KeyFile, 'version' | 'network' | 'magic'>;

/** The key that opens a file, with the parameters it was derived by, so that the file can be sealed again. */
export interface SealingKey {
  readonly kdf: KeyFile['kdf'];
  readonly key: Uint8Array;
}

/**
 * Reads the form of a key file without opening it.
 * @param text the whole file
 * @param newestVersion the newest format version the caller understands
 * @throws WalletError `not-a-wallet`, `newer-format` or `damaged-file`, each saying what to do
 */
export function parseKeyFile(text: string, newestVersion: number): KeyFile {
  const document = parseJson(text);
  if (document.format !== FORMAT_NAME) {
    throw new WalletError('not-a-wallet', 'this is a JSON file, but no NilzCoin wallet');
  }
  if (typeof document.version === 'number' && document.version > newestVersion) {
    throw new WalletError(
      'newer-format',
      `the wallet was written in format ${document.version}, this program reads up to ${newestVersion}: use the newer version`,
    );
  }
  const parsed = keyFileSchema.safeParse(document);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw damagedFile(`"${issue?.path.join('.') ?? ''}": ${issue?.message ?? 'wrong form'}`);
  }
  if (checksumOf(parsed.data) !== parsed.data.checksum) throw damagedFile('its checksum does not match');
  return parsed.data;
}

function parseJson(text: string): Record<string, unknown> {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    // The parser's own message would quote the file.
    if (text.trim() === '') throw damagedFile('it is empty');
    if (!text.includes(FORMAT_NAME)) throw new WalletError('not-a-wallet', 'this file is no NilzCoin wallet');
    throw damagedFile('it is truncated or is no JSON document');
  }
  const isObject = typeof document === 'object' && document !== null && !Array.isArray(document);
  if (!isObject) throw new WalletError('not-a-wallet', 'this is a JSON file, but no NilzCoin wallet');
  return document as Record<string, unknown>;
}

export function damagedFile(what: string): WalletError {
  return new WalletError(
    'damaged-file',
    `the wallet file is damaged: ${what}. It was left as it is; use a backup copy, or restore from the words`,
  );
}

/**
 * Derives the key of a file from its passphrase: deliberately slow (see {@link SCRYPT_COST}).
 * @param kdf parameters of an existing file; without them fresh ones are drawn, with `cost`
 */
export async function deriveSealingKey(
  passphrase: string,
  kdf: KeyFile['kdf'] | undefined,
  cost: ScryptCost = SCRYPT_COST,
): Promise<SealingKey> {
  const parameters =
    kdf ?? scryptSchema.parse({ name: 'scrypt', ...cost, salt: hex.encode(randomBytes(16)) });
  const { N, r, p, salt } = parameters;
  const key = await new Promise<Uint8Array>((resolve, reject) => {
    const maxmem = 128 * r * (N + p) + 2 ** 20;
    scrypt(passphrase.normalize('NFKC'), hex.decode(salt), 32, { N, r, p, maxmem }, (error, derived) =>
      error ? reject(error) : resolve(Uint8Array.from(derived)),
    );
  });
  return { kdf: parameters, key };
}

/**
 * Decrypts the contents of a file.
 * @returns the JSON value that {@link sealKeyFile} was given
 * @throws WalletError `wrong-passphrase` when the key does not fit (or somebody forged the file on purpose:
 *   accidents were told apart by the checksum before)
 */
export function unsealKeyFile(file: KeyFile, { key }: SealingKey): unknown {
  // By the platform: hundreds of kilobytes, whose form was checked when the file was read.
  const sealed = Buffer.from(file.cipher.data, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', key, hex.decode(file.cipher.nonce), {
    authTagLength: TAG_LENGTH,
  });
  decipher.setAAD(authenticated(file));
  if (sealed.length < TAG_LENGTH) throw damagedFile('its encrypted part is too short');
  decipher.setAuthTag(sealed.subarray(-TAG_LENGTH));
  let clear: Buffer;
  try {
    clear = Buffer.concat([decipher.update(sealed.subarray(0, -TAG_LENGTH)), decipher.final()]);
  } catch {
    throw wrongPassphrase();
  }
  try {
    return JSON.parse(clear.toString('utf8'));
  } catch {
    // The parser's own message would quote the contents.
    throw damagedFile('what it holds is no JSON document');
  }
}

export function wrongPassphrase(): WalletError {
  return new WalletError('wrong-passphrase', 'wrong passphrase: the wallet stays closed');
}

/**
 * Encrypts contents into the text of a file. Every call draws a new nonce, so one key may seal again and again.
 * @param contents any JSON value
 */
export function sealKeyFile(head: KeyFileHead, { kdf, key }: SealingKey, contents: unknown): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  const open: KeyFile = {
    format: FORMAT_NAME,
    version: head.version,
    network: head.network,
    magic: head.magic,
    kdf,
    cipher: { name: 'aes-256-gcm', nonce: hex.encode(nonce), data: '' },
    checksum: '',
  };
  cipher.setAAD(authenticated(open));
  const ciphertext = Buffer.concat([cipher.update(JSON.stringify(contents), 'utf8'), cipher.final()]);
  const data = base64.encode(Buffer.concat([ciphertext, cipher.getAuthTag()]));
  const sealed = { ...open, cipher: { ...open.cipher, data } };
  return `${JSON.stringify({ ...sealed, checksum: checksumOf(sealed) }, null, 2)}\n`;
}

/** The readable fields in a fixed order: what the tag of the contents vouches for beside the contents. */
function authenticated({ format, version, network, magic, kdf, cipher }: KeyFile): Uint8Array {
  const fields = [
    format,
    version,
    network,
    magic,
    kdf.name,
    kdf.N,
    kdf.r,
    kdf.p,
    kdf.salt,
    cipher.name,
    cipher.nonce,
  ];
  return Buffer.from(JSON.stringify(fields), 'utf8');
}

function checksumOf(file: KeyFile): string {
  return createHash('sha256').update(authenticated(file)).update(file.cipher.data, 'utf8').digest('hex');
}
