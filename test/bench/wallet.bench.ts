import { type ChildProcess, execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { magicHex } from '../../protocol/network.ts';
import { createRpcClient } from '../../service/rpc-client.ts';
import { type OpenBackend, openBackend } from '../../wallet/chain/backend-choice.ts';
import { totalOf } from '../../wallet/chain/balance.ts';
import { newContents, withReceive } from '../../wallet/keys/contents.ts';
import { WalletFile } from '../../wallet/keys/wallet-file.ts';
import { MemoryStore } from '../../wallet/keys/wallet-store.ts';
import { Wallet } from '../../wallet/wallet.ts';
import { STRANGER } from '../kit/wallet-kit.ts';
import { type Row, showNumber } from './measure.ts';
import type { ServerPlace } from './relay-servers.ts';
import { buildWalletChain, KEYS, PAGE_ROWS, PASSPHRASE, PROFILE, TRANSACTIONS } from './wallet-chain.ts';
import type { Opening } from './wallet-open-process.ts';

export const title = `A wallet of ${TRANSACTIONS.toLocaleString('en-US')} transactions on a node in a process of its own`;

const RELAY_SERVERS = fileURLToPath(new URL('./relay-servers.ts', import.meta.url));
const ROUNDS = 5;
/** Fresh processes, and how often each opens the wallet. */
const PROCESSES = 5;
const OPENINGS = 4;
const NETWORK = { name: PROFILE.name, magic: magicHex(PROFILE) };

/** Times of one kind, in milliseconds. */
type Times = number[];

export async function bench(): Promise<Row[]> {
  const directory = await mkdtemp(join(tmpdir(), 'nilz-wallet-'));
  const expected = await buildWalletChain(directory);
  const node = fork(RELAY_SERVERS, ['node', directory], {
    execArgv: ['--import', 'tsx'],
  });
  try {
    const { url, cookieFile } = await place(node);
    const backend = openBackend({ nodeUrl: url, cookieFile });
    const path = join(directory, 'wallet.json');
    const rows = await measured(path, backend, expected);
    const openings = () => openingRows({ path, url, cookieFile, expected });
    const overRelay = await relayRows({ url, cookieFile }, expected);
    const opened = await openings();
    await mineBlock({ url, cookieFile });
    const later = await openings();
    backend.close();
    return [
      ...opened,
      ...later.map((row) => ({ ...row, what: `${row.what}; a block later` })),
      ...rows,
      ...overRelay,
    ];
  } finally {
    node.disconnect();
    await once(node, 'exit');
    await rm(directory, { recursive: true });
  }
}

async function measured(path: string, backend: OpenBackend, expected: bigint): Promise<Row[]> {
  const contents = withReceive(newContents(KEYS), 'default', 0);
  const created = await WalletFile.create({ path, network: NETWORK, passphrase: PASSPHRASE, contents });
  const first = new Wallet({ store: created, profile: PROFILE, backend });
  const search = await timed(() => first.scan());
  const sync = await timed(() => first.sync());
  await first.close();
  const page: Times = [];
  const filtered: Times = [];
  const csv: Times = [];
  const check: Times = [];
  for (let round = -1; round < ROUNDS; round += 1) {
    const note = (times: Times, ms: number) => void (round >= 0 && times.push(ms));
    const passphrase = async () => PASSPHRASE;
    const store = await WalletFile.open({ path, network: NETWORK, passphrase });
    const wallet = new Wallet({ store, profile: PROFILE, backend });
    const shown = await wallet.history({ scope: 'wallet', limit: PAGE_ROWS });
    if (totalOf((await wallet.balance()).total) !== expected) throw new Error('the balance is wrong');
    const { next } = shown;
    note(page, await timed(() => wallet.history({ scope: 'wallet', limit: PAGE_ROWS, after: next })));
    const filter = { text: 'nothing has this' };
    note(filtered, await timed(() => wallet.history({ scope: 'wallet', limit: PAGE_ROWS, filter })));
    note(csv, await timed(() => wallet.historyCsv({ scope: 'wallet' })));
    note(
      check,
      await timed(async () => {
        const { sound } = await wallet.check();
        if (!sound) throw new Error('the wallet does not add up');
      }),
    );
    await wallet.close();
  }
  return [
    row('restore: find all addresses in use', [search], '—'),
    row('first reading of the whole history', [sync], '—'),
    row(`the next ${PAGE_ROWS} rows`, page, '< 50 ms'),
    row('a search through all rows', filtered, '—'),
    row('all rows as CSV', csv, '—'),
    row('check that everything adds up', check, '—'),
  ];
}

/** The same wallet made anew over a relay, which has the rates of a public one for each client. */
async function relayRows({ url, cookieFile }: ServerPlace, expected: bigint): Promise<Row[]> {
  const relay = fork(RELAY_SERVERS, ['relay', url, cookieFile], { execArgv: ['--import', 'tsx'] });
  const backend = openBackend({ nodeUrl: '', relayUrl: (await place(relay)).url });
  try {
    const store = new MemoryStore(withReceive(newContents(KEYS), 'default', 0));
    const wallet = new Wallet({ store, profile: PROFILE, backend });
    const search = await timed(() => wallet.scan());
    const sync = await timed(() => wallet.sync());
    if (totalOf((await wallet.balance()).total) !== expected) throw new Error('the balance is wrong');
    return [
      row('over a relay: find all addresses in use', [search], '—'),
      row('over a relay: first reading of the whole history', [sync], '—'),
    ];
  } finally {
    backend.close();
    relay.disconnect();
    await once(relay, 'exit');
  }
}

interface OpeningPlace extends ServerPlace {
  readonly path: string;
  readonly expected: bigint;
}

/** Times of the first opening of each process, and of the later ones. */
async function openingRows({ path, url, cookieFile, expected }: OpeningPlace): Promise<Row[]> {
  const script = fileURLToPath(new URL('./wallet-open-process.ts', import.meta.url));
  const fresh: Opening[] = [];
  const warm: Opening[] = [];
  for (let round = -1; round < PROCESSES; round += 1) {
    const args = ['--import', 'tsx', script, path, url, cookieFile, String(OPENINGS)];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    const [first, ...later] = JSON.parse(stdout) as Opening[];
    for (const { balance, rows } of [first, ...later].filter((each) => each !== undefined)) {
      if (balance !== String(expected) || rows !== TRANSACTIONS) throw new Error(`${balance}, ${rows} rows`);
    }
    if (round < 0 || first === undefined) continue;
    fresh.push(first);
    // The second one still waits for the compiler.
    warm.push(...later.slice(1));
  }
  const inAll = ({ unlockMs, readMs }: Opening) => unlockMs + readMs;
  const rowOf = (openings: readonly Opening[], where: string): Row => ({
    ...row(`open: passphrase + balance + first page, in all, ${where}`, openings.map(inAll), '≤ 1,000 ms'),
    cpuPerOperation: `${figure(openings.map(({ readCpuMs }) => readCpuMs))} after the passphrase`,
    reference: `the passphrase (scrypt) ${figure(openings.map(({ unlockMs }) => unlockMs))}`,
  });
  return [rowOf(fresh, 'in a fresh process'), rowOf(warm, 'in a warm one')];
}

/** A block that does not concern the wallet. */
async function mineBlock({ url, cookieFile }: ServerPlace): Promise<void> {
  const rpc = createRpcClient({ url, cookieFile });
  await rpc.call('generatetoaddress', [1, STRANGER]);
  rpc.close();
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function place(child: ChildProcess): Promise<ServerPlace> {
  const [told] = await once(child, 'message');
  return told as ServerPlace;
}

/** The median. */
function figure(times: readonly number[]): string {
  const sorted = [...times].sort((a, b) => a - b);
  return `${showNumber(sorted[sorted.length >> 1] ?? Number.NaN)} ms`;
}

function row(what: string, times: readonly number[], target: string): Row {
  const sorted = [...times].sort((a, b) => a - b);
  return {
    what,
    figure: figure(times),
    range:
      sorted.length === 1
        ? 'once'
        : [sorted[0], sorted.at(-1)].map((ms) => showNumber(ms ?? Number.NaN)).join(' – '),
    cpuPerOperation: '—',
    reference: '—',
    ratio: '—',
    target,
  };
}
