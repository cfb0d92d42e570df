/** The wallet's page of `nilz up`, for the wallets that lie beside the chain. */
import type { NetworkProfile } from '../../protocol/network.ts';
import { systemClock } from '../../service/clock.ts';
import type { Credentials } from '../../service/http.ts';
import type { Logger } from '../../service/log.ts';
import { openBackend } from '../../wallet/chain/backend-choice.ts';
import { type RunningWalletGui, startWalletGui } from '../../wallet/gui/gui-server.ts';

export interface DevWalletOptions {
  readonly profile: NetworkProfile;
  readonly node: { readonly url: string; readonly credentials: Credentials };
  readonly port: number;
  /** Of the network's files. */
  readonly directory: string;
  readonly explorerUrl: string;
  readonly log: Logger;
}

/** @throws ListenError when the port is taken */
export async function startDevWallet(options: DevWalletOptions): Promise<RunningWalletGui> {
  const { node, ...rest } = options;
  const url = new URL(node.url);
  url.username = node.credentials.user;
  url.password = node.credentials.password;
  const place = { nodeUrl: url.href };
  const backend = openBackend(place);
  try {
    const gui = await startWalletGui({
      ...rest,
      place,
      backend,
      portSetting: '--wallet-port',
      clock: systemClock,
    });
    return { ...gui, stop: () => gui.stop().finally(() => backend.close()) };
  } catch (error) {
    backend.close();
    throw error;
  }
}
