import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { before, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { newContents, wordKeys } from '../../wallet/keys/contents.ts';
import { deriveSealingKey, parseKeyFile, sealKeyFile, unsealKeyFile } from '../../wallet/keys/key-file.ts';
import { CONTENTS_FORMAT, WalletFile } from '../../wallet/keys/wallet-file.ts';
import { WalletError } from '../../wallet/wallet-error.ts';
import {
  CHEAP_SCRYPT,
  CRASH_NETWORK,
  type CrashWork,
  createCrashWallet,
  NEW_PASSPHRASE,
  OLD_PASSPHRASE,
} from '../kit/crash-wallet.ts';
import { temporaryDirectory } from '../service/temporary-directory.ts';

const VICTIM = fileURLToPath(new URL('../kit/crash-wallet.ts', import.meta.url));
const WALLET_V1 = fileURLToPath(new URL('../wallet/keys/wallet-v1.json', import.meta.url));
/** So many of the moments at which a process can die are tried; from about 90 on it is every single one. */
const ROUNDS = Number(process.env.NILZ_CRASH_ROUNDS ?? 20);

/**
 * What happens to which file: one of this format, one of format 1, which is brought up to date on the way, or (0)
 * none yet.
 */
interface Case {
  readonly work: CrashWork;
  readonly version: 0 | 1 | 2;
}

const CASES: readonly Case[] = [
  { work: 'create', version: 0 },
  { work: 'write', version: 2 },
  { work: 'write', version: 1 },
  { work: 'change-passphrase', version: 2 },
  { work: 'change-passphrase', version: 1 },
];

const files = new Map<number, string>();

before(async () => {
  const key = await deriveSealingKey(OLD_PASSPHRASE, undefined, CHEAP_SCRYPT);
  const v1 = parseKeyFile(await readFile(WALLET_V1, 'utf8'), 1);
  const contents = unsealKeyFile(v1, await deriveSealingKey(OLD_PASSPHRASE, v1.kdf));
  files.set(1, sealKeyFile(v1, key, contents));
  const { name: network, magic } = CRASH_NETWORK;
  const fresh = newContents(wordKeys('test test'), 1_800_000_000);
  files.set(2, sealKeyFile({ version: 2, network, magic }, key, fresh));
});

/** A directory of its own with a file of this version in it. */
async function placed(t: TestContext, version: Case['version']): Promise<string> {
  const path = join(await temporaryDirectory(t), 'wallet.json');
  const text = files.get(version);
  if (text !== undefined) await writeFile(path, text);
  return path;
}

function victim(work: CrashWork, path: string, deadly = 0): ChildProcess {
  return spawn(process.execPath, ['--import', 'tsx', VICTIM, work, path, String(deadly)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** Runs a victim to its end, however it ends. */
async function ended(child: ChildProcess): Promise<{ signal: NodeJS.Signals | null; lines: string[] }> {
  const lines: string[] = [];
  if (child.stdout === null) throw new Error('the victim has no output');
  const reading = createInterface(child.stdout).on('line', (line) => lines.push(line));
  const [[, signal]] = await Promise.all([once(child, 'exit'), once(reading, 'close')]);
  return { signal, lines };
}

function open(path: string, passphrase: string) {
  return WalletFile.open({ path, network: CRASH_NETWORK, passphrase: async () => passphrase });
}

/** Opens a file with the new passphrase or with the old one; that it is neither is a failure. */
async function openWithEither(path: string) {
  try {
    return { file: await open(path, NEW_PASSPHRASE), isNew: true };
  } catch (error) {
    if (!(error instanceof WalletError) || error.code !== 'wrong-passphrase') throw error;
    return { file: await open(path, OLD_PASSPHRASE), isNew: false };
  }
}

/** What stands after a death: the old state or the new one, whole; and the next one at work finds nothing in its way. */
async function requireWhole(path: string, given: number): Promise<'old' | 'new'> {
  const { file, isNew } = await openWithEither(path);
  const contents = await file.read();
  assert.ok(contents.given === given || contents.given === given + 1);
  const names = await readdir(dirname(path));
  for (const backup of names.filter((name) => /^[^.].*\.backup$/.test(name))) {
    const copy = await openWithEither(join(dirname(path), backup));
    assert.equal((await copy.file.read()).given, given);
  }
  await file.update(async (found) => ({ contents: { ...found, created: 7 }, result: undefined }));
  assert.equal((await file.read()).created, 7);
  const left = (await readdir(dirname(path))).filter(
    (name) => name.endsWith('.tmp') && !name.includes('backup'),
  );
  assert.deepEqual(left, []);
  return isNew || contents.given > given ? 'new' : 'old';
}

test('killed at any moment of any write, the old file is there or the new one, never a broken one', async (t) => {
  const moments: (Case & { deadly: number })[] = [];
  for (const { work, version } of CASES) {
    const path = await placed(t, version);
    const { lines } = await ended(victim(work, path));
    const deeds = Number(/^done (\d+)$/.exec(lines[0] ?? '')?.[1]);
    assert.ok(deeds >= 8, `${work} of version ${version} does ${deeds} things to the disk`);
    moments.push(...Array.from({ length: deeds }, (_, at) => ({ work, version, deadly: at + 1 })));
  }
  const step = Math.max(1, moments.length / ROUNDS);
  const chosen = Array.from(
    { length: Math.min(ROUNDS, moments.length) },
    (_, n) => moments[Math.floor(n * step)],
  );
  const ends = { old: 0, new: 0 };
  for (const moment of chosen) {
    assert.ok(moment);
    const path = await placed(t, moment.version);
    const given = moment.version === 0 ? 0 : (await (await open(path, OLD_PASSPHRASE)).read()).given;
    const { signal } = await ended(victim(moment.work, path, moment.deadly));
    assert.equal(signal, 'SIGKILL', JSON.stringify(moment));
    const isMissing = moment.version === 0 && !existsSync(path);
    if (isMissing) await createCrashWallet(path);
    const end = await requireWhole(path, given);
    ends[isMissing ? 'old' : end] += 1;
  }
  t.diagnostic(
    `${chosen.length} of ${moments.length} moments: ${ends.old} times the old file, ${ends.new} times the new`,
  );
  assert.ok(ends.old > 0 && ends.new > 0);
});

test('what was reported as written is there after a kill, whenever it comes', async (t) => {
  const path = join(await temporaryDirectory(t), 'wallet.json');
  await writeFile(path, files.get(2) ?? '');
  let known = 0;
  for (let round = 0; round < 4; round++) {
    const child = victim('write-on', path);
    const end = ended(child);
    assert.ok(child.stdout);
    let written = 0;
    for await (const line of createInterface(child.stdout)) {
      if (line === 'written') written += 1;
      if (written === 3 + 5 * round) child.kill('SIGKILL');
    }
    await end;
    const { given } = await (await open(path, OLD_PASSPHRASE)).read();
    assert.ok(given >= known + written && given <= known + written + 1, `${given} of ${known} + ${written}`);
    known = given;
  }
});

test('two processes that write one wallet at the same time lose nothing of each other', async (t) => {
  const path = join(await temporaryDirectory(t), 'wallet.json');
  await writeFile(path, files.get(2) ?? '');
  const children = [victim('write-on', path), victim('write-on', path)];
  const ends = children.map(ended);
  const written = await Promise.all(
    children.map(async (child) => {
      assert.ok(child.stdout);
      let lines = 0;
      for await (const _ of createInterface(child.stdout)) {
        lines += 1;
        if (lines === 25) child.kill('SIGKILL');
      }
      return lines;
    }),
  );
  await Promise.all(ends);
  const { given, labels } = await (await open(path, OLD_PASSPHRASE)).read();
  const total = written.reduce((sum, lines) => sum + lines, 0);
  assert.ok(given >= total && given <= total + 2, `${given} of ${total}`);
  assert.deepEqual(
    labels.map(({ receive }) => receive[0]),
    Array.from({ length: given }, (_, index) => index),
  );
  assert.equal(CONTENTS_FORMAT.version, 2);
});
