import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { chmod, stat } from 'node:fs/promises';
import { DirectoryError, readIfExists, writeFileAtomic } from '../files.ts';

/** Whose a token is and what it is called, for messages: `the pool` and `admin token`. */
export interface TokenOwner {
  readonly owner: string;
  readonly kind?: string;
}

const TOKEN_BYTES = 32;
const TOKEN = /^[\x21-\x7e]{32,256}$/;
const OWNER_ONLY = 0o600;
const OTHERS = 0o077;

/** A secret that allows what is not for everybody. */
export class AdminToken {
  readonly #digest: Buffer;

  constructor(token: string) {
    this.#digest = digestOf(token);
  }

  /**
   * Whether an `Authorization` header carries the token (RFC 6750, 2.1). Takes as long for a wrong one as for
   * the right one: digests of equal length are compared, in constant time.
   */
  allows(header: string | undefined): boolean {
    const given = /^Bearer +(\S+)\s*$/i.exec(header ?? '')?.[1];
    return given !== undefined && timingSafeEqual(this.#digest, digestOf(given));
  }
}

/**
 * Reads the token from its file.
 * @throws DirectoryError when there is none, or it is too short to be one
 */
export async function readAdminToken(file: string, whose: TokenOwner): Promise<string> {
  const token = await readToken(file, whose);
  if (token !== undefined) return token;
  throw new DirectoryError(`there is no ${file}: ${whose.owner} makes it when it is first started`);
}

/**
 * The token of the file; made at the first start, random, readable by this user alone. One whose file others
 * may read is made private again.
 * @throws DirectoryError when it is too short to be a secret
 */
export async function openAdminToken(file: string, whose: TokenOwner): Promise<AdminToken> {
  const known = await readToken(file, whose);
  if (known === undefined) {
    const token = randomBytes(TOKEN_BYTES).toString('hex');
    await writeFileAtomic(file, `${token}\n`, OWNER_ONLY);
    return new AdminToken(token);
  }
  if (process.platform !== 'win32' && ((await stat(file)).mode & OTHERS) !== 0) await chmod(file, OWNER_ONLY);
  return new AdminToken(known);
}

async function readToken(
  file: string,
  { owner, kind = 'admin token' }: TokenOwner,
): Promise<string | undefined> {
  const bytes = await readIfExists(file);
  if (bytes === undefined) return undefined;
  const token = Buffer.from(bytes).toString('utf8').trim();
  if (TOKEN.test(token)) return token;
  throw new DirectoryError(
    `${file} holds no ${kind}: it must be 32 to 256 printable characters without blanks; ` +
      `delete the file and ${owner} makes a new one`,
  );
}

function digestOf(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}
