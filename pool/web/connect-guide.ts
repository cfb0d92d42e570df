/** How to point each kind of miner at this pool. */
import type { Connect } from './answers.ts';

export interface Field {
  readonly name: string;
  readonly value: string;
}

/** What one kind of miner has to be told: a command line, or the fields of its settings page. */
export interface Guide {
  readonly name: string;
  readonly about: string;
  readonly command?: string;
  readonly fields?: readonly Field[];
}

const PASSWORD = 'x';

const HERE = /^(localhost|127(\.\d+){3}|0\.0\.0\.0|\[::1?\])$/;

/**
 * An address of the pool as the reader reaches it. "Everywhere" and the pool's own machine mean nothing to
 * somebody elsewhere; the host of this page has brought the reader to the pool once already.
 */
export function reachableUrl(url: string, pageHost: string): string {
  return url.replace(/^([a-z+]+:\/\/)(\[[^\]]*\]|[^:/]+)/, (whole, scheme: string, host: string) =>
    HERE.test(host) && (host === '0.0.0.0' || host === '[::]' || !HERE.test(pageHost))
      ? `${scheme}${pageHost}`
      : whole,
  );
}

/** Where the page's own port takes miners: over HTTPS where the page came so. */
export function webSocketUrl(
  url: string,
  page: { readonly protocol: string; readonly host: string },
): string {
  return `${page.protocol === 'https:' ? 'wss' : 'ws'}://${page.host}${new URL(url).pathname}`;
}

/**
 * The guides, filled in.
 * @param user ADDRESS.WORKER, or what stands for it
 */
export function guides(connect: Connect, user: string, pageHost: string): readonly Guide[] {
  if (connect.stratum === null) return [];
  const url = reachableUrl(connect.stratum, pageHost);
  const { hostname, port } = new URL(url.replace(/^stratum\+tcp/, 'http'));
  return [
    {
      name: 'cpuminer',
      about: 'On any computer, for a first try.',
      command: `minerd -a sha256d -o ${url} -u ${user} -p ${PASSWORD}`,
    },
    {
      name: 'cpuminer-opt',
      about: 'The same with the fast instructions of newer processors.',
      command: `cpuminer -a sha256d -o ${url} -u ${user} -p ${PASSWORD}`,
    },
    {
      name: 'NilzCoin miner',
      about: 'The one that comes with the coin: nothing else to install.',
      command: `./nilz miner --url ${url} --user ${user}`,
    },
    {
      name: 'Bitaxe',
      about: 'In its web page under Settings; then save and restart it.',
      fields: [
        { name: 'Stratum Host', value: hostname },
        { name: 'Stratum Port', value: port },
        { name: 'Stratum User', value: user },
        { name: 'Stratum Password', value: PASSWORD },
      ],
    },
    {
      name: 'cgminer',
      about: 'For ASICs on USB, and in the settings page of most machines.',
      command: `cgminer -o ${url} -u ${user} -p ${PASSWORD}`,
    },
  ];
}
