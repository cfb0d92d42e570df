/** Accounts with chosen rows behind a real HTTP port: for tests of what is made of them. */
import { EventEmitter } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import {
  type AccountedBlock,
  type AccountsEvents,
  type AccountsView,
  type AddressLuck,
  type BlockState,
  type Credit,
  type NextPayout,
  type Payout,
  SettlementError,
  type SettlementReport,
} from '../../pool/accounting/accounts-view.ts';
import { type Balance, NO_BALANCE } from '../../pool/accounting/balances.ts';
import { systemClock } from '../../pool/clock.ts';
import { servePool } from '../../pool/http/serve.ts';
import { openStatistics } from '../../pool/statistics/open-statistics.ts';
import { DEFAULT_DIFFICULTY } from '../../pool/stratum/difficulty.ts';
import { Upgrades } from '../../service/upgrade.ts';
import { MINER_ADDRESS, POOL_ADDRESS } from './pool-kit.ts';
import { openLedger } from './share-kit.ts';
import { SILENT } from './surroundings.ts';

const COIN = 100_000_000n;
export const BLOCK_HASH = new Uint8Array(32).fill(0xb1);
export const TXID = new Uint8Array(32).fill(0x7d);
const TIME_MS = 1_795_132_800_000;

/** A confirmed block of a miner, found with half of the work that it takes on average. */
export function someBlock(changes: Partial<AccountedBlock> = {}): AccountedBlock {
  return {
    id: 7,
    hash: BLOCK_HASH,
    previous: new Uint8Array(32),
    height: 70,
    bits: 0x1d00ffff,
    timeMs: TIME_MS,
    reward: 50n * COIN,
    worker: { address: MINER_ADDRESS, name: 'rig' },
    delivery: 'accepted',
    reason: undefined,
    endSequence: 12,
    state: 'confirmed',
    confirmations: 12,
    round: {
      scheme: 'pplns',
      feePercent: '1.5',
      endSequence: 12,
      weight: 2n ** 31n,
      distributed: 4_925_000_000n,
      operator: 75_000_000n,
    },
    ...changes,
  };
}

export function somePayout(changes: Partial<Payout> = {}): Payout {
  return {
    id: 3,
    state: 'confirmed',
    timeMs: TIME_MS,
    txid: TXID,
    replacements: 0,
    total: 10n * COIN,
    fee: 141n,
    height: 75,
    confirmations: 2,
    items: [{ address: MINER_ADDRESS, amount: 10n * COIN }],
    ...changes,
  };
}

const SETTLEMENT: SettlementReport['transactions'][number] = {
  payoutId: 4,
  txid: TXID,
  items: [{ address: MINER_ADDRESS, amount: 5n * COIN }],
  total: 5n * COIN,
  fee: 141n,
  change: 45n * COIN - 141n,
  vsize: 141,
  coins: [{ txid: TXID, index: 0, value: 50n * COIN }],
};

/** Says what its fields say. */
export class ChosenAccounts extends EventEmitter<AccountsEvents> implements AccountsView {
  readonly scheme = 'pplns';
  readonly feePercent = '1.5';
  readonly maturity = 10;
  blockRows: readonly AccountedBlock[] = [someBlock()];
  payoutRows: readonly Payout[] = [somePayout()];
  balances = new Map<string, Balance>([
    [MINER_ADDRESS, { ...NO_BALANCE, confirmed: 49n * COIN, paid: 10n * COIN, owed: 39n * COIN }],
  ]);
  /** Why nothing can be paid. */
  unpayable: string | undefined;
  readonly settled: boolean[] = [];

  async balance(address: string): Promise<Balance> {
    return this.balances.get(address) ?? NO_BALANCE;
  }

  async totals(): Promise<Balance> {
    return this.balance(MINER_ADDRESS);
  }

  async addresses(limit: number, after = ''): Promise<(Balance & { address: string })[]> {
    const rows = [...this.balances].map(([address, balance]) => ({ address, ...balance }));
    return rows
      .sort((a, b) => (a.address < b.address ? -1 : 1))
      .filter(({ address }) => address > after)
      .slice(0, limit);
  }

  async credits(address: string, limit: number, before = Number.POSITIVE_INFINITY): Promise<Credit[]> {
    return this.blockRows
      .filter(({ id, worker }) => id < before && worker?.address === address)
      .slice(0, limit)
      .map(({ id, hash, height, timeMs, state, confirmations }) => ({
        block: hash,
        blockId: id,
        height,
        timeMs,
        amount: 49n * COIN,
        blockState: state,
        confirmations,
        isDirect: false,
        payoutId: undefined,
      }));
  }

  async luck(): Promise<AddressLuck> {
    return { foundBlocks: 2, expectedBlocks: 3 };
  }

  async payouts(limit: number, before = Number.POSITIVE_INFINITY): Promise<Payout[]> {
    return this.payoutRows.filter(({ id }) => id < before).slice(0, limit);
  }

  async payoutsOf(address: string, limit: number): Promise<Payout[]> {
    const rows = this.payoutRows.filter(({ items }) => items.some((item) => item.address === address));
    return rows.slice(0, limit);
  }

  async nextPayout(): Promise<NextPayout> {
    return {
      timeMs: systemClock.wallMs() + 60_000,
      minimum: COIN,
      due: [{ address: MINER_ADDRESS, amount: 39n * COIN }],
      total: 39n * COIN,
      waits: [{ address: POOL_ADDRESS, amount: 5n, why: 'below-minimum' }],
      trouble: undefined,
    };
  }

  async blocks(limit: number, before = Number.POSITIVE_INFINITY): Promise<AccountedBlock[]> {
    return this.blockRows.filter(({ id }) => id < before).slice(0, limit);
  }

  async blockCounts(): Promise<Record<BlockState, number>> {
    return { pending: 0, immature: 0, confirmed: this.blockRows.length, orphaned: 0, rejected: 0 };
  }

  async lastRound(): Promise<{ endSequence: number; foundMs: number }> {
    return { endSequence: 12, foundMs: TIME_MS };
  }

  async settle({ dryRun }: { readonly dryRun: boolean }): Promise<SettlementReport> {
    if (this.unpayable !== undefined) throw new SettlementError(this.unpayable);
    this.settled.push(dryRun);
    const made = dryRun ? { ...SETTLEMENT, payoutId: undefined, txid: undefined } : SETTLEMENT;
    const { waits } = await this.nextPayout();
    return { isDryRun: dryRun, transactions: [made], total: 5n * COIN, waits, trouble: undefined };
  }
}

export interface ServedAccounts {
  readonly accounts: ChosenAccounts;
  readonly url: string;
  /** With the admin token. */
  readonly admin: Readonly<Record<string, string>>;
}

/** Serves them on a free port; nobody mines. */
export async function serveAccounts(test: TestContext): Promise<ServedAccounts> {
  const { ledger, file } = await openLedger(test);
  const accounts = new ChosenAccounts();
  const http = await servePool({
    host: '127.0.0.1',
    port: 0,
    ledgerFile: file,
    client: { call: () => Promise.reject(new Error('there is no node')) },
    upgrades: new Upgrades(),
    minerConnections: { total: 10, perAddress: 10 },
    view: {
      network: {
        name: 'dev',
        format: { hrp: 'dnilz' },
        onlyP2wpkh: true,
        identity: 'dev',
        maturity: 10,
        blockTimeSeconds: 10,
      },
      rewardAddress: POOL_ADDRESS,
      difficulty: { ...DEFAULT_DIFFICULTY, start: 1, minimum: 1, maximum: 1 },
      work: { lastTipMs: undefined },
      jobs: { current: undefined, latest: undefined, find: () => undefined },
      ledger,
      accounts,
      edges: { states: () => [], wrongTokens: 0 },
      roster: { connectionsOf: () => 0 },
      server: {
        url: 'stratum+tcp://127.0.0.1:3333',
        tlsUrl: undefined,
        connections: { open: 0, authorized: 0, tcp: 0, tls: 0, websocket: 0 },
        bans: () => [],
        sessions: () => [],
        session: () => undefined,
        order: () => ({ outcome: 'no-session' }),
      },
      statistics: await openStatistics(ledger.shares, systemClock, SILENT),
      nodes: { state: { name: 'unknown' }, states: () => [] },
      clock: systemClock,
      log: SILENT,
    },
  });
  test.after(() => http.stop());
  const token = (await readFile(join(file, '..', 'pool.token'), 'utf8')).trim();
  return { accounts, url: http.url, admin: { Authorization: `Bearer ${token}` } };
}
