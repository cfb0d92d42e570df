/** `nilz relay`: reads flags, environment and signals, and calls `startRelay`. */
import { readFileSync } from 'node:fs';
import { ProfileError } from '../../protocol/profile-error.ts';
import { helpText, loadSettings, SettingError } from '../../service/config.ts';
import { ListenError } from '../../service/http.ts';
import { EXIT, runUntilSignal } from '../../service/lifecycle.ts';
import { createLogger } from '../../service/log.ts';
import { preparePages } from '../../service/pages.ts';
import { EXPLORER } from './explorer.ts';
import { startRelay } from './relay.ts';
import { RELAY_SETTINGS, type RelaySettings, relayOptions } from './settings.ts';

const COMMAND = 'nilz relay';
const SUMMARY = 'Runs the public gateway in front of a node: its REST API, its events and the explorer.';

/** Runs the relay until it is told to end; returns the exit code. */
export async function main(argv: string[], env: NodeJS.ProcessEnv): Promise<number> {
  try {
    const { values, help } = loadSettings(RELAY_SETTINGS, { command: COMMAND, argv, env });
    if (!help) return await run(values);
    process.stdout.write(helpText(RELAY_SETTINGS, { command: COMMAND, summary: SUMMARY }));
    return EXIT.done;
  } catch (error) {
    const code = exitCodeOf(error);
    if (code === undefined) throw error;
    console.error(`${COMMAND}: ${error instanceof Error ? error.message : String(error)}`);
    return code;
  }
}

async function run(values: RelaySettings): Promise<number> {
  const options = relayOptions(values, (file) => readFileSync(file, 'utf8'));
  const log = createLogger({ name: 'relay', level: values.logLevel, ...(values.json && { pretty: false }) });
  return runUntilSignal(
    async ({ stopping }) => {
      const relay = await startRelay({ ...options, log });
      if (values.json) console.log(JSON.stringify({ ready: true, url: relay.url, id: values.id }));
      else console.log(`relay ready: API and explorer ${relay.url}`);
      void preparePages([EXPLORER], log, stopping);
      return relay;
    },
    { log },
  );
}

/** Errors that say all there is to say; any other is a bug and keeps its stack. */
function exitCodeOf(error: unknown): number | undefined {
  if (error instanceof SettingError || error instanceof ProfileError) return EXIT.wrongUse;
  if (error instanceof ListenError) return EXIT.failed;
  return undefined;
}
