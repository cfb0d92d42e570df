/** What an operator has: a node, a wallet file and pools, each a `nilz` command of its own, on a private network. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { encodeAddress } from '../../protocol/address.ts';
import { compactToTarget } from '../../protocol/compact.ts';
import { hash160 } from '../../protocol/hash.ts';
import { type NetworkProfile, networkDirectory, parseProfile } from '../../protocol/network.ts';
import { p2wpkhScript } from '../../protocol/script.ts';
import { meetsTarget } from '../../protocol/work.ts';
import { createRpcClient, type RpcClient } from '../../service/rpc-client.ts';
import { type Finished, nilz } from './devnet.ts';
import { findShare, StratumMiner } from './stratum-miner.ts';
import { childEnvironment, temporaryDirectory } from './surroundings.ts';

const NILZ = fileURLToPath(new URL('../../nilz', import.meta.url));
/** A block takes 4,096 hashes, a share 32. */
const NETWORK = {
  name: 'desk',
  base: 'regtest',
  powLimitBits: '1f0fffff',
  maturity: 3,
  futureLimitSeconds: 7_200,
};
const SHARE_DIFFICULTY = 32 / 2 ** 32;
export const PASSPHRASE = 'operator of a test';
export const LABEL = 'rewards';

/** A service that runs. */
export interface Service {
  readonly ready: Readonly<Record<string, string>>;
  /** Ctrl-C. Resolves to the exit code. */
  stop(): Promise<number | null>;
  /** `kill -9`. */
  kill(): Promise<unknown>;
  stderr(): string;
}

export class OperatorDesk {
  readonly profile: NetworkProfile;
  readonly rpc: RpcClient;
  readonly directory: string;
  readonly networkFile: string;
  /** The desk's node, as long as it was not ended. */
  readonly node: Service;
  readonly walletFile: string;
  /** Of the wallet's label {@link LABEL}. */
  readonly rewardAddress: string;

  private constructor(
    facts: Pick<OperatorDesk, 'directory' | 'networkFile' | 'node' | 'walletFile' | 'rewardAddress'>,
  ) {
    this.profile = parseProfile(JSON.stringify(NETWORK));
    this.directory = facts.directory;
    this.networkFile = facts.networkFile;
    this.node = facts.node;
    this.walletFile = facts.walletFile;
    this.rewardAddress = facts.rewardAddress;
    this.rpc = clientOf(facts.node);
  }

  get nodeUrl(): string {
    return this.node.ready.rpc_url ?? '';
  }

  /** Starts a node and makes a wallet, as the operator's guide says. */
  static async open(test: TestContext): Promise<OperatorDesk> {
    const directory = await temporaryDirectory(test);
    const networkFile = join(directory, 'network.json');
    await writeFile(networkFile, JSON.stringify(NETWORK));
    const place = ['--network', networkFile, '--datadir', directory];
    const node = await startNode(test, networkFile, directory);
    const walletFile = join(directory, 'operator.json');
    const wallet = ['--wallet', walletFile, ...place, '--json'];
    const env = { NILZ_PASSPHRASE: PASSPHRASE };
    await done(nilz(['wallet', 'init', '--yes', ...wallet], { env }));
    const made = await done(nilz(['wallet', 'new-address', '--label', LABEL, ...wallet], { env }));
    const { address } = JSON.parse(made.stdout) as { address: string };
    const desk = new OperatorDesk({ directory, networkFile, node, walletFile, rewardAddress: address });
    test.after(() => desk.rpc.close());
    return desk;
  }

  /** An address that nobody else uses. */
  addressOf(name: string): string {
    return encodeAddress(p2wpkhScript(hash160(new TextEncoder().encode(name))), this.profile.address)!;
  }

  /** Writes a settings file of a pool, under the names that settings had in the pools before this one. */
  async writeConfig(name: string, changes: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const file = join(this.directory, name);
    const config = {
      network: this.networkFile,
      datadir: this.directory,
      node_url: this.nodeUrl,
      reward_address: this.rewardAddress,
      operator_wallet_path: this.walletFile,
      operator_wallet_label: LABEL,
      payout_interval_seconds: 0,
      host: '127.0.0.1',
      port: 0,
      stratum_bind: '127.0.0.1',
      stratum_port: 0,
      start_difficulty: SHARE_DIFFICULTY,
      min_difficulty: 1e-9,
      vardiff_interval: 0,
      max_messages_per_second: 1_000_000,
      max_messages_per_second_per_address: 1_000_000,
      ...changes,
    };
    await writeFile(file, JSON.stringify(config));
    return file;
  }

  /** Starts a pool. Its log is what it says on standard error, from warnings on. */
  startPool(
    test: TestContext,
    config: string,
    env: Readonly<Record<string, string>> = { NILZ_POOL_OPERATOR_PASSPHRASE: PASSPHRASE },
  ): Promise<Service> {
    return startService(test, ['pool', '--config', config, '--log-level', 'warn'], env);
  }

  /** Mines so many blocks at a pool; shares that are none of them are not handed in. */
  async mineBlocks(stratumUrl: string, user: string, count: number): Promise<void> {
    const miner = await StratumMiner.connect(stratumUrl);
    let work = await miner.login(user);
    for (let mined = 0; mined < count; mined++) {
      const target = compactToTarget(work.job.bits);
      const { params } = findShare(work, { accepts: (hash) => meetsTarget(hash, target) });
      const { result } = await miner.request('mining.submit', params);
      assert.equal(result, true);
      let job = await miner.nextJob();
      while (!job.cleanJobs) job = await miner.nextJob();
      work = { ...work, job };
    }
    miner.close();
  }

  /** Hands in shares, blocks or not. */
  async mineShares(stratumUrl: string, user: string, count: number): Promise<void> {
    const miner = await StratumMiner.connect(stratumUrl);
    const work = await miner.login(user);
    let firstNonce = 0;
    for (let handedIn = 0; handedIn < count; handedIn++) {
      const target = compactToTarget(work.job.bits);
      const accepts = (hash: Uint8Array): boolean =>
        meetsTarget(hash, target * 128n) && !meetsTarget(hash, target);
      const { params, nonce } = findShare(work, { firstNonce, accepts });
      firstNonce = nonce + 1;
      assert.equal((await miner.request('mining.submit', params)).result, true);
    }
    miner.close();
  }

  /** Blocks of others, with what waits. */
  async mineOthers(count: number): Promise<void> {
    await this.rpc.call('generatetoaddress', [count, this.addressOf('others')]);
  }

  /** What an address has on the chain, in nits. */
  async received(address: string): Promise<bigint> {
    const answer = await this.rpc.call('getaddressbalance', [{ addresses: [address] }]);
    return BigInt((answer as { balance_nits: string }).balance_nits);
  }

  /** `nilz pool settle` with the settings of a pool that listens on a port. */
  settle(config: string, httpUrl: string, ...flags: readonly string[]): Promise<Finished> {
    return nilz(['pool', 'settle', '--config', config, '--http-port', new URL(httpUrl).port, ...flags]);
  }

  /** The folder with the data of the network. */
  get dataDirectory(): string {
    return join(this.directory, networkDirectory(this.profile));
  }
}

/** Starts a node. @param flags more of the command line: free ports unless they say otherwise */
export function startNode(
  test: TestContext,
  networkFile: string,
  directory: string,
  ...flags: readonly string[]
): Promise<Service> {
  const place = ['--network', networkFile, '--datadir', directory];
  const ports = ['--rpc-port', '0', '--p2p-port', '0'];
  return startService(test, ['node', ...place, ...ports, '--log-level', 'warn', ...flags]);
}

/** Calls a node that was started here. */
export function clientOf({ ready }: Service): RpcClient {
  const { rpc_url: url = '', cookie_file: cookieFile = '' } = ready;
  return createRpcClient({ url, cookieFile });
}

/** Asks a pool until the answer is as it should be. */
export async function untilAnswer<T>(url: string, isWanted: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = (await (await fetch(url)).json()) as T;
    if (isWanted(answer)) return answer;
    await sleep(50);
  }
}

async function done(running: Promise<Finished>): Promise<Finished> {
  const finished = await running;
  assert.equal(finished.code, 0, finished.stderr);
  return finished;
}

/** Starts a `nilz` command that runs until it is told to end, with `--json`; it ends with the test. */
export async function startService(
  test: TestContext,
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Service> {
  const child = spawn(process.execPath, [NILZ, ...words, '--json'], {
    env: childEnvironment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  test.after(() => end(child, 'SIGKILL'));
  const ended = once(child, 'close').then(([code]) => {
    throw new Error(`nilz ${words[0]} ended with ${String(code)}: ${stderr}`);
  });
  ended.catch(() => undefined);
  const [line] = (await Promise.race([once(createInterface({ input: child.stdout }), 'line'), ended])) as [
    string,
  ];
  return {
    ready: JSON.parse(line) as Record<string, string>,
    stop: () => end(child, 'SIGINT'),
    kill: () => end(child, 'SIGKILL'),
    stderr: () => stderr,
  };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const ended = once(child, 'close');
  child.kill(signal);
  const [code] = (await ended) as [number | null];
  return code;
}
