import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as z from 'zod';
import { NodeCalls } from '../../../../node/relay/upstream/node-calls.ts';
import { HttpError } from '../../../../service/http.ts';
import type { RpcClient } from '../../../../service/rpc-client.ts';

/** A node that answers a call when it is told to, and a clock that is set by hand. */
function silentNode(limits: { running: number; waiting: number }) {
  const open: { method: string; answer: () => void }[] = [];
  const clock = { nowMs: 0 };
  const client: RpcClient = {
    url: 'http://node',
    call: (method: string) =>
      new Promise((accept) => {
        open.push({ method, answer: () => accept(method) });
      }),
    batch: async () => assert.fail('nothing was gathered'),
    close: () => undefined,
  };
  const calls = new NodeCalls(client, limits, () => clock.nowMs);
  const ask = (method: string): Promise<string> => calls.call(method, [], z.string());
  return { calls, ask, open, clock };
}

const isBusy = (error: unknown): boolean =>
  error instanceof HttpError && error.status === 503 && error.details.retryAfterSeconds === 1;

test('so many questions run, so many wait their turn, further ones are told to come back', async () => {
  const { calls, ask, open } = silentNode({ running: 1, waiting: 2 });
  const answers = [ask('a'), ask('b'), ask('c')];
  await assert.rejects(ask('d'), isBusy);
  assert.deepEqual([calls.running, calls.waiting, calls.refused], [1, 2, 1]);
  for (const [at, answer] of answers.entries()) {
    open[at]?.answer();
    assert.equal(await answer, 'abc'[at]);
  }
  assert.deepEqual(open.map(({ method }) => method).join(''), 'abc');
  assert.deepEqual([calls.running, calls.waiting], [0, 0]);
});

test('a question that has waited for more than ten seconds is not put any more', async () => {
  const { calls, ask, open, clock } = silentNode({ running: 1, waiting: 10 });
  const first = ask('a');
  const late = assert.rejects(ask('b'), isBusy);
  clock.nowMs = 5_000;
  const inTime = ask('c');
  clock.nowMs = 10_001;
  open[0]?.answer();
  await Promise.all([first, late]);
  open[1]?.answer();
  assert.equal(await inTime, 'c');
  assert.deepEqual([open.length, calls.running, calls.refused], [2, 0, 1]);
});

test('who waits for a node that has gone learns it at once', async () => {
  const { calls, ask, open } = silentNode({ running: 1, waiting: 10 });
  const first = ask('a');
  const gone = new HttpError(502, 'the node is away');
  const waiting = [ask('b'), ask('c')].map((answer) => assert.rejects(answer, gone));
  calls.abandon(gone);
  await Promise.all(waiting);
  open[0]?.answer();
  await first;
  assert.deepEqual([open.length, calls.running, calls.waiting], [1, 0, 0]);
});
