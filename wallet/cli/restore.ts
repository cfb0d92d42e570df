/** `nilz wallet restore`: a wallet made again from its words. */
import { DEV_MNEMONIC } from '../../protocol/network.ts';
import { integer } from '../../service/config.ts';
import { findAccounts } from '../chain/account-search.ts';
import { requireNoWalletFile } from '../keys/wallet-file.ts';
import { parseMnemonic, restoreWallet } from '../open-wallet.ts';
import { walletCommand } from './command.ts';
import { foundWallet, noteNothingFound, ScanLine, scanSettings } from './found-wallet.ts';
import { chooseNewPassphrase } from './passphrase.ts';
import { wordsOf, wordsSettings } from './words.ts';

export const restore = walletCommand({
  name: 'restore',
  summary: 'make a wallet again from its words, and find its addresses in the chain',
  settings: {
    ...wordsSettings,
    account: integer({
      help: "account N of the words, m/84'/coin'/N' (BIP 84); each account is a wallet file of its own",
      default: 0,
      min: 0,
      max: 2 ** 31 - 1,
    }),
    ...scanSettings,
  },
  async run(session, values) {
    const { terminal, path, profile, backend } = session;
    const { account, gapLimit } = values;
    await requireNoWalletFile(path);
    const mnemonic = parseMnemonic(await wordsOf(values, terminal), profile);
    if (mnemonic === DEV_MNEMONIC) {
      terminal.note(
        'WARNING: these words are PUBLIC. Anybody can spend what they hold; use them for trying out only.',
      );
    }
    const passphrase = await chooseNewPassphrase(session.values, terminal);
    const line = new ScanLine(terminal);
    const { onProgress } = line;
    // Before anything is written: should the node go away, the command can be given again.
    const others = await findAccounts({
      ...{ mnemonic, profile, backend, from: account + 1 },
      onProgress: (number) => terminal.progress(`account ${number} of these words looked at`),
    });
    const wallet = await restoreWallet({
      ...{ path, profile, backend, passphrase, mnemonic, account, gapLimit, onProgress },
      wordsChecked: Math.floor(Date.now() / 1_000),
    });
    line.end();
    const { json, lines } = await foundWallet(session, wallet, line.used);
    session.result(
      {
        ...json,
        account,
        other_accounts: others.map(({ account: number, usedAddresses }) => ({
          account: number,
          used_addresses: usedAddresses,
        })),
      },
      lines,
    );
    noteNothingFound(line.used, gapLimit, terminal);
    for (const { account: other } of others) {
      terminal.note(
        `Account ${other} of these words is in use as well: "nilz wallet restore --account ${other} --name account-${other}" makes a wallet of it.`,
      );
    }
  },
});
