import { helpText, type LoadOptions, loadSettings, type Settings, type Values } from '../service/config.ts';

/** What a word after `nilz pool` does, as its own file declares it. */
export interface SubcommandOptions<S extends Settings> {
  /** One sentence for the help. */
  readonly summary: string;
  readonly settings: S;
  /** Arguments that are not flags, as the help shows them: `FILE`. Left out, there are none. */
  readonly positionals?: string;
  /** Settings of the pool: its `--config FILE` is read too, and what is not for this command is passed over. */
  readonly fileOf?: Settings;
  /** Does it. @returns the exit code */
  run(values: Values<S>, positionals: readonly string[]): Promise<number>;
}

/** A word after `nilz pool`, whatever its settings are. */
export interface Subcommand {
  readonly summary: string;
  /**
   * Runs it with a command line; `--help` prints its options.
   * @returns the exit code
   * @throws SettingError, and what the command itself throws
   */
  run(line: Pick<LoadOptions, 'command' | 'argv' | 'env'>): Promise<number>;
}

/** Declares a subcommand: its settings are read, and its help is written, in one place for all. */
export function subcommand<const S extends Settings>(options: SubcommandOptions<S>): Subcommand {
  const { summary, settings, positionals, fileOf } = options;
  return {
    summary,
    run: async (line) => {
      const words = positionals === undefined ? 'none' : 'any';
      const loaded = loadSettings(settings, { ...line, positionals: words, ...(fileOf && { fileOf }) });
      if (!loaded.help) return options.run(loaded.values, loaded.positionals);
      const about = { command: line.command, summary, ...(positionals !== undefined && { positionals }) };
      process.stdout.write(helpText(settings, about));
      return 0;
    },
  };
}
