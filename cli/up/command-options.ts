/** How the commands of a second terminal find what `nilz up` runs. */
import { type NetworkProfile, profileByName } from '../../protocol/network.ts';
import type { Credentials } from '../../service/http.ts';

/** What decides which options they need. */
export interface CommandPlace {
  readonly profile: NetworkProfile;
  readonly dataDirectory: string;
  readonly rpcUrl: string;
  readonly credentials: Credentials;
  /** Where the credentials are; undefined where they were chosen. */
  readonly cookieFile: string | undefined;
}

const DEFAULT_DATA = './data';
const DEFAULT_RPC_URL = 'http://127.0.0.1:5000';
const HIDDEN = 'PASSWORD';

/**
 * Options of `nilz rpc`, `nilz wallet` and `nilz pace` that differ from their defaults, each after a space.
 * @param password whether a chosen password is told; where it is not, a word stands for it
 */
export function commandOptions(place: CommandPlace, { password }: { password: boolean }): string {
  const { profile, dataDirectory } = place;
  const usual = profileByName('dev');
  const options: readonly (readonly [string, string, string])[] = [
    ['--datadir', dataDirectory, DEFAULT_DATA],
    ['--block-time', String(profile.blockTimeSeconds), String(usual.blockTimeSeconds)],
    ['--retarget-window', String(profile.window), String(usual.window)],
    ['--node-url', nodeUrl(place, password), DEFAULT_RPC_URL],
  ];
  return options.map(([name, value, usual]) => (value === usual ? '' : ` ${name} ${quoted(value)}`)).join('');
}

function nodeUrl({ rpcUrl, credentials, cookieFile }: CommandPlace, password: boolean): string {
  if (cookieFile !== undefined) return rpcUrl;
  const url = new URL(rpcUrl);
  url.username = credentials.user;
  url.password = password ? credentials.password : HIDDEN;
  return url.href;
}

/** A word as a shell takes it for one. */
function quoted(word: string): string {
  return /^[\w./:@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
