import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { type RunningNode, startNode } from '../../../node/node.ts';
import { isMnemonic } from '../../../protocol/key.ts';
import { DEV_MNEMONIC, PROFILES } from '../../../protocol/network.ts';
import { createLogger } from '../../../service/log.ts';
import { createRpcClient, type RpcClient } from '../../../service/rpc-client.ts';
import { NodeBackend } from '../../../wallet/chain/backend-node.ts';
import { main } from '../../../wallet/main.ts';
import { createWallet } from '../../../wallet/open-wallet.ts';
import { type Answer, ScriptedTerminal } from '../../kit/scripted-terminal.ts';
import { testClock } from '../../node/node-kit.ts';

const PROFILE = PROFILES.regtest;
const SECRET = 'correct horse battery staple';
const CHEAP = { N: 16, r: 1, p: 1 };

let directory: string;
let node: RunningNode;
let rpc: RpcClient;
let count = 0;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'nilz-wallet-cli-'));
  const log = createLogger({ name: 'test', level: 'silent' });
  // With a cookie, as a user has it.
  node = await startNode({
    profile: PROFILE,
    dataDirectory: directory,
    log,
    clock: testClock(),
    rpcPort: 0,
    dbCacheMb: 16,
  });
  rpc = createRpcClient({ url: node.rpcUrl, credentials: node.credentials });
});

after(async () => {
  rpc.close();
  await node.stop();
  await rm(directory, { recursive: true });
});

function environment(extra: Record<string, string> = {}): Record<string, string> {
  return {
    NILZ_NETWORK: 'regtest',
    NILZ_DATADIR: directory,
    NILZ_NODE_URL: node.rpcUrl,
    NILZ_PASSPHRASE: SECRET,
    ...extra,
  };
}

/** Runs a command line; `env` replaces the whole environment but for the place of the node. */
async function run(argv: readonly string[], script: readonly Answer[] | string = '', env = environment()) {
  const terminal = new ScriptedTerminal(script);
  const code = await main(argv, env, terminal);
  return { code, terminal, output: terminal.output, errors: terminal.errors };
}

/** The same where the passphrase has to come from elsewhere. */
function withoutPassphrase(): Record<string, string> {
  const { NILZ_PASSPHRASE: _, ...rest } = environment();
  return rest;
}

function newPath(): string {
  return join(directory, `wallet-${count++}.json`);
}

/** A wallet file that opens fast. */
async function walletFile(mnemonic = DEV_MNEMONIC): Promise<string> {
  const path = newPath();
  const backend = new NodeBackend(rpc);
  await createWallet({ path, profile: PROFILE, backend, passphrase: SECRET, mnemonic, cost: CHEAP });
  return path;
}

interface BalanceJson {
  height: number;
  labels: { label: string; spendable_nits: string; pending_nits: string; immature_nits: string }[];
  total: { total: number };
}

async function labelsOf(path: string): Promise<Record<string, [string, string, string]>> {
  const { code, terminal } = await run(['balance', '--wallet', path, '--json']);
  assert.equal(code, 0);
  const { labels } = terminal.json<BalanceJson>();
  return Object.fromEntries(
    labels.map((each) => [each.label, [each.spendable_nits, each.pending_nits, each.immature_nits]]),
  );
}

describe('nilz wallet', () => {
  test('lists its commands, and every command has its help', async () => {
    const { output, code } = await run(['--help']);
    assert.equal(code, 0);
    const commands = [
      'init',
      'restore',
      'list',
      'new-address',
      'balance',
      'history',
      'send',
      'export-mnemonic',
    ];
    for (const command of commands) {
      assert.match(output, new RegExp(`^  ${command} `, 'm'));
      const help = await run([command, '--help'], '', {});
      assert.equal(help.code, 0);
      assert.match(help.output, /--wallet[\s\S]*NILZ_PASSPHRASE[\s\S]*--network[\s\S]*default dev/);
    }
    assert.equal((await run([])).code, 2);
    const unknown = await run(['sned']);
    assert.equal(unknown.code, 2);
    assert.match(unknown.errors, /unknown command "sned"; allowed: init, restore/);
  });

  test('takes no secret as an argument, and does not repeat one that was given', async () => {
    for (const argv of [
      ['balance', '--passphrase', 'hunter2'],
      ['balance', '--passphrase=hunter2'],
      ['init', '--password', 'hunter2'],
      ['restore', '--mnemonic', 'hunter2'],
      ['restore', 'hunter2', 'zoo'],
      ['restore', '--words=hunter2'],
    ]) {
      const { code, errors, output } = await run(argv);
      assert.equal(code, 2, argv.join(' '));
      assert.match(errors, /not offered: arguments are seen|no bare arguments/);
      assert.doesNotMatch(errors + output, /hunter2/);
    }
  });

  test('names a bad setting and what is allowed', async () => {
    for (const [argv, message] of [
      [['balance', '--network', 'moon'], /moon/],
      [['balance', '--wolet', 'x'], /--wolet.*--wallet/],
      [['history', '--limit', '0'], /--limit 0: must be an integer from 1/],
    ] as const) {
      const { code, errors } = await run(argv);
      assert.equal(code, 2);
      assert.match(errors, message);
    }
  });

  test('says where no wallet is, and how to get one', async () => {
    const { code, errors } = await run(['list', '--wallet', newPath()]);
    assert.equal(code, 1);
    assert.match(errors, /no wallet file .*wallet-.*init/);
  });
});

describe('nilz wallet init', () => {
  test('shows the words once, asks for some of them, and keeps them encrypted', async () => {
    const path = newPath();
    let words: string[] = [];
    const asked: Answer = [
      /^Word \d+: $/,
      (shown) => words[Number(/Word (\d+): $/.exec(shown)?.[1]) - 1] ?? '',
    ];
    const learn: Answer = [
      /Written down\?/,
      (shown) => {
        words = [...shown.matchAll(/^ +\d+ {2}([a-z]+)$/gm)].map(([, word]) => word ?? '');
        return '';
      },
    ];
    const script: Answer[] = [
      learn,
      [/^Word/, 'none of the words'],
      learn,
      asked,
      asked,
      asked,
      [/New passphrase/, SECRET],
      [/again/, 'something else'],
      [/New passphrase/, SECRET],
      [/again/, SECRET],
    ];
    const { code, terminal, output, errors } = await run(
      ['init', '--wallet', path],
      script,
      withoutPassphrase(),
    );
    assert.equal(code, 0, errors);
    terminal.assertDone();
    assert.ok(isMnemonic(words.join(' ')));
    for (const word of words) assert.ok(!output.includes(`${word} `), 'the words are not left on the screen');
    assert.match(output, /test money[\s\S]*rnilz1q/);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    const file = await readFile(path, 'utf8');
    assert.ok(!file.includes(words[0] ?? '') || !file.includes(words[1] ?? ''));
    const again = await run(
      ['export-mnemonic', '--wallet', path],
      [
        [/^Passphrase/, SECRET],
        [/nobody looking/, 'yes'],
      ],
      withoutPassphrase(),
    );
    assert.equal(again.output, words.join(' '));
    assert.match(again.errors, /WARNING/);
  });

  test('with --yes prints the words with the result', async () => {
    const path = newPath();
    const { code, terminal } = await run(['init', '--yes', '--json', '--wallet', path]);
    assert.equal(code, 0);
    const { mnemonic, address, network } = terminal.json<Record<string, string>>();
    assert.ok(isMnemonic(mnemonic ?? ''));
    assert.equal(network, 'regtest');
    assert.match(address ?? '', /^rnilz1q/);
    const before = await readFile(path, 'utf8');
    const second = await run(['init', '--yes', '--wallet', path]);
    assert.equal(second.code, 1);
    assert.match(second.errors, /exists already and is not overwritten/);
    assert.equal(await readFile(path, 'utf8'), before);
  });

  test('without a terminal wants --yes, and a passphrase from somewhere', async () => {
    const noTerminal = await run(['init', '--wallet', newPath()]);
    assert.equal(noTerminal.code, 2);
    assert.match(noTerminal.errors, /--yes/);
    const noPassphrase = await run(['init', '--yes', '--wallet', newPath()], '', withoutPassphrase());
    assert.equal(noPassphrase.code, 2);
    assert.match(noPassphrase.errors, /NILZ_PASSPHRASE or --passphrase-file/);
  });

  test('that is interrupted leaves nothing behind', async () => {
    const path = newPath();
    const { code, errors } = await run(['init', '--wallet', path], [[/Written down/, '']]);
    assert.equal(code, 1);
    assert.match(errors, /interrupted, nothing was done/);
    await assert.rejects(stat(path));
  });
});

describe('nilz wallet restore', () => {
  test('shows its progress and what it found', async () => {
    const { code, terminal, errors } = await run(
      ['restore', '--json', '--wallet', newPath()],
      ` ${DEV_MNEMONIC.toUpperCase()}\n`,
    );
    assert.equal(code, 0, errors);
    const { labels, total } = terminal.json<{ labels: string[]; total: number }>();
    assert.deepEqual(labels.slice(0, 5), ['alice', 'bob', 'carol', 'pool', 'faucet']);
    assert.ok(total > 49_999);
    assert.match(errors, /PUBLIC/);
    assert.match(terminal.progressed.join('\n'), /25 receive addresses looked at, 5 used/);
  });

  test('takes the words from standard input, a file, the environment or a prompt', async () => {
    const wordsFile = join(directory, 'words.txt');
    await writeFile(wordsFile, `${DEV_MNEMONIC}\n`);
    const sources: [string[], readonly Answer[] | string, Record<string, string>][] = [
      [[], DEV_MNEMONIC, {}],
      [['--mnemonic-file', wordsFile], '', {}],
      [[], '', { NILZ_MNEMONIC: DEV_MNEMONIC }],
      [[], [[/Words of the wallet/, DEV_MNEMONIC]], {}],
    ];
    for (const [options, script, extra] of sources) {
      // No node is needed to see that the words were read.
      const env = environment({ NILZ_NODE_URL: 'http://127.0.0.1:1', ...extra });
      const { code, errors } = await run(['restore', '--wallet', newPath(), ...options], script, env);
      assert.equal(code, 3, errors);
      assert.match(errors, /these words are PUBLIC/);
    }
  });

  test('refuses words that are none, without repeating them', async () => {
    for (const [words, message] of [
      ['zoo zoo zoo', /these are 3/],
      [DEV_MNEMONIC.replace('junk', 'zebra'), /misspelt, or .*order/],
      ['', /these are 0/],
    ] as const) {
      const path = newPath();
      const { code, errors } = await run(['restore', '--wallet', path], words);
      assert.equal(code, 2);
      assert.match(errors, message);
      assert.doesNotMatch(errors, /zoo|zebra/);
      await assert.rejects(stat(path));
    }
  });

  test('refuses the public words where coins are not for trying out', async () => {
    const env = environment({ NILZ_NETWORK: 'main' });
    const { code, errors } = await run(['restore', '--wallet', newPath()], DEV_MNEMONIC, env);
    assert.equal(code, 2);
    assert.match(errors, /public/);
  });

  test('writes nothing when the node cannot be asked', async () => {
    const path = newPath();
    const env = environment({ NILZ_NODE_URL: 'http://127.0.0.1:1' });
    const { code, errors } = await run(['restore', '--wallet', path], DEV_MNEMONIC, env);
    assert.equal(code, 3);
    assert.match(errors, /cannot reach http:\/\/127\.0\.0\.1:1.*--node-url/);
    await assert.rejects(stat(path));
  });

  test('that finds nothing says how to look further', async () => {
    const words = 'legal winner thank year wave sausage worth useful legal winner thank yellow';
    const { code, errors, output } = await run(['restore', '--wallet', newPath()], words);
    assert.equal(code, 0);
    assert.match(errors, /--gap-limit 100/);
    assert.match(output, /default +0\.00000000/);
  });
});

describe('nilz wallet send', () => {
  test('from alice to bob shows as pending, then confirmed, with the fee accounted for', async () => {
    const path = await walletFile();
    const before = await labelsOf(path);
    const sent = await run([
      'send',
      '--wallet',
      path,
      '--from-label',
      'alice',
      '--to',
      'bob',
      '--amount',
      '2.5',
    ]);
    assert.equal(sent.code, 0, sent.errors);
    assert.match(sent.output, /^[0-9a-f]{64}$/);
    const pending = await labelsOf(path);
    assert.equal(pending.bob?.[1], '250000000');
    assert.equal(BigInt(pending.alice?.[1] ?? 0), BigInt(before.alice?.[0] ?? 0) - 250_000_000n - 141n);
    const history = await run(['history', '--wallet', path, '--limit', '2']);
    assert.match(history.output, /alice +sent +-2\.50000000 +0\.00000141 +pending +bob +/);
    assert.match(history.output, /bob +received +\+2\.50000000 +pending +alice +/);
    const { address } = JSON.parse((await run(['new-address', '--wallet', path, '--json'])).output) as {
      address: string;
    };
    await rpc.call('generatetoaddress', [1, address]);
    const confirmed = await run(['history', '--wallet', path, '--label', 'alice', '--limit', '1', '--json']);
    const [entry] = confirmed.terminal.json<{ entries: Record<string, unknown>[] }>().entries;
    assert.deepEqual(
      [entry?.status, entry?.confirmations, entry?.amount, entry?.fee, entry?.net_nits],
      ['confirmed', 1, 2.5, 0.00000141, '-250000141'],
    );
    const after = await labelsOf(path);
    assert.deepEqual(after.alice?.slice(1), ['0', '0']);
    assert.deepEqual(after.default, ['0', '0', '5000000141']);
  });

  test('shows what will happen and asks before', async () => {
    const path = await walletFile();
    const argv = [
      'send',
      '--wallet',
      path,
      '--from-label',
      'carol',
      '--to',
      'bob',
      '--amount',
      '1',
      '--fee-rate',
      '2.5',
    ];
    const before = await labelsOf(path);
    const no = await run(argv, [[/Send this test money\? \[y\/N\]/, '']]);
    assert.equal(no.code, 1);
    assert.match(no.errors, /pay +1\.00000000 +to rnilz1q\w+ \(your label bob\)/);
    assert.match(no.errors, /fee +0\.00000353 +\(2\.5 nits\/vB, 141 vB\)/);
    assert.match(no.errors, /change +9998\.99999647 +back to carol/);
    assert.match(no.errors, /not sent/);
    assert.deepEqual(await labelsOf(path), before);
    const yes = await run(argv, [[/Send/, 'y']]);
    assert.equal(yes.code, 0, yes.errors);
    const asked = await run([...argv, '--yes'], []);
    assert.equal(asked.code, 0, asked.errors);
  });

  test('as JSON gives every amount exactly', async () => {
    const path = await walletFile();
    const { terminal } = await run([
      'send',
      '--wallet',
      path,
      '--json',
      '--from-label',
      'pool',
      '--to',
      'faucet',
      '--amount',
      '0.00000294',
    ]);
    const sent = terminal.json<Record<string, unknown> & { to: Record<string, unknown>[] }>();
    assert.match(String(sent.txid), /^[0-9a-f]{64}$/);
    assert.deepEqual([sent.from, sent.fee_nits, sent.fee_rate, sent.vsize], ['pool', '141', 1, 141]);
    assert.deepEqual([sent.to[0]?.label, sent.to[0]?.amount_nits], ['faucet', '294']);
  });

  test('names the option that is wrong and what is allowed', async () => {
    const path = await walletFile();
    const good = { '--from-label': 'alice', '--to': 'bob', '--amount': '1', '--fee-rate': '1' };
    const cases: [Partial<typeof good>, RegExp][] = [
      [{ '--amount': '1e3' }, /--amount 1e3: must be decimal digits.*0\.00000294 to 21000000/],
      [{ '--amount': '-1' }, /--amount -1: must be decimal digits/],
      [{ '--amount': '0.123456789' }, /--amount 0\.123456789: must be decimal digits with at most eight/],
      [{ '--amount': 'NaN' }, /--amount NaN/],
      [{ '--amount': '1,5' }, /--amount 1,5/],
      [{ '--amount': '21000001' }, /--amount: .*21000000/],
      [{ '--amount': '0.00000293' }, /too little to send: the least is 0\.00000294/],
      [{ '--amount': '0' }, /too little/],
      [{ '--fee-rate': '0.5' }, /--fee-rate: "0\.5" is no fee rate: allowed are 1 to 10000/],
      [{ '--fee-rate': '20000' }, /--fee-rate/],
      [
        { '--to': 'bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu' },
        /address of Bitcoin \(main\), this wallet is of regtest/,
      ],
      [{ '--to': 'dnilz1qquv9lg5g2r4jkr0ahun0ddfg5xntxjelzpgxl4' }, /address/],
      [{ '--to': 'dave' }, /no address/],
      [{ '--from-label': 'dave' }, /no label "dave"; there are: alice, bob/],
    ];
    for (const [change, message] of cases) {
      const argv = Object.entries({ ...good, ...change }).map(([option, value]) => `${option}=${value}`);
      const { code, errors } = await run(['send', '--wallet', path, ...argv]);
      assert.match(errors, message);
      assert.equal(code, 2, JSON.stringify(change));
    }
    for (const missing of ['--from-label', '--to', '--amount']) {
      const argv = Object.entries(good)
        .filter(([option]) => option !== missing)
        .flat();
      const { code, errors } = await run(['send', '--wallet', path, ...argv]);
      assert.equal(code, 2);
      assert.match(errors, new RegExp(`${missing} is missing`));
    }
  });

  test('says how much more is needed', async () => {
    const path = await walletFile();
    const { code, errors } = await run([
      'send',
      '--wallet',
      path,
      '--from-label',
      'alice',
      '--to',
      'bob',
      '--amount',
      '100000',
    ]);
    assert.equal(code, 1);
    assert.match(errors, /need \d+\.\d{8} NILZ more: "alice" has/);
  });

  test('without the node sends nothing', async () => {
    const path = await walletFile();
    const env = environment({ NILZ_NODE_URL: 'http://127.0.0.1:1' });
    const { code } = await run(
      ['send', '--wallet', path, '--from-label', 'alice', '--to', 'bob', '--amount', '1'],
      '',
      env,
    );
    assert.equal(code, 3);
  });
});

describe('the passphrase', () => {
  test('comes from the prompt, the environment or a file, and a wrong one is told', async () => {
    const path = await walletFile();
    const file = join(directory, 'passphrase.txt');
    await writeFile(file, `${SECRET}\n`);
    assert.equal((await run(['list', '--wallet', path])).code, 0);
    assert.equal(
      (await run(['list', '--wallet', path, '--passphrase-file', file], '', withoutPassphrase())).code,
      0,
    );
    const prompted = await run(['list', '--wallet', path], [[/^Passphrase: $/, SECRET]], withoutPassphrase());
    assert.equal(prompted.code, 0);
    assert.deepEqual(prompted.terminal.hidden, [SECRET]);
    const wrong = await run(['list', '--wallet', path], [[/^Passphrase/, 'Tr0ub4dor']], withoutPassphrase());
    assert.equal(wrong.code, 1);
    assert.match(wrong.errors, /wrong passphrase/);
    assert.doesNotMatch(wrong.errors, /Tr0ub4dor/);
    const nowhere = await run(['list', '--wallet', path, '--passphrase-file', newPath()]);
    assert.equal(nowhere.code, 2);
    assert.match(nowhere.errors, /--passphrase-file .*ENOENT/);
  });

  test('is not even asked for a file that is damaged or of another network', async () => {
    const path = await walletFile();
    const other = await run(['list', '--wallet', path, '--network', 'dev'], [], withoutPassphrase());
    assert.equal(other.code, 2);
    assert.match(other.errors, /wallet of the network regtest .*not dev/);
    const good = await readFile(path, 'utf8');
    await writeFile(path, good.slice(0, -40));
    const torn = await run(['list', '--wallet', path], [], withoutPassphrase());
    assert.equal(torn.code, 1);
    assert.match(torn.errors, /damaged.*backup copy, or restore/);
    assert.ok(torn.errors.includes(path), 'which file it is');
    assert.equal(await readFile(path, 'utf8'), good.slice(0, -40));
  });
});

test('a folder in the place of the wallet file is told in one line', async () => {
  const path = newPath();
  await mkdir(path, { recursive: true });
  const { code, errors } = await run(['list', '--wallet', path]);
  assert.equal(code, 1);
  assert.match(errors, /^nilz wallet list: the wallet file .* cannot be read \(EISDIR: .*\)\n?$/);
});

test('new-address warns when a restore would not find it', async () => {
  const path = await walletFile(
    'legal winner thank year wave sausage worth useful legal winner thank yellow',
  );
  for (let n = 0; n < 19; n++) await run(['new-address', '--wallet', path, '--label', 'shop']);
  const { output, errors } = await run(['new-address', '--wallet', path, '--label', 'shop']);
  assert.match(output, /^rnilz1q/);
  assert.match(errors, /restore with --gap-limit 21/);
});

test('commands at the same time on one file lose no label and give no address twice', async () => {
  const path = await walletFile();
  const nilz = new URL('../../../nilz', import.meta.url).pathname;
  const addresses = await Promise.all(
    ['a', 'b', 'c', 'd'].map(async (label) => {
      const argv = ['wallet', 'new-address', '--wallet', path, '--label', label];
      const child = spawn(process.execPath, [nilz, ...argv], { env: { ...process.env, ...environment() } });
      const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
      assert.match(output, /^rnilz1q\w+\n$/, errors);
      return output.trim();
    }),
  );
  assert.equal(new Set(addresses).size, 4);
  const { terminal } = await run(['list', '--wallet', path, '--json']);
  const { labels } = terminal.json<{ labels: { label: string; addresses: { address: string }[] }[] }>();
  const made = labels.slice(5);
  assert.deepEqual(made.map(({ label }) => label).sort(), ['a', 'b', 'c', 'd']);
  assert.deepEqual(new Set(made.map((label) => label.addresses[0]?.address)), new Set(addresses));
});
