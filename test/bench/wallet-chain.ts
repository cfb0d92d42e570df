/** The chain of the wallet's benchmark: ten thousand transactions of one wallet. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { COIN } from '../../protocol/amount.ts';
import { DEV_MNEMONIC, networkDirectory, PROFILES } from '../../protocol/network.ts';
import { type OutPoint, type Transaction, type TxOutput, txid } from '../../protocol/transaction.ts';
import { wordKeys } from '../../wallet/keys/contents.ts';
import { CHANGE, type KeyPlace, KeyRing, RECEIVE } from '../../wallet/keys/key-ring.ts';
import { accountKey, ChainKit, type KitBlock, openChain } from '../kit/chain-kit.ts';

export const TRANSACTIONS = 10_000;
export const PROFILE = PROFILES.regtest;
/** An account of the public words that has no funds of its own. */
export const ACCOUNT = 7;
export const KEYS = wordKeys(DEV_MNEMONIC, ACCOUNT);
export const PASSPHRASE = 'correct horse battery staple';
/** Rows of a page of the history. */
export const PAGE_ROWS = 50;
const PER_BLOCK = 20;
/** Receive addresses; each is paid several times. Change goes to a fresh address every time. */
export const RECEIVE_ADDRESSES = 500;
const GIFT = COIN;
const PAID = COIN / 4n;
const FEE = 1_000n;

/**
 * Makes the chain in a data directory: every other transaction pays to the wallet, and the one after it is a payment
 * of the wallet that spends it.
 * @returns what the wallet has at the end, in nits
 */
export async function buildWalletChain(dataDirectory: string): Promise<bigint> {
  const directory = join(dataDirectory, networkDirectory(PROFILE));
  await mkdir(directory, { recursive: true });
  const kit = new ChainKit(PROFILE);
  const ring = new KeyRing(KEYS, PROFILE);
  // Signatures count as known here, so none is made: the wallet only reads them.
  const { chain, close } = await openChain(kit, { directory, isVerified: () => true });
  const alice = accountKey('alice');
  let rest: Spendable = { ...kit.funds('alice'), publicKey: alice.publicKey };
  let tip: KitBlock = kit.genesis;
  let waiting: Transaction[] = [];
  let balance = 0n;
  for (let pair = 0; pair < TRANSACTIONS / 2; pair += 1) {
    const place: KeyPlace = { chain: RECEIVE, index: pair % RECEIVE_ADDRESSES };
    const change: KeyPlace = { chain: CHANGE, index: pair };
    const gift = spending(rest, [
      { value: GIFT, script: ring.script(place) },
      { value: rest.value - GIFT, script: alice.script },
    ]);
    rest = { ...rest, outPoint: { txid: txid(gift), index: 1 }, value: rest.value - GIFT };
    const got = { outPoint: { txid: txid(gift), index: 0 }, value: GIFT, publicKey: ring.publicKey(place) };
    const payment = spending(got, [
      { value: GIFT - PAID - FEE, script: ring.script(change) },
      { value: PAID, script: alice.script },
    ]);
    balance += GIFT - PAID - FEE;
    waiting.push(gift, payment);
    if (waiting.length < PER_BLOCK && pair < TRANSACTIONS / 2 - 1) continue;
    tip = kit.mineBlock(tip, waiting);
    const { outcome } = await chain.accept(tip.block, { durable: false });
    if (outcome !== 'connected') throw new Error(`a block of the benchmark is ${outcome}`);
    waiting = [];
  }
  await close();
  return balance;
}

interface Spendable {
  readonly outPoint: OutPoint;
  readonly value: bigint;
  readonly publicKey: Uint8Array;
}

function spending({ outPoint, publicKey }: Spendable, outputs: readonly TxOutput[]): Transaction {
  const witness = [new Uint8Array(71), publicKey];
  const input = { previous: outPoint, scriptSig: new Uint8Array(), sequence: 0xffff_fffd, witness };
  return { version: 2, inputs: [input], outputs, lockTime: 0 };
}
