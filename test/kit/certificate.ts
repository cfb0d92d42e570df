/** Certificates of servers in tests, real ones: an authority's, those it signed, and those that sign themselves. */
import { generate } from 'selfsigned';

/** A certificate and its private key, both PEM. */
export interface KeyedCertificate {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateTerms {
  readonly names?: readonly string[];
  readonly addresses?: readonly string[];
  /** Who signs it; itself unless given. */
  readonly issuer?: KeyedCertificate;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

const DAY_MS = 86_400_000;

export async function makeCertificate(terms: CertificateTerms = {}): Promise<KeyedCertificate> {
  const { names = [], addresses = [], issuer } = terms;
  const altNames = [
    ...names.map((value) => ({ type: 2 as const, value })),
    ...addresses.map((ip) => ({ type: 7 as const, ip })),
  ];
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'a pool' }], {
    ...dates(terms),
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames },
    ],
    ...(issuer === undefined ? {} : { ca: issuer }),
  });
  return { cert, key };
}

/** An authority that nobody knows unless told. */
export async function makeAuthority(name = 'an authority'): Promise<KeyedCertificate> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
    ...dates({}),
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, critical: true },
    ],
  });
  return { cert, key };
}

function dates({ notBefore, notAfter }: CertificateTerms): { notBeforeDate: Date; notAfterDate: Date } {
  return {
    notBeforeDate: notBefore ?? new Date(Date.now() - DAY_MS),
    notAfterDate: notAfter ?? new Date(Date.now() + DAY_MS),
  };
}
