import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import {
  boolean,
  choice,
  helpText,
  integer,
  type LoadOptions,
  list,
  loadSettings,
  number,
  SettingError,
  string,
  type Values,
} from '../../service/config.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const SCHEMA = {
  network: string({ help: 'the network', default: 'dev' }),
  rpcPort: integer({
    help: 'the port',
    default: 5000,
    min: 0,
    max: 65_535,
    env: ['NODE_PORT'],
    keys: ['port'],
  }),
  fee: number({ help: 'the fee', min: 0 }),
  mine: boolean({ help: 'mine', default: true }),
  quiet: boolean({ help: 'say less', short: 'q' }),
  bootNode: list({ help: 'a way in' }),
  logLevel: choice(['info', 'debug'], { help: 'how much to say', default: 'info' }),
  url: string({
    help: 'where',
    check: (value) => (value.startsWith('http://') ? undefined : 'must begin with http://'),
  }),
  pin: integer({ help: 'the secret number', secret: true, max: 9_999 }),
};

function load(
  argv: readonly string[],
  env: LoadOptions['env'] = {},
  positionals?: LoadOptions['positionals'],
): Values<typeof SCHEMA> {
  return loadSettings(SCHEMA, { command: 'nilz node', argv, env, ...(positionals && { positionals }) })
    .values;
}

/** The message with which loading fails: one line, exit code 2. */
function refusal(argv: readonly string[], env: LoadOptions['env'] = {}): string {
  try {
    load(argv, env);
  } catch (error) {
    if (!(error instanceof SettingError)) throw error;
    assert.equal(error.exitCode, 2);
    assert.doesNotMatch(error.message, /\n/);
    return error.message;
  }
  return assert.fail('it was accepted');
}

describe('a setting', () => {
  test('has its default, or undefined', () => {
    assert.deepEqual(load([]), {
      network: 'dev',
      rpcPort: 5000,
      fee: undefined,
      mine: true,
      quiet: false,
      bootNode: [],
      logLevel: 'info',
      url: undefined,
      pin: undefined,
    });
  });

  test('is typed by its kind', () => {
    const { rpcPort, fee, bootNode, logLevel } = load([]);
    const port: number = rpcPort;
    const rate: number | undefined = fee;
    const nodes: readonly string[] = bootNode;
    const level: 'info' | 'debug' = logLevel;
    assert.deepEqual([port, rate, nodes, level], [5000, undefined, [], 'info']);
  });

  test('is a flag, with = or a blank', () => {
    assert.equal(load(['--rpc-port', '0']).rpcPort, 0);
    assert.equal(load(['--rpc-port=65535']).rpcPort, 65_535);
    assert.equal(load(['--network=a=b']).network, 'a=b');
    assert.equal(load(['--fee', '1e-10']).fee, 1e-10);
    assert.equal(load(['--network', 'one', '--network', 'two']).network, 'two');
  });

  test('that is yes or no is --name or --no-name', () => {
    assert.equal(load(['--no-mine']).mine, false);
    assert.equal(load(['--no-mine', '--mine']).mine, true);
    assert.equal(load(['-q']).quiet, true);
    assert.equal(load(['--quiet=false']).quiet, false);
    assert.equal(load([], { NILZ_MINE: 'off' }).mine, false);
    assert.match(refusal(['--no-mine=1']), /^--no-mine takes no value$/);
    assert.match(refusal(['--mine=maybe']), /^--mine maybe: must be true or false$/);
  });

  test('may be "-", as programs name their standard streams', () => {
    assert.equal(load(['--network', '-']).network, '-');
    assert.match(refusal(['--network', '--']), /^--network needs a value/);
  });

  test('that is a list is repeated, or separated by commas in the environment', () => {
    assert.deepEqual(load(['--boot-node', 'a:1', '--boot-node=b:2']).bootNode, ['a:1', 'b:2']);
    assert.deepEqual(load([], { NILZ_BOOT_NODE: 'a:1, b:2' }).bootNode, ['a:1', 'b:2']);
    assert.match(refusal([], { NILZ_BOOT_NODE: 'a,,b' }), /^NILZ_BOOT_NODE a,,b: must be texts/);
  });

  test('is taken from the flag before the environment before the file before the default', async (context) => {
    const file = join(await temporaryDirectory(context), 'settings.json');
    await writeFile(file, JSON.stringify({ rpcPort: 3 }));
    const config = ['--config', file];
    assert.equal(load([...config, '--rpc-port', '1'], { NILZ_RPC_PORT: '2' }).rpcPort, 1);
    assert.equal(load(config, { NILZ_RPC_PORT: '2' }).rpcPort, 2);
    assert.equal(load(config).rpcPort, 3);
    assert.equal(load([], { NILZ_CONFIG: file }).rpcPort, 3);
    assert.equal(load([], { NILZ_RPC_PORT: '' }).rpcPort, 5000);
  });

  test('has further names in the environment and in the file', async (context) => {
    const file = join(await temporaryDirectory(context), 'settings.json');
    assert.equal(load([], { NODE_PORT: '4' }).rpcPort, 4);
    assert.equal(load([], { NODE_PORT: '4', NILZ_RPC_PORT: '5' }).rpcPort, 5);
    for (const key of ['port', 'rpc-port', 'rpc_port', 'rpcPort', 'RPC_PORT']) {
      await writeFile(
        file,
        JSON.stringify({ [key]: 6, mine: null, boot_node: ['a', 'b'], fee: 0.5, quiet: true }),
      );
      const values = load(['--config', file]);
      assert.deepEqual(
        [values.rpcPort, values.mine, values.bootNode, values.fee, values.quiet],
        [6, true, ['a', 'b'], 0.5, true],
      );
    }
  });

  test('may stand in a file as an editor of Windows writes it', async (context) => {
    const file = join(await temporaryDirectory(context), 'settings.json');
    await writeFile(file, '\ufeff{\r\n  "rpc_port": 6\r\n}\r\n');
    assert.equal(load(['--config', file]).rpcPort, 6);
  });
});

describe('a bad setting is one line that names it, the value and what is allowed:', () => {
  const cases: readonly (readonly [readonly string[], string])[] = [
    [['--rpc-port', '65536'], '--rpc-port 65536: must be an integer from 0 to 65535'],
    [['--rpc-port', '-1'], '--rpc-port -1: must be an integer from 0 to 65535'],
    [['--rpc-port', '5e3'], '--rpc-port 5e3: must be an integer from 0 to 65535'],
    [['--rpc-port', '0x10'], '--rpc-port 0x10: must be an integer from 0 to 65535'],
    [['--rpc-port', '1.5'], '--rpc-port 1.5: must be an integer from 0 to 65535'],
    [['--rpc-port', ' '], '--rpc-port  : must be an integer from 0 to 65535'],
    [['--fee', '-0.5'], '--fee -0.5: must be a number of at least 0'],
    [['--fee', 'Infinity'], '--fee Infinity: must be a number of at least 0'],
    [['--fee', 'NaN'], '--fee NaN: must be a number of at least 0'],
    [['--log-level', 'loud'], '--log-level loud: must be one of info, debug'],
    [['--url', 'ftp://x'], '--url ftp://x: must begin with http://'],
    [['--rpc-port'], '--rpc-port needs a value: integer from 0 to 65535'],
    [['--rpc-port', '--mine'], '--rpc-port needs a value: integer from 0 to 65535'],
    [['--network='], '--network needs a value: TEXT'],
    [['--rpc-prot', '1'], 'nilz node has no option --rpc-prot; did you mean --rpc-port?'],
    [['--mien'], 'nilz node has no option --mien; did you mean --mine?'],
    [['--no-network'], 'nilz node has no option --no-network; did you mean --network?'],
    [
      ['-x'],
      'nilz node has no option -x; there are: --network, --rpc-port, --fee, --mine, --quiet, --boot-node, --log-level, --url, --help, --config',
    ],
    [['--pin', '1'], 'nilz node has no option --pin; did you mean --mine?'],
    [['extra'], 'nilz node takes no argument "extra"; see nilz node --help'],
    [['http://me:secret@host:1'], 'nilz node takes no argument "…@host:1"; see nilz node --help'],
  ];
  for (const [argv, message] of cases) {
    test(argv.join(' '), () => assert.equal(refusal(argv), message));
  }

  test('in the environment', () => {
    assert.equal(refusal([], { NILZ_RPC_PORT: 'x' }), 'NILZ_RPC_PORT x: must be an integer from 0 to 65535');
    assert.equal(refusal([], { NODE_PORT: 'x' }), 'NODE_PORT x: must be an integer from 0 to 65535');
  });

  test('in the file', async (context) => {
    const file = join(await temporaryDirectory(context), 'settings.json');
    const written: readonly (readonly [string, string | RegExp])[] = [
      ['{"port": "x"}', `"port" in ${file} x: must be an integer from 0 to 65535`],
      ['{"network": 5}', `"network" in ${file} 5: must be a text`],
      ['{"fee": {}}', `"fee" in ${file} {}: must be a number of at least 0`],
      ['{"bootNode": [1]}', `"bootNode" in ${file} [1]: must be texts, none of them empty`],
      ['{"rpc_prot": 1}', `${file}: there is no setting "rpc_prot"; did you mean rpc_port?`],
      ['{"rpcProt": 1}', `${file}: there is no setting "rpcProt"; did you mean rpcPort?`],
      ['{"rpc-prot": 1}', `${file}: there is no setting "rpc-prot"; did you mean rpc-port?`],
      [
        '{"zzzzzzzz": 1}',
        /there is no setting "zzzzzzzz"; there are: network, rpc_port, port, .*boot_node, .*log_level/,
      ],
      ['{"port": 1, "rpc_port": 2}', `"port" in ${file}: "rpc_port" there is the same setting`],
      ['[]', `--config ${file}: must hold one JSON object`],
      ['{"port": 1', /^--config .*settings\.json: it is no JSON: Expected ',' or '\}'/],
    ];
    for (const [text, message] of written) {
      await writeFile(file, text);
      const said = refusal(['--config', file]);
      if (typeof message === 'string') assert.equal(said, message);
      else assert.match(said, message);
    }
    const nowhere = `${file}.nowhere`;
    assert.equal(refusal(['--config', nowhere]), `--config ${nowhere}: there is no such file or folder`);
  });

  test('but the value of a secret is not repeated', () => {
    assert.equal(refusal([], { NILZ_PIN: '12345' }), 'NILZ_PIN: must be an integer of at most 9999');
  });

  test('nor what stands around a mistake in a file, which may be a secret', async (context) => {
    const file = join(await temporaryDirectory(context), 'settings.json');
    await writeFile(file, '{"password": hunter2}');
    assert.equal(refusal(['--config', file]), `--config ${file}: it is no JSON: Unexpected token 'h'`);
  });
});

describe('arguments that are no flags', () => {
  const positionals = (argv: readonly string[], policy: LoadOptions['positionals']): readonly string[] =>
    loadSettings(SCHEMA, { command: 'nilz x', argv, env: {}, ...(policy && { positionals: policy }) })
      .positionals;

  test('are taken when asked for, wherever they stand, and after -- whatever they look like', () => {
    assert.deepEqual(positionals(['a', '--rpc-port', '1', 'b', '--', '--c'], 'any'), ['a', 'b', '--c']);
  });

  test('may be the rest of the line, unread', () => {
    const argv = ['--rpc-port', '1', 'getblockhash', '-1', '--help', '{"a":1}'];
    assert.deepEqual(positionals(argv, 'rest'), ['getblockhash', '-1', '--help', '{"a":1}']);
    assert.deepEqual(positionals(['--', '-1'], 'rest'), ['-1']);
  });
});

describe('the help', () => {
  test('is asked for by --help or -h, also beside bad settings', () => {
    for (const flag of ['--help', '-h']) {
      assert.equal(
        loadSettings(SCHEMA, { command: 'nilz node', argv: ['--rpc-port=x', flag], env: {} }).help,
        true,
      );
    }
    assert.equal(loadSettings(SCHEMA, { command: 'nilz node', argv: [], env: {} }).help, false);
  });

  test('lists each setting with flag, allowed values, variables and default', () => {
    const text = helpText(SCHEMA, { command: 'nilz node', summary: 'Runs a node.', positionals: '[FILE]' });
    assert.match(text, /^Usage: nilz node \[options\] \[FILE\]\n\nRuns a node\.\n\nOptions:\n/);
    assert.match(
      text,
      / {2}--rpc-port integer from 0 to 65535\n {6}the port \[NILZ_RPC_PORT, NODE_PORT, default 5000\]\n/,
    );
    assert.match(text, / {2}--\[no-\]mine\n {6}mine \[NILZ_MINE\]\n/);
    assert.match(text, / {2}-q, --quiet\n/);
    assert.match(text, / {2}--log-level info \| debug\n/);
    assert.match(text, / {2}--boot-node TEXT, repeatable\n {6}a way in \[NILZ_BOOT_NODE\]\n/);
    assert.match(text, / {2}NILZ_PIN\n {6}the secret number\n/);
    assert.doesNotMatch(text, /--pin/);
    assert.match(text, / {2}--config FILE\n/);
    assert.ok(text.split('\n').every((line) => line.length <= 120));
  });
});
