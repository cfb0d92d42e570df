/** Messages of every type of the peer protocol, valid in form, about things that exist and things that do not. */
import { encodeBlock } from '../../protocol/block.ts';
import type { Header } from '../../protocol/header.ts';
import {
  INVENTORY,
  type Inventory,
  MAX_ADDRESSES,
  MAX_HEADERS,
  MAX_INVENTORY,
  MAX_LOCATOR_HASHES,
  type NetworkAddress,
  type PeerMessage,
  type PeerMessageOf,
  type PeerMessageType,
  type VersionPayload,
} from '../../protocol/peer-message.ts';
import { type Transaction, txid } from '../../protocol/transaction.ts';
import type { Hash } from '../../protocol/units.ts';
import { ChainKit, type KitBlock, mine } from './chain-kit.ts';
import type { FuzzRandom } from './fuzz-random.ts';

/** Blocks and transactions that messages may be about. */
export class FuzzSubject {
  readonly kit = new ChainKit();
  /** What every node under test begins with. */
  readonly common: readonly KitBlock[];
  /** What honest peers have beyond it: more work than any branch that is made up. */
  readonly honest: readonly KitBlock[];
  readonly transactions: readonly Transaction[];
  /** Headers of a branch from the genesis block on that nobody has the blocks of. */
  readonly bodiless: readonly Header[];

  constructor({ common = 20, honest = 60, bodiless = 0 } = {}) {
    this.common = this.kit.mineBlocks(this.kit.genesis, common);
    this.bodiless = this.kit.mineBlocks(this.kit.genesis, bodiless).map(({ block }) => block.header);
    this.honest = this.kit.mineBlocks(this.common.at(-1) ?? this.kit.genesis, honest);
    const { kit } = this;
    const first = kit.payment(kit.funds('alice'), 'bob', 100_000n);
    const rival = kit.payment(kit.funds('alice'), 'carol', 200_000n, 5_000n);
    const child = kit.sign(
      [{ outPoint: { txid: txid(first), index: 1 }, value: first.outputs[1]!.value, owner: 'alice' }],
      [{ value: first.outputs[1]!.value - 2_000n, script: first.outputs[1]!.script }],
    );
    const other = kit.payment(kit.funds('bob'), 'alice', 1_000_000n);
    this.transactions = [first, rival, child, other];
  }

  /** Any block of the two branches. */
  block(random: FuzzRandom): KitBlock {
    return random.pick(random.once(2) ? this.common : this.honest);
  }

  hash(random: FuzzRandom): Hash {
    const kind = random.int(0, 5);
    if (kind === 0) return random.bytes(32);
    if (kind === 1) return new Uint8Array(32).fill(random.pick([0, 255]));
    if (kind === 2) return txid(random.pick(this.transactions));
    return this.block(random).hash;
  }

  /** A header with work behind it, of a block that nobody has. */
  header(random: FuzzRandom, parent: Pick<KitBlock, 'hash' | 'block'>): Header {
    const { header } = parent.block;
    return mine({
      ...header,
      previous: parent.hash,
      merkleRoot: random.bytes(32),
      time: header.time + 5,
      nonce: 0,
    });
  }

  transaction(random: FuzzRandom): Transaction {
    const transaction = random.pick(this.transactions);
    const [input] = transaction.inputs;
    switch (random.int(0, 5)) {
      case 0:
        return { ...transaction, version: random.edge() };
      case 1:
        return { ...transaction, inputs: transaction.inputs.map((each) => ({ ...each, witness: [] })) };
      case 2:
        return {
          ...transaction,
          outputs: [{ value: random.u64(), script: random.bytes(random.int(0, 50)) }],
        };
      case 3: {
        const previous = { txid: random.bytes(32), index: random.edge() };
        return { ...transaction, inputs: [{ ...input!, previous }] };
      }
      default:
        return transaction;
    }
  }
}

const TYPES: readonly PeerMessageType[] = [
  'version',
  'verack',
  'ping',
  'pong',
  'getaddr',
  'addr',
  'sendheaders',
  'feefilter',
  'getheaders',
  'getblocks',
  'headers',
  'inv',
  'getdata',
  'notfound',
  'tx',
  'block',
];

/** A message of any type, or of one. */
export function anyMessage(
  subject: FuzzSubject,
  random: FuzzRandom,
  type: PeerMessageType = random.pick(TYPES),
): PeerMessage {
  switch (type) {
    case 'version':
      return { type, ...anyVersion(random) };
    case 'verack':
    case 'getaddr':
    case 'sendheaders':
      return { type };
    case 'ping':
    case 'pong':
      return { type, nonce: random.u64() };
    case 'feefilter':
      return { type, rate: random.pick([0n, 1_000n, 2n ** 63n, random.u64()]) };
    case 'addr':
      return { type, addresses: many(random, MAX_ADDRESSES, () => anyAddress(random)) };
    case 'getheaders':
    case 'getblocks': {
      const locator = many(random, MAX_LOCATOR_HASHES, () => subject.hash(random));
      return { type, version: random.edge(), locator, stop: subject.hash(random) };
    }
    case 'headers':
      return { type, headers: anyHeaders(subject, random) };
    case 'inv':
    case 'getdata':
    case 'notfound':
      return {
        type,
        items: many(random, random.once(20) ? MAX_INVENTORY : 200, () => anyItem(subject, random)),
      };
    case 'tx':
      return { type, transaction: subject.transaction(random) };
    case 'block':
      return { type, bytes: anyBlock(subject, random) };
  }
}

/** Of very many the same few again and again: to make each anew would take the time of many cases. */
function many<T>(random: FuzzRandom, most: number, make: () => T): T[] {
  const count = random.count(most);
  const made = Array.from({ length: Math.min(count, 100) }, make);
  return Array.from({ length: count }, (_, index) => made[index % made.length]!);
}

export function anyVersion(random: FuzzRandom): VersionPayload {
  return {
    version: random.pick([70_016, 70_016, 70_001, 70_000, 0, -1, 0x7fff_ffff]),
    services: random.pick([9n, 9n, 0n, 1n, random.u64()]),
    timeSeconds: BigInt.asIntN(64, random.u64()),
    receiver: anyAddress(random),
    sender: anyAddress(random),
    nonce: random.pick([7n, random.u64()]),
    userAgent: random.pick(['', '/fuzz:1/', 'x'.repeat(256), '\u0000\u001b[2J\u202e', 'ü'.repeat(100)]),
    startHeight: random.edge() | 0,
    relay: random.once(2),
  };
}

function anyAddress(random: FuzzRandom): NetworkAddress & { lastSeenSeconds: number } {
  const ip = random.bytes(16);
  const kind = random.int(0, 3);
  // IPv4 mapped into IPv6, as most addresses are
  if (kind > 0) ip.fill(0, 0, 10).fill(0xff, 10, 12);
  if (kind > 2) ip.set([127, 0, 0, random.int(0, 255)], 12);
  return { services: random.u64(), ip, port: random.edge() & 0xffff, lastSeenSeconds: random.edge() };
}

function anyItem(subject: FuzzSubject, random: FuzzRandom): Inventory {
  const kind = random.once(10) ? random.edge() : random.pick(Object.values(INVENTORY));
  return { kind, hash: subject.hash(random) };
}

function anyHeaders(subject: FuzzSubject, random: FuzzRandom): Header[] {
  const headers = [...subject.common, ...subject.honest].map(({ block }) => block.header);
  const from = random.int(0, headers.length);
  switch (random.int(0, 6)) {
    case 0:
      return [];
    // Out of order, and repeated
    case 1:
      return many(random, MAX_HEADERS, () => random.pick(headers));
    // Without work, or with bits that ask for none
    case 2:
      return headers.slice(from, from + 3).map((header) => ({ ...header, nonce: random.u32() }));
    case 3:
      return headers.slice(from, from + 2).map((header) => ({ ...header, bits: random.edge() }));
    case 4:
      return headers.slice(from, from + 2).map((header) => ({ ...header, time: random.edge() }));
    case 5: {
      const parent = random.pick(subject.common);
      return [subject.header(random, parent)];
    }
    default:
      return headers.slice(from, from + random.count(MAX_HEADERS));
  }
}

function anyBlock(subject: FuzzSubject, random: FuzzRandom): Uint8Array {
  const { block } = subject.block(random);
  const { transactions } = block;
  switch (random.int(0, 6)) {
    case 0:
      return random.bytes(random.int(80, 300));
    case 1:
      return encodeBlock({ ...block, transactions: [] });
    case 2:
      return encodeBlock({ ...block, transactions: [...transactions, ...transactions] });
    case 3:
      return encodeBlock({ ...block, transactions: [...transactions, subject.transaction(random)] });
    default:
      return encodeBlock(block);
  }
}

/** A message that is not the connection's own business. */
export function isRelayed(
  message: PeerMessage,
): message is Exclude<
  PeerMessage,
  PeerMessageOf<'version' | 'verack' | 'ping' | 'pong' | 'addr' | 'getaddr'>
> {
  return !['version', 'verack', 'ping', 'pong', 'addr', 'getaddr'].includes(message.type);
}
