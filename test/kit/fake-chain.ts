/** A chain in memory, honest about coins, signatures and fees, with no proof of work: for tests of the wallet. */
import { verify } from '#verify';
import { decodeAddress, encodeAddress } from '../../protocol/address.ts';
import { COIN } from '../../protocol/amount.ts';
import { hashKey } from '../../protocol/bytes.ts';
import { checkInputs, isMature, verifyInputs } from '../../protocol/check-input.ts';
import { buildCoinbase } from '../../protocol/coinbase.ts';
import { type Coin, createdCoins, inputKeys, outputKeys } from '../../protocol/coins.ts';
import { hash160, sha256d } from '../../protocol/hash.ts';
import { magicHex, type NetworkProfile } from '../../protocol/network.ts';
import { RuleError } from '../../protocol/rules.ts';
import { p2wpkhScript } from '../../protocol/script.ts';
import { publicKeyOf, signInput } from '../../protocol/signature.ts';
import { outPointKey, type Transaction, txid, vsize } from '../../protocol/transaction.ts';
import type { Hash, Height, Nits } from '../../protocol/units.ts';
import { UnreachableError } from '../../service/rpc-client.ts';
import {
  type ChainBackend,
  type ChainCoin,
  type ChainState,
  type ChainTransaction,
  PaymentRejectedError,
  type TransactionIds,
} from '../../wallet/chain/backend.ts';
import { type FeeRate, feeFor } from '../../wallet/payments/fee.ts';

/** Somebody who is not the wallet, with plenty of coins. */
const STRANGER_KEY = sha256d(new TextEncoder().encode('stranger'));
export const STRANGER_SCRIPT = p2wpkhScript(hash160(publicKeyOf(STRANGER_KEY)));

export class FakeChain implements ChainBackend {
  readonly profile: NetworkProfile;
  /** The transactions of each block; the first is the genesis block. */
  readonly blocks: Transaction[][];
  mempool: Transaction[] = [];
  feeRate: FeeRate = 1_000n;
  /** What is estimated for so many blocks. */
  estimates = new Map<number, FeeRate>();
  /** Set: nothing answers any more. */
  away = false;
  /** The next new transactions are refused, one for each of these reasons. */
  refusals: string[] = [];
  /** Every transaction that was ever handed in. */
  readonly handedIn: Transaction[] = [];

  readonly #hashes = new WeakMap<Transaction[], Hash>();
  #hashed = 0;

  constructor(profile: NetworkProfile) {
    this.profile = profile;
    const gift = buildCoinbase({
      height: 1,
      outputs: [{ value: 1_000_000n * COIN, script: STRANGER_SCRIPT }],
    });
    // One input that is no coinbase input: so that the gift needs no maturity.
    const spendable = {
      ...gift,
      inputs: gift.inputs.map((input) => ({ ...input, previous: { txid: new Uint8Array(32), index: 0 } })),
    };
    this.blocks = [[...profile.genesis.transactions, spendable]];
  }

  get height(): number {
    return this.blocks.length - 1;
  }

  /** Mines everything that waits, and pays the reward to an address (default: the stranger's). */
  mine(count = 1, rewardTo?: string): void {
    const script =
      rewardTo === undefined ? STRANGER_SCRIPT : decodeAddress(rewardTo, this.profile.address).script;
    for (let block = 0; block < count; block++) {
      const reward = { value: this.profile.reward, script };
      this.blocks.push([buildCoinbase({ height: this.blocks.length, outputs: [reward] }), ...this.mempool]);
      this.mempool = [];
    }
  }

  /** Takes the newest block off; what it held waits again. */
  unmine(): void {
    const [, ...transactions] = this.blocks.pop() ?? [];
    this.mempool = [...transactions, ...this.mempool];
  }

  /** The stranger pays to an address; the payment waits for a block. */
  async strangerPays(address: string, amount: Nits): Promise<Transaction> {
    const script = decodeAddress(address, this.profile.address).script;
    const fee = 1_000n;
    const [key, coin] =
      [...this.#coins(this.mempool)].find(
        ([, { coinbase, script: owner, value }]) =>
          !coinbase && hex(owner) === hex(STRANGER_SCRIPT) && value >= amount + fee + COIN,
      ) ?? [];
    if (key === undefined || coin === undefined) throw new Error('the stranger has no coin left');
    const [id = '', index = ''] = key.split(':');
    const unsigned: Transaction = {
      version: 2,
      inputs: [
        {
          previous: { txid: Buffer.from(id, 'hex'), index: Number(index) },
          scriptSig: new Uint8Array(),
          sequence: 0xffff_fffd,
          witness: [],
        },
      ],
      outputs: [
        { value: coin.value - amount - fee, script: STRANGER_SCRIPT },
        { value: amount, script },
      ],
      lockTime: 0,
    };
    const inputs = unsigned.inputs.map((input, at) => ({
      ...input,
      witness: signInput(unsigned, at, STRANGER_KEY, coin.value),
    }));
    const signed = { ...unsigned, inputs };
    await this.broadcast(signed);
    return signed;
  }

  async chain(): Promise<ChainState> {
    this.#answer();
    const { name: network } = this.profile;
    return {
      network,
      magic: magicHex(this.profile),
      height: this.height,
      tip: this.#hashAt(this.height) ?? new Uint8Array(32),
      syncing: false,
    };
  }

  async blockHash(height: Height): Promise<Hash | undefined> {
    this.#answer();
    return this.#hashAt(height);
  }

  async usedAddresses(addresses: readonly string[]): Promise<readonly boolean[]> {
    this.#answer();
    const used = new Set(
      this.#all().flatMap(({ outputs }) => outputs.map(({ script }) => this.#addressOf(script))),
    );
    return addresses.map((address) => used.has(address));
  }

  async coins(addresses: readonly string[]): Promise<readonly ChainCoin[]> {
    this.#answer();
    const asked = new Set(addresses);
    const confirmed = this.#coins([]);
    const found: ChainCoin[] = [];
    for (const [key, coin] of this.#coins(this.mempool)) {
      const address = this.#addressOf(coin.script);
      if (!asked.has(address)) continue;
      const [id = '', index = ''] = key.split(':');
      const outPoint = { txid: new Uint8Array(Buffer.from(id, 'hex')), index: Number(index) };
      const mature = isMature(coin, this.height + 1, this.profile);
      const status = !confirmed.has(key) ? 'pending' : mature ? 'spendable' : 'immature';
      const confirmations = status === 'pending' ? 0 : this.height - coin.height + 1;
      found.push({ address, outPoint, value: coin.value, status, confirmations });
    }
    return found;
  }

  async transactionIds(addresses: readonly string[], fromHeight: Height = 0): Promise<TransactionIds> {
    this.#answer();
    const asked = new Set(addresses);
    const outputs = new Map(
      this.#all().flatMap((tx) => keysOf(tx).map((key, at) => [key, tx.outputs[at]] as const)),
    );
    const touches = (tx: Transaction): boolean => {
      const spent = inputKeys(tx).flatMap((key) => outputs.get(key) ?? []);
      return [...spent, ...tx.outputs].some(({ script }) => asked.has(this.#addressOf(script)));
    };
    const confirmed = this.blocks.slice(fromHeight).flat().filter(touches).map(txid);
    return { confirmed, pending: this.mempool.filter(touches).map(txid) };
  }

  async transactions(txids: readonly Hash[]): Promise<readonly (ChainTransaction | undefined)[]> {
    this.#answer();
    const found = new Map<string, ChainTransaction>();
    for (const transaction of this.mempool)
      found.set(id(transaction), { transaction, confirmations: 0, time: undefined });
    for (const [height, block] of this.blocks.entries()) {
      const time = this.profile.genesis.header.time + height * this.profile.blockTimeSeconds;
      // As nodes do: the transaction of the genesis block is not handed out.
      for (const transaction of height === 0 ? block.slice(1) : block) {
        found.set(id(transaction), { transaction, confirmations: this.height - height + 1, time });
      }
    }
    return txids.map((hash) => found.get(hashKey(hash)));
  }

  async minimumFeeRate(): Promise<FeeRate> {
    this.#answer();
    return this.feeRate;
  }

  async feeEstimates(targets: readonly number[]): Promise<readonly (FeeRate | undefined)[]> {
    this.#answer();
    return targets.map((target) => this.estimates.get(target));
  }

  async broadcast(transaction: Transaction): Promise<void> {
    this.#answer();
    this.handedIn.push(transaction);
    if (this.#all().some((known) => id(known) === id(transaction))) return;
    const refusal = this.refusals.shift();
    if (refusal !== undefined) throw new PaymentRejectedError(refusal);
    const replaced = this.#replacedBy(transaction);
    const staying = this.mempool.filter((waiting) => !replaced.includes(waiting));
    const coins = this.#coins(staying);
    const spent = inputKeys(transaction).map((key) => {
      const coin = coins.get(key);
      if (coin !== undefined) return coin;
      throw new PaymentRejectedError('bad-txns-inputs-missingorspent');
    });
    try {
      const fee = checkInputs(transaction, spent, this.height + 1, this.profile);
      verifyInputs(transaction, spent, verify);
      if (fee < feeFor(vsize(transaction), this.feeRate))
        throw new PaymentRejectedError('min relay fee not met');
      this.#checkReplacement(fee, vsize(transaction), replaced);
    } catch (error) {
      throw error instanceof RuleError ? new PaymentRejectedError(error.message) : error;
    }
    if (transaction.outputs.some(({ value }) => value < 294n)) throw new PaymentRejectedError('dust');
    this.mempool = [...staying, transaction];
  }

  /** What of the mempool leaves when a transaction comes: what spends its coins, and what spends what that made. */
  #replacedBy(transaction: Transaction): Transaction[] {
    const replaced: Transaction[] = [];
    const taken = new Set(inputKeys(transaction));
    for (const waiting of this.mempool) {
      if (!inputKeys(waiting).some((key) => taken.has(key))) continue;
      replaced.push(waiting);
      for (const key of outputKeys(waiting)) taken.add(key);
    }
    return replaced;
  }

  /** BIP 125, rules 3 and 4, and a higher rate than each one that it spends a coin of. */
  #checkReplacement(fee: Nits, size: number, replaced: readonly Transaction[]): void {
    if (replaced.length === 0) return;
    const fees = replaced.map((waiting) => this.#feeOf(waiting));
    const before = fees.reduce((sum, each) => sum + each, 0n);
    const [direct = 0n] = fees;
    const isHigher = fee * BigInt(vsize(replaced[0] as Transaction)) > direct * BigInt(size);
    if (!isHigher || fee < before + BigInt(size)) throw new PaymentRejectedError('insufficient fee');
  }

  #feeOf(transaction: Transaction): Nits {
    const values = new Map(
      this.#all().flatMap((tx) => keysOf(tx).map((key, at) => [key, tx.outputs[at]?.value ?? 0n] as const)),
    );
    const spent = inputKeys(transaction).reduce((sum, key) => sum + (values.get(key) ?? 0n), 0n);
    return transaction.outputs.reduce((rest, { value }) => rest - value, spent);
  }

  #answer(): void {
    if (this.away)
      throw new UnreachableError(
        'http://fake',
        'connection',
        'cannot reach http://fake: nothing listens there',
      );
  }

  #all(): Transaction[] {
    return [...this.blocks.flat(), ...this.mempool];
  }

  /** Unlike any other block, also one of the same transactions. */
  #hashAt(height: Height): Hash | undefined {
    const block = this.blocks[height];
    if (block === undefined) return undefined;
    const hash = this.#hashes.get(block) ?? sha256d(new TextEncoder().encode(`block ${this.#hashed++}`));
    this.#hashes.set(block, hash);
    return hash;
  }

  #addressOf(script: Uint8Array): string {
    return encodeAddress(script, this.profile.address) ?? '';
  }

  /** All unspent coins after the blocks and these transactions. */
  #coins(waiting: readonly Transaction[]): Map<string, Coin> {
    const coins = new Map<string, Coin>();
    const rounds = [...this.blocks, waiting];
    for (const [height, block] of rounds.entries()) {
      for (const transaction of block) {
        for (const key of inputKeys(transaction)) coins.delete(key);
        const isReward = transaction.inputs.every(({ previous }) =>
          outPointKey(previous).endsWith(':4294967295'),
        );
        for (const [key, coin] of createdCoins(transaction, keysOf(transaction), height, isReward))
          coins.set(key, coin);
      }
    }
    return coins;
  }
}

/** Transactions are hashed once: every question goes through the whole chain. */
const KNOWN_IDS = new WeakMap<Transaction, string>();
const KNOWN_KEYS = new WeakMap<Transaction, readonly string[]>();

function id(transaction: Transaction): string {
  const known = KNOWN_IDS.get(transaction) ?? hashKey(txid(transaction));
  KNOWN_IDS.set(transaction, known);
  return known;
}

function keysOf(transaction: Transaction): readonly string[] {
  const known = KNOWN_KEYS.get(transaction) ?? outputKeys(transaction);
  KNOWN_KEYS.set(transaction, known);
  return known;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
