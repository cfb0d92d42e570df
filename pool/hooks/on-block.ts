import { hashKey } from '../../protocol/bytes.ts';
import type { Stoppable } from '../../service/lifecycle.ts';
import type { AccountedBlock, AccountsView } from '../accounting/accounts-view.ts';
import { blockRow } from '../http/blocks.ts';
import { BlockHook, type BlockHookOptions } from './block-hook.ts';

/** Blocks whose command has run are remembered, so that a reorganisation does not run it again. */
const MAX_REMEMBERED = 1_000;
/** So many of them are told apart from new ones after a restart. */
const KNOWN_AT_START = 100;

/**
 * Runs the command for each block of the pool when it is in the chain for the first time. Blocks of before the
 * start are none of its business.
 * @throws CommandLineError when the command cannot be read
 */
export async function startBlockHook(
  accounts: AccountsView,
  network: string,
  options: BlockHookOptions,
): Promise<Stoppable> {
  const hook = new BlockHook(options);
  const known = await accounts.blocks(KNOWN_AT_START);
  const told = new Set(known.filter(isInChain).map(({ hash }) => hashKey(hash)));
  const onBlock = (block: AccountedBlock): void => {
    const key = hashKey(block.hash);
    if (!isInChain(block) || told.has(key)) return;
    told.add(key);
    const [oldest] = told;
    if (told.size > MAX_REMEMBERED && oldest !== undefined) told.delete(oldest);
    void hook.run({ ...blockRow(block, accounts.maturity), network });
  };
  accounts.on('block', onBlock);
  return {
    stop: () => {
      accounts.off('block', onBlock);
      return hook.stop();
    },
  };
}

function isInChain({ state }: AccountedBlock): boolean {
  return state === 'immature' || state === 'confirmed';
}
