/** `nilz node`: the node, with a miner for its `--mine`. */
import { main as nodeMain } from '../node/main.ts';
import { mineOnNode } from './node-mining.ts';

/** Runs the node until it is told to end; returns the exit code. */
export function main(argv: string[], env: NodeJS.ProcessEnv): Promise<number> {
  return nodeMain(argv, env, mineOnNode);
}
