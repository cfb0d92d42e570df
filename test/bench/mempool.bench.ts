import { verify } from '#verify';
import { Admission } from '../../node/mempool/admission.ts';
import { Capacity } from '../../node/mempool/capacity.ts';
import { ChainFollower } from '../../node/mempool/chain-follower.ts';
import { candidateOf } from '../../node/mempool/entry.ts';
import { FeeEstimator } from '../../node/mempool/fee-estimator.ts';
import { Mempool } from '../../node/mempool/mempool.ts';
import { ScriptIndex } from '../../node/mempool/script-index.ts';
import { selectForBlock } from '../../node/mempool/selection.ts';
import { VerifiedTransactions } from '../../node/mempool/verified-transactions.ts';
import { openSignatures } from '../../node/signatures/open-signatures.ts';
import { LocalSignatureChecks, type SignatureChecks } from '../../node/signatures/signature-checks.ts';
import { COIN } from '../../protocol/amount.ts';
import { PROFILES } from '../../protocol/network.ts';
import { decodeTransaction, encodeTransaction, type Transaction } from '../../protocol/transaction.ts';
import { createLogger } from '../../service/log.ts';
import { accountKey, ChainKit, coinOf, openChain } from '../kit/chain-kit.ts';
import { compare, measure, type Row } from './measure.ts';

export const title = 'The mempool: payments of one input and two outputs, from their bytes';

const PAYMENTS = 4_000;
const ROUNDS = 5;
/** As many as a block holds, and several times that. */
const BLOCK_PAYMENTS = 7_000;
const WAITING = 40_000;
const ROOM = { weight: 3_992_000, sigopsCost: 79_600 };
const MIB = 1024 * 1024;
const clock = { nowSeconds: () => 1_800_000_000 };
const log = createLogger({ name: 'bench', level: 'silent' });

/** A chain with a coin for each of many payments, and the payments, signed. */
async function scene() {
  const kit = new ChainKit();
  const owner = accountKey('alice');
  const value = COIN / 100n;
  const rest = kit.funds('alice');
  const outputs = Array.from({ length: PAYMENTS }, () => ({ value, script: owner.script }));
  const change = { value: rest.value - value * BigInt(PAYMENTS), script: owner.script };
  const fan = kit.sign([rest], [...outputs, change]);
  const block = kit.mineBlock(kit.genesis, [fan]);
  const payments = outputs.map((_, index) => {
    const fee = BigInt(200 + (index % 977));
    const paid = [accountKey('bob'), owner].map(({ script }) => ({ value: (value - fee) / 2n, script }));
    return encodeTransaction(kit.sign([coinOf(fan, index, 'alice')], paid));
  });
  const open = await openChain(kit);
  await open.chain.accept(block.block);
  const coin = { value, script: owner.script, height: 1, coinbase: false };
  return { ...open, payments, coin };
}

/** Nothing but the signatures, in this thread: what everything else is measured by. */
function checking({ payments, coin }: Awaited<ReturnType<typeof scene>>, checks: SignatureChecks) {
  return async (): Promise<number> => {
    const spends = payments.map((bytes) => ({ transaction: decodeTransaction(bytes), coins: [coin] }));
    const faults = await checks.faultsOf(spends);
    if (faults.some((fault) => fault !== undefined)) throw new Error('a signature is wrong');
    return PAYMENTS;
  };
}

/** Everything that listens in a node, but its disk and its peers. */
function listened(mempool: Mempool): Mempool {
  mempool.listen(new ScriptIndex());
  mempool.listen(new FeeEstimator(0));
  return mempool;
}

/** All payments at once into an empty mempool with room for `maxBytes`. */
function entering(
  { chain, payments }: Awaited<ReturnType<typeof scene>>,
  checks: SignatureChecks,
  maxBytes: number,
) {
  return async (): Promise<number> => {
    const mempool = listened(new Mempool());
    const capacity = new Capacity({ mempool, clock, maxBytes });
    const verified = new VerifiedTransactions();
    const admission = new Admission({ chain, mempool, capacity, checks, verified, clock });
    const verdicts = await Promise.all(payments.map((bytes) => admission.accept(decodeTransaction(bytes))));
    const accepted = verdicts.filter((verdict) => 'accepted' in verdict).length;
    if (maxBytes === 64 * MIB && accepted < PAYMENTS) throw new Error(`only ${accepted} were accepted`);
    return PAYMENTS;
  };
}

/** A payment that nobody signed, of a coin that is nowhere. */
function madeUp(number: number): Transaction {
  const txid = new Uint8Array(32);
  new DataView(txid.buffer).setUint32(0, number);
  const { script } = accountKey('bob');
  const witness = [new Uint8Array(71), new Uint8Array(33)];
  const input = { previous: { txid, index: 0 }, scriptSig: new Uint8Array(), sequence: 0, witness };
  return { version: 2, inputs: [input], outputs: [1n, 2n].map((value) => ({ value, script })), lockTime: 0 };
}

function fill(mempool: Mempool, transactions: readonly Transaction[]): void {
  const coin = { value: 5_000n, script: accountKey('alice').script, height: 1, coinbase: false };
  for (const [index, transaction] of transactions.entries()) {
    const fee = BigInt(200 + ((index * 7) % 977));
    mempool.add(candidateOf(transaction, [coin], fee), clock.nowSeconds(), 1);
  }
}

/** Blocks of 7,000 take their transactions out of a mempool of 40,000; they come in again between two rounds. */
function confirming(mempool: Mempool, transactions: readonly Transaction[]) {
  const capacity = new Capacity({ mempool, clock, maxBytes: 1024 * MIB });
  const none = async () => [];
  const admission = { pause: () => () => undefined, readmit: none, unfit: none };
  const follower = new ChainFollower({ mempool, admission, capacity, log });
  const { genesis } = PROFILES.regtest;
  const block = { ...genesis, transactions: [...genesis.transactions, ...transactions] };
  return {
    run: (): number => {
      follower.blockConnected(block);
      return transactions.length;
    },
    restore: (): number => {
      fill(mempool, transactions);
      return transactions.length;
    },
  };
}

export async function bench(): Promise<Row[]> {
  const made = await scene();
  const workers = openSignatures(log, undefined);
  workers.warm();
  const big = listened(new Mempool());
  const waiting = Array.from({ length: WAITING }, (_, number) => madeUp(number));
  fill(big, waiting);
  const block = confirming(big, waiting.slice(0, BLOCK_PAYMENTS));
  const local = new LocalSignatureChecks(verify);
  const figures = await measure(
    [
      { name: 'signatures in worker threads', run: entering(made, workers, 64 * MIB) },
      { name: 'in this thread alone', run: entering(made, local, 64 * MIB) },
      { name: 'signatures alone, this thread', run: checking(made, local) },
      { name: 'into a full mempool', run: entering(made, workers, MIB) },
      { name: 'choosing a block', run: () => selectForBlock(big, ROOM).length },
      { name: 'a block', run: block.run },
      { name: '', run: block.restore },
    ],
    ROUNDS,
    0,
  );
  await workers.stop();
  await made.close();
  const [inWorkers, here, alone, full, choosing, confirmed] = figures;
  if (!inWorkers || !here || !alone || !full || !choosing || !confirmed) return [];
  return [
    compare('accepted, coins on SQLite, signatures in worker threads', 'tx/s', inWorkers, alone, '≥ 8,000'),
    compare('the same with signatures in this thread', 'tx/s', here, alone, '—'),
    compare('into a full mempool, where most evict or are refused', 'tx/s', full, inWorkers, '—'),
    compare('chosen for a block out of 40,000', 'tx/s', choosing, undefined, '—'),
    compare('taken out by a block of 7,000', 'tx/s', confirmed, undefined, 'a block in 100 ms'),
  ];
}
