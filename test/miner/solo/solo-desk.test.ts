import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { BlockVerdict, HandedBlock } from '../../../miner/solo/block-delivery.ts';
import { SoloDesk } from '../../../miner/solo/solo-desk.ts';
import { displayHash } from '../../../protocol/bytes.ts';
import { readTemplate, type Template } from '../../../protocol/template.ts';
import { FakeNode } from '../../kit/fake-node.ts';
import { NotingListener, PAYEE_SCRIPT, soloTools, solve } from '../../kit/solo-kit.ts';

const ACCEPTED: BlockVerdict = { kind: 'accepted' };

/** A desk whose node is the test itself: blocks wait for a verdict in `handed`. */
async function desk(t: TestContext, paceMs = 0) {
  const node = await FakeNode.start();
  await node.stop();
  const listener = new NotingListener();
  const handed: { readonly block: HandedBlock; readonly judge: (verdict: BlockVerdict) => Promise<void> }[] =
    [];
  let hurries = 0;
  let tellHurried = (): void => {};
  const hurried = new Promise<void>((resolve) => {
    tellHurried = resolve;
  });
  const made = new SoloDesk({
    tools: soloTools(),
    listener,
    deliver: (block, signal) =>
      new Promise((accept, reject) => {
        const judge = async (verdict: BlockVerdict): Promise<void> => {
          accept(verdict);
          await new Promise(setImmediate);
        };
        handed.push({ block, judge });
        signal.addEventListener('abort', () => reject(signal.reason));
      }),
    hurry: () => {
      hurries += 1;
      tellHurried();
    },
  });
  made.open({ user: 'rig', script: PAYEE_SCRIPT, paceMs });
  t.after(() => made.stop());
  const template = (changes: object = {}): Template => readTemplate({ ...node.template(), ...changes });
  return { desk: made, listener, handed, node, template, hurried, hurries: () => hurries };
}

/** The block that is mined upon, as it is shown. */
function tipOf({ works }: NotingListener): string | undefined {
  const work = works.at(-1);
  return work && displayHash(work.job.previousHash);
}

test('the same template again gives no new work until its time is five seconds old', async (t) => {
  const { desk: it, listener, template } = await desk(t);
  for (const curtime of [100, 101, 104]) it.take(template({ curtime }));
  assert.equal(listener.works.length, 1);
  it.take(template({ curtime: 105 }));
  assert.equal(listener.works.length, 2);
  assert.equal(listener.work?.job.time, 105);
  assert.equal(listener.work?.job.cleanJobs, false);
});

test('hits of earlier work on the same tip still count, those on another tip do not', async (t) => {
  const { desk: it, listener, handed, node, template } = await desk(t);
  it.take(template({ curtime: 100 }));
  const first = listener.work;
  it.take(template({ curtime: 200 }));
  const second = listener.work;
  assert.ok(first !== undefined && second !== undefined);
  node.advance();
  it.take(template({ curtime: 300 }));
  it.submit(solve(second));
  assert.equal(handed.length, 0);
  const third = listener.work;
  assert.ok(third !== undefined);
  it.take(template({ curtime: 400 }));
  it.submit(solve(third));
  assert.equal(handed.length, 1);
  assert.equal(handed[0]?.block.height, 2);
});

test('while a block is on its way its tip is not worked on, another one is', async (t) => {
  const { desk: it, listener, handed, node, template } = await desk(t);
  it.take(template());
  const work = listener.work;
  assert.ok(work !== undefined);
  it.submit(solve(work));
  it.take(template({ curtime: 4_000_000_000 }));
  assert.equal(listener.work, undefined);
  node.advance();
  it.take(template());
  assert.equal(tipOf(listener), node.tip);
  await handed[0]?.judge({ kind: 'stale', reason: 'too late' });
  assert.equal(listener.of('share-refused').length, 1);
});

test('where a pace is kept, news of the own block gives no work before the pace is over', async (t) => {
  const { desk: it, listener, handed, node, template, hurried } = await desk(t, 30);
  it.take(template());
  const work = listener.work;
  assert.ok(work !== undefined);
  it.submit(solve(work));
  node.advance();
  it.take(template());
  assert.equal(listener.work, undefined, 'before the answer');
  await handed[0]?.judge(ACCEPTED);
  it.take(template());
  assert.equal(listener.work, undefined, 'after it');
  await hurried;
  it.take(template());
  assert.ok(listener.work !== undefined);
});

test('the rests that the desk takes are told, a node that is away or refuses blocks is none', async (t) => {
  const { desk: it, listener, handed, node, template, hurried } = await desk(t, 30);
  it.take(template());
  it.submit(solve(await listener.nextWork()));
  assert.deepEqual(listener.rests, [0], 'until the node has judged the block');
  await handed[0]?.judge(ACCEPTED);
  assert.deepEqual(listener.rests, [0, 30]);
  node.advance();
  it.take(template());
  assert.deepEqual(listener.rests, [0, 30], 'told once');
  await hurried;
  it.take(template());
  it.submit(solve(await listener.nextWork()));
  await handed[1]?.judge({ kind: 'rejected', reason: 'bad-cb-amount' });
  assert.deepEqual(listener.rests, [0, 30, 0]);
  const { length } = listener.works;
  it.close();
  assert.equal(listener.works.length, length, 'there was nothing to take away any more');
});

test('a node that goes away while the desk rests is told to be without work', async (t) => {
  const { desk: it, listener, handed, template } = await desk(t, 60_000);
  it.take(template());
  it.submit(solve(await listener.nextWork()));
  await handed[0]?.judge(ACCEPTED);
  const { length } = listener.works;
  it.close();
  assert.equal(listener.works.length, length + 1);
  assert.equal(listener.rests.length, 2);
});

test('an answer asks for the next template at once', async (t) => {
  const { desk: it, listener, handed, template, hurries } = await desk(t);
  it.take(template());
  const work = listener.work;
  assert.ok(work !== undefined);
  it.submit(solve(work, { thread: 2 }));
  assert.equal(hurries(), 0);
  await handed[0]?.judge(ACCEPTED);
  assert.equal(hurries(), 1);
  assert.deepEqual(listener.settled, [2]);
});

test('a node that goes away takes the work with it, not the block on its way', async (t) => {
  const { desk: it, listener, handed, template } = await desk(t);
  it.take(template());
  const work = listener.work;
  assert.ok(work !== undefined);
  it.submit(solve(work));
  it.close();
  it.take(template());
  assert.equal(listener.work, undefined);
  await handed[0]?.judge(ACCEPTED);
  assert.equal(listener.of('share-accepted').length, 1);
});
