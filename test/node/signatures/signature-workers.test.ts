import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { Worker } from 'node:worker_threads';
import { verify } from '#verify';
import type { Spend } from '../../../node/signatures/signature-batch.ts';
import { LocalSignatureChecks } from '../../../node/signatures/signature-checks.ts';
import { SignatureWorkers } from '../../../node/signatures/signature-workers.ts';
import { COIN } from '../../../protocol/amount.ts';
import type { RuleError } from '../../../protocol/rules.ts';
import type { Transaction, TxInput } from '../../../protocol/transaction.ts';
import { nativeVerify } from '../../../protocol/verify-native.ts';
import { startWorker } from '../../../service/worker.ts';
import { accountKey, ChainKit, SILENT_LOG } from '../../kit/chain-kit.ts';

const kit = new ChainKit();
const local = new LocalSignatureChecks(verify);
const entry = new URL('../../../node/signatures/signature-worker.ts', import.meta.url);

/** Payments of alice, each of its own coins. */
function spends(count: number, inputs = 1): Spend[] {
  const { script } = accountKey('alice');
  return Array.from({ length: count }, (_, number) => {
    const owned = Array.from({ length: inputs }, (_, index) => ({
      outPoint: { txid: new Uint8Array(32).fill(number + 1), index },
      value: COIN + BigInt(number),
      owner: 'alice' as const,
    }));
    return {
      transaction: kit.sign(owned, [{ value: COIN, script }]),
      coins: owned.map(({ value }) => ({ value, script, height: 7, coinbase: number % 2 === 0 })),
    };
  });
}

/** The same spend with another witness at one of its inputs. */
function withWitness(spend: Spend, at: number, change: (witness: TxInput['witness']) => Uint8Array[]): Spend {
  const inputs = spend.transaction.inputs.map((input, index) =>
    index === at ? { ...input, witness: change(input.witness) } : input,
  );
  return { ...spend, transaction: { ...spend.transaction, inputs } };
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const changed = Uint8Array.from(bytes);
  changed[at] = (changed[at] ?? 0) ^ 1;
  return changed;
}

/** Every way in which a spend can be wrong, and some right ones in between. */
function mixed(): Spend[] {
  const all = spends(40, 2);
  const wrong = new Map<number, (spend: Spend) => Spend>([
    [1, (spend) => withWitness(spend, 0, ([signature, key]) => [flipped(signature!, 20), key!])],
    [4, (spend) => withWitness(spend, 1, ([signature, key]) => [signature!, flipped(key!, 10)])],
    [9, (spend) => withWitness(spend, 1, () => [])],
    [13, (spend) => withWitness(spend, 0, ([signature]) => [signature!])],
    [17, (spend) => withWitness(spend, 1, ([signature, key]) => [flipped(signature!, 1), key!])],
    [
      22,
      (spend) =>
        withWitness(spend, 0, ([signature, key]) => [flipped(signature!, signature!.length - 1), key!]),
    ],
    [26, (spend) => ({ ...spend, coins: spend.coins.map((coin) => ({ ...coin, value: coin.value + 1n })) })],
    [
      30,
      (spend) => ({ ...spend, coins: spend.coins.map((coin) => ({ ...coin, script: new Uint8Array(25) })) }),
    ],
    [39, (spend) => ({ ...spend, transaction: { ...spend.transaction, lockTime: 5 } as Transaction })],
  ]);
  return all.map((spend, at) => wrong.get(at)?.(spend) ?? spend);
}

function words(faults: readonly (RuleError | undefined)[]): (string | undefined)[] {
  return faults.map((fault) => fault?.message);
}

/** Workers that are ready and end with the test. */
async function ready(context: TestContext, threads: number, startThread?: () => Worker) {
  const started: Worker[] = [];
  /** Each resolves when its thread has said something, or has ended. */
  const heard: Promise<unknown>[] = [];
  const workers = new SignatureWorkers({
    threads,
    local,
    log: SILENT_LOG,
    startThread: () => {
      const worker = (startThread ?? (() => startWorker(entry)))();
      heard.push(new Promise((resolve) => worker.once('message', resolve).once('exit', resolve)));
      started.push(worker);
      return worker;
    },
  });
  context.after(() => workers.stop());
  workers.warm();
  const allHeard = async (): Promise<void> => {
    // Threads at rest keep no process alive.
    for (const worker of started) worker.ref();
    await Promise.all(heard);
  };
  await allHeard();
  return { workers, started, allHeard };
}

/** A thread that says it is ready and then does what it is told by `body`. */
function thread(body: string, verifier = 'native'): () => Worker {
  const code = `const { parentPort } = require('node:worker_threads');
    parentPort.on('message', (batch) => { ${body} });
    parentPort.postMessage({ type: 'ready', verifier: '${verifier}' });`;
  return () => new Worker(code, { eval: true });
}

const noNative = nativeVerify === undefined && 'the native verifier is not there';

describe('signatures in worker threads', () => {
  it('get the verdicts, and the words, of the main thread', { skip: noNative }, async (context) => {
    const { workers } = await ready(context, 2);
    assert.equal(workers.size, 2);
    const list = mixed();
    const expected = words(await local.faultsOf(list));
    assert.equal(expected.filter((each) => each !== undefined).length, 9);
    assert.deepEqual(words(await workers.faultsOf(list)), expected);
    const many = await Promise.all(Array.from({ length: 20 }, () => workers.faultsOf(list)));
    for (const faults of many) assert.deepEqual(words(faults), expected);
    assert.deepEqual(await workers.faultsOf([]), []);
  });

  it('are checked again here when a thread dies over them', async (context) => {
    const { workers, started } = await ready(context, 1, thread('process.exit(3)'));
    const list = mixed();
    assert.deepEqual(words(await workers.faultsOf(list)), words(await local.faultsOf(list)));
    assert.ok(started.length > 1, 'another thread took its place');
  });

  it('are checked again here when a thread throws, and no more threads are started than make sense', async (context) => {
    const { workers, started, allHeard } = await ready(
      context,
      2,
      thread(`throw new Error('out of memory')`),
    );
    const list = mixed();
    const expected = words(await local.faultsOf(list));
    for (let round = 0; round < 20; round++) {
      assert.deepEqual(words(await workers.faultsOf(list)), expected);
      await allHeard();
    }
    assert.equal(started.length, 12);
    assert.equal(workers.size, 0);
  });

  it('never pass because a thread says nonsense of them', async (context) => {
    const say = `parentPort.postMessage({ type: 'verdict', id: batch.id, doubtful: [999, 0, -1, 5] })`;
    const { workers } = await ready(context, 1, thread(say));
    const list = spends(40);
    list[5] = withWitness(list[5]!, 0, ([signature, key]) => [flipped(signature!, 20), key!]);
    const faults = await workers.faultsOf(list);
    // The first one was doubted without a reason: this thread's word counts.
    assert.deepEqual(words(faults), words(await local.faultsOf(list)));
  });

  it('stay in the main thread where the native verifier does not load in others', async (context) => {
    const { workers } = await ready(context, 2, thread('', 'noble'));
    assert.equal(workers.size, 0);
    const list = mixed();
    assert.deepEqual(words(await workers.faultsOf(list)), words(await local.faultsOf(list)));
  });

  it('are finished here when the threads are stopped under way', async (context) => {
    const { workers } = await ready(context, 1, thread(''));
    const list = mixed();
    const pending = workers.faultsOf(list);
    await workers.stop();
    assert.deepEqual(words(await pending), words(await local.faultsOf(list)));
    assert.deepEqual(words(await workers.faultsOf(list)), words(await local.faultsOf(list)));
  });
});
