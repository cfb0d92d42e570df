/** Puts the accounts together: rounds, the chain that decides what they are worth, payouts. */
import type { Nits } from '../../protocol/units.ts';
import type { Stoppable } from '../../service/lifecycle.ts';
import type { Logger } from '../../service/log.ts';
import type { RpcClient } from '../../service/rpc-client.ts';
import type { PayoutStep } from '../../wallet/services/payout-delivery.ts';
import { PayoutWatch } from '../../wallet/services/payout-watch.ts';
import { Settlement } from '../../wallet/services/settlement.ts';
import type { Wallet } from '../../wallet/wallet.ts';
import type { Clock } from '../clock.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Debt } from '../ledger/payout-rows.ts';
import { askNetwork, NetworkError, type NodeNetwork } from '../nodes/node-network.ts';
import { NodePayoutChain } from '../payouts/node-payout-chain.ts';
import { openOperatorWallet } from '../payouts/operator-wallet.ts';
import { PayoutService } from '../payouts/payout-service.ts';
import { PoolSettlement } from '../payouts/settlement.ts';
import { NotRecordedError } from '../stratum/share-sink.ts';
import { Accounts } from './accounts.ts';
import type { AccountsView } from './accounts-view.ts';
import { judgeBlocks } from './block-judge.ts';
import { ChainFollower, type ChainMove } from './chain-follower.ts';
import { NodeChain } from './node-chain.ts';
import { RoundKeeper } from './round-keeper.ts';
import type { Terms } from './scheme.ts';

/** What payouts are paid from, and when. */
export interface PayoutOptions {
  /** Opens the operator's wallet on a node. */
  readonly openWallet: (client: RpcClient) => Promise<Wallet>;
  readonly label: string;
  /** What is owed below it waits. */
  readonly minimum: Nits;
  /** 0: only by hand. */
  readonly intervalSeconds: number;
  /** For tests that end the process between two steps. */
  readonly onStep?: ((step: PayoutStep) => Promise<void>) | undefined;
}

export interface AccountsParts {
  readonly ledger: Ledger;
  /** Goes to the node that work is taken from. */
  readonly client: RpcClient;
  readonly terms: Terms;
  readonly network: NodeNetwork;
  /** Where coinbases pay to; undefined in solo without a fee. */
  readonly rewardAddress: string | undefined;
  /** Undefined: balances are kept, and nobody is paid. */
  readonly payouts?: PayoutOptions | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  /** How often the node is asked for its tip (default 1,000). */
  readonly pollMs?: number | undefined;
  /**
   * Whether the chain was searched for blocks of ours that an earlier run could not write down. Until then the next
   * run has to begin where this one did. Default: it was.
   */
  readonly isSearched?: (() => boolean) | undefined;
  /** Of the blocks being worked on; undefined while nothing is known. */
  readonly currentBits: () => number | undefined;
}

export interface RunningAccounts extends Stoppable {
  readonly view: AccountsView;
}

/** Payouts under way are looked at so often even if no block comes: a mempool may have dropped one. */
const LOOK_AGAIN_MS = 30_000;
const POLL_MS = 1_000;

/**
 * Starts to keep accounts. What an earlier run left undone is done first in the background.
 * @throws WalletError, OperatorWalletError when payouts cannot be paid from the wallet
 */
export async function startAccounts(parts: AccountsParts): Promise<RunningAccounts> {
  const { ledger, terms, clock, log, network, pollMs = POLL_MS, isSearched = () => true } = parts;
  const { maturity } = network;
  const stopping = new AbortController();
  const { signal } = stopping;
  const chain = new NodeChain(parts.client, signal);
  const payer = await openPayer(parts, chain, signal);
  const rounds = new RoundKeeper({ ledger, terms, log, signal });
  const accounts = new Accounts({
    ledger,
    terms,
    maturity,
    minimum: parts.payouts?.minimum ?? 0n,
    tip: () => follower.tip,
    payer: () => payer,
  });
  let lookedMs = Number.NEGATIVE_INFINITY;
  const follower = new ChainFollower({
    chain,
    seen: await ledger.blocks.chainSeen(),
    log,
    signal,
    pollMs,
    checkNetwork: () => requireNetwork(parts.client, network, signal),
    onMove: async (move: ChainMove) => {
      const changes = await judgeBlocks(move, { blocks: ledger.blocks, chain, maturity });
      await accounts.announceBlocks([...changes.keys()]);
      await payer?.look(move);
      // Not before: a pool that dies here must find the same reorganisation again, for its payouts too.
      if (isSearched()) await ledger.blocks.see(move.tip);
      lookedMs = clock.steadyMs();
    },
  });
  const lookAgain = setInterval(() => {
    if (clock.steadyMs() - lookedMs >= LOOK_AGAIN_MS) follower.nudge();
  }, LOOK_AGAIN_MS / 2);

  const failed = (error: unknown): void => {
    if (!signal.aborted) log.error({ err: error }, 'the accounts are behind');
  };
  const sumUp = (): Promise<void> =>
    rounds.sumUp().catch((error: unknown) => {
      // The shares come with the next start.
      if (!(error instanceof NotRecordedError)) failed(error);
    });
  let announcing: Promise<void> = Promise.resolve();
  const afterwards = (work: () => Promise<void>): void => {
    announcing = announcing.then(() => (signal.aborted ? undefined : work())).catch(failed);
  };
  const afterwardsDone = (): Promise<void> => announcing;
  ledger.blocks.on('changed', (hash) => {
    follower.nudge();
    afterwards(async () => {
      await sumUp();
      await accounts.announceBlock(hash);
    });
  });
  ledger.payouts.on('changed', (id) => afterwards(() => accounts.announcePayout(id)));
  await payer?.start();
  afterwards(sumUp);
  follower.start();
  // What blocks to come may be divided by is kept, the rest of the share log for a while.
  ledger.retention.start({ firstNeeded: () => rounds.firstNeeded(parts.currentBits()) });
  return {
    view: accounts,
    stop: async () => {
      clearInterval(lookAgain);
      stopping.abort(new Error('the pool is stopping'));
      await follower.stopped();
      await payer?.stop();
      await afterwardsDone();
    },
  };
}

/** @throws NetworkError when the node is on another network by now */
async function requireNetwork(client: RpcClient, network: NodeNetwork, signal: AbortSignal): Promise<void> {
  const { name, identity } = await askNetwork(client, { signal });
  if (identity === network.identity) return;
  throw new NetworkError(`the node is on the network "${name}" now, this pool is on "${network.name}"`);
}

async function openPayer(
  { payouts, terms, client, network, rewardAddress, ledger, clock, log }: AccountsParts,
  chain: NodeChain,
  signal: AbortSignal,
): Promise<PayoutService | undefined> {
  if (terms.scheme === 'solo') {
    if (payouts !== undefined) log.warn('--operator-wallet is not used: under solo blocks pay their finders');
    return undefined;
  }
  if (payouts === undefined || rewardAddress === undefined) {
    log.warn('no operator wallet: balances are kept, but nobody is paid; see --operator-wallet');
    return undefined;
  }
  const { maturity } = network;
  const { label, minimum, intervalSeconds, onStep, openWallet } = payouts;
  const wallet = await openOperatorWallet(
    { wallet: await openWallet(client), label, buriedDepth: maturity },
    rewardAddress,
  );
  const book = ledger.payouts;
  const common = { book, wallet, chain: new NodePayoutChain(chain, book), clock, log, onStep };
  return new PayoutService({
    settlement: new PoolSettlement({
      book,
      minimum,
      settlement: new Settlement({ ...common, split: (debt: Debt, most) => book.split(debt, most) }),
    }),
    watch: new PayoutWatch({ ...common, settledDepth: maturity }),
    book,
    clock,
    log,
    intervalMs: intervalSeconds * 1_000,
    signal,
  });
}
