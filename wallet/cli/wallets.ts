/** `nilz wallet wallets`: the wallet files of a network, told apart without a passphrase. */
import { magicHex } from '../../protocol/network.ts';
import { type ListedWallet, listWallets } from '../keys/wallet-folder.ts';
import { walletCommand } from './command.ts';
import type { Session } from './session.ts';
import { table } from './table.ts';

export const wallets = walletCommand({
  name: 'wallets',
  summary: 'the wallets of the network, by name',
  settings: {},
  async run(session) {
    const all = await listWallets(session.folder);
    const rows = all.map((wallet) => [wallet.name, wallet.path, problemOf(wallet, session) ?? '']);
    session.result(
      {
        network: session.profile.name,
        wallets: all.map((wallet) => ({
          name: wallet.name,
          path: wallet.path,
          problem: problemOf(wallet, session) ?? null,
        })),
      },
      rows.length === 0
        ? ['No wallet yet. "nilz wallet init" makes one; with --name NAME, a further one.']
        : table(rows, ['left', 'left', 'left']),
    );
  },
});

function problemOf({ problem, magic, network }: ListedWallet, { profile }: Session): string | undefined {
  if (problem !== undefined) return problem.message;
  return magic === magicHex(profile) ? undefined : `of the network ${network} (${magic})`;
}
