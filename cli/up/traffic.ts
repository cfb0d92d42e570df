/** Random payments between the funded accounts, so that blocks have something in them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { COIN } from '../../protocol/amount.ts';
import { DEV_MNEMONIC, type NetworkProfile } from '../../protocol/network.ts';
import type { Stoppable } from '../../service/lifecycle.ts';
import type { Logger } from '../../service/log.ts';
import type { RpcClient } from '../../service/rpc-client.ts';
import { PaymentRejectedError } from '../../wallet/chain/backend.ts';
import { NodeBackend } from '../../wallet/chain/backend-node.ts';
import { MemoryStore } from '../../wallet/keys/wallet-store.ts';
import { firstContents } from '../../wallet/open-wallet.ts';
import { Wallet } from '../../wallet/wallet.ts';
import { WalletError } from '../../wallet/wallet-error.ts';
import { accountAddress } from './accounts.ts';

export interface TrafficOptions {
  readonly profile: NetworkProfile;
  readonly node: RpcClient;
  readonly log: Logger;
  /** Random numbers in [0, 1). */
  readonly random: () => number;
}

/** Who pays and is paid; the pool and the faucet keep their coins for their own work. */
const PAYERS = ['alice', 'bob', 'carol'] as const;
const LARGEST_PAYMENT_NITS = 5n * COIN;

/**
 * Pays a few times per block until stopped. A payment that fails is logged, and the next one is tried; one
 * that only has to wait for a block is not worth a line.
 */
export function startTraffic({ profile, node, log, random }: TrafficOptions): Stoppable {
  const store = new MemoryStore(firstContents(DEV_MNEMONIC, profile));
  const wallet = new Wallet({ store, profile, backend: new NodeBackend(node) });
  const pauseMs = (profile.blockTimeSeconds * 1_000) / 4;
  const stopping = new AbortController();
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;

  const pay = async (): Promise<void> => {
    const from = pick(PAYERS);
    const to = pick(PAYERS.filter((name) => name !== from));
    const amount = 1_000n + BigInt(Math.floor(random() * Number(LARGEST_PAYMENT_NITS)));
    const payees = [{ address: accountAddress(profile, to), amount }];
    try {
      await wallet.pay({ from, to: payees, change: 'reuse' });
    } catch (error) {
      if (error instanceof PaymentRejectedError && error.isPassing) return;
      const why = error instanceof WalletError ? { reason: error.message } : { err: error };
      log.warn(why, `traffic: ${from} could not pay ${to}`);
    }
  };
  const running = (async () => {
    while (await pause(pauseMs, stopping.signal)) await pay();
  })();
  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

/** Waits; false as soon as the signal fires. */
async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    return await sleep(ms, true, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
    return false;
  }
}
