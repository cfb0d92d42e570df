/**
 * Settings, resolved flag > environment > `--config FILE` > default from one schema per app, which also
 * prints the help. A schema is an object of settings by camelCase name: `rpcPort` is the flag
 * `--rpc-port`, the variable `NILZ_RPC_PORT` and the key `rpc-port`, `rpcPort` or `rpc_port` of the file.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { fileErrorWords } from './file-error.ts';
import { hintOfNames, kebab, plainKey, spelledLike, variableOf } from './setting-name.ts';

/** A bad setting: one line that names it, the value and what is allowed. */
export class SettingError extends Error {
  override name = 'SettingError';
  /** Wrong use. */
  readonly exitCode = 2;
}

interface SettingOptions<T> {
  /** One line for the help. */
  readonly help: string;
  readonly default?: T;
  /** Further names of the environment variable, without regard to the prefix. */
  readonly env?: readonly string[];
  /** Further names of the key in the file. */
  readonly keys?: readonly string[];
  /** A one-letter flag. */
  readonly short?: string;
  /** A secret has no flag (the process list shows those), and its value is never repeated. */
  readonly secret?: boolean;
  /** Says what is wrong with a value, as "must be …", or undefined. */
  readonly check?: (value: T) => string | undefined;
}

/** One setting; made by {@link string}, {@link integer} and the others. */
export interface Setting<T> extends Omit<SettingOptions<unknown>, 'check'> {
  readonly kind: 'string' | 'number' | 'boolean' | 'list';
  /** What values are allowed, for the help and for errors. */
  readonly allowed: string;
  /** Turns text, or a value of the file, into the setting's value. Throws {@link Refusal}. */
  parse(raw: unknown): T;
}

/** A schema: settings by camelCase name. */
export type Settings = Readonly<Record<string, Setting<unknown>>>;
type ValueOf<S> = S extends Setting<infer T> ? T : never;
/** The values of a schema, by setting name. */
export type Values<S extends Settings> = { readonly [K in keyof S]: ValueOf<S[K]> };

/** What a value must be; carried to where the setting's name is known. */
class Refusal extends Error {}

type Optional<T, O> = O extends { readonly default: infer _D } ? T : T | undefined;

/** A text. */
export function string<const O extends SettingOptions<string>>(options: O): Setting<Optional<string, O>> {
  return setting('string', 'TEXT', options, (raw) => {
    if (typeof raw === 'string' && raw !== '') return raw;
    throw new Refusal('must be a text');
  });
}

interface Range {
  readonly min?: number;
  readonly max?: number;
}

/** A whole number within a range. */
export function integer<const O extends SettingOptions<number> & Range>(
  options: O,
): Setting<Optional<number, O>> {
  return setting('number', `integer${rangeText(options)}`, options, (raw) => {
    const value = numberOf(raw, /^[+-]?\d+$/);
    if (value !== undefined && Number.isSafeInteger(value) && inRange(value, options)) return value;
    throw new Refusal(`must be an integer${rangeText(options)}`);
  });
}

/** A number within a range. */
export function number<const O extends SettingOptions<number> & Range>(
  options: O,
): Setting<Optional<number, O>> {
  return setting('number', `number${rangeText(options)}`, options, (raw) => {
    const value = numberOf(raw, /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i);
    if (value !== undefined && Number.isFinite(value) && inRange(value, options)) return value;
    throw new Refusal(`must be a number${rangeText(options)}`);
  });
}

/** `--name` and `--no-name`; 1, true, yes, on and their opposites in the environment. Off unless said. */
export function boolean(options: SettingOptions<boolean>): Setting<boolean> {
  return setting('boolean', 'yes or no', { default: false, ...options }, (raw) => {
    const word = String(raw).toLowerCase();
    if (['1', 'true', 'yes', 'on'].includes(word)) return true;
    if (['0', 'false', 'no', 'off'].includes(word)) return false;
    throw new Refusal('must be true or false');
  });
}

/** A flag that may be given several times; comma-separated in the environment, an array in the file. */
export function list(options: SettingOptions<readonly string[]>): Setting<readonly string[]> {
  return setting('list', 'TEXT, repeatable', { default: [], ...options }, (raw) => {
    const values: readonly unknown[] = Array.isArray(raw) ? raw : [raw];
    const parts = typeof raw === 'string' ? raw.split(',') : values;
    return parts.map((part) => {
      if (typeof part === 'string' && part.trim() !== '') return part.trim();
      throw new Refusal('must be texts, none of them empty');
    });
  });
}

/** One of several words. */
export function choice<const C extends string, const O extends SettingOptions<C>>(
  words: readonly C[],
  options: O,
): Setting<Optional<C, O>> {
  return setting('string', words.join(' | '), options, (raw) => {
    const word = words.find((candidate) => candidate === raw);
    if (word !== undefined) return word;
    throw new Refusal(`must be one of ${words.join(', ')}`);
  });
}

export interface LoadOptions {
  /** What the user typed to get here, for messages: `nilz node`. */
  readonly command: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /**
   * Arguments that are not flags: refused, taken, or `rest`: everything from the first one on is passed
   * through unread, so that it may begin with a dash.
   */
  readonly positionals?: 'none' | 'any' | 'rest';
  /** Settings of another command that reads the same file: its keys are passed over. */
  readonly fileOf?: Settings;
}

export interface Loaded<S extends Settings> {
  readonly values: Values<S>;
  readonly positionals: readonly string[];
  /** The user asked for the help. */
  readonly help: boolean;
}

/** Flags that every command has. */
const SHARED_FLAGS = {
  help: 'this text',
  config: 'a JSON file with settings; flags and the environment win over it',
};

/**
 * Resolves the settings of one command.
 * @throws SettingError for an unknown flag or key (with the nearest one that exists), a missing or bad
 * value, or an unreadable file.
 */
export function loadSettings<S extends Settings>(schema: S, options: LoadOptions): Loaded<S> {
  const flags = readFlags(schema, options);
  if (flags.help) return { values: defaultsOf(schema), positionals: flags.positionals, help: true };
  const file = readConfigFile(schema, flags.config ?? options.env[variableOf('config')], options.fileOf);
  const values = Object.fromEntries(
    Object.entries(schema).map(([name, setting]) => {
      const found = flags.given.get(name) ?? fromEnvironment(name, setting, options.env) ?? file.get(name);
      return [name, found === undefined ? setting.default : parsed(setting, found)];
    }),
  );
  return { values: values as Values<S>, positionals: flags.positionals, help: false };
}

/** The text of `--help`: each setting with its flag, variable, default and allowed values. */
export function helpText(
  schema: Settings,
  about: { readonly command: string; readonly summary: string; readonly positionals?: string },
): string {
  const usage = [`Usage: ${about.command} [options]`, about.positionals]
    .filter((part) => part !== undefined)
    .join(' ');
  const entries = Object.entries(schema).map(([name, setting]) => describe(name, setting));
  const shared = Object.entries(SHARED_FLAGS).map(
    ([flag, help]) => `  --${flag}${flag === 'config' ? ' FILE' : ''}\n      ${help}`,
  );
  return `${[usage, about.summary, ['Options:', ...entries, ...shared].join('\n')].join('\n\n')}\n`;
}

function describe(name: string, setting: Setting<unknown>): string {
  const { kind, secret, short } = setting;
  const flag = `${short === undefined ? '' : `-${short}, `}--${kind === 'boolean' && setting.default === true ? `[no-]${kebab(name)}` : kebab(name)}`;
  const head =
    secret === true ? variableOf(name) : `${flag}${kind === 'boolean' ? '' : ` ${setting.allowed}`}`;
  const facts = [
    secret === true ? undefined : variableOf(name),
    ...(setting.env ?? []),
    setting.default === undefined || secret === true || kind === 'boolean' || String(setting.default) === ''
      ? undefined
      : `default ${String(setting.default)}`,
  ].filter((fact) => fact !== undefined);
  return `  ${head}\n      ${setting.help}${facts.length > 0 ? ` [${facts.join(', ')}]` : ''}`;
}

/** A raw value and where it came from, so that an error can say so. */
interface Found {
  readonly raw: unknown;
  readonly source: string;
}

interface Flags {
  readonly given: Map<string, Found>;
  readonly positionals: readonly string[];
  readonly help: boolean;
  readonly config: string | undefined;
}

function readFlags(schema: Settings, { command, argv, positionals = 'none' }: LoadOptions): Flags {
  const byFlag = new Map(
    Object.entries(schema)
      .filter(([, s]) => s.secret !== true)
      .map(([name]) => [kebab(name), name]),
  );
  const { tokens } = parseArgs({
    args: [...argv],
    options: parseArgsOptions(schema),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const given = new Map<string, Found>();
  const words: string[] = [];
  let help = false;
  let config: string | undefined;
  for (const token of tokens) {
    if (token.kind === 'positional') {
      if (positionals === 'none') {
        // An address whose flag was forgotten may hold a password; logs keep what is said here.
        const shown = token.value.replace(/.*@/s, '…@');
        throw new SettingError(`${command} takes no argument "${shown}"; see ${command} --help`);
      }
      if (positionals === 'rest') return { given, positionals: argv.slice(token.index), help, config };
      words.push(token.value);
    }
    if (token.kind !== 'option') continue;
    const { name, rawName, value } = token;
    if (name === 'help') help = true;
    else if (name === 'config') config = flagValue(rawName, token, 'a file');
    else {
      const negated = name.startsWith('no-') && !byFlag.has(name) ? byFlag.get(name.slice(3)) : undefined;
      const key = negated ?? byFlag.get(name);
      const setting = key === undefined ? undefined : schema[key];
      if (
        key === undefined ||
        setting === undefined ||
        (negated !== undefined && setting.kind !== 'boolean')
      ) {
        const flags = [...byFlag.keys(), ...Object.keys(SHARED_FLAGS)];
        const hint = hintOfNames(name, flags, (flag) => `--${flag}`);
        throw new SettingError(`${command} has no option ${rawName}; ${hint}`);
      }
      if (setting.kind === 'boolean') {
        if (negated !== undefined && value !== undefined) throw new SettingError(`${rawName} takes no value`);
        given.set(key, { raw: negated === undefined ? (value ?? true) : false, source: rawName });
      } else {
        const raw = flagValue(rawName, token, setting.allowed);
        const earlier = given.get(key)?.raw;
        const all = setting.kind === 'list' ? [...(Array.isArray(earlier) ? earlier : []), raw] : raw;
        given.set(key, { raw: all, source: rawName });
      }
    }
  }
  return { given, positionals: words, help, config };
}

function parseArgsOptions(
  schema: Settings,
): NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']> {
  const own = Object.entries(schema).map(([name, { kind, short }]) => {
    const type = kind === 'boolean' ? ('boolean' as const) : ('string' as const);
    return [kebab(name), short === undefined ? { type } : { type, short }];
  });
  return { ...Object.fromEntries(own), help: { type: 'boolean', short: 'h' }, config: { type: 'string' } };
}

/** A flag's value; the next flag is not taken for one, though a negative number is, and "-" (a standard stream). */
function flagValue(
  flag: string,
  token: { readonly value: string | undefined; readonly inlineValue: boolean | undefined },
  allowed: string,
): string {
  const { value, inlineValue } = token;
  if (value === undefined || value === '' || (inlineValue !== true && /^-(?![\d.]|$)/.test(value))) {
    throw new SettingError(`${flag} needs a value: ${allowed}`);
  }
  return value;
}

function fromEnvironment(
  name: string,
  setting: Setting<unknown>,
  env: Readonly<Record<string, string | undefined>>,
): Found | undefined {
  for (const variable of [variableOf(name), ...(setting.env ?? [])]) {
    const raw = env[variable];
    if (raw !== undefined && raw !== '') return { raw, source: variable };
  }
  return undefined;
}

function readConfigFile(
  schema: Settings,
  file: string | undefined,
  others: Settings = {},
): Map<string, Found> {
  const found = new Map<string, Found>();
  if (file === undefined) return found;
  const names = namesByKey(schema);
  const passedOver = namesByKey(others);
  for (const [key, raw] of Object.entries(readJsonObject(file))) {
    const name = names.get(plainKey(key));
    if (name === undefined) {
      if (passedOver.has(plainKey(key))) continue;
      const known = Object.entries(schema).flatMap(([setting, { keys = [] }]) =>
        [setting, ...keys].map(kebab),
      );
      const hint = hintOfNames(kebab(key), known, (name) => spelledLike(key, name));
      throw new SettingError(`${file}: there is no setting "${key}"; ${hint}`);
    }
    if (raw === null) continue;
    const earlier = found.get(name)?.source;
    if (earlier !== undefined) throw new SettingError(`${earlier}: "${key}" there is the same setting`);
    found.set(name, { raw, source: `"${key}" in ${file}` });
  }
  return found;
}

/** The settings by all the names their keys may have. */
function namesByKey(schema: Settings): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(schema).flatMap(([name, { keys = [] }]) =>
      [name, ...keys].map((key) => [plainKey(key), name] as const),
    ),
  );
}

/** What `JSON.parse` quotes from around a mistake: it may be a password. */
const QUOTED_JSON = /, (?:\.{3})?".*/s;

function readJsonObject(file: string): object {
  let json: unknown;
  try {
    // Some editors begin a file with a byte order mark; "parsers MAY ignore" it (RFC 8259 §8.1).
    json = JSON.parse(readFileSync(file, 'utf8').replace(/^\ufeff/, ''));
  } catch (error) {
    const why =
      error instanceof SyntaxError
        ? `it is no JSON: ${error.message.replace(QUOTED_JSON, '')}`
        : fileErrorWords(error);
    throw new SettingError(`--config ${file}: ${why}`);
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new SettingError(`--config ${file}: must hold one JSON object`);
  }
  return json;
}

function parsed(setting: Setting<unknown>, { raw, source }: Found): unknown {
  try {
    return setting.parse(raw);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const value = setting.secret === true ? '' : ` ${typeof raw === 'string' ? raw : JSON.stringify(raw)}`;
    throw new SettingError(`${source}${value}: ${error.message}`);
  }
}

function setting<T, R>(
  kind: Setting<unknown>['kind'],
  allowed: string,
  { check, ...options }: SettingOptions<T>,
  parse: (raw: unknown) => T,
): Setting<R> {
  const parseAndCheck = (raw: unknown): T => {
    const value = parse(raw);
    const complaint = check?.(value);
    if (complaint !== undefined) throw new Refusal(complaint);
    return value;
  };
  // Whether undefined belongs to R is decided by the options' type: see Optional.
  return { ...options, kind, allowed, parse: parseAndCheck } as unknown as Setting<R>;
}

function defaultsOf<S extends Settings>(schema: S): Values<S> {
  return Object.fromEntries(
    Object.entries(schema).map(([name, { default: value }]) => [name, value]),
  ) as Values<S>;
}

function numberOf(raw: unknown, form: RegExp): number | undefined {
  if (typeof raw === 'number') return raw;
  return typeof raw === 'string' && form.test(raw.trim()) ? Number(raw) : undefined;
}

function inRange(value: number, { min = -Infinity, max = Infinity }: Range): boolean {
  return value >= min && value <= max;
}

function rangeText({ min, max }: Range): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  if (min !== undefined) return ` of at least ${min}`;
  return max === undefined ? '' : ` of at most ${max}`;
}
