/** `nilz wallet COMMAND`: finds the command, and turns what can go wrong into a line and an exit code. */
import { ProfileError } from '../protocol/profile-error.ts';
import { SettingError } from '../service/config.ts';
import { DatabaseError } from '../service/database.ts';
import { ListenError } from '../service/http.ts';
import { EXIT } from '../service/lifecycle.ts';
import { RpcCallError, UnreachableError } from '../service/rpc-client.ts';
import { addresses } from './cli/addresses.ts';
import { balance } from './cli/balance.ts';
import { changePassphrase } from './cli/change-passphrase.ts';
import { check } from './cli/check.ts';
import { checkBackup } from './cli/check-backup.ts';
import { coins, freeze, unfreeze } from './cli/coins.ts';
import { AnswerIsNoError, type WalletCommand } from './cli/command.ts';
import { contacts, contactsAdd, contactsRemove } from './cli/contacts.ts';
import { exportMnemonic } from './cli/export-mnemonic.ts';
import { fees } from './cli/fees.ts';
import { gui } from './cli/gui.ts';
import { history } from './cli/history.ts';
import { importKey } from './cli/import-key.ts';
import { init } from './cli/init.ts';
import { list } from './cli/list.ts';
import { signMessage, verifyMessage } from './cli/messages.ts';
import { newAddress } from './cli/new-address.ts';
import { note } from './cli/note.ts';
import { psbtCombine, psbtCreate, psbtFinalize, psbtInspect, psbtSend, psbtSign } from './cli/psbt.ts';
import { receive } from './cli/receive.ts';
import { bump, cancel } from './cli/replacement.ts';
import { restore } from './cli/restore.ts';
import { scan } from './cli/scan.ts';
import { send } from './cli/send.ts';
import { settings } from './cli/settings.ts';
import { InterruptedError, streamTerminal, type Terminal } from './cli/terminal.ts';
import { wallets } from './cli/wallets.ts';
import { watch } from './cli/watch.ts';
import { xpub } from './cli/xpub.ts';
import { UndeliveredPaymentError } from './wallet.ts';
import { WalletError, type WalletErrorCode } from './wallet-error.ts';

/** All commands, as the help lists them. */
const SECTIONS: readonly { readonly title: string; readonly commands: readonly WalletCommand[] }[] = [
  { title: 'Wallets', commands: [init, restore, watch, wallets, settings, gui] },
  { title: 'Being paid', commands: [receive, newAddress, list, addresses, scan] },
  { title: 'What there is', commands: [balance, history, coins, freeze, unfreeze, note, check] },
  { title: 'Paying', commands: [send, fees, bump, cancel, contacts, contactsAdd, contactsRemove] },
  {
    title: 'Signing elsewhere (PSBT)',
    commands: [psbtCreate, psbtInspect, psbtSign, psbtCombine, psbtFinalize, psbtSend],
  },
  { title: 'Messages', commands: [signMessage, verifyMessage] },
  { title: 'Keys', commands: [checkBackup, exportMnemonic, changePassphrase, xpub, importKey] },
];
const COMMANDS = SECTIONS.flatMap(({ commands }) => commands);

/** What the user typed is at fault, not the state of the world. */
const WRONG_USE: ReadonlySet<WalletErrorCode> = new Set<WalletErrorCode>([
  'bad-words',
  'bad-label',
  'bad-name',
  'bad-note',
  'bad-key',
  'bad-setting',
  'known-key',
  'unknown-contact',
  'watch-only',
  'unknown-label',
  'bad-address',
  'bad-amount',
  'bad-fee-rate',
  'bad-psbt',
  'foreign-psbt',
  'psbt-warning',
  'unsigned-psbt',
  'bad-message',
  'bad-signature',
  'foreign-address',
  'bad-uri',
  'too-many-payees',
  'frozen-coin',
  'bad-coin',
  'high-fee',
  'unknown-payment',
  'wrong-network',
]);

function usage(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length));
  const lines = SECTIONS.flatMap(({ title, commands }) => [title, ...commandLines(commands, width), '']);
  return [
    'Usage: nilz wallet COMMAND [options]',
    '',
    'Keys, balances and payments.',
    '',
    ...lines,
    '"nilz wallet COMMAND --help" lists the options of a command.',
    'Exit codes: 0 done, 1 failed, 2 wrong use, 3 node unreachable.',
  ].join('\n');
}

function commandLines(commands: readonly WalletCommand[], width: number): string[] {
  return commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
}

/** The command whose one or two words a command line begins with: the longer one where both are. */
function findCommand(argv: readonly string[]): WalletCommand | undefined {
  return [2, 1]
    .map((words) => argv.slice(0, words).join(' '))
    .map((typed) => COMMANDS.find(({ name }) => name === typed))
    .find((command) => command !== undefined);
}

/**
 * Runs one command line of the wallet.
 * @param argv the words after `nilz wallet`
 * @returns the exit code
 */
export async function main(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  terminal: Terminal = streamTerminal(process),
): Promise<number> {
  const [name] = argv;
  if (name === undefined || isHelp(name)) {
    terminal.print(usage());
    return name === undefined ? EXIT.wrongUse : EXIT.done;
  }
  const command = findCommand(argv);
  if (command === undefined) return explain(argv, terminal);
  try {
    await command.main(argv.slice(command.name.split(' ').length), env, terminal);
    return EXIT.done;
  } catch (error) {
    const code = exitCodeOf(error);
    if (code === undefined || !(error instanceof Error)) throw error;
    terminal.note(`nilz wallet ${command.name}: ${error.message}`);
    return code;
  }
}

/** What there would have been: the commands of a group, or all. */
function explain([name = '', word]: readonly string[], terminal: Terminal): number {
  const group = COMMANDS.filter((command) => command.name.startsWith(`${name} `));
  if (group.length > 0 && word !== undefined && isHelp(word)) {
    const width = Math.max(...group.map((command) => command.name.length));
    terminal.print(commandLines(group, width).join('\n'));
    return EXIT.done;
  }
  // What has not the form of a command is not repeated: somebody may have put the words of a wallet there.
  const called = /^[a-z-]{1,20}$/.test(name) ? ` "${name}"` : '';
  const unknown = group.length > 0 ? `"${name}" is not a whole command` : `unknown command${called}`;
  const allowed = group.length > 0 ? group : COMMANDS;
  terminal.note(`nilz wallet: ${unknown}; allowed: ${allowed.map((command) => command.name).join(', ')}`);
  return EXIT.wrongUse;
}

function isHelp(word: string): boolean {
  return word === '--help' || word === '-h' || word === 'help';
}

/** Undefined for what nobody foresaw: a bug, which is to be seen with its stack. */
function exitCodeOf(error: unknown): number | undefined {
  if (error instanceof SettingError || error instanceof ProfileError) return EXIT.wrongUse;
  if (error instanceof WalletError) return WRONG_USE.has(error.code) ? EXIT.wrongUse : EXIT.failed;
  if (error instanceof UnreachableError || error instanceof UndeliveredPaymentError) return EXIT.unreachable;
  if (error instanceof RpcCallError || error instanceof DatabaseError || error instanceof ListenError)
    return EXIT.failed;
  if (error instanceof AnswerIsNoError || error instanceof InterruptedError || isFileError(error))
    return EXIT.failed;
  return undefined;
}

/** The file system refuses: no permission, no space, a directory in the way. */
function isFileError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}
