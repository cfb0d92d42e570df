/** `nilz wallet init`: a new wallet, and the check that its words were written down. */
import { randomInt } from 'node:crypto';
import { boolean, SettingError } from '../../service/config.ts';
import { requireNoWalletFile } from '../keys/wallet-file.ts';
import { createWallet, freshMnemonic } from '../open-wallet.ts';
import { walletCommand } from './command.ts';
import { chooseNewPassphrase } from './passphrase.ts';
import type { Terminal } from './terminal.ts';

export const init = walletCommand({
  name: 'init',
  summary: 'make a new wallet; its words are shown once',
  settings: {
    yes: boolean({ help: 'do not ask whether the words were written down; prints them with the result' }),
  },
  async run(session, { yes }) {
    const { terminal, path, profile, backend } = session;
    if (!yes && !terminal.interactive) {
      throw new SettingError(
        'there is no terminal to check the words on: use --yes, and keep the words that are printed',
      );
    }
    await requireNoWalletFile(path);
    const mnemonic = freshMnemonic();
    if (!yes) await checkBack(mnemonic, terminal);
    const wordsChecked = yes ? undefined : Math.floor(Date.now() / 1_000);
    const passphrase = await chooseNewPassphrase(session.values, terminal);
    const wallet = await createWallet({
      ...{ path, profile, backend, passphrase, mnemonic },
      ...(wordsChecked !== undefined && { wordsChecked }),
    });
    const [first] = await wallet.labels();
    const address = first?.addresses[0]?.address ?? '';
    const facts = { wallet: path, network: profile.name, label: first?.label ?? '', address };
    session.result({ ...facts, ...(yes && { mnemonic }) }, [
      ...(yes ? [`words:   ${mnemonic}`] : []),
      `wallet:  ${path}`,
      `network: ${profile.name}${profile.name === 'main' ? '' : ' (test money)'}`,
      `address: ${address} (label ${facts.label})`,
    ]);
    if (yes)
      terminal.note(
        'Write the words down: they are the only way back to the coins, and are not shown again.',
      );
  },
});

/** How many of the words are asked for. */
const ASKED_WORDS = 3;

async function checkBack(mnemonic: string, terminal: Terminal): Promise<void> {
  const words = mnemonic.split(' ');
  const page = [
    'These words are your wallet. Whoever has them has its coins; without them they are lost.',
    'Write them down on paper, in this order. They are shown only once.',
    '',
    ...words.map((word, index) => `${String(index + 1).padStart(4)}  ${word}`),
    '',
  ].join('\n');
  for (;;) {
    await terminal.showSecret(page, 'Written down? Press Enter, then some of them are asked for. ');
    if (await knowsSome(words, terminal)) return;
    terminal.note('That is not what was shown. Here they are again.');
  }
}

async function knowsSome(words: readonly string[], terminal: Terminal): Promise<boolean> {
  for (const position of drawn(ASKED_WORDS, words.length)) {
    const answer = await terminal.ask(`Word ${position + 1}: `);
    if (answer.trim().toLowerCase() !== words[position]) return false;
  }
  return true;
}

/** Some different numbers below `end`, ascending. */
function drawn(count: number, end: number): number[] {
  const numbers = new Set<number>();
  while (numbers.size < count) numbers.add(randomInt(end));
  return [...numbers].sort((a, b) => a - b);
}
