/** `nilz wallet new-address`: an address nobody has seen yet. */
import { string } from '../../service/config.ts';
import { GAP_LIMIT } from '../chain/scan.ts';
import { DEFAULT_LABEL } from '../keys/contents.ts';
import { walletCommand } from './command.ts';
import type { Terminal } from './terminal.ts';

export const newAddress = walletCommand({
  name: 'new-address',
  summary: 'a new address to be paid at',
  settings: {
    label: string({
      help: 'the label it gets; a new one is made, an old one gets a further address',
      default: DEFAULT_LABEL,
    }),
  },
  async run(session, values) {
    const { address, path, label, unusedBefore } = await (await session.openWallet()).newAddress(
      values.label,
    );
    session.result({ address, path, label, network: session.profile.name }, [address]);
    noteGap(unusedBefore, session.terminal);
  },
});

/** Says when a restore from the words would not look as far as a new address. */
export function noteGap(unusedBefore: number, terminal: Terminal): void {
  if (unusedBefore < GAP_LIMIT) return;
  terminal.note(
    `${unusedBefore} addresses before this one were never paid, as far as the wallet knows: to find it again from the words alone, restore with --gap-limit ${unusedBefore + 1}.`,
  );
}
