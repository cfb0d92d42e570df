/** What the commands of `nilz wallet` have in common: which network, which file, which node or relay. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type NetworkProfile, networkDirectory } from '../../protocol/network.ts';
import { chooseNetwork } from '../../protocol/network-choice.ts';
import { boolean, SettingError, string, type Values } from '../../service/config.ts';
import { type BackendPlace, type OpenBackend, openBackend } from '../chain/backend-choice.ts';
import { DEFAULT_WALLET, walletPath } from '../keys/wallet-folder.ts';
import { NETWORK_SETTINGS } from '../network-settings.ts';
import { openWallet } from '../open-wallet.ts';
import type { Wallet } from '../wallet.ts';
import { askPassphrase, passphraseSettings } from './passphrase.ts';
import type { Terminal } from './terminal.ts';

export const sessionSettings = {
  wallet: string({ help: 'the wallet file (default: wallet.json in the folder of the network)' }),
  name: string({ help: 'the wallet of this name, in place of --wallet; see "nilz wallet wallets"' }),
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
  /** Where everything of the network is, wallets as well. */
  readonly folder: string;
  /** Path of the wallet file. */
  readonly path: string;
  readonly terminal: Terminal;
  readonly json: boolean;
  /** Where the chain is asked, and what asks there. */
  readonly place: BackendPlace;
  readonly backend: OpenBackend;
  readonly values: SessionValues;

  /** @throws ProfileError; SettingError, WalletError `bad-name` */
  constructor(values: SessionValues, terminal: Terminal) {
    this.values = values;
    this.terminal = terminal;
    this.json = values.json;
    this.profile = chooseNetwork(values, (file) => readFileSync(file, 'utf8'));
    this.folder = join(values.datadir, networkDirectory(this.profile));
    if (values.wallet !== undefined && values.name !== undefined)
      throw new SettingError('--wallet and --name both say which wallet: give one of them');
    this.path = values.wallet ?? walletPath(this.folder, values.name ?? DEFAULT_WALLET);
    const { nodeUrl, relayUrl, nodeCookie } = values;
    this.place = { nodeUrl, relayUrl, cookieFile: nodeCookie ?? join(this.folder, '.cookie') };
    this.backend = openBackend(this.place);
  }

  /** Opens the wallet file, asking for the passphrase if need be. @throws WalletError */
  openWallet(): Promise<Wallet> {
    return this.#open(() => askPassphrase(this.values, this.terminal));
  }

  /** The same with a passphrase at hand. */
  openWalletWith(passphrase: string): Promise<Wallet> {
    return this.#open(async () => passphrase);
  }

  #open(passphrase: () => Promise<string>): Promise<Wallet> {
    const { path, profile, backend } = this;
    return openWallet({ path, profile, backend, passphrase });
  }

  /** A result: as one JSON document when that was asked for, else as lines for people. */
  result(json: unknown, lines: readonly string[]): void {
    if (this.json) this.terminal.print(JSON.stringify(json, null, 2));
    else for (const line of lines) this.terminal.print(line);
  }

  /** "test " before the word money, where it is worth nothing. */
  get kindOfMoney(): string {
    return this.profile.name === 'main' ? '' : 'test ';
  }

  close(): void {
    this.backend.close();
  }
}
