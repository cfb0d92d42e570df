/** `nilz wallet import-key`: a single key from elsewhere. */
import { string } from '../../service/config.ts';
import { DEFAULT_LABEL } from '../keys/contents.ts';
import { walletCommand } from './command.ts';
import { readSecretFile } from './passphrase.ts';
import { requireHearing, type Terminal } from './terminal.ts';

const settings = {
  privateKey: string({
    help: 'the key, as WIF or 64 hexadecimal digits; without it it is asked for, or read from standard input',
    secret: true,
  }),
  keyFile: string({ help: 'a file with the key' }),
  label: string({ help: 'the label its coins get', default: DEFAULT_LABEL }),
};

export const importKey = walletCommand({
  name: 'import-key',
  summary: 'bring in a single key from elsewhere',
  settings,
  async run(session, values) {
    const { terminal, profile } = session;
    const wallet = await session.openWallet();
    const key = await keyOf(values, terminal);
    const { address, label, canSign } = await wallet.importKey(key, values.label);
    session.result({ network: profile.name, address, label, can_sign: canSign }, [address]);
    terminal.note(
      'The words of the wallet do not bring this key back: keep it, or a copy of the wallet file, as well.',
    );
  },
});

async function keyOf(
  { privateKey, keyFile }: { readonly privateKey: string | undefined; readonly keyFile: string | undefined },
  terminal: Terminal,
): Promise<string> {
  if (keyFile !== undefined) return readSecretFile(keyFile, '--key-file');
  if (privateKey !== undefined) return privateKey;
  requireHearing(terminal, 'NILZ_PRIVATE_KEY or --key-file FILE');
  return terminal.interactive ? terminal.askHidden('Key (not shown): ') : terminal.readInput();
}
