/**
 * The victim of the crash test: hands the blocks of `contest` to the chain in the directory it is given,
 * says after each one how many have been accepted, and is killed while it does.
 */
import { argv, stdout } from 'node:process';
import { pathToFileURL } from 'node:url';
import { COIN } from '../../protocol/amount.ts';
import { ChainKit, coinOf, type KitBlock, openChain } from './chain-kit.ts';

/** Two branches that overtake each other with every second block; each makes payments of its own. */
export function contest(kit: ChainKit, rounds: number): KitBlock[] {
  const order: KitBlock[] = [];
  const branches = [
    { tip: kit.genesis, coin: kit.funds('alice') },
    { tip: kit.genesis, coin: kit.funds('alice') },
  ];
  for (let round = 0; round < rounds; round++) {
    const branch = branches[round % 2]!;
    const blocks = round === 0 ? 1 : 2;
    for (let made = 0; made < blocks; made++) {
      const payment = kit.payment(branch.coin, 'bob', BigInt(round + 1) * (COIN / 1_000n));
      branch.tip = kit.mineBlock(branch.tip, [payment], { tag: 10 * round + made, fees: 1_000n });
      branch.coin = coinOf(payment, 1, 'alice');
      order.push(branch.tip);
    }
  }
  return order;
}

if (argv[1] !== undefined && import.meta.url === pathToFileURL(argv[1]).href) {
  const [, , directory, rounds] = argv;
  const kit = new ChainKit();
  const { chain } = await openChain(kit, { directory: directory! });
  let accepted = 0;
  for (const { block } of contest(kit, Number(rounds))) {
    await chain.accept(block);
    stdout.write(`${++accepted}\n`);
  }
}
