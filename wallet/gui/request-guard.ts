/**
 * Keeps the pages of all other sites out. They can make a person's browser ask for anything at 127.0.0.1, under
 * names of their own too (DNS rebinding); what they cannot do is to choose `Host`, `Origin` and `Sec-Fetch-*`.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { HttpError } from '../../service/http.ts';

/** What is looked at. */
export interface GuardedRequest {
  readonly method?: string | undefined;
  /** As it stands in the first line. */
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders;
  /** Names and values by turns, as they were sent. */
  readonly rawHeaders: readonly string[];
}

/** The names by which this machine calls itself, with the port. */
export function ownHosts(port: number): ReadonlySet<string> {
  const names = ['127.0.0.1', 'localhost', '[::1]'];
  return new Set(names.map((name) => (port === 80 ? name : `${name}:${port}`)));
}

/**
 * Lets through what the wallet's own page asks, and a person who goes to it.
 * @param hosts see {@link ownHosts}
 * @throws HttpError 403 `forbidden`, saying what was wrong
 */
export function requireOwnPage(request: GuardedRequest, hosts: ReadonlySet<string>): void {
  const complaint = complaintAbout(request, hosts);
  if (complaint !== undefined) throw new HttpError(403, complaint, { code: 'forbidden' });
}

function complaintAbout(request: GuardedRequest, hosts: ReadonlySet<string>): string | undefined {
  const { headers, rawHeaders } = request;
  const { host, origin } = headers;
  // RFC 9112, 3.2: one Host, and a request target without a host of its own.
  const hostLines = rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'host').length;
  if (host === undefined || hostLines !== 1 || !hosts.has(host.toLowerCase())) {
    return `this wallet answers at ${[...hosts].join(', ')} only`;
  }
  if (request.url?.startsWith('/') !== true) return 'the request must name a path';
  const isRead = (request.method === 'GET' || request.method === 'HEAD') && headers.upgrade === undefined;
  // Browsers name the origin with everything but plain reads (Fetch standard, 3.2 and 4.6).
  if (origin === undefined ? !isRead : origin !== `http://${host.toLowerCase()}`) {
    return 'only the page of this wallet may ask';
  }
  const site = headers['sec-fetch-site'];
  if (site === undefined || site === 'same-origin' || site === 'none') return undefined;
  return isRead && isNavigation(headers) ? undefined : 'only the page of this wallet may ask';
}

/** Whether a person goes to a page, by a link on another one for example (Fetch Metadata, 2). */
function isNavigation(headers: IncomingHttpHeaders): boolean {
  return headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
}
