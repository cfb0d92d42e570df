import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COIN, MAX_MONEY } from '../../protocol/amount.ts';
import { type Block, blockWeight } from '../../protocol/block.ts';
import { concatBytes, displayHash } from '../../protocol/bytes.ts';
import { withReservedValue } from '../../protocol/check-block.ts';
import { isMature } from '../../protocol/check-input.ts';
import { blockHash } from '../../protocol/header.ts';
import { changeProfile, type NetworkProfile, PROFILES } from '../../protocol/network.ts';
import { RULES, type RuleCode, RuleError } from '../../protocol/rules.ts';
import { OP_CHECKSIG, OP_RETURN, pushData } from '../../protocol/script.ts';
import {
  NULL_INDEX,
  NULL_TXID,
  type OutPoint,
  outPointKey,
  type Transaction,
  txid,
} from '../../protocol/transaction.ts';
import { ALICE, type BlockPlan, BOB, TestChain } from './test-chain.ts';

/** Reject codes that some scenario has seen. */
const seen = new Set<RuleCode>();

/** A script of blocks: which are accepted, which are rejected and why, and where the tip is. */
function scenario(profile: NetworkProfile) {
  const chain = new TestChain(profile);
  const names = new Map<string, string>();
  const idOf = (block: Block) => displayHash(blockHash(block.header));
  const refused = (block: Block, code: RuleCode): RuleError => {
    const [tip, coins] = [idOf(chain.tip), [...chain.coins.entries()]];
    let caught: unknown;
    try {
      chain.accept(block);
    } catch (error) {
      caught = error;
    }
    assert.ok(caught instanceof RuleError, `accepted, or failed with ${caught}, where ${code} was expected`);
    assert.equal(caught.code, code, caught.message);
    assert.equal(idOf(chain.tip), tip);
    assert.deepEqual([...chain.coins.entries()], coins);
    seen.add(code);
    return caught;
  };
  /** A block is accepted. */
  const acceptedBlock = (name: string, block: Block): Block => {
    chain.accept(block);
    names.set(idOf(block), name);
    return block;
  };
  /** A block is rejected for good, and changes nothing. */
  const rejectedBlock = (code: RuleCode, block: Block): RuleError => {
    const error = refused(block, code);
    assert.equal(error.mutated, false, `${code} would let the block come again`);
    return error;
  };
  return {
    chain,
    acceptedBlock,
    rejectedBlock,
    /** The next block is accepted. */
    accepted: (name: string, plan?: BlockPlan) => acceptedBlock(name, chain.make(plan)),
    /** The next block is rejected for good, and changes nothing. */
    rejected: (code: RuleCode, plan: BlockPlan) => rejectedBlock(code, chain.make(plan)),
    /** A copy that was tampered with is rejected; then the block itself, of the same hash, is accepted. */
    tampered(name: string, code: RuleCode, original: Block, tamper: (block: Block) => Block): void {
      const copy = tamper(original);
      assert.equal(idOf(copy), idOf(original));
      const error = refused(copy, code);
      assert.deepEqual([error.mutated, error.action], [true, 'ban']);
      acceptedBlock(name, original);
    },
    tip: (name: string) => assert.equal(names.get(idOf(chain.tip)), name),
  };
}

const REGTEST = PROFILES.regtest;
const BURN = Uint8Array.of(OP_RETURN);
const to = (script: Uint8Array, coins: number) => ({ value: BigInt(coins) * COIN, script });
const opening = (): ReturnType<typeof scenario> => {
  const script = scenario(REGTEST);
  script.accepted('b1');
  return script;
};

/** A payment of alice's genesis coin to bob. */
function plainPayment(chain: TestChain): Transaction {
  return chain.pay({ spends: [chain.funds(0)], outputs: [to(BOB.script, 9_999)] });
}

const withScript = (scriptSig: Uint8Array) => (coinbase: Transaction) => ({
  ...coinbase,
  inputs: [{ ...coinbase.inputs[0]!, scriptSig }],
});
const withOutputs = (outputs: Transaction['outputs']) => (coinbase: Transaction) => ({
  ...coinbase,
  outputs,
});

/** A coinbase-only change that keeps the merkle root and proof of work honest. */
const replaced = (block: Block, index: number, change: (transaction: Transaction) => Transaction): Block => ({
  header: block.header,
  transactions: block.transactions.map((transaction, at) =>
    at === index ? change(transaction) : transaction,
  ),
});

test('headers: version, bits, proof of work, time', () => {
  const { chain, accepted, rejected, rejectedBlock, tip } = opening();
  rejected('bad-version', { header: { version: 3 } });
  rejected('bad-version', { header: { version: -1 } });
  accepted('b2', { header: { version: 4 } });
  accepted('b3', { header: { version: 0x3fffe000 } });
  rejected('high-hash', { unmined: true });
  rejected('bad-diffbits', { header: { bits: 0x2007ffff } });
  rejected('bad-diffbits', { header: { bits: 0x207ffffe } });
  for (const bits of [0x21008000, 0x2100ffff, 0x04923456, 0xff123456, 0, 0x01003456, 0x20007fff]) {
    const { header, transactions } = chain.make();
    rejectedBlock('bad-diffbits', { header: { ...header, bits }, transactions });
  }
  rejected('time-too-old', { header: { time: chain.medianTime } });
  rejected('time-too-old', { header: { time: 0 } });
  const early = rejected('time-too-new', { header: { time: chain.nowSeconds + 7_201 } });
  assert.equal(early.action, 'ignore');
  tip('b3');
  accepted('b4', { header: { time: chain.nowSeconds + 7_200 } });
  accepted('b5', { header: { time: chain.medianTime + 1 } });
  tip('b5');
});

test('a block that is early and also wrong is rejected, not held', () => {
  const { chain, rejected } = opening();
  const time = chain.nowSeconds + 1_000_000;
  rejected('bad-diffbits', { header: { time, bits: 0x207ffffe } });
  rejected('bad-version', { header: { time, version: 1 } });
});

test('deliveries that were tampered with do not spoil the block', () => {
  const { chain, tampered, tip } = opening();
  tampered('b2', 'bad-txnmrklroot', chain.make(), (block) =>
    replaced(block, 0, withOutputs([to(BOB.script, 50)])),
  );
  tampered('b3', 'bad-txnmrklroot', chain.make(), (block) => ({ ...block, transactions: [] }));
  const a = plainPayment(chain);
  const b = chain.pay({ spends: [chain.funds(1)], outputs: [to(ALICE.script, 1)] });
  // CVE-2012-2459: [coinbase, a, b] and [coinbase, a, b, b] have the same root.
  const three = chain.make({ transactions: [a, b] });
  tampered('b4', 'bad-txns-duplicate', three, (block) => ({
    ...block,
    transactions: [...block.transactions, block.transactions[2]!],
  }));
  const spend = (index: number) => chain.pay({ spends: [chain.funds(index)], outputs: [to(BOB.script, 1)] });
  tampered('b5', 'bad-witness-nonce-size', chain.make({ transactions: [spend(2)] }), (block) =>
    replaced(block, 0, (coinbase) => ({ ...coinbase, inputs: [{ ...coinbase.inputs[0]!, witness: [] }] })),
  );
  tampered('b6', 'bad-witness-nonce-size', chain.make({ transactions: [spend(3)] }), (block) =>
    replaced(block, 0, (coinbase) => {
      const witness = [new Uint8Array(32), new Uint8Array(0)];
      return { ...coinbase, inputs: [{ ...coinbase.inputs[0]!, witness }] };
    }),
  );
  tampered('b7', 'bad-witness-merkle-match', chain.make({ transactions: [spend(4)] }), (block) =>
    replaced(block, 1, (payment) => ({ ...payment, inputs: [{ ...payment.inputs[0]!, witness: [] }] })),
  );
  tampered('b8', 'bad-witness-merkle-match', chain.make({ commit: true }), (block) =>
    replaced(block, 0, (coinbase) => {
      const witness = [new Uint8Array(32).fill(1)];
      return { ...coinbase, inputs: [{ ...coinbase.inputs[0]!, witness }] };
    }),
  );
  tampered('b9', 'unexpected-witness', chain.make(), (block) =>
    replaced(block, 0, (coinbase) => {
      const witness = [new Uint8Array(32)];
      return { ...coinbase, inputs: [{ ...coinbase.inputs[0]!, witness }] };
    }),
  );
  tip('b9');
});

test('a witness blown up on the way does not make the block too heavy', () => {
  const { chain, tampered } = opening();
  tampered('b2', 'bad-witness-merkle-match', chain.make({ transactions: [plainPayment(chain)] }), (block) =>
    replaced(block, 1, (payment) => {
      const witness = [new Uint8Array(4_000_000), new Uint8Array(33)];
      return { ...payment, inputs: [{ ...payment.inputs[0]!, witness }] };
    }),
  );
});

test('a block of 64-byte transactions may be half a merkle tree (CVE-2017-12842)', () => {
  const { chain, accepted, tip } = opening();
  const input = plainPayment(chain).inputs[0]!;
  const sized = (length: number): Transaction => ({
    version: 1,
    inputs: [{ ...input, witness: [] }],
    outputs: [{ value: 0n, script: new Uint8Array(length) }],
    lockTime: 0,
  });
  const block = chain.make({ transactions: [sized(4)] });
  assert.throws(() => chain.accept(block), { code: 'bad-txns-size', mutated: true });
  seen.add('bad-txns-size');
  // A byte less or more is refused for what it is: nothing signs it.
  for (const length of [3, 5]) {
    assert.throws(() => chain.accept(chain.make({ transactions: [sized(length)] })), {
      code: 'mandatory-script-verify-flag-failed',
    });
  }
  accepted('b2');
  tip('b2');
});

test('coinbases: place, script, height, amount', () => {
  const { chain, accepted, rejected, rejectedBlock, tip } = opening();
  const { header } = chain.make({ header: { merkleRoot: new Uint8Array(32) } });
  rejectedBlock('bad-blk-length', { header, transactions: [] });
  rejected('bad-cb-missing', { coinbase: () => plainPayment(chain), commit: false });
  const other = { ...chain.make().transactions[0]!, lockTime: 1 };
  rejected('bad-cb-multiple', { transactions: [other] });
  rejected('bad-cb-length', { coinbase: withScript(Uint8Array.of(0x52)) });
  rejected('bad-cb-length', { coinbase: withScript(concatBytes(Uint8Array.of(0x52), new Uint8Array(100))) });
  rejected('bad-cb-height', { coinbase: withScript(Uint8Array.of(0x53, 0)) });
  rejected('bad-cb-height', { coinbase: withScript(Uint8Array.of(2, 2, 0)) });
  accepted('b2', { coinbase: withScript(Uint8Array.of(0x52, 0)) });
  rejected('bad-cb-amount', { coinbase: withOutputs([{ value: 50n * COIN + 1n, script: BURN }]) });
  rejected('bad-cb-amount', { coinbase: withOutputs([to(BURN, 49), { value: COIN + 1n, script: BURN }]) });
  accepted('b3', { coinbase: withScript(concatBytes(Uint8Array.of(0x53), new Uint8Array(99))) });
  tip('b3');
});

test('a coinbase may take the fees of its block and no more', () => {
  const { chain, accepted, rejected } = opening();
  const transactions = [plainPayment(chain)];
  const paying = (value: bigint) => (coinbase: Transaction) => ({
    ...coinbase,
    outputs: [{ value, script: BOB.script }, ...coinbase.outputs.slice(1)],
  });
  rejected('bad-cb-amount', { transactions, coinbase: paying(51n * COIN + 1n) });
  accepted('b2', { transactions, coinbase: paying(51n * COIN) });
});

test('heights 1 to 16 are pushed by OP_N or as 01 NN, on bitcoin-regtest by OP_N only (BIP 34)', () => {
  const long = (height: number) => ({ coinbase: withScript(Uint8Array.of(1, height)) });
  const { chain, accepted, rejected } = scenario(REGTEST);
  for (let height = 1; height <= 16; height++) accepted(`b${height}`, long(height));
  rejected('bad-cb-height', { coinbase: withScript(Uint8Array.of(0x60, 0)) });
  accepted('b17', long(17));
  for (let height = 18; height < 128; height++) accepted(`b${height}`);
  rejected('bad-cb-height', long(128));
  accepted('b128', { coinbase: withScript(Uint8Array.of(2, 128, 0)) });
  assert.equal(chain.height, 128);
  const strict = scenario(PROFILES['bitcoin-regtest']);
  strict.rejected('bad-cb-height', long(1));
  strict.accepted('b1', { coinbase: withScript(Uint8Array.of(0x51, 0)) });
});

test('weight and signature operations', () => {
  const { chain, accepted, rejected, tip } = opening();
  const payment = plainPayment(chain);
  const heavy = (bytes: number) => {
    const witness = [...payment.inputs[0]!.witness, new Uint8Array(bytes)];
    return { transactions: [{ ...payment, inputs: [{ ...payment.inputs[0]!, witness }] }] };
  };
  const fitting = 4_000_000 - blockWeight(chain.make(heavy(100_000))) + 100_000;
  rejected('bad-blk-weight', heavy(fitting + 1));
  rejected('mandatory-script-verify-flag-failed', heavy(fitting)); // heavy enough to get there
  const checks = (count: number) => [to(new Uint8Array(count).fill(OP_CHECKSIG), 0)];
  rejected('bad-blk-sigops', { coinbase: withOutputs(checks(20_001)) });
  accepted('b2', { coinbase: withOutputs(checks(20_000)) });
  // The one P2WPKH spend makes the difference: 4 · 20,000 + 1.
  const onTop = (coinbase: Transaction) => ({
    ...coinbase,
    outputs: [...checks(20_000), ...coinbase.outputs.slice(1)],
  });
  rejected('bad-blk-sigops', { transactions: [payment], coinbase: onTop });
  rejected('bad-blk-sigops', { coinbase: (coinbase) => ({ ...coinbase, outputs: checks(100_000) }) });
  tip('b2');
});

test('transactions by themselves', () => {
  const { chain, accepted, rejected, tip } = opening();
  const input = plainPayment(chain).inputs[0]!;
  const bare = (change: Partial<Transaction>): BlockPlan => ({
    transactions: [{ version: 1, inputs: [input], outputs: [to(BOB.script, 1)], lockTime: 0, ...change }],
  });
  rejected('bad-txns-vin-empty', bare({ inputs: [], outputs: [] }));
  rejected('bad-txns-vout-empty', bare({ outputs: [] }));
  rejected('bad-txns-oversize', bare({ outputs: [to(new Uint8Array(1_000_000), 1)] }));
  rejected('bad-txns-vout-negative', bare({ outputs: [{ value: 2n ** 64n - 1n, script: BURN }] }));
  rejected('bad-txns-vout-toolarge', bare({ outputs: [{ value: MAX_MONEY + 1n, script: BURN }] }));
  const half = { value: MAX_MONEY / 2n + 1n, script: BURN };
  rejected('bad-txns-txouttotal-toolarge', bare({ outputs: [half, half] }));
  rejected('bad-txns-inputs-duplicate', bare({ inputs: [input, input] }));
  const nothing: OutPoint = { txid: NULL_TXID, index: NULL_INDEX };
  rejected('bad-txns-prevout-null', bare({ inputs: [input, { ...input, previous: nothing }] }));
  tip('b1');
  accepted('b2', { transactions: [plainPayment(chain)] });
});

test('relative lock times are refused, not ignored (BIP 68)', () => {
  const { chain, accepted, rejected } = opening();
  const paying = (index: number, version: number, sequence: number) =>
    chain.pay({ spends: [chain.funds(index)], outputs: [to(BOB.script, 1)], version, sequence });
  rejected('non-BIP68-final', { transactions: [paying(0, 2, 0)] });
  rejected('non-BIP68-final', { transactions: [paying(0, 0xffffffff, 0x7fffffff)] });
  accepted('b2', { transactions: [paying(0, 1, 0), paying(1, 2, 0x80000000), paying(2, 2, 0xfffffffd)] });
  // A coinbase spends nothing, so its sequence means nothing.
  accepted('b3', { coinbase: (plain) => ({ ...plain, inputs: [{ ...plain.inputs[0]!, sequence: 0 }] }) });
});

test('lock times are compared with the height and with the median time (BIP 113)', () => {
  const { chain, accepted, rejected } = opening();
  const locked = (index: number, lockTime: number, sequence = 0xfffffffe) => ({
    transactions: [
      chain.pay({ spends: [chain.funds(index)], outputs: [to(BOB.script, 1)], lockTime, sequence }),
    ],
  });
  rejected('bad-txns-nonfinal', locked(0, 2));
  rejected('bad-txns-nonfinal', locked(0, 499_999_999));
  rejected('bad-txns-nonfinal', locked(0, chain.medianTime));
  accepted('b2', locked(0, 1));
  accepted('b3', locked(1, chain.medianTime - 1));
  accepted('b4', locked(2, 499_999_999, 0xffffffff));
  rejected('bad-txns-nonfinal', {
    coinbase: (plain) => ({ ...plain, lockTime: 5, inputs: [{ ...plain.inputs[0]!, sequence: 0 }] }),
  });
});

test('coins: unknown, spent, made later, immature, too small', () => {
  const { chain, accepted, rejected, tip } = opening();
  const payment = plainPayment(chain);
  const again = chain.pay({ spends: [chain.funds(0)], outputs: [to(BOB.script, 1)] });
  const unknown = chain.pay({
    spends: [{ txid: new Uint8Array(32).fill(7), index: 0 }],
    outputs: [to(BOB.script, 1)],
  });
  rejected('bad-txns-inputs-missingorspent', { transactions: [unknown] });
  rejected('bad-txns-inputs-missingorspent', { transactions: [payment, again] });
  rejected('bad-txns-inputs-missingorspent', { transactions: [payment, payment] });
  const unconfirmed = new Map([
    [outPointKey({ txid: txid(payment), index: 0 }), { ...payment.outputs[0]!, height: 2, coinbase: false }],
  ]);
  const child = chain.pay({
    spends: [{ txid: txid(payment), index: 0 }],
    outputs: [to(ALICE.script, 9_000)],
    unconfirmed,
  });
  rejected('bad-txns-inputs-missingorspent', { transactions: [child, payment] });
  rejected('bad-txns-in-belowout', {
    transactions: [
      chain.pay({ spends: [chain.funds(1)], outputs: [to(BOB.script, 10_000), { value: 1n, script: BURN }] }),
    ],
  });
  accepted('b2', { transactions: [payment, child] });
  rejected('bad-txns-inputs-missingorspent', { transactions: [again] });
  rejected('bad-txns-inputs-missingorspent', { transactions: [child] });
  tip('b2');
});

test('a coinbase is spent after maturity, the funds of the genesis block at once', () => {
  const profile = changeProfile(REGTEST, { maturity: 3 });
  const { chain, accepted, rejected } = scenario(profile);
  const first = accepted('b1', { transactions: [plainPayment(new TestChain(profile))] });
  const spend = () =>
    chain.pay({ spends: [{ txid: txid(first.transactions[0]!), index: 0 }], outputs: [to(BOB.script, 49)] });
  rejected('bad-txns-premature-spend-of-coinbase', { transactions: [spend()] });
  accepted('b2');
  rejected('bad-txns-premature-spend-of-coinbase', { transactions: [spend()] });
  accepted('b3');
  accepted('b4', { transactions: [spend()] });
  assert.ok(isMature({ value: 1n, script: BURN, height: 1, coinbase: false }, 1, profile));
});

test('the inputs of one transaction add up to 21,000,000 NILZ at most', () => {
  const profile = changeProfile(REGTEST, { maturity: 1, reward: 11_000_000 });
  const { chain, accepted, rejected } = scenario(profile);
  const [one, two] = [accepted('b1'), accepted('b2')].map((block) => ({
    txid: txid(block.transactions[0]!),
    index: 0,
  }));
  accepted('b3');
  rejected('bad-txns-inputvalues-outofrange', {
    transactions: [chain.pay({ spends: [one!, two!], outputs: [to(BOB.script, 1)] })],
  });
});

test('outputs that can never be spent make no coins, yet the block is valid', () => {
  const { chain, accepted } = opening();
  const before = chain.coins.size;
  accepted('b2', {
    coinbase: withOutputs([
      to(BURN, 1),
      to(concatBytes(BURN, pushData(new Uint8Array(80))), 1),
      to(new Uint8Array(10_001).fill(0x51), 1),
      to(new Uint8Array(10_000).fill(0x51), 1),
    ]),
  });
  assert.equal(chain.coins.size, before + 1);
});

test('a miner without segwit code may leave the reserved value to us', () => {
  const { chain, acceptedBlock } = opening();
  const block = chain.make({ transactions: [plainPayment(chain)] });
  const stripped = replaced(block, 0, (coinbase) => ({
    ...coinbase,
    inputs: [{ ...coinbase.inputs[0]!, witness: [] }],
  }));
  assert.throws(() => chain.accept(stripped), { code: 'bad-witness-nonce-size' });
  assert.deepEqual(withReservedValue(stripped), block);
  acceptedBlock('b2', withReservedValue(stripped));
  const plain = chain.make();
  assert.equal(withReservedValue(plain), plain);
  assert.equal(withReservedValue(block), block);
});

test('the reward of bitcoin-regtest halves every 150 blocks', () => {
  const { accepted, rejected } = scenario(PROFILES['bitcoin-regtest']);
  for (let height = 1; height < 150; height++) accepted(`b${height}`);
  rejected('bad-cb-amount', { coinbase: withOutputs([to(ALICE.script, 50)]) });
  accepted('b150', { coinbase: withOutputs([to(ALICE.script, 25)]) });
});

/** Codes that are the business of a node: they need several branches. */
const CHAIN_CODES: readonly RuleCode[] = ['prev-blk-not-found', 'bad-prevblk'];

test('every reject code of consensus has been seen in a scenario', () => {
  const codes = Object.keys(RULES) as RuleCode[];
  const consensus = codes.slice(0, codes.indexOf('txn-already-known'));
  assert.deepEqual(
    consensus.filter((code) => !seen.has(code)),
    CHAIN_CODES,
  );
});
