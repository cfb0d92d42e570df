import { verify } from '#verify';
import { COIN } from '../../protocol/amount.ts';
import { decodeBlock, encodeBlock } from '../../protocol/block.ts';
import { checkBlock } from '../../protocol/check-block.ts';
import { buildCoinbase } from '../../protocol/coinbase.ts';
import { type Coin, MemoryCoins } from '../../protocol/coins.ts';
import { connectBlock, type IsVerified } from '../../protocol/connect.ts';
import { accountOf, seedOf } from '../../protocol/key.ts';
import { merkleRoot, witnessCommitment } from '../../protocol/merkle.ts';
import { DEV_MNEMONIC, PROFILES } from '../../protocol/network.ts';
import { signInput, type Verify } from '../../protocol/signature.ts';
import { outPointKey, type Transaction, txid, wtxid } from '../../protocol/transaction.ts';
import { arrivalRows } from './block-arrival.ts';
import { compare, measure, type Row } from './measure.ts';

export const title =
  'Connecting a block: the rules alone in one thread, coins in memory; and in a node, what else waits';

const SPENDS = 2_000;
const HEIGHT = 20;
const VALUE = COIN;

/** A coin each for many payments of one input and two outputs, and the block that holds the payments. */
function sample() {
  const account = accountOf(seedOf(DEV_MNEMONIC), 1);
  const [from, to] = [account.derive(0, 0), account.derive(0, 1)];
  const coins: [key: string, coin: Coin][] = [];
  const payments: Transaction[] = [];
  for (let number = 1; number <= SPENDS; number++) {
    const previous = { txid: new Uint8Array(32).fill(number & 0xff).fill(number >> 8, 16), index: 0 };
    coins.push([outPointKey(previous), { value: VALUE, script: from.script, height: 1, coinbase: false }]);
    const unsigned: Transaction = {
      version: 2,
      inputs: [{ previous, scriptSig: new Uint8Array(), sequence: 0xffffffff, witness: [] }],
      outputs: [to, from].map(({ script }) => ({ value: VALUE / 2n - 100n, script })),
      lockTime: 0,
    };
    const witness = signInput(unsigned, 0, from.privateKey, VALUE);
    payments.push({ ...unsigned, inputs: unsigned.inputs.map((input) => ({ ...input, witness })) });
  }
  const commitment = witnessCommitment([new Uint8Array(32), ...payments.map(wtxid)], new Uint8Array(32));
  const coinbase = buildCoinbase({ height: HEIGHT, outputs: [{ value: 0n, script: to.script }], commitment });
  const transactions = [coinbase, ...payments];
  const header = {
    version: 0x20000000,
    previous: new Uint8Array(32),
    merkleRoot: merkleRoot(transactions.map(txid)).root,
    time: 0,
    bits: 0x207fffff,
    nonce: 0,
  };
  return { bytes: encodeBlock({ header, transactions }), coins };
}

export async function bench(): Promise<Row[]> {
  const { bytes, coins } = sample();
  /** Everything from the bytes to the changed coins, but the header's own checks. */
  const connect = (check: Verify, isVerified?: IsVerified) => () => {
    const view = new MemoryCoins();
    for (const [key, coin] of coins) view.add(key, coin);
    const block = decodeBlock(bytes);
    checkBlock(block);
    connectBlock(block, HEIGHT, 0, view, PROFILES.dev, check, isVerified);
    return SPENDS;
  };
  const [checked, digests, known] = await measure([
    { name: 'every signature checked', run: connect(verify) },
    { name: 'digests made, checks elsewhere', run: connect(() => true) },
    { name: 'signatures known', run: connect(verify, () => true) },
  ]);
  if (!checked || !digests || !known) return [];
  return [
    compare('nothing known', 'tx/s', checked, undefined, '≥ 10,000 with two threads and storage'),
    compare('digests made, signatures left to other threads', 'tx/s', digests, checked, '—'),
    compare('signatures known from the mempool', 'tx/s', known, checked, '≥ 30,000'),
    ...(await arrivalRows()),
  ];
}
