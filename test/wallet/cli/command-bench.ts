/** `nilz wallet` against a node of one's own on regtest, with files that open fast. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNode } from '../../../node/node.ts';
import { DEV_MNEMONIC, networkDirectory, PROFILES } from '../../../protocol/network.ts';
import { createLogger } from '../../../service/log.ts';
import { createRpcClient, type RpcClient } from '../../../service/rpc-client.ts';
import { NodeBackend } from '../../../wallet/chain/backend-node.ts';
import { main } from '../../../wallet/main.ts';
import { createWallet, watchWallet } from '../../../wallet/open-wallet.ts';
import { type Answer, ScriptedTerminal } from '../../kit/scripted-terminal.ts';
import { testClock } from '../../node/node-kit.ts';

export const PROFILE = PROFILES.regtest;
export const SECRET = 'correct horse battery staple';
/** Words that no network gives coins to. */
export const OWN_WORDS = 'legal winner thank year wave sausage worth useful legal winner thank yellow';
/** A key file that opens at once. */
const CHEAP = { N: 16, r: 1, p: 1 };

/** What a command did. */
export interface Ran {
  readonly code: number;
  readonly terminal: ScriptedTerminal;
  /** Standard output. */
  readonly output: string;
  /** Standard error. */
  readonly errors: string;
}

export type Environment = Readonly<Record<string, string>>;

export class CommandBench {
  readonly directory: string;
  readonly rpc: RpcClient;
  readonly nodeUrl: string;
  readonly #stopNode: () => Promise<void>;
  #files = 0;

  private constructor(directory: string, rpc: RpcClient, nodeUrl: string, stopNode: () => Promise<void>) {
    this.directory = directory;
    this.rpc = rpc;
    this.nodeUrl = nodeUrl;
    this.#stopNode = stopNode;
  }

  static async start(): Promise<CommandBench> {
    const directory = await mkdtemp(join(tmpdir(), 'nilz-wallet-cli-'));
    const log = createLogger({ name: 'test', level: 'silent' });
    // With a cookie, as a user has it.
    const node = await startNode({
      profile: PROFILE,
      dataDirectory: directory,
      log,
      clock: testClock(),
      rpcPort: 0,
      dbCacheMb: 16,
    });
    const rpc = createRpcClient({ url: node.rpcUrl, credentials: node.credentials });
    return new CommandBench(directory, rpc, node.rpcUrl, () => node.stop());
  }

  async stop(): Promise<void> {
    this.rpc.close();
    await this.#stopNode();
    await rm(this.directory, { recursive: true });
  }

  /** Where the data is, which node, and the passphrase. */
  environment(extra: Environment = {}): Environment {
    return { ...this.withoutPassphrase(), NILZ_PASSPHRASE: SECRET, ...extra };
  }

  /** The same where the passphrase has to come from elsewhere. */
  withoutPassphrase(): Environment {
    return { NILZ_NETWORK: 'regtest', NILZ_DATADIR: this.directory, NILZ_NODE_URL: this.nodeUrl };
  }

  /** An environment where no node is. */
  withoutNode(extra: Environment = {}): Environment {
    return this.environment({ NILZ_NODE_URL: 'http://127.0.0.1:1', ...extra });
  }

  /**
   * Runs a command line.
   * @param script answers of a person, or what a pipe brings
   */
  async run(
    argv: readonly string[],
    script: readonly Answer[] | string = '',
    env: Environment = this.environment(),
  ): Promise<Ran> {
    const terminal = new ScriptedTerminal(script);
    const code = await main(argv, env, terminal);
    return { code, terminal, output: terminal.output, errors: terminal.errors };
  }

  /** Where a file of this name is kept that belongs to the bench. */
  path(name: string): string {
    return join(this.directory, name);
  }

  /** The folder of the network, where wallets are by default. */
  get networkDirectory(): string {
    return join(this.directory, networkDirectory(PROFILE));
  }

  /** A place for a wallet file, where nothing is yet. */
  newPath(): string {
    return this.path(`wallet-${this.#files++}.json`);
  }

  /** A wallet file that opens fast. */
  async walletFile(mnemonic = DEV_MNEMONIC): Promise<string> {
    const path = this.newPath();
    const backend = new NodeBackend(this.rpc);
    await createWallet({ path, profile: PROFILE, backend, passphrase: SECRET, mnemonic, cost: CHEAP });
    return path;
  }

  /** A wallet file that only watches and opens fast. */
  async watchFile(xpub: string): Promise<string> {
    const path = this.newPath();
    const backend = new NodeBackend(this.rpc);
    await watchWallet({ path, profile: PROFILE, backend, passphrase: SECRET, xpub, cost: CHEAP });
    return path;
  }
}

/** The part of `balance --json` that tests read. */
export interface BalanceJson {
  readonly height: number;
  readonly labels: readonly {
    readonly label: string;
    readonly spendable_nits: string;
    readonly pending_nits: string;
    readonly immature_nits: string;
  }[];
  readonly total: { readonly total: number; readonly total_nits: string };
}

/** By label: spendable, pending and immature nits. */
export async function labelsOf(
  bench: CommandBench,
  path: string,
): Promise<Record<string, [string, string, string]>> {
  const { terminal } = await bench.run(['balance', '--wallet', path, '--json']);
  const { labels } = terminal.json<BalanceJson>();
  return Object.fromEntries(
    labels.map((each) => [each.label, [each.spendable_nits, each.pending_nits, each.immature_nits]]),
  );
}
