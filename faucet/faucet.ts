/** A faucet: its claims, and the face that strangers see. */
import { type Clock, systemClock } from '../service/clock.ts';
import { composeStop, type Stoppable, startParts } from '../service/lifecycle.ts';
import type { ChainBackend } from '../wallet/chain/backend.ts';
import type { OpenBackend } from '../wallet/chain/backend-choice.ts';
import type { Wallet } from '../wallet/wallet.ts';
import type { ClaimDesk } from './claims/claim-desk.ts';
import { type CoreOptions, startCore } from './core.ts';
import type { FaceOptions } from './http/http-settings.ts';
import { serveFaucet } from './http/serve.ts';

export interface FaucetOptions extends Omit<CoreOptions, 'backend' | 'wallet'> {
  /** Opens the way to the chain. Nothing is asked yet. */
  readonly openBackend: () => OpenBackend;
  /** Opens the wallet that claims are paid from. */
  readonly openWallet: (backend: ChainBackend) => Promise<Wallet>;
  readonly face: FaceOptions;
}

/** A faucet that is up. */
export interface RunningFaucet extends Stoppable {
  readonly httpUrl: string;
  /** Holds the token that pausing and resuming over HTTP need. */
  readonly adminTokenFile: string;
  /** Where the faucet is filled. */
  readonly depositAddress: string;
  readonly desk: ClaimDesk;
}

/** The admin token's file beside that of a faucet. */
export function adminTokenFile(file: string): string {
  return file.replace(/(\.sqlite)?$/, '-admin.token');
}

/**
 * Starts a faucet. The chain need not be in reach: claims are refused until it is.
 * @throws WalletError, SettingError (the wallet), DirectoryInUseError, DatabaseError, ForeignFaucetError,
 *   ListenError, DirectoryError, each with a message for the operator; nothing of the faucet runs then
 */
export function startFaucet(options: FaucetOptions): Promise<RunningFaucet> {
  return startParts((started) => start(options, started), options.log);
}

async function start(options: FaucetOptions, started: Stoppable[]): Promise<RunningFaucet> {
  const { openBackend, openWallet, face, ...core } = options;
  const backend = openBackend();
  started.push({ stop: async () => backend.close() });
  const clock: Clock = core.clock ?? systemClock;
  const running = await startCore({ ...core, backend, wallet: await openWallet(backend) });
  started.push(running);
  const { desk, depositAddress, clock: claimClock } = running;
  const http = await serveFaucet({
    ...face,
    desk,
    secret: (purpose) => running.secret(purpose),
    clock,
    claimClock,
    log: core.log,
    tokenFile: adminTokenFile(core.file),
  });
  started.push(http);
  core.log.info({ network: core.profile.name, http: http.httpUrl, depositAddress }, 'faucet started');
  return {
    httpUrl: http.httpUrl,
    adminTokenFile: http.adminTokenFile,
    depositAddress,
    desk,
    stop: () => composeStop(started).stop(),
  };
}
