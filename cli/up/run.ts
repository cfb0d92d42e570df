/** What `nilz up` does once its settings are read: the stack from its start to the signal that ends it. */
import { readFileSync } from 'node:fs';
import { ForeignFaucetError } from '../../faucet/store/faucet-store.ts';
import { IdentityError } from '../../node/chain/chain.ts';
import { ForeignLedgerError } from '../../pool/ledger/ledger.ts';
import { chooseNetwork } from '../../protocol/network-choice.ts';
import { DatabaseError } from '../../service/database.ts';
import { DirectoryError } from '../../service/files.ts';
import { type Credentials, ListenError } from '../../service/http.ts';
import { EXIT, runUntilSignal } from '../../service/lifecycle.ts';
import { createLogger } from '../../service/log.ts';
import { preparePages } from '../../service/pages.ts';
import type { UpSettings } from '../up.ts';
import { readAccounts } from './accounts.ts';
import { ALL_PAGES } from './pages.ts';
import { blockJson, blockLine, readyJson, readyPage } from './report.ts';
import { isResetUnfinished, resetStack, type Stack, startStack } from './stack.ts';

/**
 * Runs the stack until it is told to end; what the user can do something about is printed in one line.
 * @returns the exit code
 * @throws ProfileError for a network that cannot be
 */
export async function runStack(values: UpSettings, credentials: Credentials | undefined): Promise<number> {
  try {
    return await run(values, credentials);
  } catch (error) {
    if (!isForTheUser(error)) throw error;
    console.error(`nilz up: ${error.message}`);
    return EXIT.failed;
  }
}

async function run(values: UpSettings, credentials: Credentials | undefined): Promise<number> {
  const profile = chooseNetwork({ network: 'dev', ...values }, (file) => readFileSync(file, 'utf8'));
  const log = createLogger({
    name: 'nilz',
    level: values.logLevel,
    ...(values.json && { pretty: false }),
  });
  if (values.reset || isResetUnfinished(profile, values.datadir)) await resetStack(profile, values.datadir);
  return runUntilSignal(
    async ({ stopping, requestStop }) => {
      const stack = await startStack({
        profile,
        dataDirectory: values.datadir,
        rpcPort: values.rpcPort,
        credentials,
        p2pPort: values.p2pPort,
        stratumPort: values.stratumPort,
        httpPort: values.httpPort,
        relayPort: values.relayPort,
        faucetPort: values.faucetPort,
        walletPort: values.walletPort,
        homePort: values.homePort,
        startDifficulty: values.startDifficulty,
        payoutIntervalSeconds: values.payoutInterval,
        threads: values.mine ? values.threads : 0,
        traffic: values.traffic,
        lan: values.lan,
        log,
        stopping,
        onStopRequest: requestStop,
        onNodeFailure: () => requestStop(EXIT.failed),
      });
      const accounts = await readAccounts(profile, stack.rpc);
      // Since the process began: loading the services is part of what one waits for.
      const seconds = performance.now() / 1_000;
      console.log(values.json ? readyJson(stack, accounts) : readyPage(stack, accounts, seconds));
      announceBlocks(stack, values.json);
      void preparePages(ALL_PAGES, log, stopping);
      return stack;
    },
    { log },
  );
}

/** One line per block from now on. */
function announceBlocks({ node }: Stack, asJson: boolean): void {
  node.chain.on('connected', ({ block, entry }) => {
    const spacingSeconds = entry.time - (entry.parent?.time ?? entry.time);
    const news = { block, height: entry.height, hash: entry.hash, spacingSeconds };
    console.log(asJson ? blockJson(news) : blockLine(news));
  });
}

/** Errors that say all there is to say; any other is a bug and keeps its stack. */
function isForTheUser(error: unknown): error is Error {
  return [
    ListenError,
    DirectoryError,
    DatabaseError,
    IdentityError,
    ForeignLedgerError,
    ForeignFaucetError,
  ].some((kind) => error instanceof kind);
}
