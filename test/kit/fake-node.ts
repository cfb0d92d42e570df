/**
 * A node reduced to what a pool sees of it: templates with long poll, a chain of headers, blocks that are
 * checked for what a pool can get wrong. It can be made slow, silent, lying or of another network.
 */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Block, decodeBlock } from '../../protocol/block.ts';
import { bytesToHex, CodecError, displayHash, hexToBytes } from '../../protocol/bytes.ts';
import { checkBlock, checkBlockContext } from '../../protocol/check-block.ts';
import { compactToTarget, showBits } from '../../protocol/compact.ts';
import { sha256d } from '../../protocol/hash.ts';
import { blockHash } from '../../protocol/header.ts';
import { commitmentScript, witnessCommitment } from '../../protocol/merkle.ts';
import { profileByName } from '../../protocol/network.ts';
import { RuleError } from '../../protocol/rules.ts';
import { encodeTransaction, type Transaction, txid, wtxid } from '../../protocol/transaction.ts';
import type { Bits, Height } from '../../protocol/units.ts';
import { difficultyOf, meetsTarget } from '../../protocol/work.ts';

export const SUBSIDY = 5_000_000_000n;

/** Block 1 of Bitcoin's main network. */
const SOMEBODYS_BLOCK = readFileSync(new URL('../vectors/blocks/block1.raw', import.meta.url)).toString(
  'hex',
);

/** What a call is answered with instead of the truth; `lost` does what was asked and hangs up. */
export type Interference =
  | { readonly result: unknown }
  | { readonly error: { readonly code: number; readonly message: string } }
  | 'silence'
  | 'lost';

type Answer = Exclude<Interference, 'silence' | 'lost'>;

interface StoredBlock {
  readonly hash: string;
  readonly height: Height;
  readonly previous: string;
  readonly raw: string;
}

export class FakeNode {
  /** Bits of the next templates. Almost every second hash is a block with the default. */
  bits: Bits = 0x207fffff;
  /** Transactions of the next templates, with the fees they pay. */
  transactions: readonly Transaction[] = [];
  fees = 0n;
  /** What `getblockchaininfo` says; without `nilzcoin` it is some Bitcoin node. */
  chain = 'dev';
  nilzcoin: Record<string, unknown> | undefined = {
    network: 'dev',
    address_prefix: 'dnilz',
    magic: 'e3646e69',
    maturity: 10,
    block_time: 10,
    coin_type: 1,
  };
  /** What it says of its chain's work, hex. */
  work: string | undefined;
  /** Says that its chain is not complete yet. */
  catchingUp = false;
  /** Sent in place of every answer. */
  rawAnswer: string | undefined;
  /** Seconds since 1970 of the next templates. */
  nowSeconds = (): number => Math.floor(Date.now() / 1000);
  /** Answers something else to a method; undefined is the truth. */
  interfere: (method: string, params: readonly unknown[]) => Interference | undefined = () => undefined;
  /** Every method called, in order. */
  readonly calls: string[] = [];
  readonly #blocks = new Map<string, StoredBlock>();
  /** Hashes of the best chain by height. */
  readonly #best: string[] = [];
  /** Blocks found by others. */
  #strangers = 0;
  readonly #server: Server;
  readonly #waiting = new Set<() => void>();
  readonly #callListeners = new Set<() => void>();
  readonly #listeners = new Set<(block: StoredBlock) => void>();

  private constructor() {
    const genesis = '0f'.repeat(32);
    this.#blocks.set(genesis, { hash: genesis, height: 0, previous: '00'.repeat(32), raw: '' });
    this.#best.push(genesis);
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async start(port = 0): Promise<FakeNode> {
    const node = new FakeNode();
    await node.listen(port);
    return node;
  }

  listen(port = 0): Promise<void> {
    return new Promise((accept) => this.#server.listen(port, '127.0.0.1', accept));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://user:password@127.0.0.1:${this.port}`;
  }

  get tip(): string {
    return this.#best.at(-1) as string;
  }

  get height(): Height {
    return this.#best.length - 1;
  }

  /** Whether it was given this block, by the hash as it is shown. */
  knows(hash: string): boolean {
    return this.#blocks.has(hash);
  }

  blockAt(height: Height): StoredBlock | undefined {
    return this.#blocks.get(this.#best[height] ?? '');
  }

  /** Somebody else finds a block. */
  advance(): string {
    this.#strangers += 1;
    const hash = displayHash(sha256d(new TextEncoder().encode(`block ${this.#strangers}`)));
    this.#connect({ hash, height: this.height + 1, previous: this.tip, raw: '' });
    return hash;
  }

  /** Goes back to an earlier block, as a reorganisation does on its way. */
  rewindTo(height: Height): void {
    this.#best.length = height + 1;
    this.news();
  }

  /** Answers the long polls. */
  news(): void {
    for (const answer of [...this.#waiting]) answer();
  }

  /** Long polls that wait for news. */
  get longPolls(): number {
    return this.#waiting.size;
  }

  /** Resolves when the next call has come in. */
  nextCall(): Promise<void> {
    return new Promise((accept) => this.#callListeners.add(accept));
  }

  /** Resolves with the next block that is handed in and accepted. */
  nextBlock(): Promise<StoredBlock> {
    return new Promise((accept) => {
      const listener = (block: StoredBlock) => {
        this.#listeners.delete(listener);
        accept(block);
      };
      this.#listeners.add(listener);
    });
  }

  /** Goes away with all connections; `listen` brings it back. */
  stop(): Promise<void> {
    return new Promise((accept) => {
      this.#server.close(() => accept());
      this.#server.closeAllConnections();
    });
  }

  template(): Record<string, unknown> {
    const commitment = witnessCommitment(
      [new Uint8Array(32), ...this.transactions.map(wtxid)],
      new Uint8Array(32),
    );
    return {
      version: 0x20000000,
      rules: ['csv', '!segwit'],
      previousblockhash: this.tip,
      transactions: this.transactions.map((transaction) => ({
        data: bytesToHex(encodeTransaction(transaction)),
        txid: displayHash(txid(transaction)),
        hash: displayHash(wtxid(transaction)),
        depends: [],
        fee: 0,
        sigops: 1,
        weight: 400,
      })),
      coinbaseaux: {},
      coinbasevalue: Number(SUBSIDY + this.fees),
      longpollid: `${this.tip}${this.transactions.length}`,
      target: compactToTarget(this.bits).toString(16).padStart(64, '0'),
      mintime: 1,
      mutable: ['time', 'transactions', 'prevblock'],
      curtime: this.nowSeconds(),
      bits: showBits(this.bits),
      height: this.height + 1,
      default_witness_commitment: bytesToHex(commitmentScript(commitment)),
    };
  }

  #connect(block: StoredBlock): void {
    this.#blocks.set(block.hash, block);
    if (block.previous === this.tip) this.#best.push(block.hash);
    for (const listener of this.#listeners) listener(block);
    this.news();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const call = JSON.parse(Buffer.concat(chunks).toString()) as {
      id: unknown;
      method: string;
      params: unknown[];
    };
    this.calls.push(call.method);
    queueMicrotask(() => {
      for (const listener of this.#callListeners) listener();
      this.#callListeners.clear();
    });
    const other = this.interfere(call.method, call.params);
    if (other === 'silence') return;
    const answer = typeof other === 'object' ? other : await this.#answer(call.method, call.params, response);
    if (other === 'lost') response.destroy();
    if (response.destroyed) return;
    response.setHeader('Content-Type', 'application/json');
    if (this.rawAnswer !== undefined) {
      response.end(this.rawAnswer);
      return;
    }
    response.end(`${JSON.stringify({ jsonrpc: '2.0', id: call.id, ...answer })}\n`);
  }

  async #answer(method: string, params: readonly unknown[], response: ServerResponse): Promise<Answer> {
    switch (method) {
      case 'getblockchaininfo':
        return { result: this.#info() };
      case 'getblockhash':
        return { result: this.#best[Number(params[0])] };
      case 'getblockcount':
        return { result: this.height };
      case 'getbestblockhash':
        return { result: this.tip };
      case 'getblockheader': {
        const block = this.#blocks.get(String(params[0]));
        if (block === undefined) return notFound();
        const isBest = this.#best[block.height] === block.hash;
        const confirmations = isBest ? this.height - block.height + 1 : -1;
        const previous = block.height === 0 ? {} : { previousblockhash: block.previous };
        const header = { time: 1_790_000_000 + block.height, difficulty: difficultyOf(this.bits), nTx: 1 };
        return { result: { hash: block.hash, height: block.height, confirmations, ...header, ...previous } };
      }
      case 'getblock': {
        const block = this.#blocks.get(String(params[0]));
        // Blocks made up by `advance` have no content: a real one of somebody else stands for them.
        return block === undefined ? notFound() : { result: block.raw === '' ? SOMEBODYS_BLOCK : block.raw };
      }
      case 'getblocktemplate': {
        const { longpollid } = (params[0] ?? {}) as { longpollid?: string };
        const isCurrent = longpollid !== undefined && longpollid === this.template().longpollid;
        if (isCurrent) await this.#newsOrHangUp(response);
        return { result: this.template() };
      }
      case 'submitblock':
        return { result: this.#submit(String(params[0])) };
      default:
        return { error: { code: -32601, message: `Method not found: ${method}` } };
    }
  }

  #info(): Record<string, unknown> {
    return {
      chain: this.chain,
      blocks: this.height,
      headers: this.height,
      bestblockhash: this.tip,
      difficulty: 1,
      initialblockdownload: this.catchingUp,
      ...(this.work !== undefined && { chainwork: this.work }),
      ...(this.nilzcoin && { nilzcoin: this.nilzcoin }),
    };
  }

  #newsOrHangUp(response: ServerResponse): Promise<void> {
    return new Promise((accept) => {
      const done = () => {
        this.#waiting.delete(done);
        accept();
      };
      this.#waiting.add(done);
      response.once('close', done);
    });
  }

  /** As `submitblock` answers (BIP 22). */
  #submit(hex: string): string | null {
    let block: Block;
    try {
      block = decodeBlock(hexToBytes(hex));
    } catch (error) {
      if (error instanceof CodecError) return 'rejected';
      throw error;
    }
    const hash = displayHash(blockHash(block.header));
    const previous = displayHash(block.header.previous);
    if (this.#blocks.has(hash)) return 'duplicate';
    const parent = this.#blocks.get(previous);
    if (parent === undefined) return 'prev-blk-not-found';
    if (block.header.bits !== this.bits) return 'bad-diffbits';
    if (!meetsTarget(blockHash(block.header), compactToTarget(block.header.bits))) return 'high-hash';
    try {
      checkBlock(block);
      checkBlockContext(block, parent.height + 1, 0, profileByName('dev'));
    } catch (error) {
      if (error instanceof RuleError) return error.code;
      throw error;
    }
    const [coinbase] = block.transactions;
    const paid = coinbase?.outputs.reduce((sum, { value }) => sum + value, 0n) ?? 0n;
    if (paid !== SUBSIDY + this.fees) return 'bad-cb-amount';
    const isBest = previous === this.tip;
    this.#connect({ hash, height: parent.height + 1, previous, raw: hex });
    return isBest ? null : 'inconclusive';
  }
}

function notFound(): Answer {
  return { error: { code: -5, message: 'Block not found' } };
}
