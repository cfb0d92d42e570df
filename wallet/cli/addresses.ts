/** `nilz wallet addresses`: every address and what became of it. */
import { formatAmount } from '../../protocol/amount.ts';
import { string } from '../../service/config.ts';
import { parseLabel } from '../keys/contents.ts';
import { walletCommand } from './command.ts';
import { amountJson, table } from './table.ts';

export const addresses = walletCommand({
  name: 'addresses',
  summary: 'every address, whether it was used, and what it has',
  settings: { label: string({ help: 'of this label only' }) },
  async run(session, { label }) {
    const only = label === undefined ? undefined : parseLabel(label);
    const all = await (await session.openWallet()).addresses();
    const rows = all.filter((each) => only === undefined || each.label === only);
    session.result(
      {
        network: session.profile.name,
        addresses: rows.map(({ balance, label: name, ...rest }) => ({
          ...rest,
          label: name ?? null,
          ...amountJson('balance', balance),
        })),
      },
      table(
        rows.map(({ address, chain, label: name, used, balance, note }) => [
          address,
          chain,
          name ?? '—',
          used ? 'used' : 'new',
          formatAmount(balance),
          note,
        ]),
        ['left', 'left', 'left', 'left', 'right', 'left'],
      ),
    );
  },
});
