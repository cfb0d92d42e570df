/** `nilz wallet COMMAND`: finds the command, and turns what can go wrong into a line and an exit code. */
import { ProfileError } from '../protocol/profile-error.ts';
import { SettingError } from '../service/config.ts';
import { DatabaseError } from '../service/database.ts';
import { ListenError } from '../service/http.ts';
import { EXIT } from '../service/lifecycle.ts';
import { RpcCallError, UnreachableError } from '../service/rpc-client.ts';
import { AnswerIsNoError } from './cli/command.ts';
import { type CommandEntry, SECTIONS } from './cli/commands.ts';
import { InterruptedError, streamTerminal, type Terminal } from './cli/terminal.ts';
import { UndeliveredPaymentError } from './wallet.ts';
import { WalletError, type WalletErrorCode } from './wallet-error.ts';

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

async function usage(): Promise<string> {
  const width = widthOf(COMMANDS);
  const sections = SECTIONS.map(async ({ title, commands }) => [title, ...(await rows(commands, width)), '']);
  const lines = (await Promise.all(sections)).flat();
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

function widthOf(commands: readonly CommandEntry[]): number {
  return Math.max(...commands.map(({ name }) => name.length));
}

/** One line for each command. */
function rows(commands: readonly CommandEntry[], width: number): Promise<string[]> {
  return Promise.all(
    commands.map(async ({ name, load }) => `  ${name.padEnd(width)}  ${(await load()).summary}`),
  );
}

/** The command whose one or two words a command line begins with: the longer one where both are. */
function findCommand(argv: readonly string[]): CommandEntry | undefined {
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
    terminal.print(await usage());
    return name === undefined ? EXIT.wrongUse : EXIT.done;
  }
  const command = findCommand(argv);
  if (command === undefined) return explain(argv, terminal);
  const { main: run } = await command.load();
  try {
    await run(argv.slice(command.name.split(' ').length), env, terminal);
    return EXIT.done;
  } catch (error) {
    const code = exitCodeOf(error);
    if (code === undefined || !(error instanceof Error)) throw error;
    terminal.note(`nilz wallet ${command.name}: ${error.message}`);
    return code;
  }
}

/** What there would have been: the commands of a group, or all. */
async function explain([name = '', word]: readonly string[], terminal: Terminal): Promise<number> {
  const group = COMMANDS.filter((command) => command.name.startsWith(`${name} `));
  if (group.length > 0 && word !== undefined && isHelp(word)) {
    terminal.print((await rows(group, widthOf(group))).join('\n'));
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
