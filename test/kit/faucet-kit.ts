/** A faucet without its face in front of a real regtest node. */
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClaimRecord } from '../../faucet/claims/claim-desk.ts';
import { type CoreOptions, type RunningCore, startCore } from '../../faucet/core.ts';
import { encodeAddress } from '../../protocol/address.ts';
import { COIN } from '../../protocol/amount.ts';
import { hash160 } from '../../protocol/hash.ts';
import { DEV_MNEMONIC, PROFILES } from '../../protocol/network.ts';
import { p2wpkhScript } from '../../protocol/script.ts';
import { createRpcClient, type RpcClient } from '../../service/rpc-client.ts';
import { NodeBackend } from '../../wallet/chain/backend-node.ts';
import { MemoryStore } from '../../wallet/keys/wallet-store.ts';
import { firstContents } from '../../wallet/open-wallet.ts';
import { Wallet } from '../../wallet/wallet.ts';
import { startTestNode, type TestNode } from '../node/node-kit.ts';
import { HOUR_MS } from './hand-clock.ts';
import { SILENT, temporaryDirectory } from './pool-kit.ts';

export const PROFILE = PROFILES.regtest;
export const FAUCET_LABEL = 'faucet';
export const AMOUNT = COIN;

/** An address nobody else uses. */
export function claimantAddress(name: string): string {
  return encodeAddress(p2wpkhScript(hash160(new TextEncoder().encode(name))), PROFILE.address)!;
}

export type FaucetSetup = Partial<
  Pick<CoreOptions, 'policy' | 'clock' | 'onStep' | 'payoutIntervalMs' | 'log'>
> & {
  readonly rules?: Partial<CoreOptions['rules']>;
  readonly makeBackend?: (client: RpcClient) => CoreOptions['backend'];
};

export class FaucetKit {
  readonly node: TestNode;
  readonly client: RpcClient;
  readonly file: string;
  #core: RunningCore | undefined;

  private constructor(node: TestNode, client: RpcClient, file: string) {
    this.node = node;
    this.client = client;
    this.file = file;
  }

  static async start(test: TestContext, setup: FaucetSetup = {}): Promise<FaucetKit> {
    const node = await startTestNode(test);
    const client = createRpcClient({ url: node.node.rpcUrl, credentials: node.node.credentials });
    const kit = new FaucetKit(node, client, join(await temporaryDirectory(test), 'faucet.sqlite'));
    await kit.open(setup);
    test.after(async () => {
      await kit.close();
      client.close();
    });
    return kit;
  }

  get core(): RunningCore {
    return this.#core!;
  }

  /** Where the faucet is filled, also while it is closed. */
  get depositAddress(): string {
    return encodeAddress(
      PROFILE.fundedAccounts.find(({ name }) => name === FAUCET_LABEL)!.script,
      PROFILE.address,
    )!;
  }

  get desk() {
    return this.core.desk;
  }

  /** Starts the faucet on its file, and waits until it has seen the chain. Its wallet remembers nothing. */
  async open({ rules, makeBackend, ...setup }: FaucetSetup = {}): Promise<void> {
    const backend = makeBackend?.(this.client) ?? new NodeBackend(this.client);
    const wallet = new Wallet({
      store: new MemoryStore(firstContents(DEV_MNEMONIC, PROFILE)),
      profile: PROFILE,
      backend,
    });
    this.#core = await startCore({
      profile: PROFILE,
      file: this.file,
      backend,
      wallet,
      label: FAUCET_LABEL,
      policy: { allowClients: [], denyClients: [], denyAddresses: [] },
      payoutIntervalMs: 0,
      log: SILENT,
      pollMs: 5,
      ...setup,
      rules: {
        amount: AMOUNT,
        dailyCap: 1_000n * COIN,
        floor: 0n,
        addressCooldownMs: 24 * HOUR_MS,
        clientCooldownMs: HOUR_MS,
        queueLimit: 10_000,
        ...rules,
      },
    });
    await this.until(async () => (await this.desk.state()).balance !== undefined);
  }

  async close(): Promise<void> {
    const core = this.#core;
    this.#core = undefined;
    await core?.stop();
  }

  /** A claim of somebody who was never here before. */
  claim(name: string, client = `client of ${name}`): Promise<ClaimRecord> {
    return this.desk.claim({ address: claimantAddress(name), client, proof: 'none' });
  }

  /** The claim as soon as it is as it should be. */
  untilClaim(id: string, isWanted: (claim: ClaimRecord) => boolean): Promise<ClaimRecord> {
    return this.until(async () => {
      const claim = await this.desk.find(id);
      return claim !== undefined && isWanted(claim) && claim;
    });
  }

  /** The claim as soon as the node has its payment. */
  async sent({ id }: ClaimRecord): Promise<ClaimRecord> {
    const sent = await this.untilClaim(id, ({ state }) => state === 'sent');
    await this.until(async () => (await this.mempool()).includes(sent.txid!));
    return sent;
  }

  /** Asks until the answer is as it should be. */
  async until<T>(look: () => Promise<T | false>): Promise<T> {
    for (;;) {
      const found = await look();
      if (found !== false) return found;
      await sleep(5);
    }
  }

  async mempool(): Promise<string[]> {
    return (await this.node.call('getrawmempool')) as string[];
  }

  /** What an address has in blocks, in nits. */
  async received(name: string): Promise<bigint> {
    const answer = await this.node.call('getaddressbalance', { addresses: [claimantAddress(name)] });
    return BigInt((answer as { balance_nits: string }).balance_nits);
  }
}
