/** `nilz pool` and its subcommands: reads flags, environment and signals, and calls `startPool`. */
import { readFileSync } from 'node:fs';
import { AddressError } from '../protocol/address.ts';
import { ProfileError } from '../protocol/profile-error.ts';
import { helpText, loadSettings, SettingError } from '../service/config.ts';
import { DatabaseError } from '../service/database.ts';
import { DirectoryError } from '../service/files.ts';
import { ListenError } from '../service/http.ts';
import { EXIT, runUntilSignal } from '../service/lifecycle.ts';
import { createLogger } from '../service/log.ts';
import { preparePages } from '../service/pages.ts';
import { UnreachableError } from '../service/rpc-client.ts';
import { WalletError } from '../wallet/wallet-error.ts';
import { POOL_PAGES } from './http/pages.ts';
import { ForeignLedgerError } from './ledger/ledger.ts';
import { NetworkError } from './nodes/node-network.ts';
import { OperatorWalletError } from './payouts/operator-wallet.ts';
import { type RunningPool, startPool } from './pool.ts';
import { POOL_SETTINGS, type PoolSettings, poolOptions } from './settings.ts';
import { CertificateError } from './stratum/certificate.ts';
import type { Subcommand } from './subcommand.ts';

const COMMAND = 'nilz pool';

interface SubcommandEntry {
  readonly summary: string;
  readonly load: () => Promise<Subcommand>;
}

/** What stands after `nilz pool`; without such a word the pool itself runs. */
const SUBCOMMANDS: Readonly<Record<string, SubcommandEntry>> = {
  audit: {
    summary: 'recomputes everything from the ledger and says whether it adds up',
    load: async () => (await import('./accounting/audit-command.ts')).auditCommand,
  },
  settle: {
    summary: 'pays what is due now, or says what would be paid',
    load: async () => (await import('./payouts/settle-command.ts')).settleCommand,
  },
  replay: {
    summary: 'replays a recorded Stratum session against the share checks',
    load: async () => (await import('./inspector/replay-command.ts')).replayCommand,
  },
};

/** Runs the pool until it is told to end, or one of its subcommands; returns the exit code. */
export async function main(argv: string[], env: NodeJS.ProcessEnv): Promise<number> {
  const [word = '', ...rest] = argv;
  const entry = Object.hasOwn(SUBCOMMANDS, word) ? SUBCOMMANDS[word] : undefined;
  const command = entry === undefined ? COMMAND : `${COMMAND} ${word}`;
  try {
    if (entry === undefined) return await runPool(argv, env);
    const subcommand = await entry.load();
    return await subcommand.run({ command, argv: rest, env });
  } catch (error) {
    const code = exitCodeOf(error);
    if (code === undefined) throw error;
    console.error(`${command}: ${error instanceof Error ? error.message : String(error)}`);
    return code;
  }
}

async function runPool(argv: string[], env: NodeJS.ProcessEnv): Promise<number> {
  const { values, help } = loadSettings(POOL_SETTINGS, { command: COMMAND, argv, env });
  if (!help) return run(values, env);
  process.stdout.write(helpText(POOL_SETTINGS, { command: COMMAND, summary: poolSummary() }));
  return EXIT.done;
}

function poolSummary(): string {
  const rows = Object.entries(SUBCOMMANDS).map(([name, { summary }]) => `  ${name.padEnd(8)} ${summary}`);
  const summary = 'Runs a Stratum mining pool in front of a node that offers getblocktemplate.';
  return rows.length === 0 ? summary : [summary, '', `Or ${COMMAND} WORD [options]:`, ...rows].join('\n');
}

async function run(values: PoolSettings, env: NodeJS.ProcessEnv): Promise<number> {
  const options = poolOptions(values, (file) => readFileSync(file, 'utf8'), env);
  const log = createLogger({ name: 'pool', level: values.logLevel, ...(values.json && { pretty: false }) });
  return runUntilSignal(
    async ({ stopping }) => {
      try {
        const pool = await startPool({ ...options, log, stopping });
        announce(pool, values.json);
        void preparePages(POOL_PAGES, log, stopping);
        return pool;
      } catch (error) {
        // Told to end while it still waited for the node: nothing runs that would have to be stopped.
        if (stopping.aborted) return { stop: async () => undefined };
        throw error;
      }
    },
    { log },
  );
}

/** Tells that the pool is ready: one line of JSON on standard output, or a line for people. */
function announce(pool: RunningPool, json: boolean): void {
  const { network, stratumUrl, stratumTlsUrl, httpUrl } = pool;
  const facts = {
    ready: true,
    network: network.name,
    stratum_url: stratumUrl,
    stratum_tls_url: stratumTlsUrl,
    http_url: httpUrl,
    admin_token_file: pool.adminTokenFile,
    edge_token_file: pool.edgeTokenFile,
  };
  const miners = [stratumUrl, stratumTlsUrl].filter((url) => url !== undefined).join(' and ');
  if (json) console.log(JSON.stringify(facts));
  else console.log(`pool ready: network ${network.name}, miners ${miners}, HTTP ${httpUrl}`);
}

/** Errors that say all there is to say; any other is a bug and keeps its stack. */
function exitCodeOf(error: unknown): number | undefined {
  if (error instanceof SettingError || error instanceof ProfileError) return EXIT.wrongUse;
  if (error instanceof AddressError || error instanceof NetworkError) return EXIT.wrongUse;
  if (error instanceof CertificateError || error instanceof OperatorWalletError) return EXIT.wrongUse;
  if (error instanceof WalletError) return EXIT.failed;
  if (error instanceof UnreachableError) return EXIT.unreachable;
  if (error instanceof ListenError || error instanceof DirectoryError) return EXIT.failed;
  if (error instanceof DatabaseError || error instanceof ForeignLedgerError) return EXIT.failed;
  return undefined;
}
