/** Chains for tests: blocks are mined on regtest in microseconds, time stands still until it is set. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verify } from '#verify';
import { Chain, type ChainOptions } from '../../node/chain/chain.ts';
import type { Clock } from '../../node/clock.ts';
import { openNodeDatabase } from '../../node/storage/node-database.ts';
import type { Block } from '../../protocol/block.ts';
import { buildCoinbase, WITNESS_RESERVED_VALUE } from '../../protocol/coinbase.ts';
import { compactToTarget } from '../../protocol/compact.ts';
import { rewardAt } from '../../protocol/connect.ts';
import { blockHash, encodeHeader, type Header, hashHeaderBytes } from '../../protocol/header.ts';
import { accountOf, type DerivedKey, seedOf } from '../../protocol/key.ts';
import { merkleRoot, witnessCommitment } from '../../protocol/merkle.ts';
import { DEV_MNEMONIC, type NetworkProfile, PROFILES } from '../../protocol/network.ts';
import { type HeaderWindow, nextBits } from '../../protocol/retarget.ts';
import { SIGHASH_ALL, sighashMidstate } from '../../protocol/sighash.ts';
import { signInput } from '../../protocol/signature.ts';
import { type OutPoint, type Transaction, type TxOutput, txid, wtxid } from '../../protocol/transaction.ts';
import type { Hash, Height, Nits } from '../../protocol/units.ts';
import { isAtMost, targetBytes } from '../../protocol/work.ts';
import type { Database } from '../../service/database.ts';
import { createLogger } from '../../service/log.ts';

export const SILENT_LOG = createLogger({ name: 'test', level: 'silent' });

/** A clock that stands still until it is set. */
export class TestClock implements Clock {
  seconds: number;

  constructor(seconds: number) {
    this.seconds = seconds;
  }

  nowSeconds(): number {
    return this.seconds;
  }
}

/** Names of the funded accounts, in the order of the key path. */
const NAMES = ['alice', 'bob', 'carol', 'pool', 'faucet'] as const;
export type AccountName = (typeof NAMES)[number];

let keys: ReadonlyMap<AccountName, DerivedKey> | undefined;

/** The key of a funded account. */
export function accountKey(name: AccountName): DerivedKey {
  if (keys === undefined) {
    const account = accountOf(seedOf(DEV_MNEMONIC), PROFILES.regtest.coinType);
    keys = new Map(NAMES.map((each, index) => [each, account.derive(0, index)]));
  }
  return keys.get(name)!;
}

/** A coin and where it is: what a payment spends. */
export interface KitCoin {
  readonly outPoint: OutPoint;
  readonly value: Nits;
  readonly owner: AccountName;
}

/** A block with its place: blocks are made without a chain, so whole trees can be made before one is fed. */
export interface KitBlock {
  readonly block: Block;
  readonly hash: Hash;
  readonly height: Height;
  readonly parent: KitBlock | undefined;
}

export interface MineOptions {
  /** Who is paid; default "pool". */
  readonly miner?: AccountName;
  /** The script that is paid instead. */
  readonly rewardScript?: Uint8Array;
  /** Seconds since 1970; default: the parent's and one block time more. */
  readonly time?: number;
  /** Fees of the transactions, which the coinbase takes; default 0. */
  readonly fees?: Nits;
  /** What the coinbase pays in all; default reward and fees. */
  readonly coinbaseValue?: Nits;
  /** Tells siblings apart. */
  readonly tag?: number;
  /** Changes the header before it is mined. */
  readonly header?: Partial<Header>;
}

/** Makes blocks and payments for a network without proof of work worth the name. */
export class ChainKit {
  readonly profile: NetworkProfile;
  readonly genesis: KitBlock;
  readonly clock: TestClock;
  #tag = 0;

  constructor(profile: NetworkProfile = PROFILES.regtest) {
    this.profile = profile;
    this.genesis = { block: profile.genesis, hash: profile.genesisHash, height: 0, parent: undefined };
    // A year later, so that block times of a few seconds never run into the clock.
    this.clock = new TestClock(profile.genesis.header.time + 365 * 86_400);
  }

  /** The coin the genesis block gave to an account. */
  funds(owner: AccountName): KitCoin {
    const { index, value } = this.profile.fundedAccounts.find(({ name }) => name === owner)!;
    return { outPoint: { txid: txid(this.profile.genesis.transactions[0]!), index }, value, owner };
  }

  /** The first output of a block's coinbase. */
  reward(mined: KitBlock, owner: AccountName = 'pool'): KitCoin {
    return coinOf(mined.block.transactions[0]!, 0, owner);
  }

  /** A child of `parent`, mined. */
  mineBlock(
    parent: KitBlock,
    transactions: readonly Transaction[] = [],
    options: MineOptions = {},
  ): KitBlock {
    const height = parent.height + 1;
    const value = options.coinbaseValue ?? rewardAt(height, this.profile) + (options.fees ?? 0n);
    const commitment = witnessCommitment(
      [WITNESS_RESERVED_VALUE, ...transactions.map(wtxid)],
      WITNESS_RESERVED_VALUE,
    );
    const coinbase = buildCoinbase({
      height,
      outputs: [{ value, script: options.rewardScript ?? accountKey(options.miner ?? 'pool').script }],
      extra: tagBytes(options.tag ?? ++this.#tag),
      commitment,
    });
    return this.mineTransactions(parent, [coinbase, ...transactions], options);
  }

  /** A child of `parent` with exactly these transactions, mined. */
  mineTransactions(
    parent: KitBlock,
    transactions: readonly Transaction[],
    options: MineOptions = {},
  ): KitBlock {
    const time = options.time ?? parent.block.header.time + this.profile.blockTimeSeconds;
    const header = mine({
      version: 0x2000_0000,
      previous: parent.hash,
      merkleRoot: merkleRoot(transactions.map(txid)).root,
      time,
      bits: nextBits(windowOf(parent), this.profile, time),
      nonce: 0,
      ...options.header,
    });
    return { block: { header, transactions }, hash: blockHash(header), height: parent.height + 1, parent };
  }

  /** `count` empty blocks on top of `parent`. */
  mineBlocks(parent: KitBlock, count: number, options: MineOptions = {}): KitBlock[] {
    const blocks: KitBlock[] = [];
    for (let made = 0; made < count; made++)
      blocks.push(this.mineBlock(blocks.at(-1) ?? parent, [], options));
    return blocks;
  }

  /**
   * A signed payment: the first output pays `amount` to `to`, the second one the change to the sender.
   * @param fee what neither output takes
   */
  payment(from: KitCoin, to: AccountName, amount: Nits, fee: Nits = 1_000n): Transaction {
    const change = from.value - amount - fee;
    const outputs: TxOutput[] = [{ value: amount, script: accountKey(to).script }];
    if (change > 0n) outputs.push({ value: change, script: accountKey(from.owner).script });
    return this.sign([from], outputs);
  }

  /** A transaction that spends `coins` and makes `outputs`, signed by the coins' owners. */
  sign(coins: readonly KitCoin[], outputs: readonly TxOutput[]): Transaction {
    const inputs = coins.map(({ outPoint }) => ({
      previous: outPoint,
      scriptSig: new Uint8Array(),
      sequence: 0xffff_fffd,
      witness: [] as readonly Uint8Array[],
    }));
    const bare: Transaction = { version: 2, inputs, outputs, lockTime: 0 };
    const midstate = sighashMidstate(bare);
    const witnesses = coins.map(({ owner, value }, index) =>
      signInput(bare, index, accountKey(owner).privateKey, value, SIGHASH_ALL, midstate),
    );
    return { ...bare, inputs: inputs.map((input, index) => ({ ...input, witness: witnesses[index]! })) };
  }
}

/** The coin that output `index` of a transaction makes. */
export function coinOf(transaction: Transaction, index: number, owner: AccountName): KitCoin {
  return { outPoint: { txid: txid(transaction), index }, value: transaction.outputs[index]!.value, owner };
}

function windowOf(parent: KitBlock): HeaderWindow {
  const at = (height: Height): Header => {
    let block = parent;
    while (block.height > height) block = block.parent!;
    return block.block.header;
  };
  return { height: parent.height, at };
}

/** The blocks from the genesis block (exclusive) to this one. */
export function branchOf(tip: KitBlock): KitBlock[] {
  const branch: KitBlock[] = [];
  for (let at = tip; at.parent !== undefined; at = at.parent) branch.push(at);
  return branch.reverse();
}

/** A chain in a directory of its own that goes away with it. */
export interface OpenChain {
  readonly chain: Chain;
  readonly database: Database;
  readonly directory: string;
  /** Closes the chain and its database and opens them again. */
  reopen(): Promise<void>;
  close(): Promise<void>;
}

export type OpenOptions = Partial<Omit<ChainOptions, 'database'>> & { readonly directory?: string };

export async function openChain(kit: ChainKit, options: OpenOptions = {}): Promise<OpenChain> {
  const { directory: given, dbCacheMb = 32, ...chainOptions } = options;
  const directory = given ?? (await mkdtemp(join(tmpdir(), 'nilz-chain-')));
  const open = async () => {
    const database = await openNodeDatabase(directory, dbCacheMb);
    try {
      const chain = await Chain.open({
        database,
        profile: kit.profile,
        verify,
        clock: kit.clock,
        log: SILENT_LOG,
        dbCacheMb,
        ...chainOptions,
      });
      return { chain, database };
    } catch (error) {
      await database.close();
      throw error;
    }
  };
  let current = await open();
  const shut = async () => {
    await current.chain.close();
    await current.database.close();
  };
  return {
    get chain() {
      return current.chain;
    },
    get database() {
      return current.database;
    },
    directory,
    reopen: async () => {
      await shut();
      current = await open();
    },
    close: async () => {
      await shut();
      if (given === undefined) await rm(directory, { recursive: true });
    },
  };
}

/** Hands blocks in, one after the other; returns what became of each. */
export async function feed(chain: Chain, blocks: readonly KitBlock[]): Promise<string[]> {
  const outcomes: string[] = [];
  for (const { block } of blocks) outcomes.push((await chain.accept(block)).outcome);
  return outcomes;
}

/** Everything the best chain has written about coins, addresses and transactions, row by row. */
export async function chainTables(database: Database): Promise<Record<string, unknown[]>> {
  return {
    transactions: await database.all(
      'SELECT hex(txid) AS txid, hex(place) AS place FROM transactions ORDER BY place',
    ),
    coins: await database.all('SELECT hex(place) AS place, hex(coin) AS coin FROM coins ORDER BY 1'),
    deltas: await database.all(
      'SELECT hex(script) AS script, hex(place) AS place, hex(fact) AS fact FROM deltas ORDER BY 1, 2',
    ),
  };
}

/** The tables as a node has them that never saw any other branch than the one that ends in `tip`. */
export async function replayedTables(kit: ChainKit, tip: KitBlock): Promise<Record<string, unknown[]>> {
  const fresh = await openChain(kit);
  try {
    const outcomes = await feed(fresh.chain, branchOf(tip));
    assert.ok(
      outcomes.every((outcome) => outcome === 'connected'),
      `replay: ${outcomes.join(', ')}`,
    );
    return await chainTables(fresh.database);
  } finally {
    await fresh.close();
  }
}

/** Finds the nonce: two tries on average where the limit is that of regtest. */
export function mine(header: Header): Header {
  const bytes = encodeHeader(header);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const target = targetBytes(compactToTarget(header.bits));
  for (let nonce = header.nonce; nonce <= 0xffff_ffff; nonce++) {
    view.setUint32(76, nonce, true);
    if (isAtMost(hashHeaderBytes(bytes), target)) return { ...header, nonce };
  }
  throw new Error('no nonce fits this header');
}

function tagBytes(tag: number): Uint8Array {
  const bytes = new Uint8Array(5);
  bytes[0] = 4;
  new DataView(bytes.buffer).setUint32(1, tag, true);
  return bytes;
}
