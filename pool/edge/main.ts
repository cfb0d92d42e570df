/** `nilz edge`: reads flags, environment and signals, and calls `startEdge`. */
import { readFileSync } from 'node:fs';
import { ProfileError } from '../../protocol/profile-error.ts';
import { helpText, loadSettings, SettingError } from '../../service/config.ts';
import { DirectoryError } from '../../service/files.ts';
import { ListenError } from '../../service/http.ts';
import { EXIT, runUntilSignal } from '../../service/lifecycle.ts';
import { createLogger } from '../../service/log.ts';
import { CertificateError } from '../stratum/certificate.ts';
import { type RunningEdge, startEdge } from './edge.ts';
import { EDGE_SETTINGS, type EdgeSettings, edgeOptions } from './edge-settings.ts';
import { readEdgeToken } from './edge-token.ts';
import { EdgeRefusedError } from './pool-link.ts';

const COMMAND = 'nilz edge';
const SUMMARY = 'Runs a public place for miners in front of a private pool.';

/** Runs the edge until it is told to end; returns the exit code. */
export async function main(argv: string[], env: NodeJS.ProcessEnv): Promise<number> {
  try {
    const { values, help } = loadSettings(EDGE_SETTINGS, { command: COMMAND, argv, env });
    if (!help) return await run(values);
    process.stdout.write(helpText(EDGE_SETTINGS, { command: COMMAND, summary: SUMMARY }));
    return EXIT.done;
  } catch (error) {
    const code = exitCodeOf(error);
    if (code === undefined) throw error;
    console.error(`${COMMAND}: ${error instanceof Error ? error.message : String(error)}`);
    return code;
  }
}

async function run(values: EdgeSettings): Promise<number> {
  const { tokenFile, ...options } = edgeOptions(values, (file) => readFileSync(file, 'utf8'));
  const token = await readEdgeToken(tokenFile);
  const log = createLogger({ name: 'edge', level: values.logLevel, ...(values.json && { pretty: false }) });
  return runUntilSignal(
    async ({ stopping }) => {
      try {
        const edge = await startEdge({ ...options, token, log, stopping });
        announce(edge, values.json);
        return edge;
      } catch (error) {
        // Told to end while it still waited for the pool: nothing runs that would have to be stopped.
        if (stopping.aborted) return { stop: async () => undefined };
        throw error;
      }
    },
    { log },
  );
}

/** Tells that the edge is ready: one line of JSON on standard output, or a line for people. */
function announce({ network, stratumUrl, stratumTlsUrl, httpUrl }: RunningEdge, json: boolean): void {
  const facts = {
    ready: true,
    network,
    stratum_url: stratumUrl,
    stratum_tls_url: stratumTlsUrl,
    http_url: httpUrl,
  };
  const miners = [stratumUrl, stratumTlsUrl].filter((url) => url !== undefined).join(' and ');
  if (json) console.log(JSON.stringify(facts));
  else console.log(`edge ready: network ${network}, miners ${miners}, HTTP ${httpUrl}`);
}

/** Errors that say all there is to say; any other is a bug and keeps its stack. */
function exitCodeOf(error: unknown): number | undefined {
  if (error instanceof SettingError || error instanceof ProfileError) return EXIT.wrongUse;
  if (error instanceof CertificateError) return EXIT.wrongUse;
  if (error instanceof EdgeRefusedError) return EXIT.unreachable;
  if (error instanceof ListenError || error instanceof DirectoryError) return EXIT.failed;
  return undefined;
}
