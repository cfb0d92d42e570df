/**
 * A process at work on a wallet file that dies as by `kill -9` at the n-th thing it does to the disk. Run as
 *
 *     node --import tsx test/kit/crash-wallet.ts WORK PATH [N]
 *
 * It writes "done COUNT" at the end, COUNT being how many such things there were. Nothing of the wallet is changed:
 * only `node:fs/promises` counts.
 */
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { fileURLToPath } from 'node:url';
import { type Contents, newContents, wordKeys } from '../../wallet/keys/contents.ts';
import { WalletFile } from '../../wallet/keys/wallet-file.ts';

export const CRASH_NETWORK = { name: 'regtest', magic: 'e3726e69' };
export const OLD_PASSPHRASE = 'correct horse battery staple';
export const NEW_PASSPHRASE = 'another one';
/** The keys are worthless: one more letter in the passphrase is no concern here. */
export const CHEAP_SCRYPT = { N: 16, r: 1, p: 1 };

/** What can be done to a file: a new one, one address more, another passphrase, or addresses until somebody ends it. */
export const CRASH_WORKS = ['create', 'write', 'change-passphrase', 'write-on'] as const;
export type CrashWork = (typeof CRASH_WORKS)[number];

let count = 0;

/** @param deadly number of the deed that is not survived */
function countDeeds(deadly: number): void {
  const deed = () => {
    count += 1;
    if (count === deadly) process.kill(process.pid, 'SIGKILL');
  };
  const { open, rename, rm } = fs;
  fs.open = async (...args: Parameters<typeof open>) => {
    deed();
    const handle = await open(...args);
    const { writeFile, sync, close } = handle;
    handle.writeFile = async (data, options) => {
      deed();
      // A torn write: the first half is there when the process dies.
      const text = String(data);
      await handle.write(text.slice(0, text.length / 2), 0);
      deed();
      await handle.truncate(0);
      await writeFile.call(handle, data, options);
    };
    handle.sync = async () => {
      deed();
      await sync.call(handle);
    };
    handle.close = async () => {
      deed();
      await close.call(handle);
    };
    return handle;
  };
  fs.rename = async (from, to) => {
    deed();
    await rename(from, to);
    deed();
  };
  fs.rm = async (path, options) => {
    deed();
    await rm(path, options);
  };
  syncBuiltinESMExports();
}

export function createCrashWallet(path: string): Promise<WalletFile> {
  const contents = newContents(wordKeys('test test'), 1_800_000_000);
  return WalletFile.create({
    path,
    network: CRASH_NETWORK,
    passphrase: OLD_PASSPHRASE,
    contents,
    cost: CHEAP_SCRYPT,
  });
}

async function addAddress({ given, ...contents }: Contents) {
  const name = `address ${given}`;
  const labels = [...contents.labels, { name, receive: [given] }];
  return { contents: { ...contents, labels, given: given + 1 }, result: undefined };
}

async function main([work, path = '', deadly = '0']: readonly string[]): Promise<void> {
  if (work === 'create') {
    countDeeds(Number(deadly));
    await createCrashWallet(path);
    process.stdout.write(`done ${count}\n`);
    return;
  }
  const passphrase = async () => OLD_PASSPHRASE;
  const file = await WalletFile.open({ path, network: CRASH_NETWORK, passphrase });
  countDeeds(Number(deadly));
  if (work === 'write') await file.update(addAddress);
  if (work === 'change-passphrase') await file.changePassphrase(OLD_PASSPHRASE, NEW_PASSPHRASE, CHEAP_SCRYPT);
  while (work === 'write-on') {
    await file.update(addAddress);
    process.stdout.write('written\n');
  }
  process.stdout.write(`done ${count}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));
