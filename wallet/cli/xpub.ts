/** `nilz wallet xpub`: the public half of the account. */
import { walletCommand } from './command.ts';
import { table } from './table.ts';

export const xpub = walletCommand({
  name: 'xpub',
  summary: 'the extended public key, for a wallet that only watches',
  settings: {},
  async run(session) {
    const account = await (await session.openWallet()).exportXpub();
    session.result(
      {
        network: session.profile.name,
        xpub: account.xpub,
        zpub: account.zpub,
        path: account.path,
        fingerprint: account.fingerprint,
        with_origin: account.withOrigin,
      },
      [account.withOrigin],
    );
    if (!session.json) {
      const rows = [
        ['xpub', account.xpub],
        ['zpub', account.zpub],
        ['path', account.path],
      ];
      for (const line of table(rows, ['left', 'left'])) session.terminal.note(line);
    }
    session.terminal.note('Whoever has it can spend nothing, and sees every payment of this wallet.');
  },
});
