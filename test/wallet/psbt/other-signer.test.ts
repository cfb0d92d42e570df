/** A payment of a watched wallet, signed by another program, on a real chain: straight at the node, and by a relay. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HDKey } from '@scure/bip32';
import { Transaction as ReferenceTransaction } from '@scure/btc-signer';
import { COIN } from '../../../protocol/amount.ts';
import { seedOf } from '../../../protocol/key.ts';
import { DEFAULT_LABEL } from '../../../wallet/keys/contents.ts';
import { readWatchKey } from '../../../wallet/keys/watch-key.ts';
import { BACKEND_KINDS, startBackendBench } from '../chain/backend-kit.ts';
import { PROFILE, SIGNER, STRANGER, WORDS, walletOf } from './psbt-kit.ts';

/** What a hardware wallet does: it finds each key by fingerprint and path, and knows nothing else of the wallet. */
function signElsewhere(psbt: string): string {
  const master = HDKey.fromMasterSeed(seedOf(WORDS));
  const transaction = ReferenceTransaction.fromPSBT(new Uint8Array(Buffer.from(psbt, 'base64')));
  // Its own type wants the keys that only a public half lacks.
  assert.ok(transaction.sign(master as Parameters<typeof transaction.sign>[0]) > 0);
  return Buffer.from(transaction.toPSBT(0)).toString('base64');
}

for (const kind of BACKEND_KINDS) {
  test(`by way of a ${kind}: made, signed elsewhere, sent, raised, mined, and in the history`, async (context) => {
    const bench = await startBackendBench(kind, PROFILE);
    context.after(() => bench.stop());
    const keys = readWatchKey((await SIGNER.exportXpub()).withOrigin, PROFILE);
    const { store, wallet } = walletOf(keys, bench.backend);
    const { address } = await wallet.addressOf(DEFAULT_LABEL);
    await bench.mine(3, address);
    await bench.mine(PROFILE.maturity, STRANGER);

    const { total } = await wallet.balance();
    const amount = total.spendable - COIN;
    const made = await wallet.createPsbt({ to: [{ address: STRANGER, amount }], feeRate: 2_000n });
    assert.equal(made.plan.coins.length, 3);
    const first = await wallet.payPsbt(signElsewhere(made.psbt));
    const raised = await wallet.createPsbt(await wallet.planBump(first.txid, { feeRate: 20_000n }));
    const second = await wallet.payPsbt(signElsewhere(raised.psbt));
    assert.ok(second.fee > first.fee);

    await bench.mine(6, STRANGER);
    assert.equal((await wallet.balance()).total.spendable, COIN - second.fee);
    assert.equal((await store.read()).outgoing.length, 0);
    const { rows } = await wallet.history({ scope: 'wallet', filter: { direction: 'sent' }, limit: 10 });
    assert.deepEqual(
      rows.map(({ txid, fee, status }) => ({ txid, fee, status })),
      [{ txid: second.txid, fee: second.fee, status: 'confirmed' }],
    );
    assert.equal((await wallet.check()).sound, true);
  });
}
