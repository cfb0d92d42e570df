/**
 * Opens the wallet of the benchmark again and again in a process of its own: the first time with code that nothing has
 * run before. Takes the wallet's file, the node's address and cookie file, and how often; says as one line of JSON how
 * long each opening took.
 */
import { argv, cpuUsage, stdout } from 'node:process';
import { magicHex } from '../../protocol/network.ts';
import { openBackend } from '../../wallet/chain/backend-choice.ts';
import { totalOf } from '../../wallet/chain/balance.ts';
import { WalletFile } from '../../wallet/keys/wallet-file.ts';
import { Wallet } from '../../wallet/wallet.ts';
import { PAGE_ROWS, PASSPHRASE, PROFILE } from './wallet-chain.ts';

/** One opening: milliseconds by the clock, and of CPU in all threads. */
export interface Opening {
  /** The passphrase. */
  readonly unlockMs: number;
  /** Balance and first page of the history, as a page asks for them. */
  readonly readMs: number;
  readonly readCpuMs: number;
  /** What they said: nits as text, and rows of all pages. */
  readonly balance: string;
  readonly rows: number;
}

const [, , path = '', nodeUrl = '', cookieFile = '', times = '1'] = argv;
const backend = openBackend({ nodeUrl, cookieFile });
const network = { name: PROFILE.name, magic: magicHex(PROFILE) };
const openings: Opening[] = [];
for (let n = 0; n < Number(times); n += 1) {
  const start = performance.now();
  const store = await WalletFile.open({ path, network, passphrase: async () => PASSPHRASE });
  const opened = performance.now();
  const cpu = cpuUsage();
  // It is closed before anything is compared.
  const reckoning = { onCorrection: () => undefined, onFailure: () => undefined };
  const wallet = new Wallet({ store, profile: PROFILE, backend, gatherMs: 15, reckoning });
  const [{ total }, shown] = await Promise.all([
    wallet.balance(),
    wallet.history({ scope: 'wallet', limit: PAGE_ROWS }),
  ]);
  const readMs = performance.now() - opened;
  const { user, system } = cpuUsage(cpu);
  const said = { balance: String(totalOf(total)), rows: shown.total };
  openings.push({ unlockMs: opened - start, readMs, readCpuMs: (user + system) / 1_000, ...said });
  await wallet.close();
}
stdout.write(`${JSON.stringify(openings)}\n`);
backend.close();
