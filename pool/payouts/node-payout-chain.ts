/** The chain of a pool's payouts: its node, which says of a coin only whether it is there. */
import { displayHash, equalBytes } from '../../protocol/bytes.ts';
import type { Hash } from '../../protocol/units.ts';
import type { SpentCoin } from '../../wallet/payments/payment.ts';
import type { PayoutRecord, PayoutTransaction } from '../../wallet/services/payout.ts';
import type { PayoutChain, SendAnswer, TransactionPlace } from '../../wallet/services/payout-chain.ts';
import { type BlockPlace, NO_OBSTACLE, type Obstacle } from '../../wallet/services/payout-state.ts';
import { WalletError } from '../../wallet/wallet-error.ts';
import type { NodeChain } from '../accounting/node-chain.ts';
import type { PayoutBook } from '../ledger/payout-book.ts';
import type { Debt, PoolInput } from '../ledger/payout-rows.ts';

/** Refusals that have nothing to do with the coins: too little fee, or too many that wait. */
const FLEETING = /fee not met|mempool (is )?full|too-long-mempool-chain/;

const CALLS_AT_ONCE = 50;

export class NodePayoutChain implements PayoutChain<PoolInput> {
  readonly #chain: NodeChain;
  readonly #book: Pick<PayoutBook, 'with'>;

  constructor(chain: NodeChain, book: Pick<PayoutBook, 'with'>) {
    this.#chain = chain;
    this.#book = book;
  }

  tip(): Promise<BlockPlace> {
    return this.#chain.tip();
  }

  async places(txids: readonly Hash[], tip: BlockPlace): Promise<readonly TransactionPlace[]> {
    const places: TransactionPlace[] = [];
    for (let start = 0; start < txids.length; start += CALLS_AT_ONCE) {
      const some = txids.slice(start, start + CALLS_AT_ONCE);
      places.push(...(await Promise.all(some.map((txid) => this.#chain.transaction(txid)))));
    }
    await this.#chain.requireTip(tip);
    return places;
  }

  async send(raw: Uint8Array): Promise<SendAnswer> {
    const answer = await this.#chain.send(raw);
    if (answer.accepted) return answer;
    const { reason } = answer;
    return { accepted: false, reason, conflicts: !FLEETING.test(reason) };
  }

  /** With the block whose coinbase made a coin: a reorganisation may take it away. */
  async inputsOf(coins: readonly SpentCoin[], tip: BlockPlace): Promise<readonly PoolInput[]> {
    const chain = this.#chain;
    const facts = await Promise.all(coins.map(({ outPoint }) => chain.coin(outPoint, tip)));
    const heights = facts.flatMap((coin) => (coin?.isCoinbase ? [coin.height] : []));
    const blocks = await chain.hashesAt(heights);
    await chain.requireTip(tip);
    return coins.map(({ outPoint, value, script }, index) => {
      const coin = facts[index];
      if (coin === undefined) {
        const name = `${displayHash(outPoint.txid)}:${outPoint.index}`;
        throw new WalletError('coins-gone', `the coin ${name} is gone`);
      }
      const hash = coin.isCoinbase ? blocks.get(coin.height) : undefined;
      return { ...outPoint, value, script, coinbase: hash && { hash, height: coin.height } };
    });
  }

  /**
   * A node says of a coin that it is gone, and not which block took it: the depth counts from the tip at which that
   * was first seen, for as long as that block stands in the best chain.
   */
  async obstacleTo(
    { progress, transactions }: PayoutRecord<Debt, PoolInput>,
    tip: BlockPlace,
  ): Promise<Obstacle> {
    const isImpossible = await this.#areAllImpossible(transactions, tip);
    const { impossibleSince: before } = progress;
    const there = before && (await this.#chain.hashesAt([before.height])).get(before.height);
    await this.#chain.requireTip(tip);
    if (!isImpossible) return NO_OBSTACLE;
    const doesStand = before !== undefined && there !== undefined && equalBytes(there, before.hash);
    const since = doesStand ? before : tip;
    return { depth: tip.height - since.height + 1, since };
  }

  /** Whether none of the transactions can be mined on the chain as it is. */
  async #areAllImpossible(
    transactions: readonly PayoutTransaction<PoolInput>[],
    tip: BlockPlace,
  ): Promise<boolean> {
    for (const { inputs } of transactions) {
      if (!(await this.#isOneGone(inputs, tip))) return false;
    }
    return true;
  }

  async #isOneGone(inputs: readonly PoolInput[], tip: BlockPlace): Promise<boolean> {
    for (const input of inputs) if (await this.#isGone(input, tip)) return true;
    return false;
  }

  /** Whether the best chain has spent a coin on something else, or has lost the coinbase that made it. */
  async #isGone({ txid, index, coinbase }: PoolInput, tip: BlockPlace): Promise<boolean> {
    const chain = this.#chain;
    if ((await chain.coin({ txid, index }, tip)) !== undefined) return false;
    // Spent by another transaction if the block that made it is in the chain, and lost with it if another block
    // stands in its place. A chain that is not as high yet says nothing.
    if (coinbase !== undefined) return tip.height >= coinbase.height;
    const parent = await chain.transaction(txid);
    if (parent.state === 'in-block') return true;
    // The transaction that made it may be mined again, unless it was a payout of ours that never can be.
    const payout = await this.#book.with(txid);
    if (payout === undefined) return false;
    const isAnotherMined = payout.inBlock !== undefined && !equalBytes(payout.inBlock.txid, txid);
    return payout.state === 'returned' || isAnotherMined;
  }
}
