/**
 * The processes of the `node-size` benchmark. `build DIRECTORY` makes a chain of many blocks and coins; `open
 * DIRECTORY` starts a node on it and says, as one line of JSON, how long that took and what memory it has.
 */
import { argv, memoryUsage, stdout } from 'node:process';
import { pathToFileURL } from 'node:url';
import { startNode } from '../../node/node.ts';
import { decodeBlock } from '../../protocol/block.ts';
import { type TxOutput, txid } from '../../protocol/transaction.ts';
import { accountKey, ChainKit, type KitBlock, openChain, SILENT_LOG } from '../kit/chain-kit.ts';

export const BLOCKS = 100_000;
export const COINS = 1_000_000;
/** Coins of one funding transaction. All of them are Alice's: her address has a row for each. */
const FAN = 1_000;
/** Blocks are paid to so many addresses in turn. */
export const MINERS = 1_000;

/** The script that the blocks at `height` and every `MINERS` blocks further are paid to. */
export function minerScript(height: number): Uint8Array {
  const script = new Uint8Array(22);
  script.set([0x00, 0x14]);
  new DataView(script.buffer).setUint32(2, height % MINERS);
  return script;
}

/** What a node of that size says of itself. */
export interface SizeReport {
  readonly readyMs: number;
  /** Resident memory in MB: when it is ready, and after it has looked coins up until its cache is full. */
  readonly readyMb: number;
  readonly busyMb: number;
}

async function build(directory: string): Promise<void> {
  const kit = new ChainKit();
  const { chain, close } = await openChain(kit, { directory, isVerified: () => true });
  const { script } = accountKey('alice');
  const fans = COINS / FAN;
  let rest = kit.funds('alice');
  let tip: KitBlock = kit.genesis;
  for (let made = 0; made < BLOCKS; made++) {
    const outputs: TxOutput[] = [];
    if (made < fans) {
      for (let index = 0; index < FAN; index++) outputs.push({ value: 1_000n, script });
      outputs.push({ value: rest.value - 1_000n * BigInt(FAN), script });
    }
    // Signatures count as known here, so none is made.
    const input = { previous: rest.outPoint, scriptSig: new Uint8Array(), sequence: 0xffff_ffff };
    const witness = [new Uint8Array(71), accountKey('alice').publicKey];
    const fan = { version: 2, inputs: [{ ...input, witness }], outputs, lockTime: 0 };
    const mined = kit.mineBlock(tip, outputs.length > 0 ? [fan] : [], {
      rewardScript: minerScript(tip.height + 1),
    });
    const { outcome } = await chain.accept(mined.block, { durable: false });
    if (outcome !== 'connected') throw new Error(`a block of the benchmark is ${outcome}`);
    const change = outputs.at(-1);
    if (change) rest = { ...rest, outPoint: { txid: txid(fan), index: FAN }, value: change.value };
    // Not with its parents: a hundred thousand of them are too many.
    tip = { ...mined, parent: undefined };
  }
  await close();
}

async function open(directory: string): Promise<void> {
  const { profile } = new ChainKit();
  const start = performance.now();
  const node = await startNode({ profile, dataDirectory: directory, log: SILENT_LOG, rpcPort: 0 });
  const readyMs = performance.now() - start;
  const readyMb = memoryUsage.rss() / 1e6;
  // Every funding block in turn: all their coins.
  for (let height = 1; height <= COINS / FAN; height++) {
    const entry = node.chain.entryAt(height);
    const bytes = entry && (await node.chain.readBlock(entry.hash));
    if (bytes === undefined) throw new Error(`block ${height} is missing`);
    const [, fan] = decodeBlock(bytes).transactions;
    if (fan === undefined) throw new Error(`block ${height} makes no coins`);
    const id = txid(fan);
    const coins = await node.chain.coins(fan.outputs.map((_, index) => ({ txid: id, index })));
    if (coins.filter((coin) => coin !== undefined).length < FAN) throw new Error('coins are missing');
  }
  const report: SizeReport = { readyMs, readyMb, busyMb: memoryUsage.rss() / 1e6 };
  stdout.write(`${JSON.stringify(report)}\n`);
  await node.stop();
}

const [, script, task, directory] = argv;
if (script !== undefined && import.meta.url === pathToFileURL(script).href && directory !== undefined) {
  await (task === 'build' ? build(directory) : open(directory));
}
