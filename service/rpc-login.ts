import { readFile } from 'node:fs/promises';
import { SettingError } from './config.ts';
import { fileErrorWords } from './file-error.ts';
import type { Credentials } from './http.ts';
import { UnreachableError } from './unreachable-error.ts';

export interface RpcLoginOptions {
  /** `http://host:port` or `https://…`; a user and password in it are used unless given otherwise. */
  readonly url: string;
  readonly credentials?: Credentials;
  /** A file with `user:password` in one line, read when first needed and again when it is refused. */
  readonly cookieFile?: string;
  /** The setting that says where the server is, for messages: `--node-url`. */
  readonly urlSetting?: string;
}

/** Where a JSON-RPC server is and how one logs in there (RFC 7617), with a password or a cookie file. */
export class RpcLogin {
  /** Without user and password. */
  readonly endpoint: URL;
  /** The same as text, without a slash at its end. */
  readonly url: string;
  readonly #cookieFile: string | undefined;
  #credentials: Credentials | undefined;

  /** @throws SettingError when the URL is not an http or https address; it does not repeat it */
  constructor({ url: text, credentials, cookieFile, urlSetting }: RpcLoginOptions) {
    const setting = urlSetting ?? 'the URL of a JSON-RPC server';
    const url = parseUrl(text, setting);
    this.#credentials = credentials ?? credentialsIn(url, setting);
    this.#cookieFile = cookieFile;
    url.username = '';
    url.password = '';
    this.endpoint = url;
    this.url = url.href.replace(/\/$/, '');
  }

  /** The value of the `Authorization` header. @throws UnreachableError when the cookie file cannot be read */
  async header(): Promise<string> {
    if (this.#credentials === undefined && this.#cookieFile !== undefined) {
      this.#credentials = await this.#readCookie(this.#cookieFile);
    }
    const { user, password } = this.#credentials ?? { user: '', password: '' };
    return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  }

  /** Notes that the login was refused. @returns whether the cookie file may hold another one now */
  forget(): boolean {
    if (this.#cookieFile === undefined) return false;
    this.#credentials = undefined;
    return true;
  }

  /** The error of a login that is refused for good, with what to do about it. */
  refused(status: number): UnreachableError {
    const advice =
      this.#cookieFile === undefined
        ? `give them as http://USER:PASSWORD@${this.endpoint.host}`
        : `the cookie file ${this.#cookieFile} is not that of the running server`;
    const message = `${this.url} refuses the user and password (HTTP ${status}); ${advice}`;
    return new UnreachableError(this.url, 'unauthorized', message);
  }

  async #readCookie(file: string): Promise<Credentials> {
    let line: string;
    try {
      line = (await readFile(file, 'utf8')).trim();
    } catch (error) {
      const complaint = `cannot read the cookie file ${file} for ${this.url}: ${fileErrorWords(error)}`;
      const advice =
        'the server writes it when it starts: is the server running, and is this its data directory?';
      throw new UnreachableError(this.url, 'cookie', `${complaint}; ${advice}`, { cause: error });
    }
    const colon = line.indexOf(':');
    if (colon < 1) {
      throw new UnreachableError(
        this.url,
        'cookie',
        `the cookie file ${file} for ${this.url} is not of the form user:password`,
      );
    }
    return { user: line.slice(0, colon), password: line.slice(colon + 1) };
  }
}

/** The text itself may hold a password, so an error does not repeat it. */
function parseUrl(text: string, setting: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new SettingError(`${setting}: must have the form http://USER:PASSWORD@HOST:PORT`);
  }
  return url;
}

function credentialsIn(url: URL, setting: string): Credentials | undefined {
  if (url.username === '') return undefined;
  try {
    return { user: decodeURIComponent(url.username), password: decodeURIComponent(url.password) };
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    throw new SettingError(`${setting}: a % in the user or the password must be written as %25`);
  }
}
