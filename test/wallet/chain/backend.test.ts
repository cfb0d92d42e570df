import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { COIN } from '../../../protocol/amount.ts';
import { displayHash } from '../../../protocol/bytes.ts';
import { blockHash } from '../../../protocol/header.ts';
import { DEV_MNEMONIC, magicHex, PROFILES } from '../../../protocol/network.ts';
import { outPointKey, txid } from '../../../protocol/transaction.ts';
import { PaymentRejectedError } from '../../../wallet/chain/backend.ts';
import type { OpenBackend } from '../../../wallet/chain/backend-choice.ts';
import { totalOf } from '../../../wallet/chain/balance.ts';
import { MemoryStore } from '../../../wallet/keys/wallet-store.ts';
import { firstContents, freshMnemonic } from '../../../wallet/open-wallet.ts';
import { Wallet } from '../../../wallet/wallet.ts';
import { signedPayment } from '../../kit/signed-payment.ts';
import { BACKEND_KINDS, type BackendBench, startBackendBench } from './backend-kit.ts';

const PROFILE = PROFILES.regtest;
const unknownHash = new Uint8Array(32).fill(9);

for (const kind of BACKEND_KINDS)
  describe(`a wallet on a real ${kind}`, () => {
    let bench: BackendBench;
    let backend: OpenBackend;

    before(async () => {
      bench = await startBackendBench(kind, PROFILE);
      backend = bench.backend;
    });

    after(() => bench.stop());

    function walletOf(mnemonic: string): Wallet {
      return new Wallet({
        store: new MemoryStore(firstContents(mnemonic, PROFILE)),
        profile: PROFILE,
        backend,
      });
    }

    const mine = (blocks: number, address: string): Promise<void> => bench.mine(blocks, address);

    test('knows which chain it is on', async () => {
      const { network, magic, tip } = await backend.chain();
      assert.deepEqual([network, magic], ['regtest', magicHex(PROFILE)]);
      assert.equal(tip.length, 32);
      assert.ok((await backend.minimumFeeRate()) >= 1_000n);
      assert.deepEqual(await backend.feeEstimates([2, 6, 24]), [undefined, undefined, undefined]);
    });

    test('sees the funded accounts, pays, and finds everything again from the words alone', async () => {
      const wallet = walletOf(DEV_MNEMONIC);
      const stranger = walletOf(freshMnemonic());
      const { address: theirs } = await stranger.addressOf('default');
      const { address: bob } = await wallet.addressOf('bob');
      const first = await wallet.pay({ from: 'alice', to: [{ address: bob, amount: 5n * COIN }] });
      const second = await wallet.pay({
        from: 'alice',
        to: [
          { address: theirs, amount: 7n * COIN },
          { address: bob, amount: COIN },
        ],
        feeRate: 3_500n,
      });
      const fees = first.fee + second.fee;
      const pending = await wallet.balance();
      const alice = pending.labels.find(({ label }) => label === 'alice');
      assert.deepEqual([alice?.spendable, alice?.pending], [0n, 9_987n * COIN - fees]);
      assert.equal(totalOf(pending.total), 49_993n * COIN - fees);
      assert.deepEqual(
        (await wallet.history({ limit: 4 })).rows
          .map(({ label, direction, status }) => [label, direction, status])
          .sort(),
        [
          ['alice', 'sent', 'pending'],
          ['alice', 'sent', 'pending'],
          ['bob', 'received', 'pending'],
          ['bob', 'received', 'pending'],
        ],
      );
      await mine(1, theirs);
      const confirmed = await wallet.balance();
      assert.equal(confirmed.total.pending, 0n);
      assert.equal(confirmed.total.spendable, 49_993n * COIN - fees);
      assert.deepEqual((await walletOf(DEV_MNEMONIC).balance()).labels, confirmed.labels);
      const received = await stranger.balance();
      assert.deepEqual(received.total, { spendable: 7n * COIN, pending: 0n, immature: 50n * COIN + fees });
      const [reward, gift] = (await stranger.history({ limit: 10 })).rows.toSorted((a, b) =>
        a.direction.localeCompare(b.direction),
      );
      assert.deepEqual(
        [reward?.direction, reward?.status, gift?.direction, gift?.amount],
        ['mined', 'immature', 'received', 7n * COIN],
      );
      const history = (await wallet.history({ limit: 100, label: 'alice' })).rows;
      const net = history.reduce((sum, entry) => sum + entry.net, 0n);
      assert.equal(net, 9_987n * COIN - fees);
    });

    test('a reward is immature until the next block may spend it', async () => {
      const miner = walletOf(freshMnemonic());
      const { address } = await miner.addressOf('default');
      const elsewhere = (await walletOf(freshMnemonic()).addressOf('default')).address;
      await mine(1, address);
      await mine(PROFILE.maturity - 2, elsewhere);
      assert.deepEqual((await miner.balance()).total, { spendable: 0n, pending: 0n, immature: 50n * COIN });
      const to = [{ address: elsewhere, amount: COIN }];
      await assert.rejects(
        miner.pay({ from: 'default', to }),
        /need 1\.00000110 NILZ more.*50\.00000000 is immature/,
      );
      await mine(1, elsewhere);
      assert.equal((await miner.balance()).total.spendable, 50n * COIN);
      await miner.pay({ from: 'default', to });
    });

    test('has transactions with their real ids, and says which there are not', async () => {
      const wallet = walletOf(DEV_MNEMONIC);
      const { confirmed } = await backend.transactionIds([(await wallet.addressOf('alice')).address]);
      const unknown = new Uint8Array(32).fill(7);
      const [genesis, ...payments] = confirmed;
      assert.ok(genesis && payments.length > 0);
      const found = await backend.transactions([...payments, unknown]);
      assert.equal(found.at(-1), undefined);
      payments.forEach((id, at) => {
        const standing = found[at];
        assert.ok(standing && standing.confirmations > 0 && standing.time !== undefined);
        assert.equal(displayHash(txid(standing.transaction)), displayHash(id));
      });
    });

    test('knows the blocks by height, and the transactions from one on', async () => {
      const { height, tip } = await backend.chain();
      assert.deepEqual(await backend.blockHash(height), tip);
      assert.deepEqual(await backend.blockHash(0), blockHash(PROFILE.genesis.header));
      assert.equal(await backend.blockHash(height + 1), undefined);
      const { address } = await walletOf(DEV_MNEMONIC).newAddress('late');
      await mine(1, address);
      await mine(1, address);
      const idsFrom = async (from: number) => (await backend.transactionIds([address], from)).confirmed;
      const all = await idsFrom(0);
      assert.equal(all.length, 2);
      assert.deepEqual(await idsFrom(height + 1), all);
      assert.deepEqual(await idsFrom(height + 2), all.slice(1));
      assert.deepEqual(await idsFrom(height + 3), []);
    });

    test('asks about more addresses than fit into one call', async () => {
      const wallet = walletOf(DEV_MNEMONIC);
      const own = (await wallet.labels()).flatMap(({ addresses }) => addresses.map(({ address }) => address));
      const many = Array.from({ length: 1_500 }, (_, at) => own[at % own.length] ?? '');
      const coins = await backend.coins(many);
      assert.deepEqual(coins.length, (await backend.coins(own)).length);
      const { confirmed } = await backend.transactionIds(many);
      const few = (await backend.transactionIds(own)).confirmed;
      assert.deepEqual(confirmed.map(displayHash).sort(), few.map(displayHash).sort());
      assert.deepEqual((await backend.usedAddresses(own)).includes(false), false);
    });

    test('knows at once what it has just been handed', async () => {
      const wallet = walletOf(DEV_MNEMONIC);
      const { address: from } = await wallet.addressOf('bob');
      const { address: to } = await wallet.addressOf('carol');
      const payment = await signedPayment(wallet, { from: 'bob', to: [{ address: to, amount: COIN }] });
      const idsOf = async () => (await backend.transactionIds([from])).pending.map(displayHash);
      const spent = payment.coins.map(({ outPoint }) => outPointKey(outPoint));
      const spentOf = async () =>
        (await backend.coins([from])).filter(({ outPoint }) => spent.includes(outPointKey(outPoint)));
      assert.deepEqual([(await idsOf()).length, (await spentOf()).length], [0, spent.length]);
      await backend.broadcast(payment.transaction);
      assert.deepEqual([await idsOf(), await spentOf()], [[displayHash(payment.txid)], []]);
    });

    test('lets a payment be raised, and taken back, by one that takes its place', async () => {
      const wallet = walletOf(DEV_MNEMONIC);
      const { address: to } = await wallet.addressOf('carol');
      const { address: from } = await wallet.addressOf('alice');
      await mine(1, from);
      const first = await wallet.pay({ from: 'alice', to: [{ address: to, amount: COIN }] });
      const raised = await wallet.bump(first.txid, { fee: 'economy' });
      const again = await wallet.bump(raised.txid, { feeRate: 12_345n });
      const back = await wallet.cancel(again.txid);
      const standing = await backend.transactions([first, raised, again, back].map(({ txid }) => txid));
      assert.deepEqual(
        standing.map((each) => each?.confirmations),
        [undefined, undefined, undefined, 0],
      );
      const before = (await wallet.balance()).total.pending;
      await mine(1, from);
      const { total, refused } = await wallet.balance();
      assert.deepEqual([before >= (back.change?.value ?? 0n), total.pending, refused], [true, 0n, []]);
    });

    test('takes a transaction that it has already, and tells why it refuses another', async () => {
      const wallet = walletOf(DEV_MNEMONIC);
      const { address } = await wallet.addressOf('carol');
      const { transaction } = await wallet.pay({ from: 'faucet', to: [{ address, amount: COIN }] });
      await backend.broadcast(transaction);
      const stolen = {
        ...transaction,
        outputs: transaction.outputs.map((output) => ({ ...output, value: output.value - 1n })),
      };
      await assert.rejects(backend.broadcast(stolen), (error) => {
        assert.ok(error instanceof PaymentRejectedError);
        assert.match(
          error.reason,
          /mandatory-script-verify-flag-failed|txn-mempool-conflict|insufficient fee/,
        );
        return true;
      });
      const nowhere = {
        ...transaction,
        inputs: transaction.inputs.map((input) => ({ ...input, previous: { txid: unknownHash, index: 0 } })),
      };
      await assert.rejects(
        backend.broadcast(nowhere),
        (error) => error instanceof PaymentRejectedError && error.conflicts,
      );
      await mine(1, address);
      await backend.broadcast(transaction);
    });
  });
