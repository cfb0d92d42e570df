/** `nilz wallet restore`: a wallet made again from its words. */
import { formatAmount } from '../../protocol/amount.ts';
import { DEV_MNEMONIC } from '../../protocol/network.ts';
import { integer, string } from '../../service/config.ts';
import { totalOf } from '../chain/balance.ts';
import { GAP_LIMIT, type ScanProgress } from '../chain/scan.ts';
import { requireNoWalletFile } from '../keys/wallet-file.ts';
import { parseMnemonic, restoreWallet } from '../open-wallet.ts';
import { walletCommand } from './command.ts';
import { chooseNewPassphrase, readSecretFile } from './passphrase.ts';
import { amountJson, networkLine, table } from './table.ts';
import type { Terminal } from './terminal.ts';

export const restore = walletCommand({
  name: 'restore',
  summary: 'make a wallet again from its words, and find its addresses in the chain',
  settings: {
    mnemonic: string({
      help: 'the words; without it they are asked for, or read from standard input',
      secret: true,
    }),
    mnemonicFile: string({ help: 'a file with the words' }),
    gapLimit: integer({
      help: 'unused addresses in a row after which the search ends: more finds addresses further on',
      default: GAP_LIMIT,
      min: 1,
      max: 10_000,
    }),
  },
  async run(session, values) {
    const { terminal, path, profile, backend } = session;
    await requireNoWalletFile(path);
    const mnemonic = parseMnemonic(await wordsOf(values, terminal), profile);
    if (mnemonic === DEV_MNEMONIC) {
      terminal.note(
        'WARNING: these words are PUBLIC. Anybody can spend what they hold; use them for trying out only.',
      );
    }
    const passphrase = await chooseNewPassphrase(session.values, terminal);
    const found = { receive: 0, change: 0 };
    const onProgress = ({ chain, scanned, used }: ScanProgress): void => {
      found[chain] = used;
      terminal.progress(`${scanned} ${chain} addresses looked at, ${used} used`);
    };
    const wallet = await restoreWallet({
      ...{ path, profile, backend, passphrase, mnemonic },
      gapLimit: values.gapLimit,
      onProgress,
    });
    terminal.progress(undefined);
    const { chain, labels, total } = await wallet.balance();
    const used = found.receive + found.change;
    const facts = {
      wallet: path,
      network: profile.name,
      used_addresses: used,
      ...amountJson('total', totalOf(total)),
    };
    const rows = labels.map((label) => [label.label, formatAmount(totalOf(label))]);
    session.result({ ...facts, labels: labels.map(({ label }) => label) }, [
      `wallet: ${path}, ${networkLine(profile, chain.height)}`,
      `${used} used addresses found`,
      ...table([...rows, ['total', formatAmount(totalOf(total))]], ['left', 'right']),
    ]);
    if (used === 0) {
      const further = Math.max(100, values.gapLimit * 5);
      terminal.note(
        `No used address was found. If there should be some, look further with --gap-limit ${further}.`,
      );
    }
  },
});

/** The words from wherever they are: never from an argument. */
async function wordsOf(
  {
    mnemonic,
    mnemonicFile,
  }: { readonly mnemonic: string | undefined; readonly mnemonicFile: string | undefined },
  terminal: Terminal,
): Promise<string> {
  if (mnemonicFile !== undefined) return readSecretFile(mnemonicFile, '--mnemonic-file');
  if (mnemonic !== undefined) return mnemonic;
  return terminal.interactive
    ? terminal.askHidden('Words of the wallet (not shown): ')
    : terminal.readInput();
}
