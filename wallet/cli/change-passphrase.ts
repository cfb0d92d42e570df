/** `nilz wallet change-passphrase`: the file sealed anew. */
import { walletCommand } from './command.ts';
import { askPassphrase, chooseOtherPassphrase, newPassphraseSettings } from './passphrase.ts';

export const changePassphrase = walletCommand({
  name: 'change-passphrase',
  summary: 'give the wallet file another passphrase',
  settings: newPassphraseSettings,
  async run(session, values) {
    const { terminal, path, profile } = session;
    const current = await askPassphrase(session.values, terminal);
    const wallet = await session.openWalletWith(current);
    await wallet.changePassphrase(current, await chooseOtherPassphrase(values, terminal));
    session.result({ network: profile.name, wallet: path, changed: true }, [
      'The file has its new passphrase.',
    ]);
    terminal.note('Copies of the file that you made before still open with the old one.');
  },
});
