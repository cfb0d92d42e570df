/** What the commands of `nilz wallet` have in common: which network, which file, which node or relay. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type NetworkProfile, networkDirectory } from '../../protocol/network.ts';
import { chooseNetwork } from '../../protocol/network-choice.ts';
import { boolean, string, type Values } from '../../service/config.ts';
import { type OpenBackend, openBackend } from '../chain/backend-choice.ts';
import { NETWORK_SETTINGS } from '../network-settings.ts';
import { openWallet } from '../open-wallet.ts';
import type { Wallet } from '../wallet.ts';
import { askPassphrase, passphraseSettings } from './passphrase.ts';
import type { Terminal } from './terminal.ts';

export const sessionSettings = {
  wallet: string({ help: 'the wallet file (default: wallet.json in the folder of the network)' }),
  ...passphraseSettings,
  ...NETWORK_SETTINGS,
  datadir: string({ help: 'where the data is kept, a folder for each network', default: './data' }),
  nodeUrl: string({
    help: 'the node or a relay, as http://HOST:PORT; a node also as http://USER:PASSWORD@HOST:PORT',
    default: 'http://127.0.0.1:5000',
  }),
  relayUrl: string({ help: 'a relay, as http://HOST:PORT, in place of --node-url' }),
  nodeCookie: string({ help: "the node's cookie file, if not in the folder of the network" }),
  json: boolean({ help: 'print one JSON document' }),
};

export type SessionValues = Values<typeof sessionSettings>;

/** One command at work. Nothing is opened or connected before it is asked for. */
export class Session {
  readonly profile: NetworkProfile;
  /** Path of the wallet file. */
  readonly path: string;
  readonly terminal: Terminal;
  readonly json: boolean;
  readonly backend: OpenBackend;
  readonly values: SessionValues;

  /** @throws ProfileError */
  constructor(values: SessionValues, terminal: Terminal) {
    this.values = values;
    this.terminal = terminal;
    this.json = values.json;
    this.profile = chooseNetwork(values, (file) => readFileSync(file, 'utf8'));
    const directory = join(values.datadir, networkDirectory(this.profile));
    this.path = values.wallet ?? join(directory, 'wallet.json');
    const { nodeUrl, relayUrl, nodeCookie } = values;
    this.backend = openBackend({ nodeUrl, relayUrl, cookieFile: nodeCookie ?? join(directory, '.cookie') });
  }

  /** Opens the wallet file, asking for the passphrase if need be. @throws WalletError */
  openWallet(): Promise<Wallet> {
    const { path, profile, backend, terminal, values } = this;
    return openWallet({ path, profile, backend, passphrase: () => askPassphrase(values, terminal) });
  }

  /** A result: as one JSON document when that was asked for, else as lines for people. */
  result(json: unknown, lines: readonly string[]): void {
    if (this.json) this.terminal.print(JSON.stringify(json, null, 2));
    else for (const line of lines) this.terminal.print(line);
  }

  close(): void {
    this.backend.close();
  }
}
