/** `nilz wallet coins`, `freeze` and `unfreeze`: the coins one by one. */
import { formatAmount } from '../../protocol/amount.ts';
import type { OutPoint } from '../../protocol/transaction.ts';
import { SettingError, string } from '../../service/config.ts';
import type { WalletCoin } from '../chain/chain-view.ts';
import { parseLabel } from '../keys/contents.ts';
import { WalletError } from '../wallet-error.ts';
import { walletCommand } from './command.ts';
import { outPoints, outPointText } from './out-point-option.ts';
import type { Session } from './session.ts';
import { amountJson, table } from './table.ts';

export const coins = walletCommand({
  name: 'coins',
  summary: 'the unspent coins one by one',
  settings: { label: string({ help: 'of this label only' }) },
  async run(session, { label }) {
    const wallet = await session.openWallet();
    const only = label === undefined ? undefined : parseLabel(label);
    const all = (await wallet.coins()).filter((coin) => only === undefined || coin.label === only);
    const rows = all.map((coin) => [
      formatAmount(coin.value),
      coin.frozen ? `${coin.status}, frozen` : coin.status,
      String(coin.confirmations),
      coin.label,
      outPointText(coin.outPoint),
    ]);
    const head = ['amount', 'status', 'confirmations', 'label', 'coin'];
    session.result(
      { network: session.profile.name, coins: all.map(coinJson) },
      rows.length === 0
        ? ['No coins. "nilz wallet receive" shows where to be paid.']
        : table([head, ...rows], ['right', 'left', 'right', 'left', 'left']),
    );
  },
});

function coinJson(coin: WalletCoin): Record<string, unknown> {
  const { address, label, status, confirmations, frozen } = coin;
  return {
    coin: outPointText(coin.outPoint),
    ...amountJson('amount', coin.value),
    ...{ address, label, status, confirmations, frozen },
  };
}

const coinsSetting = {
  coins: string({ help: 'TXID:INDEX, several with commas; see "nilz wallet coins"' }),
};

async function setFrozen(session: Session, text: string | undefined, frozen: boolean): Promise<void> {
  if (text === undefined) throw new SettingError('--coins is missing: TXID:INDEX, several with commas');
  const named = outPoints(text, '--coins');
  const wallet = await session.openWallet();
  if (frozen) requireOwn(named, await wallet.coins());
  await wallet.setFrozen(named, frozen);
  const names = named.map(outPointText);
  session.result({ network: session.profile.name, coins: names, frozen }, names);
}

/** A coin that is mistyped would be frozen in vain. */
function requireOwn(named: readonly OutPoint[], own: readonly WalletCoin[]): void {
  const known = new Set(own.map(({ outPoint }) => outPointText(outPoint)));
  const unknown = named.map(outPointText).find((name) => !known.has(name));
  if (unknown === undefined) return;
  throw new WalletError('bad-coin', `the wallet has no unspent coin ${unknown}; see "nilz wallet coins"`);
}

export const freeze = walletCommand({
  name: 'freeze',
  summary: 'keep coins from being spent',
  settings: coinsSetting,
  run: (session, values) => setFrozen(session, values.coins, true),
});

export const unfreeze = walletCommand({
  name: 'unfreeze',
  summary: 'let frozen coins be spent again',
  settings: coinsSetting,
  run: (session, values) => setFrozen(session, values.coins, false),
});
