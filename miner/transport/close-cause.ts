/** What the errors of Node.js say about the end of a connection. */
import type { CloseCause } from './connection.ts';

const ERROR_CAUSES: Readonly<Record<string, CloseCause>> = {
  ECONNREFUSED: 'refused',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  ENETDOWN: 'unreachable',
  ETIMEDOUT: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  EACCES: 'unreachable',
  EPERM: 'unreachable',
  ERR_SSL_WRONG_VERSION_NUMBER: 'not-tls',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'not-tls',
  ERR_TLS_CERT_ALTNAME_INVALID: 'untrusted',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'untrusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'untrusted',
  UNABLE_TO_GET_ISSUER_CERT: 'untrusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'untrusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'untrusted',
  CERT_SIGNATURE_FAILURE: 'untrusted',
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: 'line-too-long',
  WS_ERR_INVALID_UTF8: 'not-text',
};

/** Reasons not to believe a certificate, in fewer words than OpenSSL's. */
const CERTIFICATE_WORDS: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'signed by itself',
  SELF_SIGNED_CERT_IN_CHAIN: 'signed by nobody known here',
  UNABLE_TO_GET_ISSUER_CERT: 'signed by nobody known here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'signed by nobody known here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'signed by nobody known here',
  CERT_SIGNATURE_FAILURE: 'signed by another authority of the same name',
  CERT_HAS_EXPIRED: 'it has expired',
  CERT_NOT_YET_VALID: "it is not valid yet, or this computer's clock is wrong",
};

/** OpenSSL's reason in its texts: `…:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:…`. */
const OPENSSL_REASON = /:SSL routines:[^:]*:([^:]+):/;

/** Reasons that OpenSSL gives when what answers is no TLS at all. */
const NOT_TLS_REASONS: readonly (string | undefined)[] = ['wrong version number', 'packet length too long'];

/** Why a connection ended, with the system's own words if it has any. */
export interface CloseReason {
  readonly cause: CloseCause;
  readonly detail: string | undefined;
}

/** Reads an error of a socket, of TLS (OpenSSL's X509_V_ERR_… by Node's names) or of the package ws. */
export function closeReasonOf(error: NodeJS.ErrnoException): CloseReason {
  const code = error.code ?? '';
  // Whatever a resolver has against a name (ENOTFOUND, EAI_AGAIN, EINVAL …), there is no host to go to.
  if (error.syscall === 'getaddrinfo') return { cause: 'unknown-host', detail: wordsOf(error) };
  if (code === 'EPROTO') {
    const detail = OPENSSL_REASON.exec(error.message)?.[1];
    return {
      cause: NOT_TLS_REASONS.includes(detail) ? 'not-tls' : 'tls-failed',
      detail: detail ?? wordsOf(error),
    };
  }
  return {
    cause: ERROR_CAUSES[code] ?? causeOfFamily(code),
    detail: CERTIFICATE_WORDS[code] ?? OPENSSL_REASON.exec(error.message)?.[1] ?? wordsOf(error),
  };
}

function causeOfFamily(code: string): CloseCause {
  // What Node.js calls the rarer faults of a certificate, such as names that its authority may not vouch for.
  if (code === 'UNSPECIFIED') return 'invalid-certificate';
  if (/^(CERT_|CRL_|INVALID_|PATH_LENGTH_|HOSTNAME_|UNABLE_TO_)/.test(code)) return 'invalid-certificate';
  if (code.startsWith('ERR_SSL_')) return 'tls-failed';
  // What answered is no web server at all: llhttp could not read it.
  if (code.startsWith('HPE_')) return 'no-websocket';
  return 'lost';
}

/** A host with several addresses fails with one error for all of them, which has no words of its own. */
function wordsOf(error: Error): string | undefined {
  const parts = error instanceof AggregateError ? (error.errors as readonly Error[]) : [error];
  const words = parts.map(({ message }) => message).join('; ');
  return words === '' ? undefined : words;
}
