/** `nilz wallet check-backup`: whether what stands on the paper are the words of this wallet. */
import { AnswerIsNoError, walletCommand } from './command.ts';
import { wordsOf, wordsSettings } from './words.ts';

export const checkBackup = walletCommand({
  name: 'check-backup',
  summary: 'compare the words you wrote down with those of the wallet',
  settings: wordsSettings,
  async run(session, values) {
    const { terminal, profile } = session;
    const wallet = await session.openWallet();
    const same = await wallet.checkWords(await wordsOf(values, terminal));
    session.result({ network: profile.name, same }, same ? ['These are the words of this wallet.'] : []);
    if (same) return;
    throw new AnswerIsNoError(
      'these are not the words of this wallet: look for a wrong word or another order; "nilz wallet export-mnemonic" shows the right ones',
    );
  },
});
