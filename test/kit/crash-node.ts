/** A node as a process of its own that can be killed, on a private network whose blocks are found at once. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { solveBlock } from '../../node/generate.ts';
import { assembleBlock } from '../../node/template.ts';
import { encodeAddress } from '../../protocol/address.ts';
import { encodeBlock } from '../../protocol/block.ts';
import { bytesToHex, displayHash, parseDisplayHash } from '../../protocol/bytes.ts';
import { rewardAt } from '../../protocol/connect.ts';
import { hash160 } from '../../protocol/hash.ts';
import { blockHash } from '../../protocol/header.ts';
import { type NetworkProfile, parseProfile } from '../../protocol/network.ts';
import { p2wpkhScript } from '../../protocol/script.ts';
import { createRpcClient, type RpcClient } from '../../service/rpc-client.ts';
import { spawnMortal } from './crash-point.ts';
import { end, kill, type Life, lifeOf } from './mortal-life.ts';
import { temporaryDirectory } from './surroundings.ts';

const LOGIN = { user: 'crash', password: 'test' };

export class CrashNode {
  readonly profile: NetworkProfile;
  readonly client: RpcClient;
  /** Holds the network's file and all data. */
  readonly directory: string;
  readonly networkFile: string;
  /** With the login. */
  readonly url: string;
  readonly #port: number;
  #life: Life | undefined;
  #branches = 0;

  private constructor(directory: string, networkFile: string, profile: NetworkProfile, port: number) {
    this.profile = profile;
    this.directory = directory;
    this.networkFile = networkFile;
    this.#port = port;
    this.url = `http://${LOGIN.user}:${LOGIN.password}@127.0.0.1:${port}`;
    this.client = createRpcClient({ url: `http://127.0.0.1:${port}`, credentials: LOGIN });
  }

  /** @param network as in a private network's file */
  static async start(test: TestContext, network: object): Promise<CrashNode> {
    const directory = await temporaryDirectory(test);
    const networkFile = join(directory, 'network.json');
    writeFileSync(networkFile, JSON.stringify(network));
    const profile = parseProfile(JSON.stringify(network));
    const node = new CrashNode(directory, networkFile, profile, await freePort());
    test.after(async () => {
      node.client.close();
      await end(node.#life);
    });
    await node.rise();
    return node;
  }

  /** An address that nobody else uses. */
  addressOf(name: string): string {
    return encodeAddress(p2wpkhScript(hash160(new TextEncoder().encode(name))), this.profile.address)!;
  }

  /** Starts, for the first time or after {@link kill}. */
  async rise(): Promise<void> {
    const places = ['--network', this.networkFile, '--datadir', this.directory];
    const rpc = ['--rpc-port', `${this.#port}`, '--rpc-user', LOGIN.user, '--rpc-password', LOGIN.password];
    const rest = ['--no-listen', '--db-cache', '16', '--json', '--log-level', 'warn'];
    const words = ['node', ...places, ...rpc, ...rest];
    this.#life = lifeOf(spawnMortal(words), 'node');
    await this.#life.ready;
  }

  async kill(): Promise<void> {
    await kill(this.#life);
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
