/** Secrets from outside: from a prompt, the environment or a file, never from an argument. */
import { SettingError, string, type Values } from '../../service/config.ts';
import { estimateStrength } from '../keys/passphrase-strength.ts';
import type { Terminal } from './terminal.ts';
import { readTextFile } from './text-file.ts';

export const passphraseSettings = {
  passphrase: string({ help: 'the passphrase of the wallet file', secret: true }),
  passphraseFile: string({ help: 'a file with the passphrase; one line break at its end does not count' }),
};

/** The passphrase that a file is to get. */
export const newPassphraseSettings = {
  newPassphrase: string({ help: 'the passphrase that the file is to get', secret: true }),
  newPassphraseFile: string({ help: 'a file with it; one line break at its end does not count' }),
};

interface PassphraseValues {
  readonly passphrase: string | undefined;
  readonly passphraseFile: string | undefined;
}

/** Options that would put a secret where others see it, and what to use instead. */
const REFUSED: Readonly<Record<string, string>> = {
  '--passphrase': 'the prompt, NILZ_PASSPHRASE or --passphrase-file FILE',
  '--password': 'the prompt, NILZ_PASSPHRASE or --passphrase-file FILE',
  '--new-passphrase': 'the prompt, NILZ_NEW_PASSPHRASE or --new-passphrase-file FILE',
  '--private-key': 'the prompt, standard input, NILZ_PRIVATE_KEY or --key-file FILE',
  '--key': 'the prompt, standard input, NILZ_PRIVATE_KEY or --key-file FILE',
  '--mnemonic': 'the prompt, standard input, NILZ_MNEMONIC or --mnemonic-file FILE',
  '--words': 'the prompt, standard input, NILZ_MNEMONIC or --mnemonic-file FILE',
};

/** @throws SettingError when an argument is meant to carry a secret; it is not repeated */
export function refuseSecretArguments(argv: readonly string[]): void {
  for (const argument of argv) {
    const option = argument.split('=', 1)[0] ?? '';
    const instead = Object.hasOwn(REFUSED, option) ? REFUSED[option] : undefined;
    if (instead !== undefined) {
      throw new SettingError(
        `${option} is not offered: arguments are seen in the list of processes and kept by shells; use ${instead}`,
      );
    }
  }
}

/** A secret kept in a file, without the line break that editors put at its end. @throws SettingError naming the setting */
export function readSecretFile(path: string, setting: string): string {
  return readTextFile(path, setting).replace(/\r?\n$/, '');
}

/** The passphrase of a wallet that exists. */
export async function askPassphrase(values: PassphraseValues, terminal: Terminal): Promise<string> {
  const passphrase = given(values);
  if (passphrase !== undefined) return passphrase;
  requireInteractive(terminal);
  return terminal.askHidden('Passphrase: ');
}

/** A passphrase for a new wallet, typed twice. How long it would stand is said, never forced. */
export async function chooseNewPassphrase(values: PassphraseValues, terminal: Terminal): Promise<string> {
  const passphrase = given(values) ?? (await typedTwice(terminal));
  noteStrength(passphrase, terminal);
  return passphrase;
}

/** Another passphrase for a wallet that has one. */
export async function chooseOtherPassphrase(
  { newPassphrase, newPassphraseFile }: Values<typeof newPassphraseSettings>,
  terminal: Terminal,
): Promise<string> {
  const passphrase =
    newPassphraseFile === undefined
      ? (newPassphrase ?? (await typedTwice(terminal, 'NILZ_NEW_PASSPHRASE or --new-passphrase-file')))
      : readSecretFile(newPassphraseFile, '--new-passphrase-file');
  noteStrength(passphrase, terminal);
  return passphrase;
}

/** A passphrase of this score needs no comment; see `StrengthScore`. */
const GOOD_SCORE = 3;

function noteStrength(passphrase: string, terminal: Terminal): void {
  if (passphrase === '') {
    terminal.note('Warning: without a passphrase, whoever can read the wallet file can spend its coins.');
    return;
  }
  const { score, words } = estimateStrength(passphrase);
  if (score < GOOD_SCORE) {
    terminal.note(
      `Warning: this passphrase is ${words.charAt(0).toLowerCase()}${words.slice(1)} Five random words are better.`,
    );
  } else if (terminal.interactive) {
    terminal.note(`Passphrase: ${words}`);
  }
}

async function typedTwice(terminal: Terminal, instead?: string): Promise<string> {
  requireInteractive(terminal, instead);
  for (;;) {
    const passphrase = await terminal.askHidden('New passphrase for the wallet file: ');
    if ((await terminal.askHidden('The same again: ')) === passphrase) return passphrase;
    terminal.note('These were not the same.');
  }
}

function given({ passphrase, passphraseFile }: PassphraseValues): string | undefined {
  if (passphraseFile !== undefined) return readSecretFile(passphraseFile, '--passphrase-file');
  return passphrase;
}

function requireInteractive(terminal: Terminal, instead = 'NILZ_PASSPHRASE or --passphrase-file'): void {
  if (terminal.interactive) return;
  throw new SettingError(`there is no terminal to ask for the passphrase: use ${instead}`);
}
