/** `nilz rpc METHOD [ARGUMENTS…]`: calls a node, with arguments as bitcoin-cli takes them. */
import { boolean, helpText, loadSettings, SettingError } from '../service/config.ts';
import { EXIT } from '../service/lifecycle.ts';
import type { RpcParams } from '../service/rpc-client.ts';
import { connectionSettings, withNode } from './node-connection.ts';

const settings = {
  named: boolean({ help: 'arguments are NAME=VALUE instead of by position' }),
  ...connectionSettings,
};

const SUMMARY = `Calls one method of a node and prints its result.
An argument that is JSON (a number, true, false, null, [list] or {object}) is sent as such, anything else as
text; '"12"' is the text 12. Options stand before the method. "nilz rpc help" lists the methods.`;

/**
 * One word of the command line as the JSON value it stands for. A number of more digits than a double holds
 * stays text: it is a hash or a raw transaction.
 */
export function argumentOf(word: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(word);
  } catch {
    return word;
  }
  return typeof value === 'number' && (word.length > 17 || !Number.isFinite(value)) ? word : value;
}

/**
 * The parameters that the words after the method stand for.
 * @throws SettingError when a named argument has no name
 */
export function paramsOf(words: readonly string[], named: boolean): RpcParams {
  if (!named) return words.map(argumentOf);
  const pairs = words.map((word): [string, unknown] => {
    const at = word.indexOf('=');
    if (at < 1) throw new SettingError(`argument ${word}: must be NAME=VALUE with --named`);
    return [word.slice(0, at), argumentOf(word.slice(at + 1))];
  });
  return Object.fromEntries(pairs);
}

/** Texts as they are, nothing for null, everything else as JSON. */
function shown(result: unknown, onOneLine: boolean): string {
  if (onOneLine) return JSON.stringify(result);
  if (result === null) return '';
  return typeof result === 'string' ? result : JSON.stringify(result, null, 2);
}

/** Runs `nilz rpc`; returns the exit code. */
export async function main(argv: string[], env: NodeJS.ProcessEnv): Promise<number> {
  const command = 'nilz rpc';
  const { values, positionals, help } = loadSettings(settings, { command, argv, env, positionals: 'rest' });
  const [method, ...words] = positionals;
  if (help) {
    const about = { command, summary: SUMMARY, positionals: 'METHOD [ARGUMENT…]' };
    process.stdout.write(helpText(settings, about));
    return EXIT.done;
  }
  if (method === undefined) throw new SettingError(`METHOD is missing; see ${command} --help`);
  const params = paramsOf(words, values.named);
  return withNode(command, values, async (node) => {
    const result = await node.call(method, params);
    const text = shown(result, values.json);
    if (text !== '') console.log(text);
    return EXIT.done;
  });
}
