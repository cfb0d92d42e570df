import type { Block } from './block.ts';
import { displayHash } from './bytes.ts';
import { checkBlockContext } from './check-block.ts';
import { checkInputs, verifyInputs } from './check-input.ts';
import { blockKeysSteps, type Coin, type CoinView, type Undo } from './coins.ts';
import type { NetworkProfile } from './network.ts';
import { RuleError } from './rules.ts';
import { isUnspendable } from './script.ts';
import type { Verify } from './signature.ts';
import { atOnce, eachInSteps, ITEMS_PER_STEP, type Steps } from './steps.ts';
import { type Transaction, txid } from './transaction.ts';
import type { Height, Nits } from './units.ts';

export { checkInputs, verifyInput, verifyInputs } from './check-input.ts';
export {
  type Coin,
  type CoinView,
  coinCodec,
  genesisCoins,
  MemoryCoins,
  type Undo,
  undoCodec,
} from './coins.ts';

/** What connecting a block does to the coins, worked out but not done. */
export interface Connection {
  /** Keys of coins of the view that are gone afterwards. */
  readonly spent: ReadonlySet<string>;
  /** Coins that are new afterwards. What a block makes and spends itself is in neither. */
  readonly created: ReadonlyMap<string, Coin>;
  readonly undo: Undo;
  readonly fees: Nits;
}

/** Whether the signatures of a transaction are known to be right, as of one that was in the mempool. */
export type IsVerified = (transaction: Transaction) => boolean;

/**
 * Connects a block to the coins: `planConnection`, `verifySpends`, `applyConnection`. The view is changed
 * only if all rules hold.
 *
 * A transaction cannot come twice (BIP 30): coinbases differ by their height (BIP 34), and any other spends
 * what is spent already.
 * @param block that passed `checkHeader`, `checkHeaderContext` and `checkBlock`
 * @param medianTimePast of the parent, seconds since 1970
 * @returns what `disconnectBlock` needs
 * @throws RuleError
 */
export function connectBlock(
  block: Block,
  height: Height,
  medianTimePast: number,
  view: CoinView,
  profile: NetworkProfile,
  verify: Verify,
  isVerified?: IsVerified,
): Undo {
  checkBlockContext(block, height, medianTimePast, profile);
  const connection = planConnection(block, height, view, profile);
  verifySpends(block, connection.undo, verify, isVerified);
  applyConnection(connection, view);
  return connection.undo;
}

/**
 * Works out what a block does to the coins, and checks everything about its amounts and inputs but the
 * signatures. Reads the view, changes nothing.
 * Source: Bitcoin Core, Chainstate::ConnectBlock.
 * @throws RuleError
 */
export function planConnection(
  block: Block,
  height: Height,
  view: CoinView,
  profile: NetworkProfile,
): Connection {
  return atOnce(planConnectionSteps(block, height, view, profile));
}

/** `planConnection` in steps; the view must not change until the last one. */
export function* planConnectionSteps(
  block: Block,
  height: Height,
  view: CoinView,
  profile: NetworkProfile,
): Steps<Connection> {
  const keys = yield* blockKeysSteps(block);
  const spent = new Set<string>();
  const created = new Map<string, Coin>();
  const undo: Coin[][] = [];
  let fees: Nits = 0n;
  /** A coin of this block, or one of the view that this block has not spent yet. */
  const take = (key: string): Coin | undefined => {
    const own = created.get(key);
    if (own !== undefined) {
      created.delete(key);
      return own;
    }
    const coin = spent.has(key) ? undefined : view.get(key);
    if (coin !== undefined) spent.add(key);
    return coin;
  };
  for (const [index, transaction] of block.transactions.entries()) {
    if (index > 0) {
      const coins = (keys.spent[index] ?? []).map((key, input) => take(key) ?? missing(transaction, input));
      fees += checkInputs(transaction, coins, height, profile);
      undo.push(coins);
    }
    const coinbase = index === 0;
    for (const [output, { value, script }] of transaction.outputs.entries()) {
      if (output % ITEMS_PER_STEP === 0) yield;
      const key = keys.created[index]?.[output] ?? '';
      if (!isUnspendable(script)) created.set(key, { value, script, height, coinbase });
    }
  }
  checkCoinbaseAmount(block, rewardAt(height, profile) + fees);
  return { spent, created, undo: { spent: undo }, fees };
}

function missing(transaction: Transaction, input: number): never {
  const where = `input ${input} of ${displayHash(txid(transaction))}`;
  throw new RuleError('bad-txns-inputs-missingorspent', `${where} is unknown or already spent`);
}

function checkCoinbaseAmount({ transactions }: Block, allowed: Nits): void {
  let paid: Nits = 0n;
  for (const { value } of transactions[0]?.outputs ?? []) paid += value;
  if (paid > allowed) {
    throw new RuleError('bad-cb-amount', `coinbase pays ${paid} nits, reward and fees are ${allowed} nits`);
  }
}

/** What the coinbase of a block may pay beside the fees. Source: Bitcoin Core, GetBlockSubsidy. */
export function rewardAt(height: Height, { reward, halvingInterval }: NetworkProfile): Nits {
  if (halvingInterval === 0) return reward;
  return reward >> BigInt(Math.floor(height / halvingInterval));
}

/**
 * Checks the signatures of a block.
 * @param undo of `planConnection`: the coins the inputs spend
 * @param isVerified transactions it is true for are not checked again
 * @throws RuleError `mandatory-script-verify-flag-failed`
 */
export function verifySpends(block: Block, undo: Undo, verify: Verify, isVerified?: IsVerified): void {
  for (const [index, coins] of undo.spent.entries()) {
    const transaction = block.transactions[index + 1];
    if (transaction === undefined) throw undoMismatch(block, undo);
    if (isVerified?.(transaction) !== true) verifyInputs(transaction, coins, verify);
  }
}

/** Does to the coins what was worked out. */
export function applyConnection(connection: Connection, view: CoinView): void {
  atOnce(applyConnectionSteps(connection, view));
}

/** `applyConnection` in steps. */
export function* applyConnectionSteps({ spent, created }: Connection, view: CoinView): Steps<void> {
  yield* eachInSteps(spent, (key) => view.spend(key));
  yield* eachInSteps(created, ([key, coin]) => view.add(key, coin));
}

/**
 * Takes the newest block back: the coins are again what they were before it was connected.
 * @param undo what `connectBlock` returned for it
 */
export function disconnectBlock(block: Block, undo: Undo, view: CoinView): void {
  atOnce(disconnectBlockSteps(block, undo, view));
}

/** `disconnectBlock` in steps. */
export function* disconnectBlockSteps(block: Block, undo: Undo, view: CoinView): Steps<void> {
  const keys = yield* blockKeysSteps(block);
  if (undo.spent.length !== block.transactions.length - 1) throw undoMismatch(block, undo);
  const restored = new Map<string, Coin>();
  for (const [index, coins] of undo.spent.entries()) {
    const spent = keys.spent[index + 1] ?? [];
    if (spent.length !== coins.length) throw undoMismatch(block, undo);
    for (const [input, coin] of coins.entries()) restored.set(spent[input] ?? '', coin);
  }
  for (const [index, { outputs }] of block.transactions.entries()) {
    for (const [output, { script }] of outputs.entries()) {
      if (output % ITEMS_PER_STEP === 0) yield;
      const key = keys.created[index]?.[output] ?? '';
      // What the block made is gone, unless it spent it itself: then it is not there to begin with.
      if (!isUnspendable(script) && !restored.delete(key)) view.spend(key);
    }
  }
  yield* eachInSteps(restored, ([key, coin]) => view.add(key, coin));
}

function undoMismatch(block: Block, undo: Undo): Error {
  return new Error(
    `undo data of ${undo.spent.length} spends does not fit ${block.transactions.length} transactions`,
  );
}
