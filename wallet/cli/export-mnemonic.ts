/** `nilz wallet export-mnemonic`: the words, for whoever lost the paper. */
import { boolean } from '../../service/config.ts';
import { WalletError } from '../wallet-error.ts';
import { walletCommand } from './command.ts';

export const exportMnemonic = walletCommand({
  name: 'export-mnemonic',
  summary: 'print the words of the wallet',
  settings: { yes: boolean({ help: 'print them without asking' }) },
  async run(session, { yes }) {
    const { terminal } = session;
    terminal.note('WARNING: whoever sees these words can spend all coins of this wallet, now and later.');
    const wallet = await session.openWallet();
    if (!yes && terminal.interactive) {
      const answer = await terminal.ask('Is nobody looking? Type "yes" to see them: ');
      if (answer.trim().toLowerCase() !== 'yes')
        throw new WalletError('declined', 'the words were not shown');
    }
    const mnemonic = await wallet.mnemonic();
    session.result({ network: session.profile.name, mnemonic }, [mnemonic]);
  },
});
