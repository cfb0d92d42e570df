/** The `nilz` command: finds the subcommand and loads only that app. */
import { readFileSync } from 'node:fs';
import { ProfileError } from '../protocol/profile-error.ts';
import { SettingError } from '../service/config.ts';
import { isBrokenPipe } from '../service/lifecycle.ts';

/** What every app's `main.ts` exports: 0 done, 1 failed, 2 wrong use, 3 node or pool unreachable. */
type Main = (argv: string[], env: NodeJS.ProcessEnv) => Promise<number>;

interface Command {
  readonly summary: string;
  readonly load: () => Promise<{ readonly main: Main }>;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  up: {
    summary: 'the whole stack on the dev network: node, explorer, faucet, pool and miner',
    load: () => import('./up.ts'),
  },
  node: {
    summary: 'a node: the chain, its memory pool and the JSON-RPC',
    load: () => import('./node.ts'),
  },
  relay: {
    summary: 'the public gateway in front of a node, with the explorer',
    load: () => import('../node/relay/main.ts'),
  },
  pool: { summary: 'a Stratum mining pool in front of a node', load: () => import('../pool/main.ts') },
  edge: {
    summary: 'a public place for miners in front of a private pool',
    load: () => import('../pool/edge/main.ts'),
  },
  faucet: { summary: 'gives coins away from a wallet', load: () => import('../faucet/main.ts') },
  miner: {
    summary: 'mines for pools by Stratum, or straight on a node',
    load: () => import('../miner/main.ts'),
  },
  wallet: { summary: 'keys, balances and payments', load: () => import('../wallet/main.ts') },
  rpc: { summary: 'call a node: nilz rpc METHOD [ARGUMENTS…]', load: () => import('./rpc.ts') },
  backup: { summary: 'copy the databases of running services', load: () => import('./backup.ts') },
  pace: { summary: 'time per block against the target over recent blocks', load: () => import('./pace.ts') },
};

function usage(): string {
  const rows = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(8)} ${summary}`);
  return [
    'usage: nilz COMMAND [OPTIONS]',
    '',
    ...rows,
    '',
    '"nilz COMMAND --help" lists the options of a command; "nilz --version" prints the version.',
    'Exit codes: 0 done, 1 failed, 2 wrong use, 3 node or pool unreachable.',
  ].join('\n');
}

function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/**
 * Runs one `nilz` command line.
 * @param argv the words after `nilz`
 * @returns the exit code
 */
export async function main(argv: string[], env: NodeJS.ProcessEnv): Promise<number> {
  // "nilz pace | head -1" has read enough; there is nothing to complain about.
  process.stdout.on('error', (error) => {
    if (!isBrokenPipe(error)) throw error;
  });
  const [name, ...rest] = argv;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    console.log(usage());
    return name === undefined ? 2 : 0;
  }
  if (name === '--version' || name === '-V') {
    console.log(version());
    return 0;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    // What has not the form of a command is not repeated: it may be the words of a wallet.
    const called = /^[a-z-]{1,20}$/.test(name) ? ` "${name}"` : '';
    console.error(`nilz: unknown command${called}; allowed: ${Object.keys(COMMANDS).join(', ')}`);
    return 2;
  }
  try {
    const app = await command.load();
    return await app.main(rest, env);
  } catch (error) {
    if (!(error instanceof SettingError || error instanceof ProfileError)) throw error;
    console.error(`nilz ${name}: ${error.message}`);
    return 2;
  }
}
