/** Blocks of a devnet that does not mine by itself: one when a test asks for it. */
import { startMiner } from '../../miner/miner.ts';
import { createLogger } from '../../service/log.ts';
import type { Devnet } from './devnet.ts';

/** For `Devnet.start`: nothing is mined unasked, and what is asked for is found at once. */
export const MINED_BY_HAND = ['--no-mine', '--start-difficulty', '0.00001'];

const SILENT = createLogger({ name: 'test', level: 'silent' });

/** Finds at least one block at the devnet's pool, for the account carol. */
export async function mineBlock(devnet: Devnet): Promise<void> {
  const user = `${devnet.address('carol')}.test`;
  const found = devnet.nextBlock();
  const pools = [{ url: devnet.ready.pool.stratumUrl, user }];
  const miner = await startMiner({ pools, threads: 1, log: SILENT });
  await found;
  await miner.stop();
}
