import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { createSecureContext, type SecureContext } from 'node:tls';
import { readIfExists, writeFileAtomic } from '../../service/files.ts';
import type { Logger } from '../../service/log.ts';
import type { Clock } from '../clock.ts';

/** Where a certificate chain and its private key lie, both PEM. */
export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** The TLS port: its certificate is in files, or made by us and kept in a directory. */
export type TlsSettings = { readonly port: number } & (
  | { readonly files: CertificateFiles }
  | { readonly selfSignedIn: string }
);

/** The certificate cannot be used; the message says why and what to change. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError';
}

const CHECK_MS = 5_000;
const DAY_MS = 86_400_000;
const SELF_SIGNED_MS = 825 * DAY_MS;
/** A certificate of our own making is replaced at a start this long before it ends. */
const RENEW_MS = 30 * DAY_MS;

/**
 * The certificate of the TLS port. Its files are looked at every few seconds: a renewed one serves the
 * connections that come after it, those that are open go on as they are.
 */
export class Certificate {
  readonly #files: CertificateFiles;
  readonly #log: Logger;
  readonly #timer: NodeJS.Timeout;
  #context: SecureContext;
  /** What the files held when they were last looked at. */
  #seen: string;

  private constructor(
    files: CertificateFiles,
    log: Logger,
    pem: Pem,
    context: SecureContext,
    checkMs: number,
  ) {
    this.#files = files;
    this.#log = log;
    this.#seen = pem.cert + pem.key;
    this.#context = context;
    this.#timer = setInterval(() => void this.check(), checkMs).unref();
  }

  /** @throws CertificateError when the files cannot be read, or do not belong together */
  static async load(files: CertificateFiles, log: Logger, checkMs = CHECK_MS): Promise<Certificate> {
    const pem = await readPem(files);
    return new Certificate(files, log, pem, contextOf(pem, files), checkMs);
  }

  /** What new connections are served with. */
  get context(): SecureContext {
    return this.#context;
  }

  /** Takes the files over if they have changed; where they are no good the certificate before them stays. */
  async check(): Promise<void> {
    try {
      const pem = await readPem(this.#files);
      if (pem.cert + pem.key === this.#seen) return;
      // What is wrong with these files is told once.
      this.#seen = pem.cert + pem.key;
      this.#context = contextOf(pem, this.#files);
      this.#log.info({ file: this.#files.certFile }, 'the renewed certificate serves new connections');
    } catch (error) {
      if (!(error instanceof CertificateError)) throw error;
      this.#log.warn(`${error.message}; new connections are served with the certificate from before`);
    }
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/** The certificate that the settings ask for. @throws CertificateError, DirectoryError */
export async function openCertificate(tls: TlsSettings, clock: Clock, log: Logger): Promise<Certificate> {
  if ('files' in tls) return Certificate.load(tls.files, log);
  return Certificate.load(await selfSignedCertificate(tls.selfSignedIn, clock.wallMs()), log);
}

/**
 * The files of a certificate for a desk, signed by itself: made at the first start, kept in `directory` where only
 * this user can read the key, and made anew before it ends. Miners have to be told not to check it.
 */
export async function selfSignedCertificate(directory: string, nowMs: number): Promise<CertificateFiles> {
  const files = { certFile: join(directory, 'stratum-tls.crt'), keyFile: join(directory, 'stratum-tls.key') };
  const old = await readIfExists(files.certFile);
  const isKept = old !== undefined && (await readIfExists(files.keyFile)) !== undefined;
  if (isKept && endOf(Buffer.from(old).toString()) - nowMs > RENEW_MS) return files;
  // Loaded when it is needed: it is larger than the rest of the pool.
  const { generate } = await import('selfsigned');
  const { cert, private: key } = await generate([{ name: 'commonName', value: hostname() }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(nowMs - DAY_MS),
    notAfterDate: new Date(nowMs + SELF_SIGNED_MS),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 2, value: hostname() },
          ...ownAddresses().map((ip) => ({ type: 7 as const, ip })),
        ],
      },
    ],
  });
  await writeFileAtomic(files.keyFile, key, 0o600);
  await writeFileAtomic(files.certFile, cert);
  return files;
}

/** The addresses of this machine, as miners on the same network know it. Link-local ones name no machine. */
function ownAddresses(): string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((entries = []) => entries);
  return addresses.map(({ address }) => address).filter((address) => !/^fe80:/i.test(address));
}

interface Pem {
  readonly cert: string;
  readonly key: string;
}

async function readPem({ certFile, keyFile }: CertificateFiles): Promise<Pem> {
  return { cert: await readText(certFile, '--tls-cert'), key: await readText(keyFile, '--tls-key') };
}

async function readText(file: string, setting: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new CertificateError(`${setting} ${file} cannot be read (${reasonOf(error)})`, { cause: error });
  }
}

/** @throws CertificateError */
function contextOf({ cert, key }: Pem, { certFile, keyFile }: CertificateFiles): SecureContext {
  try {
    if (new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) {
      return createSecureContext({ cert, key, minVersion: 'TLSv1.2' });
    }
  } catch (error) {
    throw new CertificateError(
      `${certFile} with ${keyFile} is no certificate with its key (${reasonOf(error)})`,
      {
        cause: error,
      },
    );
  }
  throw new CertificateError(`the key in ${keyFile} does not belong to the certificate in ${certFile}`);
}

/** When a certificate ends, milliseconds since 1970; 0 when it is none. */
function endOf(pem: string): number {
  try {
    return Date.parse(new X509Certificate(pem).validTo);
  } catch {
    return 0;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
