/** A whole pool to be killed: a node and a pool as processes of their own on a private network, and their books. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { solveBlock } from '../../node/generate.ts';
import { assembleBlock } from '../../node/template.ts';
import { main as poolCommand } from '../../pool/main.ts';
import { decodeAddress, encodeAddress } from '../../protocol/address.ts';
import { encodeBlock } from '../../protocol/block.ts';
import { bytesToHex, displayHash, parseDisplayHash } from '../../protocol/bytes.ts';
import { rewardAt } from '../../protocol/connect.ts';
import { hash160 } from '../../protocol/hash.ts';
import { blockHash } from '../../protocol/header.ts';
import { type NetworkProfile, networkDirectory, parseProfile } from '../../protocol/network.ts';
import { p2wpkhScript } from '../../protocol/script.ts';
import { createRpcClient, type RpcClient } from '../../service/rpc-client.ts';
import { NodeBackend } from '../../wallet/backend-node.ts';
import { createWallet, freshMnemonic } from '../../wallet/open-wallet.ts';
import {
  type Books,
  ChainReading,
  coinsOf,
  readBooks,
  wrongAtAnyTime,
  wrongWhenSettled,
} from './crash-books.ts';
import { type CrashPoint, spawnMortal } from './crash-point.ts';
import { temporaryDirectory } from './surroundings.ts';

/** A block takes 4,096 hashes, a share of {@link SHARE_DIFFICULTY} 32; coins are ripe at once. */
const NETWORK = {
  name: 'crash',
  base: 'regtest',
  powLimitBits: '1f0fffff',
  maturity: 3,
  futureLimitSeconds: 7_200,
};
export const SHARE_DIFFICULTY = 32 / 2 ** 32;
const LOGIN = { user: 'crash', password: 'test' };
const PASSPHRASE = 'worthless';
export const WALLET_FILE = 'operator.json';
/** The keys of the wallet are worthless: nobody has to be kept from guessing its passphrase. */
const CHEAP = { N: 2 ** 10, r: 8, p: 1 };
/** Longer than anything that a pool does by itself takes: it looks at payouts under way every 30 s. */
const PATIENCE_MS = 60_000;
const NO_LIMIT = '1000000';

/** A process, from its first to its last sign of life. */
interface Life {
  readonly child: ChildProcess;
  /** The line that says that it is ready; undefined when it was killed before. */
  readonly ready: Promise<string | undefined>;
  /** Resolves when it is gone; rejects unless it was killed. */
  readonly gone: Promise<void>;
  readonly stderr: () => string;
}

export class CrashPool {
  readonly profile: NetworkProfile;
  readonly client: RpcClient;
  readonly ledgerFile: string;
  /** Of the pool that lives now. */
  stratumUrl = '';
  readonly #directory: string;
  readonly #networkFile: string;
  readonly #nodePort: number;
  readonly #address: string;
  readonly #reading: ChainReading;
  #node: Life | undefined;
  #pool: Life | undefined;
  #branches = 0;
  /** Blocks that the node was asked for since it took them. */
  readonly #delivered = new Set<string>();

  private constructor(
    directory: string,
    networkFile: string,
    nodePort: number,
    profile: NetworkProfile,
    address: string,
  ) {
    this.profile = profile;
    this.ledgerFile = join(directory, networkDirectory(profile), 'pool.sqlite');
    this.client = createRpcClient({ url: `http://127.0.0.1:${nodePort}`, credentials: LOGIN });
    this.#directory = directory;
    this.#networkFile = networkFile;
    this.#nodePort = nodePort;
    this.#address = address;
    this.#reading = new ChainReading(profile, decodeAddress(address, profile.address).script);
  }

  /** Makes a network, a wallet of the operator that has nothing yet, and starts both. */
  static async start(test: TestContext): Promise<CrashPool> {
    const directory = await temporaryDirectory(test);
    const networkFile = join(directory, 'network.json');
    writeFileSync(networkFile, JSON.stringify(NETWORK));
    const profile = parseProfile(JSON.stringify(NETWORK));
    const port = await freePort();
    const backend = new NodeBackend(createRpcClient({ url: `http://127.0.0.1:${port}`, credentials: LOGIN }));
    const wallet = await createWallet({
      path: join(directory, WALLET_FILE),
      profile,
      backend,
      passphrase: PASSPHRASE,
      mnemonic: freshMnemonic(),
      cost: CHEAP,
    });
    const [label] = await wallet.labels();
    const pool = new CrashPool(directory, networkFile, port, profile, label!.addresses[0]!.address);
    test.after(async () => {
      pool.client.close();
      for (const life of [pool.#pool, pool.#node]) await end(life);
    });
    await pool.startNode();
    assert.ok(await pool.startPool());
    return pool;
  }

  /** An address that nobody else uses. */
  addressOf(name: string): string {
    return encodeAddress(p2wpkhScript(hash160(new TextEncoder().encode(name))), this.profile.address)!;
  }

  async startNode(): Promise<void> {
    const places = ['--network', this.#networkFile, '--datadir', this.#directory];
    const rpc = [
      '--rpc-port',
      `${this.#nodePort}`,
      '--rpc-user',
      LOGIN.user,
      '--rpc-password',
      LOGIN.password,
    ];
    const rest = ['--no-listen', '--db-cache', '16', '--json', '--log-level', 'warn'];
    const words = ['node', ...places, ...rpc, ...rest];
    this.#node = lifeOf(spawnMortal(words), 'node');
    await this.#node.ready;
  }

  /** @returns false when it was killed before it was ready, by the crash point or by {@link killPool} */
  async startPool(atStart?: CrashPoint): Promise<boolean> {
    const url = `http://${LOGIN.user}:${LOGIN.password}@127.0.0.1:${this.#nodePort}`;
    const places = ['--network', this.#networkFile, '--datadir', this.#directory, '--node-url', url];
    const money = ['--address', this.#address, '--scheme', 'pplns', '--fee-percent', '10'];
    const payouts = ['--payout-min', '2', '--payout-interval', '1'];
    const wallet = ['--operator-wallet', join(this.#directory, WALLET_FILE)];
    const ports = ['--stratum-bind', '127.0.0.1', '--stratum-port', '0', '--http-port', '0'];
    const difficulty = ['--start-difficulty', `${SHARE_DIFFICULTY}`, '--min-difficulty', '1e-9'];
    const pace = ['--vardiff-interval', '0', '--job-refresh-seconds', '1'];
    const limits = ['--max-messages-per-second', NO_LIMIT, '--max-messages-per-second-per-address', NO_LIMIT];
    const words = [
      'pool',
      ...places,
      ...money,
      ...payouts,
      ...wallet,
      ...ports,
      ...difficulty,
      ...pace,
      ...limits,
    ];
    const env = { NILZ_POOL_OPERATOR_PASSPHRASE: PASSPHRASE };
    this.#pool = lifeOf(spawnMortal([...words, '--json', '--log-level', 'warn'], env, atStart), 'pool');
    const ready = await this.#pool.ready;
    if (ready === undefined) {
      await this.#pool.gone;
      return false;
    }
    this.stratumUrl = (JSON.parse(ready) as { readonly stratum_url: string }).stratum_url;
    return true;
  }

  /** From now on the pool dies at this point. */
  arm(point: CrashPoint): void {
    // A pool that has just died takes no message, and needs none.
    this.#pool?.child.send(point, () => undefined);
  }

  get isAlive(): boolean {
    return this.#pool?.child.exitCode === null && this.#pool.child.signalCode === null;
  }

  /** Resolves when the pool has been killed. */
  async poolGone(): Promise<void> {
    await this.#pool?.gone;
  }

  async killPool(): Promise<void> {
    await kill(this.#pool);
  }

  async killNode(): Promise<void> {
    await kill(this.#node);
  }

  /** What the pool that lives now, or lived last, complained about. */
  get complaints(): string {
    return this.#pool?.stderr() ?? '';
  }

  /** Makes another branch, from so many blocks below the tip on, until it is the best chain. */
  async reorganise(depth: number): Promise<void> {
    this.#branches += 1;
    const tip = Number(await this.client.call('getblockcount'));
    let parent = String(await this.client.call('getblockhash', [Math.max(tip - depth, 0)]));
    let best: unknown;
    while (best !== parent) {
      parent = await this.#mineOn(parent);
      best = await this.client.call('getbestblockhash');
    }
  }

  /** Whether the node knows of payments that no block has taken yet. */
  async hasWaitingPayments(): Promise<boolean> {
    return ((await this.client.call('getrawmempool')) as string[]).length > 0;
  }

  /** Blocks of others on the tip, without the payments that wait. */
  async mineEmpty(count: number): Promise<void> {
    for (let made = 0; made < count; made++) {
      await this.#mineOn(String(await this.client.call('getbestblockhash')));
    }
  }

  /** An empty block of somebody else's. @returns its hash */
  async #mineOn(parent: string): Promise<string> {
    const header = (await this.client.call('getblockheader', [parent])) as {
      height: number;
      mediantime: number;
    };
    const height = header.height + 1;
    const draft = assembleBlock({
      previous: parseDisplayHash(parent),
      height,
      timeSeconds: header.mediantime + 1,
      bits: this.profile.powLimitBits,
      payouts: [{ value: rewardAt(height, this.profile), script: p2wpkhScript(new Uint8Array(20)) }],
      transactions: [],
      extra: new TextEncoder().encode(`branch ${this.#branches}`),
    });
    const block = await solveBlock(draft, 2 ** 32);
    assert.ok(block);
    await this.client.call('submitblock', [bytesToHex(encodeBlock(block))]);
    return displayHash(blockHash(block.header));
  }

  /** Blocks of others with the payments that wait. */
  async mine(count: number): Promise<void> {
    await this.client.call('generatetoaddress', [count, this.addressOf('others')]);
  }

  /** The ledger as it is; the node has nothing that is not in it. */
  async checkAtAnyTime(fromSequence: number): Promise<Books> {
    const chain = await this.#chainSeen();
    const books = await readBooks(this.ledgerFile, fromSequence);
    assert.deepEqual(wrongAtAnyTime(chain, books), []);
    return books;
  }

  /** Waits until the pool has caught up: then the books and the chain say the same. */
  async untilBooksAgree(fromSequence: number): Promise<Books> {
    const deadline = AbortSignal.timeout(PATIENCE_MS);
    for (;;) {
      const coins = coinsOf(await readBooks(this.ledgerFile, fromSequence));
      const chain = await this.#chainSeen(coins);
      const books = await readBooks(this.ledgerFile, fromSequence);
      assert.deepEqual(wrongAtAnyTime(chain, books), []);
      const wrong = wrongWhenSettled(chain, books, this.profile.maturity);
      if (wrong.length === 0) {
        await this.#checkDelivered(books);
        return books;
      }
      if (deadline.aborted) assert.fail(`${wrong.join('\n')}\nthe pool said:\n${this.complaints}`);
      await sleep(50);
    }
  }

  /** A block that the node took it has still, on its best chain or beside it, however it was killed. */
  async #checkDelivered({ blocks }: Books): Promise<void> {
    for (const { hash, delivery } of blocks) {
      if (delivery !== 'accepted' || this.#delivered.has(hash)) continue;
      await this.client.call('getblockheader', [hash]);
      this.#delivered.add(hash);
    }
  }

  async #chainSeen(coins: readonly string[] = []) {
    for (;;) {
      const chain = await this.#reading.read(this.client, coins);
      if (chain !== undefined) return chain;
    }
  }

  /** What `nilz pool audit --json` says of the ledger; in this process, since it is asked for often. */
  async audit(test: TestContext): Promise<{ readonly code: number; readonly report: string }> {
    const printed = test.mock.method(console, 'log', () => undefined);
    try {
      const code = await poolCommand(['audit', '--json', '--ledger', this.ledgerFile], {});
      return { code, report: printed.mock.calls.map((call) => call.arguments.join(' ')).join('\n') };
    } finally {
      printed.mock.restore();
    }
  }
}

function lifeOf(child: ChildProcess, name: string): Life {
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const gone = once(child, 'exit').then(([code, signal]) => {
    if (signal !== 'SIGKILL') throw new Error(`the ${name} ended with ${code ?? signal}: ${stderr}`);
  });
  const first = once(createInterface({ input: child.stdout! }), 'line').then(([line]) => String(line));
  const ready = Promise.race([first, gone.then(() => undefined)]);
  // Whoever waits for one of them hears of it.
  gone.catch(() => undefined);
  ready.catch(() => undefined);
  return { child, ready, gone, stderr: () => stderr };
}

/** `kill -9`. */
async function kill(life: Life | undefined): Promise<void> {
  life?.child.kill('SIGKILL');
  await life?.gone;
}

/** The same for one that may be gone, however it went. */
async function end(life: Life | undefined): Promise<void> {
  life?.child.kill('SIGKILL');
  await life?.gone.catch(() => undefined);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  server.close();
  await once(server, 'close');
  return address.port;
}
