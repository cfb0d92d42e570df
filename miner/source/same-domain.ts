/** Which hosts belong together, by the Public Suffix List. */
import { createRequire } from 'node:module';
import type * as tldts from 'tldts';
import { isSameHost } from '../stratum/reconnect.ts';

const require = createRequire(import.meta.url);

/**
 * Whether two hosts stand under one registrable domain, so that one owner answers for both: `eu.pool.example` and
 * `us.pool.example` do, `a.github.io` and `b.github.io` do not. Addresses, and names that are no domain such as
 * `localhost`, are the same only as themselves.
 */
export function isSameDomain(host: string, other: string): boolean {
  if (isSameHost(host, other)) return true;
  const domain = registrableDomain(host);
  return domain !== null && domain === registrableDomain(other);
}

function registrableDomain(host: string): string | null {
  // The list is long, and pools that send their miners elsewhere are rare: it is loaded for the first that does.
  const { getDomain } = require('tldts') as typeof tldts;
  // Private suffixes are those below which strangers are neighbours: hosting services list themselves there.
  return getDomain(host, { allowPrivateDomains: true, extractHostname: false });
}
