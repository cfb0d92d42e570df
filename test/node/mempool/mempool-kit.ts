/** A mempool with all that decides about it, on a chain with coins that a test puts there. */
import assert from 'node:assert/strict';
import { verify } from '#verify';
import { Admission, type Verdict } from '../../../node/mempool/admission.ts';
import { Capacity } from '../../../node/mempool/capacity.ts';
import { ChainFollower } from '../../../node/mempool/chain-follower.ts';
import type { MempoolEntry } from '../../../node/mempool/entry.ts';
import { Mempool, type RemovalReason } from '../../../node/mempool/mempool.ts';
import { VerifiedTransactions } from '../../../node/mempool/verified-transactions.ts';
import { LocalSignatureChecks } from '../../../node/signatures/signature-checks.ts';
import type { Block } from '../../../protocol/block.ts';
import { displayHash } from '../../../protocol/bytes.ts';
import { PROFILES } from '../../../protocol/network.ts';
import type { Verify } from '../../../protocol/signature.ts';
import { type Transaction, txid } from '../../../protocol/transaction.ts';
import { createLogger } from '../../../service/log.ts';
import { FakeChain } from './fake-chain.ts';

export const SILENT = createLogger({ name: 'test', level: 'silent' });

export interface MempoolKit {
  readonly chain: FakeChain;
  readonly mempool: Mempool;
  readonly capacity: Capacity;
  readonly verified: VerifiedTransactions;
  readonly admission: Admission;
  readonly follower: ChainFollower;
  readonly clock: { seconds: number; nowSeconds(): number };
  /** What left, in its order. */
  readonly removed: [id: string, reason: RemovalReason][];
  /** Takes transactions that must be taken, one after the other. */
  enter(...transactions: readonly Transaction[]): Promise<MempoolEntry[]>;
  /** The word with which a transaction is refused, or undefined. */
  reason(transaction: Transaction, maxFeeRate?: bigint): Promise<string | undefined>;
}

export function mempoolKit(
  options: { maxBytes?: number; verify?: Verify; chain?: FakeChain } = {},
): MempoolKit {
  const chain = options.chain ?? new FakeChain();
  const mempool = new Mempool();
  const removed: [string, RemovalReason][] = [];
  mempool.listen({
    added: () => undefined,
    removed: (entry, reason) => removed.push([displayHash(entry.txid), reason]),
  });
  const clock = {
    seconds: 1_800_000_100,
    nowSeconds: () => clock.seconds,
  };
  const maxBytes = options.maxBytes ?? 64 * 1024 * 1024;
  const capacity = new Capacity({ mempool, clock, maxBytes });
  const verified = new VerifiedTransactions();
  const checks = new LocalSignatureChecks(options.verify ?? verify);
  const admission = new Admission({ chain, mempool, capacity, checks, verified, clock });
  const follower = new ChainFollower({ mempool, admission, capacity, log: SILENT });
  return {
    chain,
    mempool,
    capacity,
    verified,
    admission,
    follower,
    clock,
    removed,
    enter: async (...transactions) => {
      const entries: MempoolEntry[] = [];
      for (const each of transactions) entries.push(entryOf(await admission.accept(each)));
      return entries;
    },
    reason: async (transaction, maxFeeRate) => reasonOf(await admission.accept(transaction, maxFeeRate)),
  };
}

export function reasonOf(verdict: Verdict<unknown>): string | undefined {
  return 'rejected' in verdict ? verdict.rejected.code : undefined;
}

export function entryOf(verdict: Verdict<MempoolEntry>): MempoolEntry {
  assert.ok('accepted' in verdict, `refused: ${reasonOf(verdict)}`);
  return verdict.accepted;
}

/** A block with these transactions after some coinbase. */
export function blockOf(...transactions: Transaction[]): Block {
  const { genesis } = PROFILES.regtest;
  return { ...genesis, transactions: [genesis.transactions[0]!, ...transactions] };
}

export function idOf(transaction: Transaction): string {
  return displayHash(txid(transaction));
}

export function idsOf(mempool: Mempool): string[] {
  return [...mempool.entries()].map((entry) => displayHash(entry.txid)).sort();
}

/** The same transaction with one byte of the first signature changed. */
export function withBadSignature(transaction: Transaction): Transaction {
  const [input, ...rest] = transaction.inputs;
  const signature = Uint8Array.from(input!.witness[0]!);
  signature[20]! ^= 1;
  return { ...transaction, inputs: [{ ...input!, witness: [signature, input!.witness[1]!] }, ...rest] };
}
