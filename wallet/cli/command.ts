/** A command of `nilz wallet`: its settings, and what it does with them. */
import { helpText, loadSettings, type Setting, SettingError, type Values } from '../../service/config.ts';
import { refuseSecretArguments } from './passphrase.ts';
import { Session, sessionSettings } from './session.ts';
import { requireHearing, type Terminal } from './terminal.ts';

type Settings = Readonly<Record<string, Setting<unknown>>>;

export interface CommandOptions<S extends Settings> {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Added to those of every command. */
  readonly settings: S;
  run(session: Session, values: Values<S>): Promise<void>;
}

export interface WalletCommand {
  readonly name: string;
  readonly summary: string;
  /** @throws SettingError, WalletError, UnreachableError and others that `wallet/main.ts` maps to exit codes */
  main(argv: readonly string[], env: NodeJS.ProcessEnv, terminal: Terminal): Promise<void>;
}

/** The question was answered, and the answer is no: the message says so, and the exit code is that of a failure. */
export class AnswerIsNoError extends Error {
  override readonly name = 'AnswerIsNoError';
}

/** Binds a command to its settings. */
export function walletCommand<S extends Settings>(options: CommandOptions<S>): WalletCommand {
  const { name, summary, settings, run } = options;
  const command = `nilz wallet ${name}`;
  const schema = { ...settings, ...sessionSettings };
  return {
    name,
    summary,
    async main(argv, env, terminal) {
      refuseSecretArguments(argv);
      const { values, positionals, help } = loadSettings(schema, { command, argv, env, positionals: 'any' });
      if (help) {
        terminal.print(helpText(schema, { command, summary }).trimEnd());
        return;
      }
      if (positionals.length > 0) {
        // It is not repeated: somebody may have put the words of a wallet there.
        throw new SettingError(`${command} takes options only, no bare arguments; see ${command} --help`);
      }
      if ('yes' in values && values.yes !== true) requireHearing(terminal, '--yes');
      const session = new Session(values, terminal);
      try {
        await run(session, values);
      } finally {
        session.close();
      }
    },
  };
}
