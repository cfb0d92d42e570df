/** Who may ask: windows that came by a link. Their secret is sent in a header, never kept in a cookie. */
import { hash } from 'node:crypto';
import { HttpError } from '../../service/http.ts';

export interface SessionsOptions {
  /** Secure random bytes. */
  readonly random: (count: number) => Uint8Array;
  readonly steadyMs: () => number;
  /** Told of a session that ended, by its id. */
  readonly onEnd: (id: string) => void;
}

const SECRET_BYTES = 32;
/** A window that says nothing for so long is closed. One that is open polls or listens. */
const IDLE_MS = 12 * 60 * 60_000;
/** Windows at once; the one that was quiet longest ends before there are more. */
const MAX_SESSIONS = 32;

export class Sessions {
  readonly #options: SessionsOptions;
  /** When each was last heard of, by its id, the quiet ones first. The id is the digest of the secret. */
  readonly #heardMs = new Map<string, number>();

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  /** A new session's secret: 43 characters of base64url. */
  open(): string {
    const secret = Buffer.from(this.#options.random(SECRET_BYTES)).toString('base64url');
    this.#heardMs.set(idOf(secret), this.#options.steadyMs());
    for (const quietest of this.#heardMs.keys()) {
      if (this.#heardMs.size <= MAX_SESSIONS) break;
      this.#end(quietest);
    }
    return secret;
  }

  /** The session of a secret; undefined when there is none. It counts as heard of. */
  find(secret: string): string | undefined {
    const nowMs = this.#options.steadyMs();
    // By digest: how long the look-up takes says nothing about a secret.
    const id = idOf(secret);
    const heardMs = this.#heardMs.get(id);
    if (heardMs === undefined) return undefined;
    if (nowMs - heardMs >= IDLE_MS) {
      this.#end(id);
      return undefined;
    }
    this.#heardMs.delete(id);
    this.#heardMs.set(id, nowMs);
    return id;
  }

  /**
   * The session that an `Authorization` header belongs to.
   * @throws HttpError 401 `no-session`
   */
  require(authorization: string): string {
    const secret = /^Bearer ([\w-]{43})$/.exec(authorization)?.[1];
    const id = secret === undefined ? undefined : this.find(secret);
    if (id !== undefined) return id;
    throw new HttpError(401, 'this window is not connected any more: open the wallet with a new link', {
      code: 'no-session',
    });
  }

  close(id: string): void {
    if (this.#heardMs.has(id)) this.#end(id);
  }

  #end(id: string): void {
    this.#heardMs.delete(id);
    this.#options.onEnd(id);
  }
}

function idOf(secret: string): string {
  return hash('sha256', secret, 'hex');
}
