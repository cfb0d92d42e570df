/** A real node on a free port with a data directory of its own, and the ways tests talk to it. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { MockableClock } from '../../node/clock.ts';
import { solveBlock } from '../../node/generate.ts';
import { type NodeOptions, type RunningNode, startNode } from '../../node/node.ts';
import { assembleBlock } from '../../node/template.ts';
import { type Block, decodeBlock } from '../../protocol/block.ts';
import { bytesToHex, hexToBytes } from '../../protocol/bytes.ts';
import { rewardAt } from '../../protocol/connect.ts';
import { blockHash, decodeHeader } from '../../protocol/header.ts';
import { PROFILES } from '../../protocol/network.ts';
import { encodeTransaction, type Transaction } from '../../protocol/transaction.ts';
import type { Hash, Height } from '../../protocol/units.ts';
import { createLogger } from '../../service/log.ts';
import { basic, send } from '../service/raw-http.ts';
import { temporaryDirectory } from '../service/temporary-directory.ts';
import { type Account, addressOf, stranger } from './payment-kit.ts';

export interface RpcAnswer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers field by field
  readonly result: any;
  readonly error: { readonly code: number; readonly message: string } | null;
}

const CREDENTIALS = { user: 'tester', password: 'secret' };

/** A clock that moves only when it is told to: no test depends on when it is run. */
export function testClock(startSeconds = PROFILES.regtest.genesis.header.time + 1_000_000): MockableClock {
  const clock = new MockableClock();
  clock.setMockTime(startSeconds);
  return clock;
}

/** Starts a regtest node that ends with the test. */
export async function startTestNode(
  context: TestContext,
  options: Partial<NodeOptions> = {},
): Promise<TestNode> {
  const directory = options.dataDirectory ?? (await temporaryDirectory(context));
  const node = await startNode({
    profile: PROFILES.regtest,
    log: createLogger({ name: 'test', level: 'silent' }),
    rpcPort: 0,
    credentials: CREDENTIALS,
    clock: testClock(),
    dbCacheMb: 16,
    ...options,
    dataDirectory: directory,
  });
  context.after(() => node.stop());
  return new TestNode(node, directory);
}

export class TestNode {
  readonly node: RunningNode;
  readonly dataDirectory: string;

  constructor(node: RunningNode, dataDirectory: string) {
    this.node = node;
    this.dataDirectory = dataDirectory;
  }

  /** Calls a method in the old form; positional parameters. */
  async answer(method: string, ...params: unknown[]): Promise<RpcAnswer> {
    const { status, body } = await this.post(JSON.stringify({ id: 1, method, params }));
    return { status, ...JSON.parse(body) };
  }

  /** The result of a call that must succeed. */
  async call(method: string, ...params: unknown[]): Promise<RpcAnswer['result']> {
    const { result, error } = await this.answer(method, ...params);
    assert.equal(error, null, `${method}: ${error?.message}`);
    return result;
  }

  /** The error of a call that must fail. */
  async failure(method: string, ...params: unknown[]): Promise<{ code: number; message: string }> {
    const { error } = await this.answer(method, ...params);
    assert.ok(error, `${method} should fail`);
    return error;
  }

  post(body: string, headers: Record<string, string> = {}) {
    const { user, password } = this.node.credentials;
    return send({ url: this.node.rpcUrl, body, headers: { ...basic(user, password), ...headers } });
  }

  /** Mines blocks that pay to an account; answers their hashes. */
  mine(count: number, account: Account = stranger): Promise<string[]> {
    return this.call('generatetoaddress', count, addressOf(account, this.node.profile));
  }

  send(transaction: Transaction): Promise<string> {
    return this.call('sendrawtransaction', bytesToHex(encodeTransaction(transaction)));
  }

  /** A solved block on any parent, with these transactions after its coinbase; not handed in. */
  async blockOn(parentHash: string, transactions: readonly Transaction[] = [], tag = 0): Promise<Block> {
    const { height } = await this.call('getblockheader', parentHash);
    const parent = decodeHeader(hexToBytes(await this.call('getblockheader', parentHash, false)));
    const { mediantime } = await this.call('getblockheader', parentHash);
    return solvedBlock(blockHash(parent), height + 1, mediantime + 1, transactions, tag);
  }

  async block(hash: string): Promise<Block> {
    return decodeBlock(hexToBytes(await this.call('getblock', hash, 0)));
  }
}

/** A block of regtest, which takes two tries on average. */
export async function solvedBlock(
  previous: Hash,
  height: Height,
  timeSeconds: number,
  transactions: readonly Transaction[],
  tag: number,
): Promise<Block> {
  const { regtest } = PROFILES;
  const draft = assembleBlock({
    previous,
    height,
    timeSeconds,
    bits: regtest.powLimitBits,
    payouts: [{ value: rewardAt(height, regtest), script: stranger.script }],
    transactions,
    extra: Uint8Array.of(1, tag),
  });
  const block = await solveBlock(draft, 1_000_000);
  assert.ok(block);
  return block;
}
