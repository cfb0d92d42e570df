/** `nilz wallet watch`: a wallet that sees what an account has, and can spend nothing of it. */
import { SettingError, string } from '../../service/config.ts';
import { requireNoWalletFile } from '../keys/wallet-file.ts';
import { watchWallet } from '../open-wallet.ts';
import { walletCommand } from './command.ts';
import { foundWallet, noteNothingFound, ScanLine, scanSettings } from './found-wallet.ts';
import { chooseNewPassphrase } from './passphrase.ts';

export const watch = walletCommand({
  name: 'watch',
  summary: 'make a wallet that only watches, from an extended public key',
  settings: {
    xpub: string({
      help: 'as "nilz wallet xpub" prints it; with its origin, [FINGERPRINT/84h/1h/0h]tpub…, an offline signer finds its keys',
    }),
    ...scanSettings,
  },
  async run(session, { xpub, gapLimit }) {
    const { terminal, path, profile, backend } = session;
    if (xpub === undefined) throw new SettingError('--xpub is missing: the extended public key');
    if (/^\W*[a-zA-Z]prv/.test(xpub))
      throw new SettingError(
        '--xpub is a private key: whoever has it can spend all; "nilz wallet xpub" prints the public one',
      );
    await requireNoWalletFile(path);
    const passphrase = await chooseNewPassphrase(session.values, terminal);
    const line = new ScanLine(terminal);
    const { onProgress } = line;
    const wallet = await watchWallet({ path, profile, backend, passphrase, xpub, gapLimit, onProgress });
    line.end();
    const { json, lines } = await foundWallet(session, wallet, line.used);
    session.result(json, lines);
    noteNothingFound(line.used, gapLimit, terminal);
  },
});
