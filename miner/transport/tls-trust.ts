/** Whose certificates are believed where a pool speaks TLS. */
import { X509Certificate } from 'node:crypto';
import {
  type ConnectionOptions,
  checkServerIdentity,
  createSecureContext,
  type PeerCertificate,
  rootCertificates,
  type SecureContext,
} from 'node:tls';

/** Without either: the authorities that Node.js knows. */
export interface TlsTrust {
  /** Certificates in PEM that are believed beside them: authorities, or the very one that a pool shows. */
  readonly ca?: string | undefined;
  /** Believe whatever is shown: against eavesdroppers it helps still, against impostors it does not. */
  readonly isUnchecked?: boolean | undefined;
}

/** Thrown for certificates that cannot be read. */
export class TlsTrustError extends Error {
  override readonly name = 'TlsTrustError';
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/**
 * Reads certificates in PEM (RFC 7468 §5).
 * @throws TlsTrustError when there is none, or one of them is broken
 */
export function readCertificates(pem: string): X509Certificate[] {
  const blocks = pem.match(CERTIFICATE) ?? [];
  if (blocks.length === 0) {
    throw new TlsTrustError('holds no certificate in PEM ("-----BEGIN CERTIFICATE-----")');
  }
  return blocks.map((block, i) => {
    try {
      return new X509Certificate(block);
    } catch (error) {
      throw new TlsTrustError(`certificate ${i + 1} in it cannot be read`, { cause: error });
    }
  });
}

type TrustOptions = Pick<ConnectionOptions, 'rejectUnauthorized' | 'secureContext' | 'checkServerIdentity'>;

/**
 * What `tls.connect` needs to know for a trust. Make it once: it reads all authorities.
 * @throws TlsTrustError when the certificates of the trust cannot be read
 */
export function tlsOptions({ ca, isUnchecked = false }: TlsTrust): TrustOptions {
  const own = ca === undefined ? [] : readCertificates(ca);
  const pinned = new Set(own.map(({ fingerprint256 }) => fingerprint256));
  return {
    rejectUnauthorized: !isUnchecked,
    // Somebody's own pool is rarely reached by the names in its certificate; who was given that very one knows it.
    checkServerIdentity: (host: string, shown: PeerCertificate) =>
      pinned.has(shown.fingerprint256) ? undefined : checkServerIdentity(host, shown),
    ...(own.length === 0 ? {} : { secureContext: contextOf(own) }),
  };
}

function contextOf(own: readonly X509Certificate[]): SecureContext {
  return createSecureContext({
    ca: [...rootCertificates, ...own.map(String)],
    // The one that is given may be signed by somebody who is not (X509_V_FLAG_PARTIAL_CHAIN).
    allowPartialTrustChain: true,
  });
}
