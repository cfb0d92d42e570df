/** `nilz pace`: time per block against the target over recent blocks. */
import * as z from 'zod';
import { BlockchainInfo, BlockHeaderInfo } from '../protocol/rpc.ts';
import { helpText, integer, loadSettings } from '../service/config.ts';
import { EXIT } from '../service/lifecycle.ts';
import type { RpcClient } from '../service/rpc-client.ts';
import { connectionSettings, networkOf, withNode } from './node-connection.ts';

const settings = {
  blocks: integer({ help: 'how many of the newest blocks to look at', default: 60, min: 1, max: 2_000 }),
  ...connectionSettings,
};

/** One block and how long it took after its parent, by their own times. */
interface Paced {
  readonly height: number;
  readonly seconds: number;
  readonly difficulty: number;
}

/** What `pace` reports of a stretch of blocks. Seconds; `ratio` above 1 means slower than the target. */
export interface Pace {
  readonly blocks: number;
  readonly averageSeconds: number;
  readonly targetSeconds: number;
  readonly ratio: number;
}

/** The pace of the newest `count` blocks of a list in ascending height; fewer when there are fewer. */
export function paceOf(paced: readonly Paced[], count: number, targetSeconds: number): Pace | undefined {
  const newest = paced.slice(-count);
  if (newest.length === 0) return undefined;
  const averageSeconds = newest.reduce((sum, { seconds }) => sum + seconds, 0) / newest.length;
  return { blocks: newest.length, averageSeconds, targetSeconds, ratio: averageSeconds / targetSeconds };
}

/** The first block counts from nothing: how long a genesis block lay there says nothing of the pace. */
async function recentBlocks(node: RpcClient, tip: number, count: number): Promise<Paced[]> {
  const first = Math.max(1, tip - count);
  if (tip < first) return [];
  const heights = Array.from({ length: tip - first + 1 }, (_, index) => first + index);
  const hashes = await results(node, 'getblockhash', heights, z.string());
  const headers = await results(node, 'getblockheader', hashes, BlockHeaderInfo);
  return headers.slice(1).map((header, index) => ({
    height: header.height,
    seconds: header.time - (headers[index]?.time ?? header.time),
    difficulty: header.difficulty,
  }));
}

/** One call per argument in one batch; the first error ends it. */
async function results<T>(
  node: RpcClient,
  method: string,
  values: readonly unknown[],
  schema: z.ZodType<T>,
): Promise<T[]> {
  const answers = await node.batch(values.map((value) => ({ method, params: [value] })));
  return answers.map((answer) => {
    if (answer instanceof Error) throw answer;
    return schema.parse(answer.result);
  });
}

const BAR_WIDTH = 40;

/** One line per block; a full bar is four times the target. */
function line({ height, seconds, difficulty }: Paced, targetSeconds: number): string {
  const length = Math.round((Math.max(0, seconds) / (4 * targetSeconds)) * BAR_WIDTH);
  const bar = length > BAR_WIDTH ? `${'█'.repeat(BAR_WIDTH - 1)}…` : '█'.repeat(length).padEnd(BAR_WIDTH);
  return `${String(height).padStart(8)} ${String(seconds).padStart(6)} s  ${bar}  difficulty ${difficulty.toPrecision(4)}`;
}

function summary({ blocks, averageSeconds, targetSeconds, ratio }: Pace): string {
  const percent = Math.round(Math.abs(ratio - 1) * 100);
  const verdict =
    percent < 1 ? 'on target' : `${percent} % ${ratio < 1 ? 'faster' : 'slower'} than the target`;
  return `last ${String(blocks).padStart(4)} blocks: ${averageSeconds.toFixed(1)} s per block, target ${targetSeconds} s (${verdict})`;
}

/** Runs `nilz pace`; returns the exit code. */
export async function main(argv: string[], env: NodeJS.ProcessEnv): Promise<number> {
  const command = 'nilz pace';
  const { values, help } = loadSettings(settings, { command, argv, env });
  if (help) {
    const about = { command, summary: 'Time per block against the target over recent blocks.' };
    process.stdout.write(helpText(settings, about));
    return EXIT.done;
  }
  return withNode(command, values, async (node) => {
    const info = await node.call('getblockchaininfo', [], { schema: BlockchainInfo });
    const targetSeconds = info.nilzcoin?.block_time ?? networkOf(values).blockTimeSeconds;
    const paced = await recentBlocks(node, info.blocks, values.blocks);
    const spans = [...new Set([10, 30, paced.length])]
      .filter((span) => span <= paced.length)
      .sort((a, b) => a - b);
    const paces = spans.flatMap((span) => paceOf(paced, span, targetSeconds) ?? []);
    if (values.json) {
      console.log(JSON.stringify({ height: info.blocks, targetSeconds, paces, blocks: paced }));
      return EXIT.done;
    }
    if (paced.length === 0) console.log('fewer than two blocks after the genesis block yet');
    for (const block of paced.slice(-30)) console.log(line(block, targetSeconds));
    for (const pace of paces) console.log(summary(pace));
    return EXIT.done;
  });
}
