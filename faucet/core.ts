/** A faucet without a face: the claims, and the wallet they are paid from. */
import { dirname } from 'node:path';
import { magicHex, type NetworkProfile } from '../protocol/network.ts';
import { type Clock, systemClock } from '../service/clock.ts';
import { lockFile } from '../service/database.ts';
import { DirectoryInUseError, makeDirectory } from '../service/files.ts';
import { composeStop, type Stoppable, startParts, stopWithin } from '../service/lifecycle.ts';
import type { Logger } from '../service/log.ts';
import type { ChainBackend } from '../wallet/chain/backend.ts';
import type { PayoutStep } from '../wallet/services/payout-delivery.ts';
import { PayoutWatch } from '../wallet/services/payout-watch.ts';
import { Settlement } from '../wallet/services/settlement.ts';
import type { Wallet } from '../wallet/wallet.ts';
import { ClaimClock } from './claims/claim-clock.ts';
import { ClaimCounter } from './claims/claim-counter.ts';
import type { ClaimDesk } from './claims/claim-desk.ts';
import { ClaimPolicy, type PolicyOptions } from './claims/claim-policy.ts';
import type { ClaimRules } from './claims/claim-rules.ts';
import { BackendPayoutChain } from './payouts/backend-payout-chain.ts';
import { Payer } from './payouts/payer.ts';
import { PayoutLoop } from './payouts/payout-loop.ts';
import { Purse } from './payouts/purse.ts';
import { FaucetStore } from './store/faucet-store.ts';

/** What a faucet works with, face or not. */
export interface CoreOptions {
  readonly profile: NetworkProfile;
  /** What is promised and paid is kept here. */
  readonly file: string;
  readonly backend: ChainBackend;
  readonly wallet: Wallet;
  /** Whose coins pay. */
  readonly label: string;
  readonly rules: ClaimRules;
  readonly policy: PolicyOptions;
  /** At least so long lies between two rounds of payments. */
  readonly payoutIntervalMs: number;
  readonly log: Logger;
  readonly clock?: Clock;
  /** How often the chain is asked for its tip (default 1,000). */
  readonly pollMs?: number;
  /** For tests that end the process between two steps of a payout. */
  readonly onStep?: (step: PayoutStep) => Promise<void>;
}

/** A faucet that pays, without a face. */
export interface RunningCore extends Stoppable {
  readonly desk: ClaimDesk;
  /** By which claims and challenges are dated. */
  readonly clock: Clock;
  /** Where the faucet is filled. */
  readonly depositAddress: string;
  /** 32 random bytes for a purpose, the same after every restart. */
  secret(purpose: string): Promise<Uint8Array>;
}

const POLL_MS = 1_000;
/** Bitcoin's coinbase maturity: no reorganisation is expected to go as deep. */
const SETTLED_DEPTH = 100;
const STOP_MS = 1_000;
const FORGET_CHALLENGES_MS = 600_000;

/**
 * Starts to take and pay claims. The chain need not be in reach yet: claims are refused until it is.
 * @throws DirectoryInUseError, DatabaseError, ForeignFaucetError; WalletError `unknown-label`; RangeError from the
 *   policy
 */
export function startCore(options: CoreOptions): Promise<RunningCore> {
  return startParts((started) => start(options, started), options.log);
}

async function start(options: CoreOptions, started: Stoppable[]): Promise<RunningCore> {
  const { profile, file, backend, wallet, label, rules, log, onStep } = options;
  const policy = new ClaimPolicy(options.policy, profile);
  const purse = await Purse.open({ wallet, label, backend });
  const store = await openStore(file, profile, started);
  const systemsClock = options.clock ?? systemClock;
  const clock = new ClaimClock(systemsClock, await store.claims.latestMs());
  const stopping = new AbortController();
  const chain = new BackendPayoutChain(backend, store.payouts, profile.address);
  const settledDepth = Math.max(SETTLED_DEPTH, profile.maturity);
  const paying = { book: store.payouts, wallet: purse.wallet, chain, clock, log, onStep };
  const objection = (address: string): Promise<string | undefined> => counter.objection(address);
  const loop: PayoutLoop = new PayoutLoop({
    profile,
    store,
    purse,
    backend,
    payer: new Payer({ store, settlement: new Settlement(paying), objection, log }),
    watch: new PayoutWatch({ ...paying, settledDepth }),
    settledDepth,
    clock,
    log,
    signal: stopping.signal,
    pollMs: options.pollMs ?? POLL_MS,
    intervalMs: options.payoutIntervalMs,
    onChange: (claimIds) => counter.announce(claimIds),
  });
  const counter = new ClaimCounter({ profile, rules, policy, store, purse, loop, clock, log });
  const forgetting = setInterval(() => {
    store.claims
      .forgetChallenges(clock.wallMs())
      .catch((error: unknown) => log.error({ err: error }, 'old challenges cannot be forgotten'));
  }, FORGET_CHALLENGES_MS);
  loop.start();
  started.push({
    stop: async () => {
      clearInterval(forgetting);
      stopping.abort();
      // A chain that does not answer is not waited for: what comes of it finds the books closed, and is not sent.
      await stopWithin({ stop: () => loop.stopped() }, STOP_MS);
    },
  });
  return {
    desk: counter,
    clock,
    depositAddress: await purse.depositAddress(),
    secret: (purpose) => store.secret(purpose),
    stop: () => composeStop(started).stop(),
  };
}

/** Opens the file, which only one faucet may use. */
async function openStore(file: string, profile: NetworkProfile, started: Stoppable[]): Promise<FaucetStore> {
  started.push({ stop: await lockFaucet(file) });
  const store = await FaucetStore.open({ file, network: magicHex(profile) });
  started.push({ stop: () => store.close() });
  return store;
}

/**
 * Makes a faucet's file ours until the returned function is called or the process ends, however it ends.
 * @throws DirectoryInUseError while another faucet uses it; DirectoryError, DatabaseError
 */
export async function lockFaucet(file: string): Promise<() => Promise<void>> {
  await makeDirectory(dirname(file));
  const unlock = await lockFile(`${file}.lock`);
  if (unlock !== undefined) return unlock;
  throw new DirectoryInUseError(
    `${file} is in use by another faucet; stop that one, or choose another --datadir`,
  );
}
