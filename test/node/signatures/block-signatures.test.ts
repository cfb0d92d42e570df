import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { verify } from '#verify';
import { openSignatures } from '../../../node/signatures/open-signatures.ts';
import { LocalSignatureChecks, type SignatureChecks } from '../../../node/signatures/signature-checks.ts';
import { SignatureWorkers } from '../../../node/signatures/signature-workers.ts';
import { COIN } from '../../../protocol/amount.ts';
import type { Transaction } from '../../../protocol/transaction.ts';
import {
  accountKey,
  ChainKit,
  chainTables,
  coinOf,
  type KitBlock,
  openChain,
  SILENT_LOG,
} from '../../kit/chain-kit.ts';

const PAYMENTS = 120;

/** A block that makes coins, and three that spend them: one whose last signature is wrong, one of two, one right. */
function blocks(kit: ChainKit): KitBlock[] {
  const { script } = accountKey('alice');
  const value = COIN / 10n;
  const funds = kit.funds('alice');
  const outputs = Array.from({ length: PAYMENTS }, () => ({ value, script }));
  const fan = kit.sign([funds], [...outputs, { value: funds.value - value * BigInt(PAYMENTS), script }]);
  const parent = kit.mineBlock(kit.genesis, [fan]);
  const payment = (index: number, owner: 'alice' | 'bob'): Transaction =>
    kit.sign([{ ...coinOf(fan, index, 'alice'), owner }], [{ value, script }]);
  const right = Array.from({ length: PAYMENTS }, (_, index) => payment(index, 'alice'));
  const stolen = (index: number) => right.with(index, payment(index, 'bob'));
  const wrongTwice = stolen(30).with(90, payment(90, 'bob'));
  const children = [stolen(PAYMENTS - 1), wrongTwice, right];
  return [parent, ...children.map((transactions) => kit.mineBlock(parent, transactions))];
}

async function play(signatures: SignatureChecks) {
  const kit = new ChainKit();
  const open = await openChain(kit, { signatures });
  try {
    const told: (string | undefined)[] = [];
    for (const { block } of blocks(kit)) {
      const { outcome, error } = await open.chain.accept(block);
      told.push(outcome, error?.message);
    }
    return { told, tables: await chainTables(open.database) };
  } finally {
    await open.close();
  }
}

describe('a block whose signatures are checked in worker threads', () => {
  it('is judged as in the main thread, whatever becomes of the threads', async () => {
    const local = new LocalSignatureChecks(verify);
    const expected = await play(local);
    const outcomes = expected.told.filter((_, at) => at % 2 === 0);
    assert.deepEqual(outcomes, ['connected', 'invalid', 'invalid', 'connected']);

    const warm = openSignatures(SILENT_LOG, 2);
    const dying = new SignatureWorkers({
      threads: 1,
      local,
      log: SILENT_LOG,
      startThread: () =>
        new Worker(
          `const { parentPort } = require('node:worker_threads');
           parentPort.on('message', () => process.exit(1));
           parentPort.postMessage({ type: 'ready', verifier: 'native' });`,
          { eval: true },
        ),
    });
    try {
      for (const signatures of [warm, warm, dying]) {
        const { told, tables } = await play(signatures);
        assert.deepEqual(told, expected.told);
        assert.deepEqual(tables, expected.tables);
      }
    } finally {
      await warm.stop();
      await dying.stop();
    }
  });
});
