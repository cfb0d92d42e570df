/** A whole pool to be killed: a node and a pool as processes of their own on a private network, and their books. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { main as poolCommand } from '../../pool/main.ts';
import { decodeAddress } from '../../protocol/address.ts';
import { type NetworkProfile, networkDirectory } from '../../protocol/network.ts';
import type { RpcClient } from '../../service/rpc-client.ts';
import { NodeBackend } from '../../wallet/chain/backend-node.ts';
import { createWallet, freshMnemonic } from '../../wallet/open-wallet.ts';
import {
  type Books,
  ChainReading,
  coinsOf,
  readBooks,
  wrongAtAnyTime,
  wrongWhenSettled,
} from './crash-books.ts';
import { CrashNode } from './crash-node.ts';
import { type CrashPoint, spawnMortal } from './crash-point.ts';
import { end, kill, type Life, lifeOf } from './mortal-life.ts';

/** A block takes 4,096 hashes, a share of {@link SHARE_DIFFICULTY} 32; coins are ripe at once. */
const NETWORK = {
  name: 'crash',
  base: 'regtest',
  powLimitBits: '1f0fffff',
  maturity: 3,
  futureLimitSeconds: 7_200,
};
export const SHARE_DIFFICULTY = 32 / 2 ** 32;
const PASSPHRASE = 'worthless';
export const WALLET_FILE = 'operator.json';
/** The keys of the wallet are worthless: nobody has to be kept from guessing its passphrase. */
const CHEAP = { N: 2 ** 10, r: 8, p: 1 };
/** Longer than anything that a pool does by itself takes: it looks at payouts under way every 30 s. */
const PATIENCE_MS = 60_000;
const NO_LIMIT = '1000000';

export class CrashPool {
  readonly node: CrashNode;
  readonly ledgerFile: string;
  /** Of the pool that lives now. */
  stratumUrl = '';
  readonly #address: string;
  readonly #reading: ChainReading;
  #pool: Life | undefined;
  /** Blocks that the node was asked for since it took them. */
  readonly #delivered = new Set<string>();

  private constructor(node: CrashNode, address: string) {
    const { profile, directory } = node;
    this.node = node;
    this.ledgerFile = join(directory, networkDirectory(profile), 'pool.sqlite');
    this.#address = address;
    this.#reading = new ChainReading(profile, decodeAddress(address, profile.address).script);
  }

  /** Makes a network, a wallet of the operator that has nothing yet, and starts both. */
  static async start(test: TestContext): Promise<CrashPool> {
    const node = await CrashNode.start(test, NETWORK);
    const wallet = await createWallet({
      path: join(node.directory, WALLET_FILE),
      profile: node.profile,
      backend: new NodeBackend(node.client),
      passphrase: PASSPHRASE,
      mnemonic: freshMnemonic(),
      cost: CHEAP,
    });
    const [label] = await wallet.labels();
    const pool = new CrashPool(node, label!.addresses[0]!.address);
    test.after(() => end(pool.#pool));
    assert.ok(await pool.startPool());
    return pool;
  }

  get profile(): NetworkProfile {
    return this.node.profile;
  }

  get client(): RpcClient {
    return this.node.client;
  }

  /** @returns false when it was killed before it was ready, by the crash point or by {@link killPool} */
  async startPool(atStart?: CrashPoint): Promise<boolean> {
    const { networkFile, directory, url } = this.node;
    const places = ['--network', networkFile, '--datadir', directory, '--node-url', url];
    const money = ['--address', this.#address, '--scheme', 'pplns', '--fee-percent', '10'];
    const payouts = ['--payout-min', '2', '--payout-interval', '1'];
    const wallet = ['--operator-wallet', join(directory, WALLET_FILE)];
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

  /** What the pool that lives now, or lived last, complained about. */
  get complaints(): string {
    return this.#pool?.stderr() ?? '';
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
