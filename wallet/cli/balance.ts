/** `nilz wallet balance`: what each label has. */
import { formatAmount } from '../../protocol/amount.ts';
import { type Balance, totalOf } from '../chain/balance.ts';
import type { RefusedPayment } from '../chain/outgoing.ts';
import { walletCommand } from './command.ts';
import { amountJson, networkLine, table } from './table.ts';
import type { Terminal } from './terminal.ts';

export const balance = walletCommand({
  name: 'balance',
  summary: 'what each label has: spendable, pending and immature',
  settings: {},
  async run(session) {
    const { chain, labels, total, refused } = await (await session.openWallet()).balance();
    const rows = labels.map((each) => [each.label, ...columns(each)]);
    session.result(
      {
        network: session.profile.name,
        height: chain.height,
        labels: labels.map((each) => ({ label: each.label, ...balanceJson(each) })),
        total: balanceJson(total),
        refused: refused.map(({ txid, label, reason, givenUp }) => ({
          txid,
          label,
          reason,
          given_up: givenUp,
        })),
      },
      [
        `${networkLine(session.profile, chain.height)}; amounts in NILZ`,
        '',
        ...table(
          [['label', 'spendable', 'pending', 'immature', 'total'], ...rows, ['total', ...columns(total)]],
          ['left', 'right', 'right', 'right', 'right'],
        ),
      ],
    );
    noteRefused(refused, session.terminal);
    if (chain.syncing) session.terminal.note('The node is still catching up: payments may be missing.');
  },
});

function columns(each: Balance): string[] {
  return [each.spendable, each.pending, each.immature, totalOf(each)].map(formatAmount);
}

function balanceJson(each: Balance): Record<string, unknown> {
  return {
    ...amountJson('spendable', each.spendable),
    ...amountJson('pending', each.pending),
    ...amountJson('immature', each.immature),
    ...amountJson('total', totalOf(each)),
  };
}

/** Tells of payments that the chain does not take. */
export function noteRefused(refused: readonly RefusedPayment[], terminal: Terminal): void {
  for (const { txid, label, reason, givenUp } of refused) {
    terminal.note(
      givenUp
        ? `The payment ${txid} of "${label}" was given up, its coins are used otherwise: ${reason}`
        : `The payment ${txid} of "${label}" is kept and tried again, the node does not take it at present: ${reason}`,
    );
  }
}
