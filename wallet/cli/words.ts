/** The words of a wallet from outside: a prompt, standard input, the environment or a file, never an argument. */
import { string, type Values } from '../../service/config.ts';
import { readSecretFile } from './passphrase.ts';
import { requireHearing, type Terminal } from './terminal.ts';

export const wordsSettings = {
  mnemonic: string({
    help: 'the words; without it they are asked for, or read from standard input',
    secret: true,
  }),
  mnemonicFile: string({ help: 'a file with the words' }),
};

/** What was given as the words, whatever it is. */
export async function wordsOf(
  { mnemonic, mnemonicFile }: Values<typeof wordsSettings>,
  terminal: Terminal,
): Promise<string> {
  if (mnemonicFile !== undefined) return readSecretFile(mnemonicFile, '--mnemonic-file');
  if (mnemonic !== undefined) return mnemonic;
  requireHearing(terminal, 'NILZ_MNEMONIC or --mnemonic-file FILE');
  return terminal.interactive
    ? terminal.askHidden('Words of the wallet (not shown): ')
    : terminal.readInput();
}
