/** Whether what a backend says of a wallet adds up, and what its owner should know. Pure. */
import { formatAmount } from '../../protocol/amount.ts';
import { displayHash, equalBytes } from '../../protocol/bytes.ts';
import { outPointKey } from '../../protocol/transaction.ts';
import type { Nits } from '../../protocol/units.ts';
import type { ChainState } from '../chain/backend.ts';
import type { ChainView, WalletCoin } from '../chain/chain-view.ts';
import { GAP_LIMIT } from '../chain/scan.ts';
import type { Contents } from '../keys/contents.ts';
import type { Effect, OwnCoin } from './effects.ts';

/**
 * - `sums`: for each label, all that its transactions brought and took is what it has
 * - `coins`: each coin is an output of a transaction of the wallet that none of its others spends
 * - `payments`: the chain takes every payment that is on its way
 * - `backup`: the owner has shown to have the words
 * - `beyond-words`: what a restore from the words would not bring back
 * - `gap`: a restore with the usual gap limit finds all addresses
 * - `cache`: the history is kept beside the wallet file, so that it need not be read again
 */
export type CheckName = 'sums' | 'coins' | 'payments' | 'backup' | 'beyond-words' | 'gap' | 'cache';

export interface CheckFinding {
  readonly name: CheckName;
  readonly ok: boolean;
  /** As a sentence. */
  readonly detail: string;
}

export interface WalletCheck {
  readonly chain: ChainState;
  /** False when the backend contradicts itself: nothing it says of this wallet should be believed. */
  readonly sound: boolean;
  readonly findings: readonly CheckFinding[];
  /** Transactions and unspent coins that were looked at. */
  readonly transactions: number;
  readonly coins: number;
}

export interface CheckedWallet {
  readonly contents: Contents;
  readonly view: ChainView;
  readonly effects: readonly Effect[];
  /** Why the history could not be kept. */
  readonly cacheProblem: string | undefined;
}

/** Looks at everything once. */
export function checkWallet(wallet: CheckedWallet): WalletCheck {
  const { contents, view, effects, cacheProblem } = wallet;
  const sums = checkSums(wallet);
  const coins = checkCoins(wallet);
  return {
    chain: view.chain,
    sound: sums.ok && coins.ok,
    findings: [
      sums,
      coins,
      checkPayments(view),
      checkBackup(contents),
      checkBeyondWords(contents),
      checkGap(contents),
      {
        name: 'cache',
        ok: cacheProblem === undefined,
        detail: cacheProblem ?? 'nothing stands in the way of keeping the history',
      },
    ],
    transactions: effects.length,
    coins: view.coins.length,
  };
}

/** Whether the backend agrees with itself. */
export function isSound({ sound }: WalletCheck): boolean {
  return sound;
}

function checkSums({ view, effects }: CheckedWallet): CheckFinding {
  const nets = new Map<string, Nits>();
  const add = (label: string, value: Nits) => nets.set(label, (nets.get(label) ?? 0n) + value);
  for (const { made, spent } of effects) {
    for (const { label, value } of made) add(label, value);
    for (const { label, value } of spent) add(label, -value);
  }
  for (const { label, value } of [...view.coins, ...view.undelivered]) add(label, -value);
  const [odd] = [...nets].filter(([, difference]) => difference !== 0n);
  if (odd === undefined) {
    return { name: 'sums', ok: true, detail: 'what all transactions brought and took is the balance' };
  }
  const [label, difference] = odd;
  const more = difference > 0n ? 'less' : 'more';
  const amount = formatAmount(difference > 0n ? difference : -difference);
  return {
    name: 'sums',
    ok: false,
    detail: `the node lists coins of "${label}" worth ${amount} NILZ ${more} than its transactions say`,
  };
}

function checkCoins({ view, effects }: CheckedWallet): CheckFinding {
  const made = new Map<string, { readonly effect: Effect; readonly coin: OwnCoin }>();
  const spent = new Set<string>();
  for (const effect of effects) {
    const hash = new Map(effect.made.map((coin) => [`${effect.id}:${coin.at}`, { effect, coin }]));
    for (const [key, value] of hash) made.set(key, value);
    for (const { previous } of effect.transaction.inputs) spent.add(outPointKey(previous));
  }
  const isTrue = ({ outPoint, value, script }: WalletCoin): boolean => {
    const origin = made.get(`${displayHash(outPoint.txid)}:${outPoint.index}`);
    const output = origin?.effect.transaction.outputs[outPoint.index];
    return output !== undefined && output.value === value && equalBytes(output.script, script);
  };
  const odd = view.coins.find((coin) => !isTrue(coin) || spent.has(outPointKey(coin.outPoint)));
  if (odd === undefined) {
    return {
      name: 'coins',
      ok: true,
      detail: 'every coin is an unspent output of the wallet’s transactions',
    };
  }
  const { txid, index } = odd.outPoint;
  const what = isTrue(odd) ? 'is spent already' : 'is none of the wallet’s transactions’';
  return { name: 'coins', ok: false, detail: `coin ${displayHash(txid)}:${index} ${what}` };
}

function checkPayments({ refused }: ChainView): CheckFinding {
  const [first] = refused;
  if (first === undefined) return { name: 'payments', ok: true, detail: 'the chain takes all payments' };
  const become = first.givenUp ? 'was given up' : 'is kept and handed in again';
  return {
    name: 'payments',
    ok: false,
    detail: `the payment ${first.txid} is refused (${first.reason}) and ${become}`,
  };
}

function checkBackup({ keys, wordsChecked }: Contents): CheckFinding {
  if (keys.kind === 'watch') {
    return { name: 'backup', ok: true, detail: 'this wallet only watches: its words are elsewhere' };
  }
  if (wordsChecked === null) {
    return { name: 'backup', ok: false, detail: 'whether its owner has the words was never checked' };
  }
  const day = new Date(wordsChecked * 1_000).toISOString().slice(0, 10);
  return { name: 'backup', ok: true, detail: `its owner last showed to have the words on ${day}` };
}

function checkBeyondWords({ imported, labels, notes, contacts }: Contents): CheckFinding {
  const secret = imported.filter(({ privateKey }) => privateKey !== null).length;
  const said = [
    secret > 0 ? `${secret} imported keys` : '',
    labels.length > 1 ? `${labels.length} labels` : '',
    Object.keys(notes.addresses).length + Object.keys(notes.transactions).length > 0 ? 'notes' : '',
    contacts.length > 0 ? 'contacts' : '',
  ].filter((part) => part !== '');
  return {
    name: 'beyond-words',
    ok: secret === 0,
    detail:
      said.length === 0
        ? 'the words alone bring everything back'
        : `only in this file, not in the words: ${said.join(', ')}`,
  };
}

function checkGap({ given, used }: Contents): CheckFinding {
  const unused = given - used.receive;
  return {
    name: 'gap',
    ok: unused <= GAP_LIMIT,
    detail: `${Math.max(0, unused)} addresses after the last used one are given out; a restore looks at ${GAP_LIMIT}`,
  };
}
