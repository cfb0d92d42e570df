/** Secrets from outside: from a prompt, the environment or a file, never from an argument. */
import { readFileSync } from 'node:fs';
import { SettingError, string } from '../../service/config.ts';
import type { Terminal } from './terminal.ts';

export const passphraseSettings = {
  passphrase: string({ help: 'the passphrase of the wallet file', secret: true }),
  passphraseFile: string({ help: 'a file with the passphrase; one line break at its end does not count' }),
};

interface PassphraseValues {
  readonly passphrase: string | undefined;
  readonly passphraseFile: string | undefined;
}

/** Options that would put a secret where others see it, and what to use instead. */
const REFUSED: Readonly<Record<string, string>> = {
  '--passphrase': 'the prompt, NILZ_PASSPHRASE or --passphrase-file FILE',
  '--password': 'the prompt, NILZ_PASSPHRASE or --passphrase-file FILE',
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

/** A secret kept in a file, without the line break that editors put at its end. */
export function readSecretFile(path: string, setting: string): string {
  try {
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    throw new SettingError(`${setting} ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The passphrase of a wallet that exists. */
export async function askPassphrase(values: PassphraseValues, terminal: Terminal): Promise<string> {
  const passphrase = given(values);
  if (passphrase !== undefined) return passphrase;
  requireInteractive(terminal);
  return terminal.askHidden('Passphrase: ');
}

/** Shorter ones are found by trying, if the file gets into wrong hands. */
const SHORT_PASSPHRASE = 12;

/** A passphrase for a new wallet, typed twice. */
export async function chooseNewPassphrase(values: PassphraseValues, terminal: Terminal): Promise<string> {
  const passphrase = given(values) ?? (await typedTwice(terminal));
  if (passphrase === '') {
    terminal.note('Warning: without a passphrase, whoever can read the wallet file can spend its coins.');
  } else if (passphrase.length < SHORT_PASSPHRASE) {
    terminal.note(
      `Warning: this passphrase is short. Whoever gets the file may find it by trying; ${SHORT_PASSPHRASE} characters or four random words are better.`,
    );
  }
  return passphrase;
}

async function typedTwice(terminal: Terminal): Promise<string> {
  requireInteractive(terminal);
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

function requireInteractive(terminal: Terminal): void {
  if (terminal.interactive) return;
  throw new SettingError(
    'there is no terminal to ask for the passphrase: use NILZ_PASSPHRASE or --passphrase-file',
  );
}
