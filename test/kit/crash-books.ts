/**
 * The books of a pool beside what really happened: the chain is read from the node, block by block, the ledger from
 * its tables, and nothing of the pool's own arithmetic is used.
 */

import { APPLICATION_ID, MIGRATIONS } from '../../pool/ledger/ledger-schema.ts';
import { encodeAddress } from '../../protocol/address.ts';
import { decodeBlock } from '../../protocol/block.ts';
import { bytesToHex, displayHash, equalBytes, hexToBytes } from '../../protocol/bytes.ts';
import type { NetworkProfile } from '../../protocol/network.ts';
import { decodeTransaction, type Transaction, txid } from '../../protocol/transaction.ts';
import { openSnapshot } from '../../service/database-snapshot.ts';
import { RpcCallError, type RpcClient } from '../../service/rpc-client.ts';

/** A payment as the network has it: what it pays to whom, without the change. */
interface SeenPayment {
  readonly paid: ReadonlyMap<string, bigint>;
  /** 0 in the mempool. */
  readonly confirmations: number;
}

/** What the node has at one moment, hashes as shown. */
export interface SeenChain {
  readonly height: number;
  /** The pool's own blocks with their rewards. */
  readonly blocks: ReadonlyMap<string, { readonly reward: bigint; readonly confirmations: number }>;
  readonly payments: ReadonlyMap<string, SeenPayment>;
  /** Of the coins that were asked for: whether chain and mempool leave them to be spent. */
  readonly coins: ReadonlyMap<string, boolean>;
}

interface ReadBlock {
  readonly hash: string;
  /** Of a block of the pool. */
  readonly reward: bigint | undefined;
  readonly payments: readonly { readonly txid: string; readonly paid: ReadonlyMap<string, bigint> }[];
}

/** Reads the best chain of a node; blocks that were read before are not read again. */
export class ChainReading {
  readonly #profile: NetworkProfile;
  /** What coinbases of the pool, and the change of its payouts, are paid to. */
  readonly #ownScript: Uint8Array;
  /** By height, from the first block after the genesis block. */
  #blocks: ReadBlock[] = [];

  constructor(profile: NetworkProfile, ownScript: Uint8Array) {
    this.#profile = profile;
    this.#ownScript = ownScript;
  }

  /**
   * @param coins `TXID:INDEX` of those whose fate matters
   * @returns undefined when a block or a payment came meanwhile
   */
  async read(client: RpcClient, coins: readonly string[]): Promise<SeenChain | undefined> {
    const tip = String(await client.call('getbestblockhash'));
    const mempool = (await client.call('getrawmempool')) as string[];
    const above: ReadBlock[] = [];
    for (let hash = tip; ; ) {
      const block = decodeBlock(hexToBytes(String(await client.call('getblock', [hash, 0]))));
      const previous = displayHash(block.header.previous);
      if (displayHash(this.#profile.genesisHash) === hash) {
        this.#blocks = [];
        break;
      }
      const known = this.#blocks.findIndex((each) => each.hash === hash);
      if (known >= 0) {
        this.#blocks = this.#blocks.slice(0, known + 1);
        break;
      }
      above.unshift(this.#readBlock(hash, block.transactions));
      hash = previous;
    }
    this.#blocks.push(...above);
    const waiting = await this.#readWaiting(client, mempool);
    const left = await coinsLeft(client, coins);
    const isSame =
      tip === (await client.call('getbestblockhash')) &&
      mempool.join() === ((await client.call('getrawmempool')) as string[]).join();
    return isSame && waiting !== undefined ? this.#summary(waiting, left) : undefined;
  }

  #readBlock(hash: string, [coinbase, ...transactions]: readonly Transaction[]): ReadBlock {
    const outputs = coinbase?.outputs ?? [];
    const isOwn = outputs.some(({ script }) => equalBytes(script, this.#ownScript));
    return {
      hash,
      reward: isOwn ? outputs.reduce((sum, { value }) => sum + value, 0n) : undefined,
      payments: transactions.map((each) => ({ txid: displayHash(txid(each)), paid: this.#paidBy(each) })),
    };
  }

  async #readWaiting(client: RpcClient, ids: readonly string[]): Promise<ReadBlock['payments'] | undefined> {
    try {
      const raws = await Promise.all(ids.map((id) => client.call('getrawtransaction', [id])));
      const transactions = raws.map((raw) => decodeTransaction(hexToBytes(String(raw))));
      return transactions.map((each) => ({ txid: displayHash(txid(each)), paid: this.#paidBy(each) }));
    } catch (error) {
      if (error instanceof RpcCallError) return undefined;
      throw error;
    }
  }

  #paidBy({ outputs }: Transaction): ReadonlyMap<string, bigint> {
    const paid = new Map<string, bigint>();
    for (const { script, value } of outputs) {
      if (equalBytes(script, this.#ownScript)) continue;
      const address = encodeAddress(script, this.#profile.address) ?? bytesToHex(script);
      paid.set(address, (paid.get(address) ?? 0n) + value);
    }
    return paid;
  }

  #summary(waiting: ReadBlock['payments'], coins: ReadonlyMap<string, boolean>): SeenChain {
    const blocks = new Map<string, { reward: bigint; confirmations: number }>();
    const payments = new Map<string, SeenPayment>();
    for (const { txid: id, paid } of waiting) payments.set(id, { paid, confirmations: 0 });
    for (const [index, { hash, reward, payments: own }] of this.#blocks.entries()) {
      const confirmations = this.#blocks.length - index;
      if (reward !== undefined) blocks.set(hash, { reward, confirmations });
      for (const { txid: id, paid } of own) payments.set(id, { paid, confirmations });
    }
    return { height: this.#blocks.length, blocks, payments, coins };
  }
}

async function coinsLeft(client: RpcClient, coins: readonly string[]): Promise<ReadonlyMap<string, boolean>> {
  const left = new Map<string, boolean>();
  for (const coin of coins) {
    const [id, index] = coin.split(':');
    left.set(coin, (await client.call('gettxout', [id, Number(index)])) !== null);
  }
  return left;
}

/** A block as the ledger has it. */
export interface BookedBlock {
  readonly hash: string;
  readonly state: string;
  /** What nodes said of it. */
  readonly delivery: string;
  readonly reward: bigint;
  /** What it brought miners and operator together; undefined while it is not divided. */
  readonly divided: bigint | undefined;
}

export interface BookedPayout {
  readonly id: number;
  readonly state: string;
  readonly items: ReadonlyMap<string, bigint>;
  /** The first, and those that replace it. */
  readonly transactions: readonly BookedTransaction[];
}

export interface BookedTransaction {
  readonly txid: string;
  /** `TXID:INDEX` */
  readonly spends: readonly string[];
}

export interface Books {
  readonly blocks: readonly BookedBlock[];
  readonly payouts: readonly BookedPayout[];
  /** Of each address: what payouts carry, and what is open. */
  readonly carried: ReadonlyMap<string, bigint>;
  readonly owed: ReadonlyMap<string, bigint>;
  /** Hashes of the shares after `fromSequence`, and how many shares there are in all. */
  readonly newShares: readonly string[];
  readonly shareCount: number;
  readonly lastSequence: number;
}

/** Reads the ledger as it stands at one moment; the pool may run, or lie where it was killed. */
export async function readBooks(file: string, fromSequence: number): Promise<Books> {
  const ledger = await openSnapshot(file, { applicationId: APPLICATION_ID, version: MIGRATIONS.length });
  try {
    const blocks = await ledger.all<{
      hash: string;
      state: string;
      delivery: string;
      reward: string;
      divided: string | null;
    }>(
      `SELECT hex(b.hash) AS hash, b.state, b.delivery, b.reward, CAST(r.operator +
         (SELECT coalesce(sum(amount), 0) FROM credits c WHERE c.block = b.id) AS TEXT) AS divided
       FROM blocks b LEFT JOIN rounds r ON r.block = b.id ORDER BY b.id`,
    );
    const payouts = await ledger.all<{ id: number; state: string }>(
      'SELECT id, state FROM payouts ORDER BY id',
    );
    const items = await ledger.all<{ payout: number; address: string; amount: string }>(
      `SELECT i.payout, y.address, CAST(i.amount AS TEXT) AS amount
       FROM payout_items i JOIN payees y ON y.id = i.payee`,
    );
    const transactions = await ledger.all<{ id: number; payout: number; txid: string }>(
      'SELECT id, payout, hex(txid) AS txid FROM payout_transactions ORDER BY id',
    );
    const inputs = await ledger.all<{ spender: number; txid: string; output: number }>(
      'SELECT payout_transaction AS spender, hex(txid) AS txid, output FROM payout_inputs',
    );
    const spends = (spender: number) =>
      inputs.filter((each) => each.spender === spender).map((coin) => `${shown(coin.txid)}:${coin.output}`);
    const credits = await ledger.all<{ address: string; carried: string; owed: string }>(
      `SELECT y.address, CAST(sum(iif(c.payout IS NULL, 0, c.amount)) AS TEXT) AS carried,
         CAST(sum(iif(c.payout IS NULL AND b.state = 'confirmed', c.amount, 0)) AS TEXT) AS owed
       FROM credits c JOIN payees y ON y.id = c.payee JOIN blocks b ON b.id = c.block GROUP BY c.payee`,
    );
    const count = await ledger.get<{ count: number; last: number | null }>(
      'SELECT count(*) AS count, max(sequence) AS last FROM shares',
    );
    const shares = await ledger.all<{ hash: string }>(
      'SELECT hex(hash) AS hash FROM shares WHERE sequence > ? ORDER BY sequence',
      [fromSequence],
    );
    return {
      blocks: blocks.map(({ hash, state, delivery, reward, divided }) => ({
        hash: shown(hash),
        state,
        delivery,
        reward: BigInt(reward),
        divided: divided === null ? undefined : BigInt(divided),
      })),
      payouts: payouts.map(({ id, state }) => ({
        id,
        state,
        items: new Map(
          items.flatMap(({ payout, address, amount }) => (payout === id ? [[address, BigInt(amount)]] : [])),
        ),
        transactions: transactions
          .filter(({ payout }) => payout === id)
          .map((each) => ({ txid: shown(each.txid), spends: spends(each.id) })),
      })),
      carried: new Map(credits.map(({ address, carried }) => [address, BigInt(carried)])),
      owed: new Map(credits.map(({ address, owed }) => [address, BigInt(owed)])),
      newShares: shares.map(({ hash }) => shown(hash)),
      shareCount: count?.count ?? 0,
      lastSequence: count?.last ?? 0,
    };
  } finally {
    await ledger.close();
  }
}

function shown(hex: string): string {
  return displayHash(hexToBytes(hex));
}

/** What must be so at every moment, also while the pool lies dead: nobody has heard of what is not written down. */
export function wrongAtAnyTime(chain: SeenChain, { payouts }: Books): string[] {
  const wrong: string[] = [];
  const payoutOf = new Map(
    payouts.flatMap((payout) => payout.transactions.map(({ txid: id }) => [id, payout] as const)),
  );
  for (const [id, { paid }] of chain.payments) {
    const payout = payoutOf.get(id);
    if (payout === undefined) wrong.push(`transaction ${id} is on the network and not in the ledger`);
    else if (!areSame(paid, payout.items))
      wrong.push(`transaction ${id} pays other sums than payout ${payout.id}`);
  }
  for (const { id, transactions } of payouts) {
    const sent = transactions.filter((each) => chain.payments.has(each.txid));
    if (sent.length > 1) wrong.push(`payout ${id} is on the network ${sent.length} times`);
  }
  return wrong;
}

/** What must be so as well as soon as the pool has seen the chain and done what it had to do. */
export function wrongWhenSettled(chain: SeenChain, books: Books, maturity: number): string[] {
  return [
    ...wrongAtAnyTime(chain, books),
    ...wrongBlocks(chain, books.blocks, maturity),
    ...books.payouts.flatMap((payout) => wrongPayout(chain, payout, maturity)),
    ...wrongSums(chain, books),
  ];
}

/** Every block of the pool is in the ledger once, divided once and exactly, and worth what the chain says. */
function wrongBlocks(chain: SeenChain, blocks: readonly BookedBlock[], maturity: number): string[] {
  const wrong: string[] = [];
  const booked = new Map(blocks.map((block) => [block.hash, block]));
  if (booked.size !== blocks.length) wrong.push('a block is in the ledger twice');
  for (const [hash, { reward, confirmations }] of chain.blocks) {
    const block = booked.get(hash);
    const state = confirmations >= maturity ? 'confirmed' : 'immature';
    if (block === undefined) wrong.push(`block ${hash} is not in the ledger`);
    else if (block.state !== state) wrong.push(`block ${hash} is ${state}, not ${block.state}`);
    else if (block.reward !== reward) wrong.push(`block ${hash} brought ${reward}, not ${block.reward}`);
    else if (block.divided !== reward)
      wrong.push(`of ${reward} of block ${hash} ${block.divided} are credited`);
  }
  for (const { hash, state } of blocks) {
    if (chain.blocks.has(hash) || state === 'orphaned' || state === 'rejected') continue;
    wrong.push(`block ${hash} is not in the chain, and ${state} in the ledger`);
  }
  return wrong;
}

/**
 * Whether a payout waits in vain: a coin that each of its transactions spends is gone with a block that others have
 * replaced. Its debts stay with it until that is certain.
 */
export function isStuck(chain: SeenChain, { state, transactions }: BookedPayout): boolean {
  return (
    state === 'sending' &&
    transactions.every(({ spends }) => spends.some((coin) => chain.coins.get(coin) === false))
  );
}

/** The coins that decide whether payouts are stuck. */
export function coinsOf({ payouts }: Books): string[] {
  const underWay = payouts.filter(({ state }) => state === 'sending');
  return underWay.flatMap(({ transactions }) => transactions.flatMap(({ spends }) => spends));
}

/** A payout is on the network once, as far as the ledger says; one that was given back, or waits in vain, is not. */
function wrongPayout(chain: SeenChain, payout: BookedPayout, maturity: number): string[] {
  const { id, state, transactions } = payout;
  const [sent] = transactions.flatMap(({ txid: each }) => chain.payments.get(each) ?? []);
  if (sent === undefined) {
    const mayBeAway = state === 'returned' || isStuck(chain, payout);
    return mayBeAway ? [] : [`payout ${id} is ${state}, and nowhere on the network`];
  }
  const { confirmations } = sent;
  const expected = confirmations === 0 ? 'sending' : confirmations < maturity ? 'confirmed' : 'settled';
  return state === expected ? [] : [`payout ${id} has ${confirmations} confirmations, and is ${state}`];
}

/** What an address got is what its credits were paid, to the last nit. */
function wrongSums(chain: SeenChain, { payouts, carried }: Books): string[] {
  const sent = new Map<string, bigint>();
  for (const { paid } of chain.payments.values()) addAll(sent, paid);
  const booked = new Map<string, bigint>();
  for (const payout of payouts) {
    if (payout.state === 'returned') continue;
    addAll(booked, payout.items);
    const isSent = payout.transactions.some(({ txid: each }) => chain.payments.has(each));
    if (!isSent && isStuck(chain, payout)) addAll(sent, payout.items);
  }
  const addresses = new Set([...sent.keys(), ...booked.keys(), ...carried.keys()]);
  return [...addresses].flatMap((address) => {
    const sums = [sent, booked, carried].map((each) => each.get(address) ?? 0n);
    if (sums.every((each) => each === sums[0])) return [];
    return [`${address} was sent ${sums[0]}, is paid ${sums[1]} by payouts, ${sums[2]} by its credits`];
  });
}

function addAll(sums: Map<string, bigint>, more: ReadonlyMap<string, bigint>): void {
  for (const [address, amount] of more) sums.set(address, (sums.get(address) ?? 0n) + amount);
}

function areSame(a: ReadonlyMap<string, bigint>, b: ReadonlyMap<string, bigint>): boolean {
  return a.size === b.size && [...a].every(([address, amount]) => b.get(address) === amount);
}
