/** `nilz wallet COMMAND`: finds the command, and turns what can go wrong into a line and an exit code. */
import { ProfileError } from '../protocol/network.ts';
import { SettingError } from '../service/config.ts';
import { DatabaseError } from '../service/database.ts';
import { EXIT } from '../service/lifecycle.ts';
import { RpcCallError, UnreachableError } from '../service/rpc-client.ts';
import { balance } from './cli/balance.ts';
import type { WalletCommand } from './cli/command.ts';
import { exportMnemonic } from './cli/export-mnemonic.ts';
import { history } from './cli/history.ts';
import { init } from './cli/init.ts';
import { list } from './cli/list.ts';
import { newAddress } from './cli/new-address.ts';
import { restore } from './cli/restore.ts';
import { send } from './cli/send.ts';
import { InterruptedError, streamTerminal, type Terminal } from './cli/terminal.ts';
import { UndeliveredPaymentError } from './wallet.ts';
import { WalletError, type WalletErrorCode } from './wallet-error.ts';

const COMMANDS: readonly WalletCommand[] = [
  init,
  restore,
  list,
  newAddress,
  balance,
  history,
  send,
  exportMnemonic,
];

/** What the user typed is at fault, not the state of the world. */
const WRONG_USE: ReadonlySet<WalletErrorCode> = new Set<WalletErrorCode>([
  'bad-words',
  'bad-label',
  'unknown-label',
  'bad-address',
  'bad-amount',
  'bad-fee-rate',
  'wrong-network',
]);

function usage(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length));
  return [
    'Usage: nilz wallet COMMAND [options]',
    '',
    'Keys, balances and payments.',
    '',
    ...COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    '',
    '"nilz wallet COMMAND --help" lists the options of a command.',
    'Exit codes: 0 done, 1 failed, 2 wrong use, 3 node unreachable.',
  ].join('\n');
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
  const [name, ...rest] = argv;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    terminal.print(usage());
    return name === undefined ? EXIT.wrongUse : EXIT.done;
  }
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (command === undefined) {
    const names = COMMANDS.map((candidate) => candidate.name).join(', ');
    terminal.note(`nilz wallet: unknown command "${name}"; allowed: ${names}`);
    return EXIT.wrongUse;
  }
  try {
    await command.main(rest, env, terminal);
    return EXIT.done;
  } catch (error) {
    const code = exitCodeOf(error);
    if (code === undefined || !(error instanceof Error)) throw error;
    terminal.note(`nilz wallet ${name}: ${error.message}`);
    return code;
  }
}

/** Undefined for what nobody foresaw: a bug, which is to be seen with its stack. */
function exitCodeOf(error: unknown): number | undefined {
  if (error instanceof SettingError || error instanceof ProfileError) return EXIT.wrongUse;
  if (error instanceof WalletError) return WRONG_USE.has(error.code) ? EXIT.wrongUse : EXIT.failed;
  if (error instanceof UnreachableError || error instanceof UndeliveredPaymentError) return EXIT.unreachable;
  if (error instanceof RpcCallError || error instanceof DatabaseError) return EXIT.failed;
  if (error instanceof InterruptedError || isFileError(error)) return EXIT.failed;
  return undefined;
}

/** The file system refuses: no permission, no space, a directory in the way. */
function isFileError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}
