import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GateFullError, WorkGate } from '../../../faucet/challenge/work-gate.ts';

/** Work that ends when it is told to. */
function held(): { readonly work: () => Promise<void>; end(): void; started: boolean } {
  let end = (): void => undefined;
  const done = new Promise<void>((accept) => {
    end = accept;
  });
  const piece = {
    started: false,
    work: () => {
      piece.started = true;
      return done;
    },
    end,
  };
  return piece;
}

describe('the gate', () => {
  test('lets so many run, so many wait, in turn, and refuses the rest at once', async () => {
    const gate = new WorkGate(2, 2);
    const pieces = [held(), held(), held(), held()];
    const runs = pieces.map(({ work }) => gate.run(work));
    assert.deepEqual(
      pieces.map(({ started }) => started),
      [true, true, false, false],
    );
    assert.ok(gate.isFull);
    await assert.rejects(gate.run(held().work), GateFullError);
    pieces[1]!.end();
    await runs[1];
    await new Promise(setImmediate);
    assert.deepEqual(
      pieces.map(({ started }) => started),
      [true, true, true, false],
    );
    for (const { end } of pieces) end();
    await Promise.all(runs);
    assert.ok(!gate.isFull);
  });

  test('gives the place of work that fails to the next', async () => {
    const gate = new WorkGate(1, 1);
    const failing = gate.run(() => Promise.reject(new Error('broken')));
    const next = gate.run(async () => 'next');
    await assert.rejects(failing, /broken/);
    assert.equal(await next, 'next');
    assert.equal(await gate.run(async () => 'later'), 'later');
  });
});
