import { createRequire } from 'node:module';
import type { ecdsaSign } from 'secp256k1';
import { openSignatures } from '../../node/signatures/open-signatures.ts';
import type { SignatureChecks } from '../../node/signatures/signature-checks.ts';
import { COIN } from '../../protocol/amount.ts';
import { decodeBlock, encodeBlock } from '../../protocol/block.ts';
import { hash160 } from '../../protocol/hash.ts';
import { SIGHASH_ALL, sighash } from '../../protocol/sighash.ts';
import { encodeDer, signDigest } from '../../protocol/signature.ts';
import type { Transaction } from '../../protocol/transaction.ts';
import { nativeVerify } from '../../protocol/verify-native.ts';
import {
  accountKey,
  ChainKit,
  coinOf,
  type KitBlock,
  type KitCoin,
  openChain,
  SILENT_LOG,
} from '../kit/chain-kit.ts';
import { compare, measure, type Row } from './measure.ts';

export const title = 'The chain on SQLite: blocks from their bytes to the disk';

const SPENDS = 2_000;
const BLOCKS_PER_ROUND = 4;
const SMALL_BLOCKS_PER_ROUND = 2_000;
const ROUNDS = 3;
/** One more round, the first, is not counted. */
const BIG_BLOCKS = (ROUNDS + 1) * BLOCKS_PER_ROUND;
const SMALL_BLOCKS = (ROUNDS + 1) * SMALL_BLOCKS_PER_ROUND;

/** Thousands of signatures are made before the clock starts: by libsecp256k1 where it loads. */
const native =
  nativeVerify && (createRequire(import.meta.url)('secp256k1') as { readonly ecdsaSign: typeof ecdsaSign });

function signatureOf(digest: Uint8Array, privateKey: Uint8Array): Uint8Array {
  const compact = native?.ecdsaSign(digest, privateKey).signature ?? signDigest(digest, privateKey);
  return Uint8Array.of(...encodeDer(compact), SIGHASH_ALL);
}

/** Blocks that make the coins, then blocks of payments that spend them in another order. */
function payments(kit: ChainKit): { funding: Uint8Array[]; spending: Uint8Array[] } {
  const owner = accountKey('alice');
  const funding: KitBlock[] = [];
  const coins: KitCoin[] = [];
  let rest = kit.funds('alice');
  const value = COIN / 100n;
  for (let made = 0; made < BIG_BLOCKS; made++) {
    const outputs = Array.from({ length: SPENDS }, () => ({ value, script: owner.script }));
    const change = { value: rest.value - value * BigInt(SPENDS), script: owner.script };
    const fan = kit.sign([rest], [...outputs, change]);
    funding.push(kit.mineBlock(funding.at(-1) ?? kit.genesis, [fan]));
    coins.push(...outputs.map((_, index) => coinOf(fan, index, 'alice')));
    rest = coinOf(fan, SPENDS, 'alice');
  }
  const spending: KitBlock[] = [];
  for (let made = 0; made < BIG_BLOCKS; made++) {
    const transactions = Array.from({ length: SPENDS }, (_, at): Transaction => {
      const { outPoint } = coins[(at * BIG_BLOCKS + made) % coins.length] ?? rest;
      const input = { previous: outPoint, scriptSig: new Uint8Array(), sequence: 0xffff_ffff, witness: [] };
      const outputs = [accountKey('bob'), owner].map(({ script }) => ({ value: value / 2n - 100n, script }));
      const bare = { version: 2, inputs: [input], outputs, lockTime: 0 };
      const digest = sighash(bare, 0, hash160(owner.publicKey), value, SIGHASH_ALL);
      const witness = [signatureOf(digest, owner.privateKey), owner.publicKey];
      return { ...bare, inputs: [{ ...input, witness }] };
    });
    spending.push(kit.mineBlock(spending.at(-1) ?? funding.at(-1) ?? kit.genesis, transactions));
  }
  const encode = ({ block }: KitBlock): Uint8Array => encodeBlock(block);
  return { funding: funding.map(encode), spending: spending.map(encode) };
}

/** A chain that takes the next blocks of a list at every run, none of whose coins are in memory. */
async function consumer(
  kit: ChainKit,
  start: Uint8Array[],
  blocks: Uint8Array[],
  perRun: number,
  options: { readonly durable: boolean; readonly signatures?: SignatureChecks },
) {
  const { durable, signatures } = options;
  const open = await openChain(kit, signatures ? { signatures } : { isVerified: () => true });
  for (const bytes of start) await open.chain.accept(decodeBlock(bytes), { bytes });
  await open.reopen();
  let next = 0;
  const run = async (): Promise<number> => {
    let transactions = 0;
    for (const bytes of blocks.slice(next, next + perRun)) {
      const block = decodeBlock(bytes);
      const { outcome } = await open.chain.accept(block, { durable, bytes });
      if (outcome !== 'connected') throw new Error(`a block of the benchmark is ${outcome}`);
      transactions += block.transactions.length;
    }
    next += perRun;
    await open.chain.flush();
    return transactions;
  };
  return { run, close: open.close };
}

export async function bench(): Promise<Row[]> {
  const kit = new ChainKit();
  const { funding, spending } = payments(kit);
  const small = kit.mineBlocks(kit.genesis, SMALL_BLOCKS).map(({ block }) => encodeBlock(block));
  const signatures = openSignatures(SILENT_LOG, undefined);
  signatures.warm();
  const consumers = [
    await consumer(kit, funding, spending, BLOCKS_PER_ROUND, { durable: true, signatures }),
    await consumer(kit, funding, spending, BLOCKS_PER_ROUND, { durable: true }),
    await consumer(kit, funding, spending, BLOCKS_PER_ROUND, { durable: false }),
    await consumer(kit, [], small, SMALL_BLOCKS_PER_ROUND, { durable: false }),
  ] as const;
  const [unknown, durable, together, nearEmpty] = await measure(
    consumers.map(({ run }, index) => ({ name: ['', 'block by block', '', ''][index] ?? '', run })),
    ROUNDS,
    0,
  );
  const threads = signatures.size;
  for (const { close } of consumers) await close();
  await signatures.stop();
  if (!unknown || !durable || !together || !nearEmpty) return [];
  return [
    compare(
      `2,000 spends a block, no signature known: ${threads} worker threads, each block durable`,
      'tx/s',
      unknown,
      undefined,
      '≥ 10,000',
    ),
    compare(
      '2,000 spends a block, signatures known, each block durable',
      'tx/s',
      durable,
      undefined,
      '≥ 30,000',
    ),
    compare('the same while catching up', 'tx/s', together, durable, '—'),
    compare(
      'near-empty blocks while catching up',
      'blocks/s',
      nearEmpty,
      undefined,
      '≥ 4,000 with the transfer',
    ),
  ];
}
