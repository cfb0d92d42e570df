/** `nilz wallet list`: labels and addresses, without asking the chain. */
import { walletCommand } from './command.ts';
import { table } from './table.ts';

export const list = walletCommand({
  name: 'list',
  summary: 'labels and their addresses',
  settings: {},
  async run(session) {
    const labels = await (await session.openWallet()).labels();
    const rows = labels.flatMap(({ label, addresses }) =>
      addresses.map(({ address, path }) => [label, address, path ?? '—']),
    );
    session.result({ network: session.profile.name, labels }, table(rows, ['left', 'left', 'left']));
  },
});
