import { verify } from '#verify';
import type { Block } from '../../protocol/block.ts';
import { checkBlock } from '../../protocol/check-block.ts';
import { checkHeader, checkHeaderContext, medianTimeOf } from '../../protocol/check-header.ts';
import { buildCoinbase } from '../../protocol/coinbase.ts';
import { type Coin, genesisCoins, MemoryCoins, type Undo } from '../../protocol/coins.ts';
import { compactToTarget } from '../../protocol/compact.ts';
import { connectBlock, disconnectBlock, rewardAt } from '../../protocol/connect.ts';
import { blockHash, type Header } from '../../protocol/header.ts';
import { accountOf, type DerivedKey, seedOf } from '../../protocol/key.ts';
import { merkleRoot, witnessCommitment } from '../../protocol/merkle.ts';
import { DEV_MNEMONIC, type NetworkProfile } from '../../protocol/network.ts';
import { type HeaderWindow, nextBits } from '../../protocol/retarget.ts';
import { SIGHASH_ALL } from '../../protocol/sighash.ts';
import { signInput } from '../../protocol/signature.ts';
import {
  hasWitness,
  type OutPoint,
  outPointKey,
  type Transaction,
  type TxInput,
  type TxOutput,
  txid,
  wtxid,
} from '../../protocol/transaction.ts';
import { meetsTarget } from '../../protocol/work.ts';

const account = accountOf(seedOf(DEV_MNEMONIC), 1);

/** The keys of the funded accounts, alice first. */
export const KEYS: readonly DerivedKey[] = [0, 1, 2, 3, 4].map((index) => account.derive(0, index));
export const [ALICE, BOB, CAROL] = KEYS as [DerivedKey, DerivedKey, DerivedKey];

/** How a block differs from the plain next one. */
export interface BlockPlan {
  readonly transactions?: readonly Transaction[];
  /** Changes the coinbase before the merkle root is made. */
  readonly coinbase?: (plain: Transaction) => Transaction;
  /** Whether the coinbase commits to the witnesses; by default when there are any. */
  readonly commit?: boolean;
  readonly header?: Partial<Header>;
  /** A nonce that does not meet the bits. */
  readonly unmined?: boolean;
}

/** What a payment spends and makes; inputs are signed with the key their coin belongs to. */
export interface Payment {
  readonly spends: readonly OutPoint[];
  readonly outputs: readonly TxOutput[];
  readonly version?: number;
  readonly sequence?: number;
  readonly lockTime?: number;
  readonly type?: number;
  /** Coins that are not in the chain yet. */
  readonly unconfirmed?: ReadonlyMap<string, Coin>;
}

/** A chain in memory: one branch, all rules, a clock that stands a while after the last block. */
export class TestChain {
  readonly profile: NetworkProfile;
  readonly coins = new MemoryCoins();
  readonly #blocks: Block[];
  readonly #undos: Undo[] = [];

  constructor(profile: NetworkProfile) {
    this.profile = profile;
    this.#blocks = [profile.genesis];
    for (const [key, coin] of genesisCoins(profile)) this.coins.add(key, coin);
  }

  get tip(): Block {
    return this.#blocks.at(-1)!;
  }

  get height(): number {
    return this.#blocks.length - 1;
  }

  get headers(): HeaderWindow {
    return { height: this.height, at: (height) => this.#blocks[height]!.header };
  }

  get medianTime(): number {
    return medianTimeOf(this.headers);
  }

  get nowSeconds(): number {
    return this.tip.header.time + this.profile.blockTimeSeconds;
  }

  /** The block on top of the tip, by default one with nothing but a coinbase that pays alice. */
  make(plan: BlockPlan = {}): Block {
    const payments = plan.transactions ?? [];
    const height = this.height + 1;
    const reward = { value: rewardAt(height, this.profile), script: ALICE.script };
    const commits = plan.commit ?? payments.some(hasWitness);
    const commitment = witnessCommitment([new Uint8Array(32), ...payments.map(wtxid)], new Uint8Array(32));
    const plain = buildCoinbase({ height, outputs: [reward], ...(commits ? { commitment } : {}) });
    const transactions = [plan.coinbase?.(plain) ?? plain, ...payments];
    const time = Math.max(this.nowSeconds, this.medianTime + 1);
    const header: Header = {
      version: 0x20000000,
      previous: blockHash(this.tip.header),
      merkleRoot: merkleRoot(transactions.map(txid)).root,
      time,
      bits: nextBits(this.headers, this.profile, time),
      nonce: 0,
      ...plan.header,
    };
    return { header: mined(header, plan.unmined !== true), transactions };
  }

  /** Checks a block as a node does and connects it. @throws RuleError */
  accept(block: Block): void {
    checkHeader(block.header, this.profile);
    checkHeaderContext(block.header, this.headers, this.profile, this.nowSeconds);
    checkBlock(block);
    const undo = connectBlock(block, this.height + 1, this.medianTime, this.coins, this.profile, verify);
    this.#blocks.push(block);
    this.#undos.push(undo);
  }

  /** Takes the tip back. */
  disconnect(): Block {
    const block = this.#blocks.pop();
    const undo = this.#undos.pop();
    if (block === undefined || undo === undefined) throw new Error('there is no block to take back');
    disconnectBlock(block, undo, this.coins);
    return block;
  }

  /** The outputs of the genesis coinbase, in the order of the funded accounts. */
  funds(index: number): OutPoint {
    return { txid: txid(this.profile.genesis.transactions[0]!), index };
  }

  /** A signed payment. */
  pay(payment: Payment): Transaction {
    const inputs = payment.spends.map(
      (previous): TxInput => ({
        previous,
        scriptSig: new Uint8Array(),
        sequence: payment.sequence ?? 0xffffffff,
        witness: [],
      }),
    );
    const unsigned: Transaction = {
      version: payment.version ?? 2,
      inputs,
      outputs: payment.outputs,
      lockTime: payment.lockTime ?? 0,
    };
    const signed = inputs.map((input, index): TxInput => {
      const key = outPointKey(input.previous);
      const coin = payment.unconfirmed?.get(key) ?? this.coins.get(key);
      const owner = KEYS.find(({ script }) => coin !== undefined && equal(script, coin.script));
      if (coin === undefined || owner === undefined) return { ...input, witness: [] };
      const type = payment.type ?? SIGHASH_ALL;
      return { ...input, witness: signInput(unsigned, index, owner.privateKey, coin.value, type) };
    });
    return { ...unsigned, inputs: signed };
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

/** The header with the first nonce that meets its bits, or the first that does not. */
export function mined(header: Header, meeting = true): Header {
  const target = compactToTarget(header.bits);
  for (let nonce = 0; ; nonce++) {
    const candidate = { ...header, nonce };
    if (meetsTarget(blockHash(candidate), target) === meeting) return candidate;
  }
}
