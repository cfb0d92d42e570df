import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hexToBytes } from '../../../protocol/bytes.ts';
import { PROFILES } from '../../../protocol/network.ts';
import { txid } from '../../../protocol/transaction.ts';
import { createRpcClient, type RpcClient, UnreachableError } from '../../../service/rpc-client.ts';
import { NodeBackend } from '../../../wallet/chain/backend-node.ts';
import { MemoryStore } from '../../../wallet/keys/wallet-store.ts';
import { firstContents, freshMnemonic } from '../../../wallet/open-wallet.ts';
import { Wallet } from '../../../wallet/wallet.ts';
import { WalletError } from '../../../wallet/wallet-error.ts';

const PROFILE = PROFILES.regtest;

describe('a node that lies', () => {
  const honest = { hex: '', confirmations: 1, blocktime: 1 };

  /** Answers every call of a batch with the same result. */
  function backendOf(result: unknown): NodeBackend {
    const rpc: RpcClient = {
      url: 'http://fake',
      call: async () => result,
      batch: async (calls) => calls.map(() => ({ result })),
      close: () => undefined,
    };
    return new NodeBackend(rpc);
  }

  const lies = (error: unknown) => error instanceof WalletError && error.code === 'bad-backend';

  test('about a transaction is caught by its hash', async () => {
    const genesis = PROFILE.genesis.transactions[0]!;
    const answer = {
      ...honest,
      ...{
        txid: '00'.repeat(32),
        hash: '00'.repeat(32),
        version: 2,
        size: 1,
        vsize: 1,
        weight: 4,
        locktime: 0,
        vin: [],
        vout: [],
      },
      hex: '01000000000000000000',
    };
    await assert.rejects(backendOf(answer).transactions([txid(genesis)]), lies);
    await assert.rejects(backendOf({ ...answer, hex: undefined }).transactions([txid(genesis)]), lies);
    await assert.rejects(backendOf('nonsense').transactions([hexToBytes('00'.repeat(32))]), lies);
  });

  test('about what fees were enough is caught', async () => {
    await assert.rejects(backendOf({ feerate: 0.10000001, blocks: 2 }).feeEstimates([2]), lies);
    await assert.rejects(backendOf({ feerate: -1, blocks: 2 }).feeEstimates([2]), lies);
    await assert.rejects(backendOf({ feerate: 'a lot' }).feeEstimates([2]), lies);
    const [rate] = await backendOf({ feerate: 0.00001234, blocks: 2 }).feeEstimates([2]);
    assert.equal(rate, 1_234n);
    const none = { errors: ['Insufficient data or no feerate found'], blocks: 2 };
    assert.deepEqual(await backendOf(none).feeEstimates([2]), [undefined]);
  });

  test('about an input without its coin is caught', async () => {
    const row = { address: 'x', txid: new Uint8Array(32), index: 0, satoshis: -5n, timestamp: 1 };
    await assert.rejects(backendOf([row]).coins(['x']), lies);
  });
});

test('a node that is not there is unreachable, not empty', async () => {
  const rpc = createRpcClient({ url: 'http://127.0.0.1:1', credentials: { user: 'a', password: 'b' } });
  const wallet = new Wallet({
    store: new MemoryStore(firstContents(freshMnemonic(), PROFILE)),
    profile: PROFILE,
    backend: new NodeBackend(rpc),
  });
  await assert.rejects(wallet.balance(), UnreachableError);
  rpc.close();
});
