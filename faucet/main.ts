/** `nilz faucet`: reads flags, environment and signals, and calls `startFaucet`. */
import { readFileSync } from 'node:fs';
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
import { type RunningFaucet, startFaucet } from './faucet.ts';
import { FAUCET_SETTINGS, type FaucetSettings, faucetOptions } from './settings.ts';
import { ForeignFaucetError } from './store/faucet-store.ts';
import { FAUCET_PAGE } from './web/page.ts';

const COMMAND = 'nilz faucet';
const SUMMARY = 'Gives coins away to whoever asks, a little to each, from a wallet that its operator fills.';

/** Runs the faucet until it is told to end; returns the exit code. */
export async function main(argv: string[], env: NodeJS.ProcessEnv): Promise<number> {
  try {
    const { values, help } = loadSettings(FAUCET_SETTINGS, { command: COMMAND, argv, env });
    if (!help) return await run(values);
    process.stdout.write(helpText(FAUCET_SETTINGS, { command: COMMAND, summary: SUMMARY }));
    return EXIT.done;
  } catch (error) {
    const code = exitCodeOf(error);
    if (code === undefined) throw error;
    console.error(`${COMMAND}: ${error instanceof Error ? error.message : String(error)}`);
    return code;
  }
}

function run(values: FaucetSettings): Promise<number> {
  const options = faucetOptions(values, (file) => readFileSync(file, 'utf8'));
  const log = createLogger({
    name: 'faucet',
    level: values.logLevel,
    ...(values.json && { pretty: false }),
  });
  return runUntilSignal(
    async ({ stopping }) => {
      const faucet = await startFaucet({ ...options, log });
      announce(faucet, options.profile.name, values.json);
      void preparePages([FAUCET_PAGE], log, stopping);
      return faucet;
    },
    { log },
  );
}

/** Tells that the faucet is ready: one line of JSON on standard output, or a line for people. */
function announce(faucet: RunningFaucet, network: string, json: boolean): void {
  const { httpUrl, adminTokenFile, depositAddress } = faucet;
  const facts = {
    ready: true,
    network,
    http_url: httpUrl,
    deposit_address: depositAddress,
    admin_token_file: adminTokenFile,
  };
  if (json) console.log(JSON.stringify(facts));
  else console.log(`faucet ready: network ${network}, ${httpUrl}, filled at ${depositAddress}`);
}

/** Errors that say all there is to say; any other is a bug and keeps its stack. */
function exitCodeOf(error: unknown): number | undefined {
  if (error instanceof SettingError || error instanceof ProfileError) return EXIT.wrongUse;
  if (error instanceof UnreachableError) return EXIT.unreachable;
  const isForTheOperator = [WalletError, ListenError, DirectoryError, DatabaseError, ForeignFaucetError].some(
    (kind) => error instanceof kind,
  );
  return isForTheOperator ? EXIT.failed : undefined;
}
