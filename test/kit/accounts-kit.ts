/** Accounts and payouts in front of a real regtest node: shares are made up, blocks and payments are real. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseFee, type Scheme } from '../../pool/accounting/scheme.ts';
import {
  type PayoutOptions,
  type RunningAccounts,
  startAccounts,
} from '../../pool/accounting/start-accounts.ts';
import { systemClock } from '../../pool/clock.ts';
import { Ledger } from '../../pool/ledger/ledger.ts';
import { askNetwork } from '../../pool/nodes/node-network.ts';
import { encodeAddress } from '../../protocol/address.ts';
import { COIN } from '../../protocol/amount.ts';
import { encodeBlock } from '../../protocol/block.ts';
import { bytesToHex, displayHash } from '../../protocol/bytes.ts';
import { hash160, sha256d } from '../../protocol/hash.ts';
import { blockHash } from '../../protocol/header.ts';
import { DEV_MNEMONIC, PROFILES } from '../../protocol/network.ts';
import { p2wpkhScript } from '../../protocol/script.ts';
import type { Transaction } from '../../protocol/transaction.ts';
import type { Nits } from '../../protocol/units.ts';
import { createRpcClient, type RpcClient } from '../../service/rpc-client.ts';
import { NodeBackend } from '../../wallet/chain/backend-node.ts';
import { MemoryStore } from '../../wallet/keys/wallet-store.ts';
import { firstContents } from '../../wallet/open-wallet.ts';
import type { Payee } from '../../wallet/payments/payment-plan.ts';
import type { PayoutProgress } from '../../wallet/services/payout-state.ts';
import { Wallet } from '../../wallet/wallet.ts';
import { startTestNode, type TestNode } from '../node/node-kit.ts';
import { SILENT, temporaryDirectory } from './pool-kit.ts';

export const PROFILE = PROFILES.regtest;
const POOL_ACCOUNT = PROFILE.fundedAccounts.find(({ name }) => name === 'pool')!;
export const POOL_REWARD_ADDRESS = encodeAddress(POOL_ACCOUNT.script, PROFILE.address)!;
export const POOL_LABEL = 'pool';

/** An address nobody else uses. */
export function minerAddress(name: string): string {
  return encodeAddress(p2wpkhScript(hash160(new TextEncoder().encode(name))), PROFILE.address)!;
}

export interface AccountsSetup {
  readonly scheme?: Scheme;
  readonly feePercent?: string;
  readonly payouts?: Partial<PayoutOptions>;
}

/** The operator's wallet: the public words, in memory, empty at every start. */
export async function openOperatorWallet(client: RpcClient): Promise<Wallet> {
  const store = new MemoryStore(firstContents(DEV_MNEMONIC, PROFILE));
  return new Wallet({ store, profile: PROFILE, backend: new NodeBackend(client) });
}

export class AccountsKit {
  readonly node: TestNode;
  readonly client: RpcClient;
  readonly #file: string;
  readonly #setup: AccountsSetup;
  #open: { ledger: Ledger; accounts: RunningAccounts } | undefined;
  #shares = 0;

  private constructor(node: TestNode, client: RpcClient, file: string, setup: AccountsSetup) {
    this.node = node;
    this.client = client;
    this.#file = file;
    this.#setup = setup;
  }

  static async start(test: TestContext, setup: AccountsSetup = {}): Promise<AccountsKit> {
    const node = await startTestNode(test);
    const client = createRpcClient({ url: node.node.rpcUrl, credentials: node.node.credentials });
    const file = join(await temporaryDirectory(test), 'pool.sqlite');
    const kit = new AccountsKit(node, client, file, setup);
    await kit.open();
    test.after(async () => {
      await kit.close();
      client.close();
    });
    return kit;
  }

  get ledger(): Ledger {
    return this.#open!.ledger;
  }

  get file(): string {
    return this.#file;
  }

  get view() {
    return this.#open!.accounts.view;
  }

  /** Opens the ledger and starts the accounts on it, as a pool does. */
  async open(payouts: Partial<PayoutOptions> = {}): Promise<void> {
    const { scheme = 'pplns', feePercent = '1' } = this.#setup;
    const network = await askNetwork(this.client, {});
    const ledger = await Ledger.open({ file: this.#file, network: network.identity, log: SILENT });
    const accounts = await startAccounts({
      ledger,
      client: this.client,
      network,
      terms: { scheme, fee: parseFee(feePercent) },
      rewardAddress: POOL_REWARD_ADDRESS,
      payouts: {
        openWallet: openOperatorWallet,
        label: POOL_LABEL,
        minimum: COIN / 100n,
        intervalSeconds: 0,
        ...this.#setup.payouts,
        ...payouts,
      },
      clock: systemClock,
      log: SILENT,
      pollMs: 5,
      currentBits: () => PROFILE.powLimitBits,
    });
    this.#open = { ledger, accounts };
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.accounts.stop();
    await open?.ledger.close();
  }

  /** A durable share. On regtest a block's difficulty is 2⁻³³ or so: the weights of tests are small. */
  async share(name: string, weight: bigint): Promise<void> {
    this.#shares += 1;
    const tip = this.node.node.chain.tip;
    await this.ledger.shares.record({
      worker: { address: minerAddress(name), name: 'rig' },
      jobId: `${this.#shares}`,
      tip: tip.hash,
      tipHeight: tip.height,
      bits: PROFILE.powLimitBits,
      difficulty: 1e-9,
      weight,
      hash: sha256d(new TextEncoder().encode(`share ${this.#shares}`)),
      timeMs: Date.now(),
      late: false,
    });
  }

  /** A block of the pool, found by the last share. @returns its hash as shown */
  async findBlock(name = 'finder'): Promise<string> {
    const [shown = ''] = await this.node.call('generatetoaddress', 1, POOL_REWARD_ADDRESS);
    const { header, transactions } = await this.node.block(shown);
    await this.ledger.blocks.enter({
      hash: blockHash(header),
      previous: header.previous,
      height: this.node.node.chain.tip.height,
      bits: header.bits,
      timeMs: Date.now(),
      reward: transactions[0]!.outputs.reduce((sum, { value }) => sum + value, 0n),
      worker: { address: minerAddress(name), name: 'rig' },
      delivery: 'accepted',
      reason: undefined,
      endSequence: this.ledger.shares.lastSequence,
      terms: { scheme: this.#setup.scheme ?? 'pplns', fee: parseFee(this.#setup.feePercent ?? '1') },
    });
    await this.until(async () => (await this.view.blocks(1))[0]?.round);
    return shown;
  }

  /** Blocks of others, without the payments that wait. */
  async mineEmpty(count: number): Promise<void> {
    for (let mined = 0; mined < count; mined++) {
      await this.node.call('generateblock', minerAddress('others'), []);
    }
  }

  /** Another branch from below a block on, with so many blocks; it wins if it is longer. */
  async reorganise(belowHash: string, count: number, tag = 7): Promise<void> {
    const { previousblockhash } = await this.node.call('getblockheader', belowHash);
    await this.extend(previousblockhash, count, tag);
  }

  /** Empty blocks on top of a block of any branch. */
  async extend(parentHash: string, count: number, tag = 9): Promise<void> {
    let parent = parentHash;
    for (let made = 0; made < count; made++) {
      const block = await this.node.blockOn(parent, [], tag);
      await this.node.call('submitblock', bytesToHex(encodeBlock(block)));
      parent = displayHash(blockHash(block.header));
    }
  }

  /** A block of somebody's with exactly this payment in it, whatever the mempool says. @returns its hash */
  async mineWith(transaction: Transaction): Promise<string> {
    const tip: string = await this.node.call('getbestblockhash');
    const block = await this.node.blockOn(tip, [transaction], 5);
    assert.equal(await this.node.call('submitblock', bytesToHex(encodeBlock(block))), null);
    return displayHash(blockHash(block.header));
  }

  /** Leaves the operator nothing but rewards of blocks to come. */
  async spendOldCoins(): Promise<void> {
    const wallet = await openOperatorWallet(this.client);
    const coins = (await wallet.coins()).filter(({ label }) => label === POOL_LABEL);
    const total = coins.reduce((sum, { value }) => sum + value, 0n);
    const to = [{ address: minerAddress('owner'), amount: total - 200n }];
    await wallet.pay({ from: POOL_LABEL, to, coins: coins.map(({ outPoint }) => outPoint) });
    await this.node.mine(1);
  }

  /** Makes so many small coins of all that the operator can spend. */
  async scatterCoins(count: number): Promise<void> {
    const wallet = await openOperatorWallet(this.client);
    const coins = (await wallet.coins()).filter(
      ({ label, status }) => label === POOL_LABEL && status === 'spendable',
    );
    const total = coins.reduce((sum, { value }) => sum + value, 0n);
    const amount = (total - COIN / 100n) / BigInt(count);
    const to = new Array<Payee>(count).fill({ address: POOL_REWARD_ADDRESS, amount });
    await wallet.pay({ from: POOL_LABEL, to, coins: coins.map(({ outPoint }) => outPoint) });
    await this.node.mine(1);
  }

  /** How far the ledger says a payout is. */
  async progress(id: number): Promise<PayoutProgress | undefined> {
    return (await this.ledger.payouts.byId(id))?.progress;
  }

  /** What an address has on the chain. */
  async received(name: string): Promise<Nits> {
    const { balance_nits } = await this.node.call('getaddressbalance', { addresses: [minerAddress(name)] });
    return BigInt(balance_nits);
  }

  /** Waits until something is so. */
  async until<T>(look: () => Promise<T | undefined | false>): Promise<T> {
    for (;;) {
      const found = await look();
      if (found !== undefined && found !== false) return found;
      await sleep(5);
    }
  }

  /** Waits until a block is in a state. */
  async untilBlock(hash: string, state: string): Promise<void> {
    await this.until(async () =>
      (await this.view.blocks(1_000)).some(
        (block) => displayHash(block.hash) === hash && block.state === state,
      ),
    );
  }

  /** Waits until the accounts are up to the node's tip; some block of the pool must be in the chain. */
  async untilUpToDate(): Promise<void> {
    const tip: number = await this.node.call('getblockcount');
    await this.until(async () =>
      (await this.view.blocks(1_000)).some(
        ({ confirmations, height }) => confirmations !== undefined && height + confirmations - 1 === tip,
      ),
    );
  }

  /** Waits until a payout is in a state. */
  async untilPayout(id: number, state: string): Promise<void> {
    await this.until(async () =>
      (await this.view.payouts(1_000)).some((payout) => payout.id === id && payout.state === state),
    );
  }
}
