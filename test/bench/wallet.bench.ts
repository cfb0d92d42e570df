import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { magicHex } from '../../protocol/network.ts';
import { type OpenBackend, openBackend } from '../../wallet/chain/backend-choice.ts';
import { totalOf } from '../../wallet/chain/balance.ts';
import { newContents, withReceive } from '../../wallet/keys/contents.ts';
import { WalletFile } from '../../wallet/keys/wallet-file.ts';
import { Wallet } from '../../wallet/wallet.ts';
import { type Row, showNumber } from './measure.ts';
import type { ServerPlace } from './relay-servers.ts';
import { buildWalletChain, KEYS, PROFILE, TRANSACTIONS } from './wallet-chain.ts';

export const title = `A wallet of ${TRANSACTIONS.toLocaleString('en-US')} transactions on a node in a process of its own`;

const ROUNDS = 5;
const PASSPHRASE = 'correct horse battery staple';
const NETWORK = { name: PROFILE.name, magic: magicHex(PROFILE) };
const PAGE = 50;

/** Times of one kind, in milliseconds. */
type Times = number[];

export async function bench(): Promise<Row[]> {
  const directory = await mkdtemp(join(tmpdir(), 'nilz-wallet-'));
  const expected = await buildWalletChain(directory);
  const node = fork(fileURLToPath(new URL('./relay-servers.ts', import.meta.url)), ['node', directory], {
    execArgv: ['--import', 'tsx'],
  });
  try {
    const { url, cookieFile } = await place(node);
    const backend = openBackend({ nodeUrl: url, cookieFile });
    const rows = await measured(join(directory, 'wallet.json'), backend, expected);
    backend.close();
    return rows;
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
  const unlock: Times = [];
  const open: Times = [];
  const page: Times = [];
  const filtered: Times = [];
  const csv: Times = [];
  const check: Times = [];
  for (let round = -1; round < ROUNDS; round += 1) {
    const note = (times: Times, ms: number) => void (round >= 0 && times.push(ms));
    const passphrase = async () => PASSPHRASE;
    const start = performance.now();
    const store = await WalletFile.open({ path, network: NETWORK, passphrase });
    note(unlock, performance.now() - start);
    const wallet = new Wallet({ store, profile: PROFILE, backend, gatherMs: 15 });
    let next: string | undefined;
    note(
      open,
      await timed(async () => {
        // As the page asks when it opens.
        const [{ total }, shown] = await Promise.all([
          wallet.balance(),
          wallet.history({ scope: 'wallet', limit: PAGE }),
        ]);
        if (totalOf(total) !== expected) throw new Error(`a balance of ${totalOf(total)} is wrong`);
        if (shown.total !== TRANSACTIONS) throw new Error(`a history of ${shown.total} is not whole`);
        next = shown.next;
      }),
    );
    note(page, await timed(() => wallet.history({ scope: 'wallet', limit: PAGE, after: next })));
    const filter = { text: 'nothing has this' };
    note(filtered, await timed(() => wallet.history({ scope: 'wallet', limit: PAGE, filter })));
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
    row('open: the passphrase (scrypt)', unlock, '—'),
    row(`open: balance and the first ${PAGE} rows, from a new start`, open, '< 1,000 ms with the passphrase'),
    row(`the next ${PAGE} rows`, page, '< 50 ms'),
    row('a search through all rows', filtered, '—'),
    row('all rows as CSV', csv, '—'),
    row('check that everything adds up', check, '—'),
  ];
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

function row(what: string, times: readonly number[], target: string): Row {
  const sorted = [...times].sort((a, b) => a - b);
  return {
    what,
    figure: `${showNumber(sorted[sorted.length >> 1] ?? Number.NaN)} ms`,
    range: [sorted[0], sorted.at(-1)].map((ms) => showNumber(ms ?? Number.NaN)).join(' – '),
    cpuPerOperation: '—',
    reference: '—',
    ratio: '—',
    target,
  };
}
